"""Writing a signed manifest into an image file.

What is stated: `manifest.statement`. Nothing personal, no prompt, no thumbnail. A picture
that was made from others is opened, not created, and the manifests of those are carried on,
without the thumbnails that they may hold.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import c2pa

from provenance.errors import (
    ErrorCode,
    ManifestError,
    ProvenanceError,
    SignerError,
    TimeStampError,
)
from provenance.keys import (
    FileSigner,
    Signer,
    TimeStampAuthority,
    TimeStamping,
    TimeStampMode,
    checked_signature,
)
from provenance.manifest.native import NATIVE_ERRORS, NativeSettings, message_of
from provenance.manifest.statement import ManifestRequest, Parent, definition, ingredient
from provenance.manifest.thumbnails import not_kept, redactions
from provenance.trust import TrustStore


@dataclass(frozen=True, slots=True)
class SignedFile:
    """The file with its manifest, and the manifest store bytes on their own.

    `time_stamp_failure` says why there is no time stamp although one was asked for.
    """

    data: bytes
    manifest: bytes
    time_stamp_failure: str = ""


def sign(
    data: bytes,
    mime: str,
    request: ManifestRequest,
    signer: Signer,
    trust: TrustStore,
    time_stamping: TimeStamping = TimeStamping(),
) -> SignedFile:
    """Embed a signed manifest in an image file.

    Args:
        data: the encoded image.
        mime: its media type.
        request: what to state.
        signer: who signs.
        trust: lists that contain the signer's root; the native library checks its own
            work against them.
        time_stamping: whether to ask for a time stamp. Where one may be missing and is,
            the claim is signed a second time without.

    Raises:
        TimeStampError: a time stamp is required and could not be had.
        SignerError: the signer failed (its own exception is the cause), its certificate
            is not valid now, or what it returned is no signature by the certificate's key.
        ManifestError: the manifest cannot be written, or the parent's cannot be kept.
    """
    signer.chain.check_valid()
    job = _Job(data=data, mime=mime, request=request, signer=signer, trust=trust)
    if time_stamping.authority is None or time_stamping.mode is TimeStampMode.OFF:
        return job.sign(None)
    try:
        return job.sign_with_time(time_stamping.authority)
    except TimeStampError as error:
        if time_stamping.mode is TimeStampMode.REQUIRE:
            raise
        return replace(job.sign(None), time_stamp_failure=error.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """One claim to be signed; the arguments of `sign`."""

    data: bytes
    mime: str
    request: ManifestRequest
    signer: Signer
    trust: TrustStore

    def sign_with_time(self, authority: TimeStampAuthority) -> SignedFile:
        """Sign and have the signature time-stamped."""
        from provenance.manifest.relay import Relay  # a server, and only needed here

        with Relay(authority) as relay:
            try:
                return self.sign(relay.url)
            except (SignerError, ManifestError) as error:
                if relay.failure is not None:
                    raise relay.failure from error
                if relay.answered:  # the answer came, and then something was not right
                    raise TimeStampError(
                        f"the claim with its time stamp was refused: {error.message}",
                        hint="the authority may have stamped something else than was asked",
                    ) from error
                raise

    def sign(self, time_url: str | None) -> SignedFile:
        """Sign; the native library asks that address for a time stamp."""
        calls = _CallbackLog(self.signer)
        target = io.BytesIO()
        left_out = redactions((parent.data, parent.mime) for parent in self.request.parents)
        try:
            context = NativeSettings(trust=self.trust).context()
            builder = c2pa.Builder(definition(self.request, left_out), context=context)
            for position, parent in enumerate(self.request.parents):
                _add(builder, position, parent)
            with _quiet_native_log():
                native = _native_signer(calls, time_url)
                manifest = builder.sign(native, self.mime, io.BytesIO(self.data), target)
        except NATIVE_ERRORS as error:
            if calls.failure is not None and not isinstance(calls.failure, Exception):
                raise calls.failure from error  # Ctrl-C and exit are not failures of the signer
            raise calls.translate(error) from (calls.failure or error)
        return SignedFile(data=target.getvalue(), manifest=bytes(manifest))


def _add(builder: c2pa.Builder, position: int, parent: Parent) -> None:
    try:
        builder.add_ingredient(ingredient(position), parent.mime, io.BytesIO(parent.data))
    except NATIVE_ERRORS as error:
        raise not_kept(message_of(error)) from error


class _CallbackLog:
    """Checks every signature; remembers what was raised, since the native library does not."""

    def __init__(self, signer: Signer) -> None:
        self.signer = signer
        self.failure: BaseException | None = None

    def __call__(self, data: bytes) -> bytes:
        try:
            return checked_signature(self.signer, bytes(data))
        except BaseException as error:
            self.failure = error
            raise

    def translate(self, error: BaseException) -> Exception:
        """Our error for a native one."""
        if isinstance(self.failure, ProvenanceError):
            return SignerError(self.failure.message, hint=self.failure.hint)
        if self.failure is not None:
            return SignerError(
                f"the signer failed: {type(self.failure).__name__}: {message_of(self.failure)}"
            )
        if isinstance(error, c2pa.C2paError.Signature):
            return SignerError(
                f"the claim could not be signed: {message_of(error)}",
                hint="check that key, algorithm and certificate chain belong together",
            )
        if isinstance(error, c2pa.C2paError.Io):
            return ManifestError(
                f"cannot write the manifest: {message_of(error)}", code=ErrorCode.IO
            )
        return ManifestError(f"the manifest was refused: {message_of(error)}")


def _native_signer(calls: _CallbackLog, time_url: str | None) -> c2pa.Signer:
    signer = calls.signer
    if isinstance(signer, FileSigner):
        # Signing inside the native library needs a third of the space in the file.
        return c2pa.Signer.from_info(
            c2pa.C2paSignerInfo(
                signer.algorithm.value.encode("ascii"),
                signer.chain.pem,
                signer.private_key_pem,
                time_url.encode("ascii") if time_url else None,
            )
        )
    algorithm = c2pa.C2paSigningAlg[signer.algorithm.name]
    chain = signer.chain.pem.decode("ascii")
    return c2pa.Signer.from_callback(calls, algorithm, chain, time_url)


_signing = threading.local()


@contextmanager
def _quiet_native_log() -> Iterator[None]:
    """The wrapper logs a failed callback on its own; we raise the real exception instead.

    Only for this thread. A switch of the whole logger, put back as each found it, stayed off for
    ever where two threads signed at once.
    """
    _signing.now = True
    try:
        yield
    finally:
        _signing.now = False


def _is_wanted(_: logging.LogRecord) -> bool:
    return not getattr(_signing, "now", False)


logging.getLogger("c2pa").addFilter(_is_wanted)
