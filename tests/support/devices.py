"""The embedder on the devices that are here: the processor, and a GPU where there is one."""

from __future__ import annotations

import numpy as np
import pytest

from provenance.watermark.device import DeviceEmbedder

torch = pytest.importorskip("torch", exc_type=ImportError)

# Tests share their cores with others; torch's own threads wait for one another.
torch.set_num_threads(1)

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
#: How far a marked picture may be from the host's: see docs/gpu.md.
LEVELS_APART = 1
SHARE_EQUAL = 0.99


def embedder(device="cpu", **changes):
    return DeviceEmbedder(device=device, **changes)


def batch(*pictures, device="cpu"):
    """uint8 (B, 3, H, W) of pictures of one size."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous().to(device)


def pictures_of(tensor):
    """What `batch` was made from: a list of uint8 (H, W, 3)."""
    return list(np.ascontiguousarray(tensor.permute(0, 2, 3, 1).cpu().numpy()))


def assert_equal_within_tolerance(made, expected):
    apart = np.abs(made.astype(np.int16) - expected)
    assert apart.max() <= LEVELS_APART
    assert (apart == 0).mean() >= SHARE_EQUAL
