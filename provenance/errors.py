"""One root for every error this library raises on purpose.

Each error says what is wrong (the message), what to do about it (`hint`) and which
kind it is (`code`). Codes are part of the public interface: they appear in JSON
output and in audit rows, and `docs/errors.md` lists them all.

Exceptions of other libraries are translated in the one module that owns the
dependency, with ``raise ... from error`` so that nothing is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class ErrorCode(StrEnum):
    """Closed set of error codes; the value is what users and programs see."""

    FORMAT = "E_FORMAT"
    TRUNCATED = "E_TRUNC"
    CORRUPT = "E_CORRUPT"
    LIMIT = "E_LIMIT"
    IO = "E_IO"
    TIMEOUT = "E_TIMEOUT"
    CRASH = "E_CRASH"
    MANIFEST = "E_MANIFEST"
    SCHEME = "E_SCHEME"
    KEY = "E_KEY"
    TRUST = "E_TRUST"
    SIGNER = "E_SIGNER"
    TIME_STAMP = "E_TIME_STAMP"
    REGISTRY = "E_REGISTRY"
    LOG = "E_LOG"
    BUSY = "E_BUSY"
    REQUEST = "E_REQUEST"
    STAMPED = "E_STAMPED"
    PENDING = "E_PENDING"
    SELF_CHECK = "E_SELF_CHECK"
    CONFIG = "E_CONFIG"
    ARGUMENT = "E_ARGUMENT"
    POLICY = "E_POLICY"
    INTERNAL = "E_INTERNAL"

    @property
    def meaning(self) -> str:
        """One sentence for the reference documentation."""
        return _MEANINGS[self]


_MEANINGS: dict[ErrorCode, str] = {
    ErrorCode.FORMAT: "Not an image, or an image of a kind that is not accepted here.",
    ErrorCode.TRUNCATED: "The file ends before the image does.",
    ErrorCode.CORRUPT: "The file contradicts its own format (checksums, lengths, structure).",
    ErrorCode.LIMIT: "Too large to be decoded safely, or too small to carry the watermark.",
    ErrorCode.IO: "The file cannot be read or written.",
    ErrorCode.TIMEOUT: "It took longer than it may, and was stopped.",
    ErrorCode.CRASH: "A decoder died of it; the process was replaced.",
    ErrorCode.MANIFEST: "A C2PA manifest cannot be read, kept or written.",
    ErrorCode.SCHEME: "The watermark scheme is unknown or not available in this installation.",
    ErrorCode.KEY: "Key material is missing, unreadable, unsafe or does not belong together.",
    ErrorCode.TRUST: "A trust list cannot be used.",
    ErrorCode.SIGNER: "The signer failed or may not sign now.",
    ErrorCode.TIME_STAMP: "No usable time stamp could be had from the time-stamping authority.",
    ErrorCode.REGISTRY: "The registry cannot be read or written, or refuses the change.",
    ErrorCode.LOG: "The issuance log, or a proof from one, is damaged, contradicts itself or "
    "cannot be used.",
    ErrorCode.BUSY: "Another process held the registry, log, request or run for too long.",
    ErrorCode.REQUEST: "The request id was used before for another input.",
    ErrorCode.STAMPED: "The picture carries a mark of this system already, and is not declared an "
    "edit.",
    ErrorCode.PENDING: "The picture is none that was marked here and waits to be signed.",
    ErrorCode.SELF_CHECK: "The stamped file did not pass its own verification; it was discarded.",
    ErrorCode.CONFIG: "The configuration is not valid.",
    ErrorCode.ARGUMENT: "A value given by the caller is not acceptable.",
    ErrorCode.POLICY: "The report does not satisfy the policy that was required of it.",
    ErrorCode.INTERNAL: "A defect of this software; please report it.",
}


class ProvenanceError(Exception):
    """Root of all errors of this library.

    Attributes:
        code: what kind of failure this is (`ErrorCode`).
        hint: what the reader can do about it; empty when nothing useful can be said.
    """

    default_code = ErrorCode.ARGUMENT

    def __init__(self, message: str, *, hint: str = "", code: ErrorCode | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.default_code

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments are lost by the default pickling of exceptions,
        # and errors cross process borders in bulk runs.
        return (_rebuild, (type(self), self.message, self.hint, self.code))


def _rebuild(
    kind: type[ProvenanceError], message: str, hint: str, code: ErrorCode
) -> ProvenanceError:
    return kind(message, hint=hint, code=code)


class ArgumentError(ProvenanceError, ValueError):
    """A value given by the caller is not acceptable."""


class InputError(ProvenanceError):
    """A file or buffer that cannot be accepted as an image."""

    default_code = ErrorCode.FORMAT


class ManifestError(ProvenanceError):
    """A C2PA manifest that cannot be written, or must be read and cannot."""

    default_code = ErrorCode.MANIFEST


class CapacityError(ProvenanceError):
    """An image that cannot carry the watermark: too small, or nothing visible to mark."""

    default_code = ErrorCode.LIMIT


class SchemeError(ProvenanceError):
    """A watermark scheme that is unknown or not available here."""

    default_code = ErrorCode.SCHEME


class KeyMaterialError(ProvenanceError):
    """A secret, key or certificate that cannot be used."""

    default_code = ErrorCode.KEY


class TrustError(ProvenanceError):
    """A trust list that cannot be used."""

    default_code = ErrorCode.TRUST


class SignerError(ProvenanceError):
    """The signer failed; the original exception is the `__cause__`."""

    default_code = ErrorCode.SIGNER


class TimeStampError(ProvenanceError):
    """The time-stamping authority gave no usable time stamp."""

    default_code = ErrorCode.TIME_STAMP


class RegistryError(ProvenanceError):
    """The registry of issued generations failed."""

    default_code = ErrorCode.REGISTRY


class RequestError(ProvenanceError):
    """A request id that was used before, for another input."""

    default_code = ErrorCode.REQUEST


class BatchError(ProvenanceError):
    """Some pictures of a batch could not be stamped; the others were.

    Attributes:
        results: for each picture in order, what stamping it returned (`stamp.Stamped`) or the
            error (`ProvenanceError`).
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: ErrorCode | None = None,
        results: tuple[object, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.results = results

    @classmethod
    def of(cls, results: Sequence[object]) -> BatchError:
        """The error that says which of these results are errors; one at least is.

        Its code is that of the first.
        """
        made = cls("", results=tuple(results))
        (first, error), *others = made.errors.items()
        made.message = f"{len(made.errors)} of {len(results)} pictures could not be stamped; "
        made.message += f"picture {first}: {error.message}"
        if others:
            made.message += f"; also {_positions([position for position, _ in others])}"
        made.args = (made.message,)
        made.hint, made.code = error.hint, error.code
        return made

    @property
    def errors(self) -> dict[int, ProvenanceError]:
        """The errors by position, counted from 0."""
        return {
            position: result
            for position, result in enumerate(self.results)
            if isinstance(result, ProvenanceError)
        }

    def __reduce__(self) -> tuple[object, ...]:
        return (BatchError.of, (self.results,)) if self.results else super().__reduce__()


def _positions(positions: Sequence[int], most: int = 10) -> str:
    named = ", ".join(map(str, positions[:most]))
    return named + (", ..." if len(positions) > most else "")


class AlreadyStampedError(ProvenanceError):
    """A picture that carries a mark of this system already and is not declared an edit."""

    default_code = ErrorCode.STAMPED


class PendingError(RegistryError):
    """A picture that cannot be signed: it is none that was marked here and waits for that."""

    default_code = ErrorCode.PENDING


class SearchIndexError(RegistryError):
    """The search index is missing, damaged, or not of this registry. The records are unharmed."""


class LogError(ProvenanceError):
    """The issuance log, a checkpoint or a proof cannot be used, or is not what it should be."""

    default_code = ErrorCode.LOG


class SelfCheckError(ProvenanceError):
    """What was written does not verify, so it was not released."""

    default_code = ErrorCode.SELF_CHECK


class ConfigError(ProvenanceError):
    """A configuration file, environment variable or option is not valid."""

    default_code = ErrorCode.CONFIG


class VerificationError(ProvenanceError):
    """A verification report does not satisfy a policy."""

    default_code = ErrorCode.POLICY
