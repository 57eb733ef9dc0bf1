"""Evidence: what each check saw, with its raw values and its final status.

Every kind of evidence keeps what was measured beside what was concluded, so that a
report can be read again, and judged again, without the image. A check that did not
run is evidence of its own (`NOT_CHECKED`, `NOT_APPLICABLE`), never an empty field.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from provenance.model.generation import RecordState
from provenance.model.ids import MarkId, SystemRef
from provenance.model.trust import (
    PolicyEvidence,
    RevocationStatus,
    TimeStampEvidence,
    TrustListInfo,
    ValidityEvidence,
)

# --- the input ---------------------------------------------------------------


class ImageFlag(StrEnum):
    """Something a reader of the verdict should know about how the image was read."""

    EXTENSION_MISMATCH = "extension_mismatch"
    TRAILING_DATA = "trailing_data"
    PARTIAL = "partial"
    CORRUPT = "corrupt"
    ORIENTATION_APPLIED = "orientation_applied"
    REDUCED_TO_8_BIT = "reduced_to_8_bit"
    CMYK_CONVERTED = "cmyk_converted"
    ICC_DROPPED = "icc_dropped"
    METADATA_IGNORED = "metadata_ignored"
    PALETTE_EXPANDED = "palette_expanded"
    FULLY_TRANSPARENT = "fully_transparent"
    TRANSPARENCY_IGNORED = "transparency_ignored"
    FRAMES_SAMPLED = "frames_sampled"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFacts:
    """The questioned file. `sha256` is taken over the bytes before they are parsed."""

    sha256: str
    byte_size: int
    format: str
    width: int
    height: int
    frames: int = 1
    flags: tuple[ImageFlag, ...] = ()


# --- C2PA manifest -----------------------------------------------------------


class ManifestStatus(StrEnum):
    """Our reading of a C2PA validation; the codes it rests on are kept beside it."""

    TRUSTED = "TRUSTED"
    TRUSTED_CONTENT_CHANGED = "TRUSTED_CONTENT_CHANGED"
    UNTRUSTED = "UNTRUSTED"
    INVALID = "INVALID"
    EXPIRED = "EXPIRED"
    REMOTE_ONLY = "REMOTE_ONLY"
    UNREADABLE = "UNREADABLE"
    NONE = "NONE"

    @property
    def readable(self) -> bool:
        """True where the statements of the manifest could be read at all."""
        return self not in (
            ManifestStatus.REMOTE_ONLY,
            ManifestStatus.UNREADABLE,
            ManifestStatus.NONE,
        )

    @property
    def trusted(self) -> bool:
        """True where somebody on a trust list signed it, whatever became of the content."""
        return self in (ManifestStatus.TRUSTED, ManifestStatus.TRUSTED_CONTENT_CHANGED)


class ManifestSource(StrEnum):
    """Where the manifest bytes came from."""

    EMBEDDED = "embedded"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerInfo:
    """Subject of the signing certificate, as the validator reports it."""

    organization: str
    common_name: str
    serial_number: str
    algorithm: str
    time: str = ""

    @property
    def name(self) -> str:
        """The name to show: common name, else organisation."""
        return self.common_name or self.organization or "unnamed signer"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftBinding:
    """A `c2pa.soft-binding` assertion: algorithm name and value."""

    alg: str
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationClaim:
    """What our own assertion in the manifest states about the generating system."""

    system: SystemRef
    model: str
    model_version: str
    record_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IngredientFinding:
    """One ingredient, found by walking from the active manifest to its origins.

    `depth` is 1 for an ingredient of the active manifest. `parent` is the index, among
    the ingredients found, of the one in whose manifest it stands; -1 is the active manifest.
    `failures` are the C2PA failure codes that belong to this ingredient, verbatim, and
    `status` is our reading of them. `signer`, `claim_generator`, `actions`, `operations` and
    `digital_source_types` are what its own manifest states, empty where it has none.
    """

    title: str
    relationship: str
    manifest_id: str
    depth: int
    failures: tuple[str, ...]
    parent: int = -1
    status: ManifestStatus = ManifestStatus.NONE
    signer: SignerInfo | None = None
    claim_generator: str = ""
    actions: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    digital_source_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEvidence:
    """Result of reading one manifest store.

    `state`, `success`, `informational` and `failure` are the validator's own words
    (C2PA 2.4, clause "Validation states" and "Standard status codes").
    `trust_list` names the list whose anchor the signer chains to. `operations` are what our
    stamps list for an edit (`model.generation.Operation`). `ingredients_cut` is True where
    there are more ingredients than were walked. `validity` is None where there
    was no signature to judge, `policy` None where no policy was given.
    """

    status: ManifestStatus
    source: ManifestSource = ManifestSource.EMBEDDED
    state: str = ""
    success: tuple[str, ...] = ()
    informational: tuple[str, ...] = ()
    failure: tuple[str, ...] = ()
    manifest_id: str = ""
    signer: SignerInfo | None = None
    trust_list: str = ""
    validity: ValidityEvidence | None = None
    time_stamp: TimeStampEvidence = TimeStampEvidence()
    revocation: RevocationStatus = RevocationStatus.NOT_CHECKED
    policy: PolicyEvidence | None = None
    claim_generator: str = ""
    actions: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    digital_source_types: tuple[str, ...] = ()
    soft_bindings: tuple[SoftBinding, ...] = ()
    generation: GenerationClaim | None = None
    ingredients: tuple[IngredientFinding, ...] = ()
    ingredients_cut: bool = False
    remote_url: str = ""
    detail: str = ""

    @property
    def altered_ingredients(self) -> tuple[IngredientFinding, ...]:
        """Ingredients whose signature or content no longer verifies.

        An ingredient that is merely signed by somebody unknown is not altered.
        """
        return tuple(i for i in self.ingredients if set(i.failures) - UNTRUSTED_CODES)

    @property
    def claims_capture(self) -> bool:
        """True if it says that a camera or scanner took the picture (IPTC NewsCodes)."""
        names = {kind.rsplit("/", 1)[-1] for kind in self.digital_source_types}
        return bool(names & CAPTURE_SOURCE_TYPES)

    @property
    def claims_creation(self) -> bool:
        """True if the manifest says that the picture began with it."""
        return "c2pa.created" in self.actions


UNTRUSTED_CODES = frozenset(
    {
        "signingCredential.untrusted",
        "cawg.x509.credential.untrusted",
        "timeStamp.untrusted",
    }
)

# IPTC Digital Source Type NewsCodes that state a capture of the real world.
# http://cv.iptc.org/newscodes/digitalsourcetype/
CAPTURE_SOURCE_TYPES = frozenset(
    {"digitalCapture", "computationalCapture", "negativeFilm", "positiveFilm", "print"}
)
# Those that state a generative model. Plain `algorithmicMedia` is procedural, not AI.
AI_SOURCE_TYPES = frozenset(
    {"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic"}
)


def states_ai(digital_source_types: tuple[str, ...]) -> bool:
    """True if one of these digital source types is that of a generative model."""
    return any(kind.rsplit("/", 1)[-1] in AI_SOURCE_TYPES for kind in digital_source_types)


# --- watermark ---------------------------------------------------------------


class WatermarkStatus(StrEnum):
    """What a watermark scheme says about the pixels."""

    READ_AUTHENTIC = "READ_AUTHENTIC"  # payload read, its tag verified with a held key
    READ = "READ"  # payload read with a stated error rate, tag key not held
    CANDIDATE = "CANDIDATE"  # a word without presence decision; only a record can confirm it
    TRACE = "TRACE"  # synchronisation found, payload not readable
    NONE = "NONE"
    NOT_APPLICABLE = "NOT_APPLICABLE"  # the image cannot carry this mark
    NOT_CHECKED = "NOT_CHECKED"  # the scheme is not available, or no key is held

    @property
    def is_read(self) -> bool:
        """True where a payload is known to be present."""
        return self in (WatermarkStatus.READ_AUTHENTIC, WatermarkStatus.READ)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkGeometry:
    """Where the mark lies in the questioned picture.

    A pixel (x, y), counted from the centre of the upper left one, lies at
    (xx x + xy y + dx, yx x + yy y + dy) canonical pixels of the issued picture, in both axes
    up to a multiple of `tile`. `inverted` means that the tones are.
    """

    xx: float
    xy: float
    yx: float
    yy: float
    dx: float
    dy: float
    tile: int
    inverted: bool = False

    @property
    def scale(self) -> float:
        """Canonical pixels per pixel."""
        return math.sqrt(abs(self.xx * self.yy - self.xy * self.yx))

    @property
    def rotation(self) -> float:
        """Degrees, counter-clockwise, by which the picture is turned; of a mirror image, before."""
        return math.degrees(math.atan2(-self.xy, self.yy))

    @property
    def mirrored(self) -> bool:
        """True for a mirror image."""
        return self.xx * self.yy - self.xy * self.yx < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WatermarkEvidence:
    """Result of one scheme on one image.

    `log10_p` bounds the probability that an image without this mark gives this result;
    `log10_threshold` is what it had to reach. Both are 0.0 where nothing was decided.
    `systems` are the ids that were looked for: a mark of any other system is not excluded.
    `frame` is the index of the frame that carried the mark in an animated image; `geometry`
    where it lies, for schemes that survive a change of geometry.
    """

    scheme: str
    alg: str
    status: WatermarkStatus
    system: SystemRef | None = None
    mark_id: MarkId | None = None
    payload: bytes = b""
    epoch: int | None = None
    log10_p: float = 0.0
    log10_threshold: float = 0.0
    path: str = ""
    geometry: MarkGeometry | None = None
    frame: int = 0
    systems: tuple[int, ...] = ()
    detail: str = ""


# --- record and content ------------------------------------------------------


class RecordStatus(StrEnum):
    """Answer of the registry to the id that the mark or the manifest named."""

    FOUND = "FOUND"
    ABSENT = "ABSENT"
    VOID = "VOID"
    UNREACHABLE = "UNREACHABLE"
    NOT_ASKED = "NOT_ASKED"


class RecordKey(StrEnum):
    """Which id the record was looked up by."""

    MARK = "mark"
    MANIFEST = "manifest"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEvidence:
    """What the registry holds under the id that was asked for."""

    status: RecordStatus
    key: RecordKey = RecordKey.MARK
    record_id: str = ""
    manifest_id: str = ""
    mark_id: MarkId | None = None
    system: SystemRef | None = None
    model: str = ""
    model_version: str = ""
    scheme: str = ""
    state: RecordState | None = None
    issued_at: str = ""
    detail: str = ""


class MatchStatus(StrEnum):
    """Does the questioned picture look like the one that was issued?"""

    MATCH = "MATCH"
    PARTIAL = "PARTIAL"
    MISMATCH = "MISMATCH"
    NOT_COMPARABLE = "NOT_COMPARABLE"


#: What counts as the same picture.
MATCHING = frozenset({MatchStatus.MATCH, MatchStatus.PARTIAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class GridEvidence:
    """Comparison of the picture's cells with the issued ones, geometry undone by the mark.

    `z` is the normalised score at the best tile offset and `agreement` the share of signs
    that agree, less the share that does not, by weight. A match needs `log10_p` at most
    `log10_threshold` and `agreement` at least `agreement_threshold`. `power` is the score
    that full agreement would give; a mismatch needs `power_threshold` of it. `consistent`
    marks what agrees, but not enough, or in a pattern that repeats itself: nothing calls it
    another picture then. `covered` is the share,
    0 to 1, of the issued picture's cells with structure that were recognised. `cells` shows
    where, one text per row of the issued picture: `#` agrees or has nothing to compare, `x`
    differs, blank is not there. It shows positions, and nothing of the picture.
    """

    status: MatchStatus
    z: float = 0.0
    log10_p: float = 0.0
    log10_threshold: float = 0.0
    agreement: float = 0.0
    agreement_threshold: float = 0.0
    power: float = 0.0
    power_threshold: float = 0.0
    offsets: int = 0
    consistent: bool = False
    covered: float = 0.0
    cells: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentMatchEvidence:
    """Comparison of the image with the record's fingerprints: PDQ, and the grid if it opens.

    `status` is concluded from both. Of PDQ: `distance` in bits of 256; `match_at_most` and
    `mismatch_at_least` are the two thresholds between which nothing is concluded. `quality`
    is the lower one of both fingerprints. `orientation` is how the questioned image is turned,
    seen from the issued one. `whole` is False where the mark's geometry says that this is not
    the whole issued picture in one of these orientations; PDQ cannot tell it from another
    picture then. A match says "the same picture, perhaps edited", never "unaltered".
    """

    status: MatchStatus
    distance: int
    match_at_most: int
    mismatch_at_least: int
    quality: int
    orientation: str
    whole: bool = True
    grid: GridEvidence | None = None
    detail: str = ""


# --- markers of other systems ------------------------------------------------


class MarkerClass(StrEnum):
    """What kind of trace a marker is. The classes are never added up or mixed."""

    SIGNED = "signed"  # stated in a C2PA manifest; worth as much as its signer
    PUBLIC_WATERMARK = "public_watermark"  # in the pixels; anybody can embed it
    UNSIGNED_METADATA = "unsigned_metadata"  # anybody can write or remove it


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerEvidence:
    """A trace that another system leaves in its pictures.

    `marker` is the entry of the catalogue, `system` who it points to (empty where it names
    nobody), `where` the part of the file. `excerpt` is the identifying value alone, printable
    and short: never a prompt, never a person. `oracle` is whom to ask, empty where nobody is
    known. `log10_p` and `log10_threshold` as in `WatermarkEvidence`, 0.0 for what is no
    measurement.
    """

    marker: str
    kind: MarkerClass
    system: str
    where: str
    excerpt: str
    oracle: str = ""
    log10_p: float = 0.0
    log10_threshold: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All evidence about one image; the only input of the verdict.

    `trust_lists` are all lists that were believed, whether or not one was needed.
    """

    manifest: ManifestEvidence
    recovered_manifest: ManifestEvidence | None = None
    watermarks: tuple[WatermarkEvidence, ...] = ()
    record: RecordEvidence = RecordEvidence(status=RecordStatus.NOT_ASKED)
    content_match: ContentMatchEvidence | None = None
    trust_lists: tuple[TrustListInfo, ...] = ()
    markers: tuple[MarkerEvidence, ...] = ()
