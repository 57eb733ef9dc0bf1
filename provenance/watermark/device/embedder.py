"""The embedder of `lattice-1` for pictures that are on a device, or worth sending there.

torch is imported when a picture is marked, not before. Whether the mark reads is decided as on the
host: by the embedder itself here, and by whoever releases the picture once more, with the
detector on the processor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from provenance.errors import ArgumentError, CapacityError, SchemeError
from provenance.watermark.payload import Payload
from provenance.watermark.scheme import Pixels, SchemeInfo
from provenance.watermark.schemes.lattice import LATTICE
from provenance.watermark.schemes.lattice.embed import NO_ROOM_HINT, targets_for
from provenance.watermark.schemes.lattice.words import carried, format_of

if TYPE_CHECKING:
    from torch import Tensor

_INSTALL: Final = "pip install 'provenance[torch]'"
_CHANNELS: Final = 3
#: Others lack 64-bit floats (mps), or were not tried.
_DEVICES: Final = ("cuda", "cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEmbedder:
    """Marks like `lattice-1` on the host, on a device; an `Embedder` for a stamper.

    The result is that of the host but for single grey levels in a few pixels; see `docs/gpu.md`.

    Attributes:
        device: where torch computes: `cuda`, `cuda:1`, `cpu`.
        at_once: how many pictures are computed together, at most. Each takes about 100 MB while
            it is, and 50 bytes for each of its pixels.
    """

    device: str = "cuda"
    at_once: int = 16

    def __post_init__(self) -> None:
        _require_device(self.device.partition(":")[0])
        if self.at_once < 1:
            raise ArgumentError("at_once has to be at least 1")

    @property
    def info(self) -> SchemeInfo:
        """The scheme that it marks with."""
        return LATTICE.info

    def embed(self, rgb: Pixels, payload: Payload, key: bytes) -> Pixels:
        """Put a payload into an image; see `Scheme.embed`.

        Args:
            rgb: uint8 (H, W, 3), order R, G, B.
            payload: in the layout of the scheme.
            key: 32-byte carrier key.

        Returns:
            uint8 (H, W, 3), a new array.

        Raises:
            CapacityError: the image cannot carry the mark.
            SchemeError: torch or the device is missing, or gave up.
        """
        with _translated():
            import torch

            sent = torch.tensor(np.ascontiguousarray(rgb)[None], device=self.device)
            return np.ascontiguousarray(self.embed_batch(sent, [payload], key)[0].cpu().numpy())

    def embed_batch(self, images: Tensor, payloads: Sequence[Payload], key: bytes) -> Tensor:
        """Put payloads into images of one size, where they are.

        Args:
            images: uint8 (B, 3, H, W) or (B, H, W, 3), order R, G, B, on a device. Floats are
                brought to uint8 with `levels` first.
            payloads: one for each, all in the layout for that size.
            key: 32-byte carrier key.

        Returns:
            uint8, of the same shape and on the same device, a new tensor.

        Raises:
            ArgumentError: other images or devices, or not one payload for each.
            CapacityError: an image cannot carry the mark; names its place. None is returned.
            SchemeError: torch is missing, or the device gave up.
        """
        with _translated():
            import torch

            from provenance.watermark.device.embed import embed

            last = _channels_last(images)
            _require(images, payloads)
            pictures = images.detach().movedim(3, 1) if last else images.detach()
            like = np.empty((*pictures.shape[2:], 0), dtype=np.uint8)  # only its size is looked at
            self.info.require_fit(like)
            format_ = format_of(payloads[0].layout)
            targets = targets_for(like, format_)
            words = np.stack([carried(payload, key) for payload in payloads])
            made = []
            with torch.no_grad(), torch.autocast(images.device.type, enabled=False):
                for start in range(0, len(pictures), self.at_once):
                    part = slice(start, start + self.at_once)
                    sent = pictures[part].contiguous()
                    made.append(embed(sent, format_, words[part], targets))
            marked, good = (torch.cat(parts) for parts in zip(*made, strict=True))
            refused = (~good).nonzero().flatten().tolist()
            if refused:
                raise _no_room(refused, len(pictures))
            return marked.movedim(1, 3).contiguous() if last else marked

    def levels(self, images: Tensor, *, black: float = 0.0, white: float = 1.0) -> Tensor:
        """Floating-point images as grey levels, where they are: a quarter of the bytes to move.

        Args:
            images: float16, bfloat16, float32 or float64, of any shape.
            black: the value that is black: 0, or -1.
            white: the value that is white: 1.

        Returns:
            uint8, of the same shape and on the same device; rounded.

        Raises:
            ArgumentError: NaN, infinity, or values outside by more than half a level.
            SchemeError: torch is missing, or the device gave up.
        """
        with _translated():
            import torch

            if not images.is_floating_point():
                raise ArgumentError(f"{images.dtype} is no floating-point type")
            scaled = images.detach().to(torch.promote_types(images.dtype, torch.float32))
            scaled = (scaled - black) * (255 / (white - black))
            low, high = (float(value) for value in torch.aminmax(scaled))
            if not -0.5 <= low <= high <= 255.5:  # NaN fails as well
                raise ArgumentError(
                    f"values are not within {black:g} to {white:g}",
                    hint="state what is black and what is white, or clip the values",
                )
            return scaled.round_().clamp_(0, 255).to(torch.uint8)


def _require_device(kind: str) -> None:
    if kind not in _DEVICES:
        raise ArgumentError(f"cannot mark on {kind!r}", hint=f"one of {', '.join(_DEVICES)}")


def _channels_last(images: Tensor) -> bool:
    """Whether the order is (B, H, W, 3)."""
    shape = tuple(images.shape)
    if len(shape) != 4 or _CHANNELS not in (shape[1], shape[3]):
        raise ArgumentError(
            f"cannot mark a batch of shape {shape}", hint="pass (B, 3, H, W) or (B, H, W, 3)"
        )
    return bool(shape[1] != _CHANNELS)  # sides of 3 pixels are refused later


def _require(images: Tensor, payloads: Sequence[Payload]) -> None:
    _require_device(images.device.type)
    if str(images.dtype) != "torch.uint8":
        raise ArgumentError(
            f"cannot mark a batch of {images.dtype}: its range would have to be guessed",
            hint="bring it to uint8 with `levels`",
        )
    if not len(images) == len(payloads) > 0:
        raise ArgumentError(f"{len(payloads)} payloads for {len(images)} images")
    if len({payload.layout for payload in payloads}) != 1:
        raise ArgumentError("images of one size carry payloads of one layout")


def _no_room(places: list[int], count: int) -> CapacityError:
    if count == 1:
        what = "the picture leaves"
    else:
        what = f"of {count} pictures, counted from 0, {', '.join(map(str, places))} leave"
    return CapacityError(f"{what} no room for a mark that would be found again", hint=NO_ROOM_HINT)


@contextmanager
def _translated() -> Iterator[None]:
    """What torch raises, in our terms."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "torch":
            raise
        raise SchemeError("marking on a device needs torch", hint=_INSTALL) from error
    except (RuntimeError, AssertionError) as error:  # a build without CUDA asserts
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:160]
        raise SchemeError(
            f"the device could not mark: {reason}",
            hint="is it there, and has it room? Fewer pictures `at_once` need less",
        ) from error
