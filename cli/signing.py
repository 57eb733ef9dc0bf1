"""Signing the reports of a run: everything that can be refused is refused before it."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from provenance.errors import ArgumentError, ConfigError

from .console import shown, talk
from .options import open_workspace

if TYPE_CHECKING:
    from provenance.keys import Signer, TimeStamping
    from provenance.report.render import ReportFormat
    from provenance.trust import TrustStore

#: A signature of its own lies beside a report under the report's name with this added.
SIGNATURE_SUFFIX = ".jws"
_SIGNABLE = ("json", "pdf")


@dataclass(frozen=True, kw_only=True)
class Sealing:
    """Who signs reports, and whether the signatures are time-stamped."""

    signer: Signer
    trust: TrustStore
    time_stamping: TimeStamping

    def check(self, path: Path, form: ReportFormat) -> None:
        """Refuse a report that has no signed form."""
        if str(form) not in _SIGNABLE:
            raise ArgumentError(
                f"a {form} report cannot be signed: {shown(path.name)}",
                hint="sign .json and .pdf reports; the others can be made again from the JSON",
            )

    def files(self, path: Path, form: ReportFormat, data: bytes) -> dict[Path, bytes]:
        """A report and what its signature adds, by the places where they go."""
        from provenance.attest import sign_json, sign_pdf

        sign = sign_pdf if str(form) == "pdf" else sign_json
        made = sign(data, self.signer, trust=self.trust, time_stamping=self.time_stamping)
        if made.no_time_stamp is not None:
            talk(f"note: {shown(path.name)} has no time stamp: {shown(made.no_time_stamp.message)}")
        if str(form) == "pdf":
            return {path: made.data}
        return {path: data, signature_path(path): made.data}


def signature_path(report: Path) -> Path:
    """Where the signature of a JSON report lies."""
    return report.with_name(report.name + SIGNATURE_SUFFIX)


def need_extra() -> None:
    """Refuse to go on where what signs and checks is not installed."""
    if any(importlib.util.find_spec(name) is None for name in ("jwt", "pyhanko")):
        raise ArgumentError(
            "signing, and checking signatures, needs an extra that is not installed",
            hint="pip install 'provenance[report]'",
        )


def chosen_sealing(
    *, sign: bool, key: Path | None, chain: Path | None, workspace: Path | None, trust: TrustStore
) -> Sealing | None:
    """Who signs the reports of this run; None where they are not signed.

    The key is the one that is named, else the workspace's for reports. Time stamps are those
    that the workspace is set to ask for.

    Raises:
        ProvenanceError: the options contradict each other, or the key may not sign now.
    """
    if not sign:
        if key or chain:
            raise ArgumentError("--sign-key and --sign-chain need --sign")
        return None
    if (key is None) is not (chain is None):
        raise ArgumentError("--sign-key and --sign-chain go together")
    need_extra()
    from provenance.attest import check_signer
    from provenance.keys import FileSigner, TimeStamping

    own = open_workspace(workspace) if workspace else None
    if key is not None and chain is not None:
        signer = FileSigner.load(key_path=key, chain_path=chain)
    elif own is not None:
        signer = own.report_signer()
    else:
        raise ConfigError(
            "no key to sign reports with", hint="give --workspace, or --sign-key and --sign-chain"
        )
    check_signer(signer)
    stamping = own.settings.stamp.time_stamping() if own else TimeStamping()
    return Sealing(signer=signer, trust=trust, time_stamping=stamping)
