"""The public schemes of the `invisible-watermark` package, behind one lazy adapter.

The marks sit in chroma, need the exact geometry and have no key; they are here because
they are what the field uses, and as the yardstick for our own. The package imports torch
as soon as it is imported, so embedding loads the two block modules by their files, and
only rivaGan, which needs torch, imports the package.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import cv2
import numpy as np

from provenance.errors import SchemeError
from provenance.model.evidence import WatermarkStatus
from provenance.watermark.keyring import Keyring
from provenance.watermark.payload import VERSION, Layout, Payload, unpack
from provenance.watermark.scheme import Depth, Detection, Pixels, SchemeInfo
from provenance.watermark.schemes.block_votes import BLOCK, BlockMethod, majority, votes

_PACKAGE: Final = "imwatermark"
_INSTALL: Final = "pip install 'provenance[imwatermark]'"
_ALG: Final = "org.provenance-toolkit.imwatermark"
_MIN_PIXELS: Final = 256 * 256  # the package refuses smaller areas


def _package_folder() -> Path | None:
    found = importlib.util.find_spec(_PACKAGE)
    locations = found.submodule_search_locations if found else None
    return Path(locations[0]) if locations else None


def _why_unavailable(*, needs: tuple[str, ...]) -> str:
    missing = [name for name in needs if importlib.util.find_spec(name) is None]
    return f"{', '.join(missing)} not installed ({_INSTALL})" if missing else ""


@lru_cache(maxsize=2)
def _block_module(name: str) -> ModuleType:
    """One module file of the package, without running the package's own imports."""
    folder = _package_folder()
    spec = (
        importlib.util.spec_from_file_location(f"_{_PACKAGE}_{name}", folder / f"{name}.py")
        if folder
        else None
    )
    if spec is None or spec.loader is None:
        raise SchemeError(f"{_PACKAGE} is not installed", hint=_INSTALL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True, slots=True)
class BlockScheme:
    """`dwtDct` and `dwtDctSvd`: 96 bits, read back by majority vote.

    The package gives bits for any image, marked or not. Here a word counts only if its
    version, system and tag are right, so what the package lacks, a presence decision with
    an error rate, comes from the tag: 2^-24 for each key that is tried.
    """

    method: BlockMethod
    module: str
    encoder: str

    @property
    def info(self) -> SchemeInfo:
        """What the catalogue says."""
        return SchemeInfo(
            name=f"{_PACKAGE}.{self.method.value}",
            alg=f"{_ALG}.{self.method.value.lower()}.1",
            layout=Layout.FULL,
            min_pixels=_MIN_PIXELS,
            min_side=BLOCK,
            keyed=False,
            presence=True,
            summary=f"invisible-watermark {self.method.value}, 96 bits in chroma; "
            "dies at resizing, cropping and strong JPEG",
            why_unavailable=_why_unavailable(needs=(_PACKAGE, "pywt")),
        )

    def embed(self, rgb: Pixels, payload: Payload, key: bytes) -> Pixels:  # noqa: ARG002
        """Put a payload into an image; see `Scheme.embed`."""
        self.info.require_fit(rgb)
        if self.info.why_unavailable:
            raise SchemeError(f"{self.info.name} cannot embed: {self.info.why_unavailable}")
        make: Callable[..., Any] = getattr(_block_module(self.module), self.encoder)
        bits = payload.bits()
        bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
        marked = make(bits.tolist(), wmLen=len(bits)).encode(bgr)
        return np.ascontiguousarray(marked[:, :, ::-1], dtype=np.uint8)

    def detect(
        self,
        rgb: Pixels,
        keyring: Keyring,
        *,
        depth: Depth = Depth.STANDARD,  # noqa: ARG002 - there is no search
    ) -> Detection:
        """Look for a mark; see `Scheme.detect`."""
        if not self.info.fits(rgb):
            return Detection(status=WatermarkStatus.NOT_APPLICABLE, detail="image too small")
        keys = keyring.tag_keys
        if not keys:
            return Detection(
                status=WatermarkStatus.NOT_CHECKED,
                detail="no tag key is held, and without it chance cannot be told from a mark",
            )
        payload = unpack(Layout.FULL, majority(votes(rgb, self.method), Layout.FULL.bits))
        log10_p = Layout.FULL.log10_tag_chance + float(np.log10(len(keys)))
        if payload.version == VERSION:
            for key in keys:
                if key.system.id == payload.system_id and _authentic(payload, key.tag_key):
                    return Detection(
                        status=WatermarkStatus.READ_AUTHENTIC,
                        payload=payload,
                        key=key,
                        log10_p=log10_p,
                        log10_threshold=log10_p,
                        path="direct",
                    )
        return Detection(status=WatermarkStatus.NONE, log10_threshold=log10_p, path="direct")


def _authentic(payload: Payload, tag_key: bytes | None) -> bool:
    return (
        tag_key is not None
        and payload.system_id is not None
        and payload.tag_verifies(system_id=payload.system_id, tag_key=tag_key)
    )


@dataclass(frozen=True, slots=True)
class RivaGanScheme:
    """`rivaGan`: a neural mark with room for 32 bits, so only a part of the mark id.

    There is no room for a tag, and the network gives 32 bits for every image. What it
    reads is a candidate: it becomes evidence only where the registry holds a record
    under that id and the picture matches the record.
    """

    @property
    def info(self) -> SchemeInfo:
        """What the catalogue says."""
        return SchemeInfo(
            name=f"{_PACKAGE}.rivaGan",
            alg=f"{_ALG}.rivagan.1",
            layout=Layout.BARE,
            min_pixels=_MIN_PIXELS,
            min_side=64,
            keyed=False,
            presence=False,
            summary="invisible-watermark rivaGan, 32 bits of the mark id by a neural network; "
            "slow (seconds per megapixel), survives crops but not resizing",
            why_unavailable=_why_unavailable(needs=(_PACKAGE, "torch", "onnxruntime")),
            reads_without_extra=False,
        )

    def embed(self, rgb: Pixels, payload: Payload, key: bytes) -> Pixels:  # noqa: ARG002
        """Put a payload into an image; see `Scheme.embed`."""
        self.info.require_fit(rgb)
        network = self._network()
        bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
        bits = payload.bits()
        marked = network(bits.tolist(), len(bits)).encode(bgr)
        return np.ascontiguousarray(marked[:, :, ::-1], dtype=np.uint8)

    def detect(
        self,
        rgb: Pixels,
        keyring: Keyring,
        *,
        depth: Depth = Depth.STANDARD,  # noqa: ARG002 - there is no search
    ) -> Detection:
        """Read the 32 bits that are there in any image; see `Scheme.detect`."""
        if not self.info.fits(rgb):
            return Detection(status=WatermarkStatus.NOT_APPLICABLE, detail="image too small")
        if self.info.why_unavailable:
            return Detection(status=WatermarkStatus.NOT_CHECKED, detail=self.info.why_unavailable)
        if not keyring.keys:
            return Detection(status=WatermarkStatus.NOT_CHECKED, detail="no system to look for")
        bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
        bits = np.asarray(self._network()([], Layout.BARE.bits).decode(bgr), dtype=np.uint8)
        return Detection(
            status=WatermarkStatus.CANDIDATE,
            payload=unpack(Layout.BARE, bits.ravel()),
            path="direct",
            detail="no presence decision: only a record can confirm it",
        )

    def _network(self) -> Callable[..., Any]:
        if self.info.why_unavailable:
            raise SchemeError(f"{self.info.name} cannot be used: {self.info.why_unavailable}")
        from imwatermark.rivaGan import RivaWatermark

        RivaWatermark.loadModel()
        network: Callable[..., Any] = RivaWatermark
        return network


SCHEMES: Final = (
    BlockScheme(BlockMethod.SVD, "dwtDctSvd", "EmbedDwtDctSvd"),
    BlockScheme(BlockMethod.MAX_DCT, "maxDct", "EmbedMaxDct"),
    RivaGanScheme(),
)
