"""Writing a signed manifest into an image file.

What is stated (C2PA 2.4): the picture was created by an algorithm, it was watermarked and
the watermark is bound to this manifest, which system and model made it. Nothing personal,
no prompt, no thumbnail. A picture that already carries a manifest is opened, not created,
and its manifest is kept as the parent ingredient.
"""

from __future__ import annotations

import base64
import io
import logging
from dataclasses import dataclass, replace
from typing import Any, Final

import c2pa

from provenance.errors import ErrorCode, ManifestError, SignerError, TimeStampError
from provenance.keys import (
    FileSigner,
    Signer,
    TimeStampAuthority,
    TimeStamping,
    TimeStampMode,
)
from provenance.manifest import names
from provenance.manifest.bounds import excess
from provenance.manifest.native import NATIVE_ERRORS, NativeSettings, message_of
from provenance.model.evidence import GenerationClaim, SoftBinding
from provenance.model.ids import manifest_id_for
from provenance.trust import TrustStore

_PARENT: Final = "parent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """An input file whose manifest has to survive."""

    data: bytes
    mime: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRequest:
    """Everything that one manifest states.

    `software` names this toolkit as the claim generator, `version` its version.
    """

    claim: GenerationClaim
    soft_binding: SoftBinding
    software: str
    version: str
    parent: Parent | None = None


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
            is not valid now, or key and certificate do not belong together.
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
        try:
            context = NativeSettings(trust=self.trust).context()
            builder = c2pa.Builder(_definition(self.request), context=context)
            if self.request.parent:
                _add_parent(builder, self.request.parent)
            with _quiet_native_log():
                native = _native_signer(calls, time_url)
                manifest = builder.sign(native, self.mime, io.BytesIO(self.data), target)
        except NATIVE_ERRORS as error:
            if calls.failure is not None and not isinstance(calls.failure, Exception):
                raise calls.failure from error  # Ctrl-C and exit are not failures of the signer
            raise calls.translate(error) from (calls.failure or error)
        return SignedFile(data=target.getvalue(), manifest=bytes(manifest))


def _definition(request: ManifestRequest) -> dict[str, Any]:
    claim = request.claim
    agent = {"name": claim.model} | (
        {"version": claim.model_version} if claim.model_version else {}
    )
    if request.parent:
        origin: dict[str, Any] = {
            "action": names.OPENED,
            "parameters": {"ingredientIds": [_PARENT]},
        }
    else:
        origin = {
            "action": names.CREATED,
            "digitalSourceType": names.TRAINED_ALGORITHMIC_MEDIA,
            "softwareAgent": agent,
        }
    actions = {
        "allActionsIncluded": True,
        "actions": [origin, {"action": names.WATERMARKED_BOUND}],
    }
    # JSON cannot carry a CBOR byte string here (c2pa-rs#2689): base64 text instead.
    value = base64.b64encode(request.soft_binding.value).decode("ascii")
    binding = {"alg": request.soft_binding.alg, "blocks": [{"scope": {}, "value": value}]}
    generation = {
        "system": claim.system.name,
        "systemId": claim.system.id,
        "model": claim.model,
        "modelVersion": claim.model_version,
        "recordId": claim.record_id,
    }
    return {
        "label": manifest_id_for(claim.record_id),
        "claim_generator_info": [
            {
                "name": request.software,
                "version": request.version,
                "specVersion": names.SPEC_VERSION,
            }
        ],
        "assertions": [
            {"label": names.ACTIONS, "created": True, "data": actions},
            {"label": names.SOFT_BINDING, "created": True, "data": binding},
            {"label": names.GENERATION, "created": True, "data": generation},
        ],
    }


def _add_parent(builder: c2pa.Builder, parent: Parent) -> None:
    too_much = excess(parent.data)
    if too_much:
        raise ManifestError(f"the manifest of the input cannot be kept: {too_much}")
    ingredient = {"title": "input", "relationship": "parentOf", "label": _PARENT}
    try:
        builder.add_ingredient(ingredient, parent.mime, io.BytesIO(parent.data))
    except NATIVE_ERRORS as error:
        raise ManifestError(
            f"the manifest of the input cannot be kept: {message_of(error)}",
            hint="a picture with an unreadable manifest is not stamped over",
        ) from error


class _CallbackLog:
    """Remembers what a signer raised; the native library only reports that it failed."""

    def __init__(self, signer: Signer) -> None:
        self.signer = signer
        self.failure: BaseException | None = None

    def __call__(self, data: bytes) -> bytes:
        try:
            return self.signer.sign(bytes(data))
        except BaseException as error:
            self.failure = error
            raise

    def translate(self, error: BaseException) -> Exception:
        """Our error for a native one."""
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


class _quiet_native_log:  # noqa: N801 - reads as a statement
    """The wrapper logs a failed callback on its own; we raise the real exception instead."""

    _logger = logging.getLogger("c2pa")

    def __enter__(self) -> None:
        self._was = self._logger.disabled
        self._logger.disabled = True

    def __exit__(self, *_: object) -> None:
        self._logger.disabled = self._was
