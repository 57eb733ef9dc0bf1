"""The content match: PDQ, and the grid where the mark says how the picture was changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from provenance.fingerprint import (
    SignatureKey,
    combine,
    compare,
    is_whole,
    match_grid,
    not_compared,
    unseal,
)
from provenance.model.evidence import ContentMatchEvidence, GridEvidence, WatermarkEvidence
from provenance.model.generation import Record


def compare_content(
    rgb: npt.NDArray[np.uint8],
    mark: WatermarkEvidence | None,
    record: Record,
    keys: tuple[SignatureKey, ...],
) -> ContentMatchEvidence | None:
    """Compare a picture with what its record says it looks like; None without a file.

    Args:
        rgb: uint8 (H, W, 3), order R, G, B: the frame that carries the mark.
        mark: the mark that names the record, or None where the manifest does.
        record: what the registry holds.
        keys: open grid signatures; only those of the record's system and epoch are tried.
    """
    if record.file is None:
        return None
    pdq = compare(rgb, record.file.fingerprint)
    grid = _grid(rgb, mark, record, keys)
    issued, questioned = (record.file.width, record.file.height), (rgb.shape[1], rgb.shape[0])
    whole = is_whole(mark.geometry if mark else None, questioned, issued)
    return replace(pdq, status=combine(pdq, grid, whole=whole), whole=whole, grid=grid)


def _grid(
    rgb: npt.NDArray[np.uint8],
    mark: WatermarkEvidence | None,
    record: Record,
    keys: tuple[SignatureKey, ...],
) -> GridEvidence | None:
    """What the grid says; None where there is no signature, or no mark that says where."""
    if record.file is None or not record.file.grid or mark is None:
        return None
    if mark.geometry is None or mark.mark_id is None:
        return None
    wanted = (record.system.id, record.epoch)
    key = next((key for key in keys if (key.system_id, key.epoch) == wanted), None)
    if key is None:
        return not_compared("the key to the record's signature is not held here")
    issued = unseal(record.file.grid, key, mark.mark_id, record.record_id)
    if issued is None:
        return not_compared("the record's signature does not open")
    return match_grid(rgb, mark.geometry, issued)
