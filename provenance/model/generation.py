"""What the operator states about an image, and the record that is kept of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from provenance.errors import ArgumentError
from provenance.model.ids import MarkId, SystemRef, manifest_id_for

MAX_TEXT = 200
PDQ_BYTES = 32  # 256 bits
REQUEST_BYTES = 32  # HMAC-SHA256
ORIGIN_BYTES = 32  # SHA-256


class Operation(StrEnum):
    """What a model did to a picture that was there before. A closed list: no prompt fits in.

    How each is stated in a manifest: `manifest.names.OPERATION_ACTIONS`.
    """

    INPAINT = "inpaint"  # a region was painted anew
    OUTPAINT = "outpaint"  # the picture was continued beyond its edges
    REDRAW = "redraw"  # the whole picture was painted anew after itself (image to image)
    REMOVE = "remove"  # something was taken out
    BACKGROUND = "background"  # the background was replaced
    FACE = "face"  # a face was replaced or changed
    TEXT = "text"  # writing was added or replaced
    STYLE = "style"  # the look of another picture or medium was applied
    COLOUR = "colour"  # coloured, or lit differently
    ENHANCE = "enhance"  # noise, blur or damage was repaired
    UPSCALE = "upscale"  # more pixels were made
    COMPOSE = "compose"  # several pictures were merged into one

    @classmethod
    def parse(cls, name: str) -> Operation:
        """The operation of that name.

        Raises:
            ArgumentError: there is none.
        """
        try:
            return cls(name)
        except ValueError:
            known = ", ".join(operation.value for operation in cls)
            raise ArgumentError(f"unknown operation {name!r}", hint=f"one of {known}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """What made the image. Nothing personal belongs here: no prompt, account or counter.

    `model` and `model_version` are printable text of at most 200 characters. `operations`
    are what an edit of an existing picture did, in order and each once.
    """

    model: str
    model_version: str = ""
    operations: tuple[Operation, ...] = ()

    def __post_init__(self) -> None:
        if not self.model:
            raise ArgumentError("model must not be empty")
        for name in ("model", "model_version"):
            text = getattr(self, name)
            if len(text) > MAX_TEXT or not text.isprintable():
                raise ArgumentError(
                    f"{name} must be printable text of at most {MAX_TEXT} characters"
                )
        if not all(isinstance(operation, Operation) for operation in self.operations):
            raise ArgumentError("operations must be members of Operation")
        if len(set(self.operations)) < len(self.operations):
            raise ArgumentError("an operation is named twice")


class RecordState(StrEnum):
    """Life of a record: reserved -> issued -> released, or void."""

    RESERVED = "reserved"
    ISSUED = "issued"
    RELEASED = "released"
    VOID = "void"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """A perceptual hash: PDQ, 256 bits, with its quality 0..100."""

    bits: bytes
    quality: int

    def __post_init__(self) -> None:
        if len(self.bits) != PDQ_BYTES:
            raise ValueError(f"a PDQ fingerprint has {PDQ_BYTES} bytes")
        if not 0 <= self.quality <= 100:
            raise ValueError("PDQ quality is 0..100")

    def distance(self, other: Fingerprint) -> int:
        """Hamming distance in bits, 0..256."""
        mine, theirs = int.from_bytes(self.bits), int.from_bytes(other.bits)
        return (mine ^ theirs).bit_count()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkQuality:
    """What the mark cost the picture, and how firmly it sits in the file that was released.

    `psnr_db` over RGB and `ssim`, mean SSIM of the luma, compare the picture before and after
    marking. `margin` is how many powers of ten the chance of the mark, read back from the file,
    lies below what a detection needs; 0.0 for schemes without an error rate of their own.
    """

    psnr_db: float
    ssim: float
    margin: float = 0.0


class TimeStampOutcome(StrEnum):
    """What came of asking a time-stamping authority."""

    NOT_ASKED = "not asked"
    STAMPED = "stamped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeStampResult:
    """The statement about the time stamp of an issued file; never left unsaid.

    `detail` is when and by whom it was stamped, or why it was not.
    """

    outcome: TimeStampOutcome = TimeStampOutcome.NOT_ASKED
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.outcome.value}: {self.detail}" if self.detail else self.outcome.value

    @classmethod
    def parse(cls, text: str) -> TimeStampResult:
        """Read what `str()` writes."""
        outcome, _, detail = text.partition(": ")
        return cls(outcome=TimeStampOutcome(outcome), detail=detail)


class Relationship(StrEnum):
    """How a picture relates to a file that it was made from (C2PA 2.4, "Relationship")."""

    PARENT_OF = "parentOf"
    COMPONENT_OF = "componentOf"

    @classmethod
    def at(cls, position: int) -> Relationship:
        """The relationship of the file at this position; C2PA allows one `parentOf`."""
        return cls.COMPONENT_OF if position else cls.PARENT_OF


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentFile:
    """Fingerprints of a file that an edited picture was made from; no name, no pixels.

    `sha256` of the whole file in lower-case hexadecimal, `width` and `height` in pixels as
    displayed.
    """

    sha256: str
    fingerprint: Fingerprint
    format: str
    width: int
    height: int
    relationship: Relationship = Relationship.PARENT_OF


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedFile:
    """Facts about the file that was written, known once it is signed.

    `byte_size` in bytes, `width` and `height` in pixels as displayed, `sha256` of the
    whole file in lower-case hexadecimal, `manifest` the C2PA manifest store bytes, `grid`
    the sealed grid signature, empty where the scheme does not say where its mark lies,
    `parents` the files that it was made from, the `parentOf` one first, `signer` the SHA-256
    of the signing certificate in lower-case hexadecimal, `envelope` how the file is put
    together from its unsigned form and the manifest, empty where that cannot be told.
    """

    format: str
    width: int
    height: int
    byte_size: int
    sha256: str
    fingerprint: Fingerprint
    manifest: bytes
    quality: MarkQuality
    time_stamp: TimeStampResult = TimeStampResult()
    grid: bytes = b""
    parents: tuple[ParentFile, ...] = ()
    signer: str = ""
    envelope: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Makes stamping idempotent: what the caller calls the job, and what goes into it.

    Both are keyed hashes of 32 bytes, so that neither the caller's id nor the digest of an
    unmarked picture lies in the registry.
    """

    key: bytes
    digest: bytes

    def __post_init__(self) -> None:
        if len(self.key) != REQUEST_BYTES or len(self.digest) != REQUEST_BYTES:
            raise ValueError(f"key and digest of a request have {REQUEST_BYTES} bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """That a picture was marked and handed out, to be signed later as a file.

    `expires_at`, UTC, is until when it can be; `fingerprint` that of the marked pixels and
    `quality` what the mark cost them; `origin` stands for what it was made from and whether
    that was edited, SHA-256 (`stamp.pending.origin_of`). Nothing else is known of the picture.
    """

    expires_at: datetime
    fingerprint: Fingerprint
    quality: MarkQuality
    origin: bytes

    def __post_init__(self) -> None:
        if len(self.origin) != ORIGIN_BYTES:
            raise ValueError(f"the origin of a marked picture has {ORIGIN_BYTES} bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One issued generation as the registry keeps it. Times are UTC.

    `pseudonym` stands for the account that asked for it and is empty where none was named or
    it was erased. `log_position` is that of its leaf in the issuance log, None until the leaf
    has one. `marking` is there where marking and signing are two steps, and stays once both are
    done.
    """

    record_id: str
    system: SystemRef
    mark_id: MarkId
    epoch: int
    scheme: str
    generation: Generation
    state: RecordState
    reserved_at: datetime
    issued_at: datetime | None = None
    file: IssuedFile | None = None
    request: Request | None = None
    pseudonym: str = ""
    log_position: int | None = None
    marking: Marking | None = None

    def __post_init__(self) -> None:
        if (self.file is None) is (self.state in (RecordState.ISSUED, RecordState.RELEASED)):
            raise ValueError("an issued record has a file, every other record has none")

    @property
    def manifest_id(self) -> str:
        """The label of the record's manifest."""
        return manifest_id_for(self.record_id)

    @property
    def pending(self) -> bool:
        """Its picture was marked, and not signed yet; perhaps it never will be."""
        return self.state is RecordState.RESERVED and self.marking is not None

    def issued(self, file: IssuedFile, at: datetime) -> Record:
        """This record once the file exists and has been verified."""
        return replace(self, state=RecordState.ISSUED, file=file, issued_at=at)
