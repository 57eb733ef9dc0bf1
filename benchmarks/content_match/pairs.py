"""One comparison of the large run, and a questioned copy that is compared with many records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from benchmarks.watermark.scene import Pixels
from benchmarks.watermark.schemes import Issuer
from provenance.fingerprint import (
    GridSignature,
    combine,
    compare_all,
    fingerprint,
    is_whole,
    match_grids,
    signature,
)
from provenance.fingerprint.cells import CELL, cells_of
from provenance.fingerprint.grid import WINDOW_AGREEMENT
from provenance.fingerprint.scores import Question, best_window
from provenance.fingerprint.signature import features
from provenance.model.evidence import MATCHING, GridEvidence, MarkGeometry, MatchStatus
from provenance.model.generation import Fingerprint
from provenance.watermark import Depth, Keyring, Payload, catalog
from provenance.watermark.carriers import frame
from provenance.watermark.sync.geometry import in_place

SCHEME: Final = catalog.scheme("lattice-1")
#: Of so many comparisons with other pictures one also tells how the best window did.
_WINDOWS_OF: Final = 10


class Kind(StrEnum):
    """What is compared with what."""

    OWN = "own record"
    OTHER = "another picture's record"
    HALF = "the other half's record"
    LAYOUT = "same layout"
    DRAWING = "same drawing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a registry holds of an issued picture, beside its name here."""

    name: str
    source: str
    width: int
    height: int
    grid: GridSignature
    pdq: Fingerprint

    @classmethod
    def of(cls, marked: Pixels, *, name: str, source: str = "") -> Record | None:
        """From the pixels that were issued; None where they have no signature."""
        grid = signature(marked, upright(marked))
        if grid is None:
            return None
        height, width = marked.shape[:2]
        return cls(
            name=name,
            source=source,
            width=width,
            height=height,
            grid=grid,
            pdq=fingerprint(marked),
        )

    def to_json(self) -> dict[str, Any]:
        """As it is kept in the folder of a run."""
        facts = {name: getattr(self, name) for name in ("name", "source", "width", "height")}
        pdq = {"bits": self.pdq.bits.hex(), "quality": self.pdq.quality}
        return facts | {"grid": self.grid.pack().hex(), "pdq": pdq}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Record:
        """What `to_json` gave."""
        pdq = Fingerprint(bits=bytes.fromhex(data["pdq"]["bits"]), quality=data["pdq"]["quality"])
        grid = GridSignature.unpack(bytes.fromhex(data["grid"]))
        return cls(**(data | {"grid": grid, "pdq": pdq}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The best window of a pair that was no match."""

    z: float
    offsets: int
    weight: float
    agreement: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One comparison; where the mark was not read there is none, and `read` is False.

    `grid`, `pdq` and `final` are statuses; `by_window` says that a window matched.
    """

    kind: Kind
    query: str
    attack: str
    record: str = ""
    read: bool = True
    grid: MatchStatus | None = None
    pdq: MatchStatus | None = None
    final: MatchStatus | None = None
    z: float = 0.0
    log10_p: float = 0.0
    agreement: float = 0.0
    power: float = 0.0
    offsets: int = 0
    covered: float = 0.0
    consistent: bool = False
    by_window: bool = False
    distance: int = 0
    window: Window | None = None

    @property
    def matched(self) -> bool:
        """True if it was called the same picture, or a part of it."""
        return self.final in MATCHING

    def to_json(self) -> dict[str, Any]:
        """Without what says nothing."""
        return {name: value for name, value in asdict(self).items() if value or name == "read"}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Pair:
        """What `to_json` gave."""
        typed: dict[str, Any] = {
            name: MatchStatus(data[name]) for name in ("grid", "pdq", "final") if name in data
        }
        typed["kind"] = Kind(data["kind"])
        typed["window"] = Window(**data["window"]) if "window" in data else None
        return cls(**(data | typed))


@dataclass(frozen=True, slots=True)
class Copy:
    """A changed copy in which the detector found the mark that was embedded."""

    rgb: Pixels
    geometry: MarkGeometry
    query: str
    attack: str

    def pairs(self, records: Sequence[Record], kind: Kind) -> Iterator[Pair]:
        """The comparisons with all of them: grid, PDQ, and what both say together."""
        ordered = sorted(records, key=lambda record: (record.grid.trits.shape, record.name))
        grids = match_grids(self.rgb, self.geometry, [record.grid for record in ordered])
        hashes = compare_all(self.rgb, [record.pdq for record in ordered])
        size = (self.rgb.shape[1], self.rgb.shape[0])
        question = self._question() if kind is not Kind.OWN else None
        for number, (record, grid, pdq) in enumerate(zip(ordered, grids, hashes, strict=True)):
            whole = is_whole(self.geometry, size, (record.width, record.height))
            yield Pair(
                kind=kind,
                query=self.query,
                attack=self.attack,
                record=record.name,
                grid=grid.status,
                pdq=pdq.status,
                final=combine(pdq, grid, whole=whole),
                **_numbers(grid),
                distance=pdq.distance,
                window=None if number % _WINDOWS_OF else _window(question, record),
            )

    def _question(self) -> Question | None:
        cells = cells_of(self.rgb, self.geometry)
        if cells is None:
            return None
        stride = self.geometry.tile // CELL
        return Question.of(features(cells), stride, inverted=self.geometry.inverted)


def _window(question: Question | None, record: Record) -> Window | None:
    fit = best_window(question, record.grid.trits) if question else None
    if fit is None:
        return None
    return Window(
        z=round(fit.z, 3),
        offsets=fit.offsets,
        weight=round(fit.weight, 1),
        agreement=round(fit.agreement, 3),
    )


def _numbers(grid: GridEvidence) -> dict[str, Any]:
    names = ("z", "log10_p", "agreement", "power", "offsets", "covered", "consistent")
    numbers = {name: getattr(grid, name) for name in names}
    return {**numbers, "by_window": grid.agreement_threshold == WINDOW_AGREEMENT}


@dataclass(frozen=True, slots=True)
class Marker:
    """Embeds and finds marks of one seed."""

    seed: int

    def payload(self, rgb: Pixels, name: str) -> Payload:
        """The payload of the record of that name, as it fits on these pixels."""
        return Issuer(self.seed).payload(SCHEME.info.layout_for(rgb), name)

    def embed(self, rgb: Pixels, payload: Payload) -> Pixels:
        """The marked picture.

        Raises:
            CapacityError: it cannot carry a mark.
        """
        return SCHEME.embed(rgb, payload, Issuer(self.seed).key.carrier_key)

    def find(self, rgb: Pixels, payload: Payload, *, query: str, attack: str) -> Copy | None:
        """The copy with the geometry that the detector reports; None where it reads no mark."""
        ring = Keyring(keys=(Issuer(self.seed).key,))
        found = SCHEME.detect(rgb, ring, depth=Depth.DEEP)
        if found.payload != payload or found.geometry is None:
            return None
        return Copy(rgb, found.geometry, query, attack)


def upright(rgb: Pixels) -> MarkGeometry:
    """The geometry of a mark in a picture that was not changed."""
    height, width = rgb.shape[:2]
    return in_place((width, height), frame.size(width, height), inverted=False)
