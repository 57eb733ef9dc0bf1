"""Typed settings for the native C2PA library, and its exceptions.

The library accepts any JSON object as settings and ignores keys it does not know, so a
misspelt key would silently leave the network open. Settings are therefore written only
here, from fields that the type checker knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import c2pa

from provenance.manifest.bounds import MAX_EXPANDED_MB
from provenance.trust import SIGNER_EKUS, TIME_STAMPING_EKU, TrustKind, TrustStore

#: What the validator calls the two kinds of anchors.
_ANCHOR_KINDS: Final = {TrustKind.SIGNERS: "manifest", TrustKind.TIME_STAMPS: "tsa"}

_REMOTE: Final = re.compile(r"must fetch remote manifests from url (\S+)")

#: Anything the native library raises. Its Python layer also raises plain ValueError,
#: TypeError and RuntimeError from inside its own code.
NATIVE_ERRORS: Final = (c2pa.C2paError, ValueError, TypeError, RuntimeError, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeSettings:
    """The settings that matter here; each default is the safe one.

    Attributes:
        trust: whose signatures are believed.
        accepted: signing certificates in PEM that are believed without a path to an anchor.
        verify_after_sign: refuse to write a manifest that does not validate.
    """

    trust: TrustStore = TrustStore()
    accepted: tuple[str, ...] = ()
    verify_after_sign: bool = True

    def as_dict(self) -> dict[str, Any]:
        """The settings in the library's own schema (c2pa-rs 0.91)."""
        trust: dict[str, Any] = {
            # Only the top-level list is honoured in this version, and without it nothing
            # but emailProtection is accepted as the signer's extended key usage.
            "trust_config": "\n".join((*SIGNER_EKUS, TIME_STAMPING_EKU)) + "\n",
        }
        anchors = [
            {
                "trust_kind": native,
                "trust_anchors": "".join(item.anchors),
                "trust_uri": item.uri,
            }
            for kind, native in _ANCHOR_KINDS.items()
            for item in self.trust.of(kind)
        ]
        if self.accepted:
            certificates = {"trust_anchors": "", "allowed_list": "".join(self.accepted)}
            anchors.append({"trust_kind": "manifest", "trust_uri": "accepted", **certificates})
        if anchors:
            trust["anchors"] = anchors
        return {
            "trust": trust,
            "verify": {
                "verify_after_sign": self.verify_after_sign,
                "verify_after_reading": True,
                "verify_trust": True,
                "verify_timestamp_trust": True,
                "remote_manifest_fetch": False,
                "ocsp_fetch": False,
            },
            "core": {
                "allowed_network_hosts": [],
                "max_decompressed_manifest_size_in_mb": MAX_EXPANDED_MB,
            },
            "builder": {"thumbnail": {"enabled": False}},
        }

    def context(self) -> c2pa.Context:
        """A context of the native library. It does not survive a fork: make it late."""
        return c2pa.Context.from_dict(self.as_dict())


def remote_url(error: BaseException) -> str:
    """Where the manifest lies that the library would have to fetch, if that is what it says."""
    found = _REMOTE.search(str(error))
    return found.group(1) if found else ""


def message_of(error: BaseException) -> str:
    """The native message on one printable line; it may quote text from the file."""
    text = " ".join(str(error).split())
    return "".join(c for c in text if c.isprintable())[:300] or type(error).__name__
