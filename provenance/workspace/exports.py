"""What an operator hands to laboratories: a signed bundle, a signed extract of the registry.

Needs the extra `report`: both are signed with the key that signs reports.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256

from provenance.attest import Signed
from provenance.errors import ArgumentError, KeyMaterialError, RegistryError, TimeStampError
from provenance.exchange import DetectorBundle, ExtractStatement, NotAcceptableError
from provenance.exchange.bundle import LIFETIME
from provenance.exchange.extracts import STATEMENT_SUFFIX, file_digest
from provenance.exchange.sealed import seal
from provenance.keys import FileSigner, write_private
from provenance.model.custody import AccessAction, AccessEntry
from provenance.registry import ExtractStore, ExtractWriter
from provenance.trust import TrustKind, TrustStore, anchored, format_revocations
from provenance.watermark import catalog
from provenance.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was signed and written.

    Attributes:
        made: what was signed.
        certificate: SHA-256 of the signing certificate, which whoever imports it asks for.
        no_time_stamp: as in `attest.Signed`.
    """

    made: DetectorBundle | ExtractStatement
    certificate: str
    no_time_stamp: TimeStampError | None


def export_bundle(
    workspace: Workspace,
    path: Path,
    *,
    contact: str = "",
    resolution_url: str = "",
    epochs: Iterable[int] | None = None,
    content_match: bool = False,
    not_after: datetime | None = None,
) -> Exported:
    """Write a signed detector bundle of the workspace's system to a new private file.

    Args:
        workspace: the operator's.
        path: the new file.
        contact: where legal requests go.
        resolution_url: where records can be asked for.
        epochs: only the keys of these; None for all of them.
        content_match: with the keys that open the grid signatures of records.
        not_after: when the bundle ends; default: after a year.

    Raises:
        ArgumentError: a value is not acceptable, or there is no such epoch.
        KeyMaterialError: a key is missing, may not sign, or the file exists.
    """
    wanted = None if epochs is None else set(epochs)
    keys = [key for key in workspace.detection_keys() if wanted is None or key.epoch in wanted]
    opens = [key for key in workspace.signature_keys() if wanted is None or key.epoch in wanted]
    if wanted is not None and len(keys) != len(wanted):
        raise ArgumentError(
            "there is no key for one of these epochs",
            hint=f"the epochs of this system are 0 to {workspace.settings.system.epoch}",
        )
    now = datetime.now(UTC).replace(microsecond=0)
    revocations = workspace.revocations()
    made = DetectorBundle(
        system=workspace.system,
        keys=tuple(keys),
        signature_keys=tuple(opens) if content_match else (),
        schemes=_schemes(workspace),
        anchors=_own_anchors(workspace),
        created_at=now,
        not_after=(not_after or now + LIFETIME).replace(microsecond=0),
        contact=contact,
        resolution_url=resolution_url,
        log_key=str(workspace.log(read_only=True).key),
        revoked=format_revocations(revocations) if revocations.items else "",
    )
    try:
        DetectorBundle.parse(made.document())  # what nobody could import is not written
    except NotAcceptableError as error:
        raise ArgumentError(f"this bundle would not be accepted: {error}") from error
    signer = workspace.report_signer()
    signed = seal(
        made,
        signer,
        trust=workspace.trust(),
        time_stamping=workspace.settings.stamp.time_stamping(),
    )
    _appear({path: lambda aside: write_private(aside, signed.data)})
    return _exported(made, signer, signed)


def export_extract(
    workspace: Workspace,
    path: Path,
    *,
    manifests: bool = True,
    since: datetime | None = None,
    operator: str = "",
    reason: str = "",
) -> Exported:
    """Write an extract of the workspace's registry to a new file, and its statement beside it.

    The access log has an entry about it before the first record is read.

    Args:
        workspace: the operator's.
        path: the new file; the statement has this name and `.jws`.
        manifests: with the manifests of the records.
        since: only records that were issued at or after this moment.
        operator: pseudonym of whoever does it, for the access log.
        reason: why, for the access log.

    Raises:
        RegistryError: the registry cannot be read, or the extract cannot be written.
        KeyMaterialError: the key for reports is missing or may not sign, or a file exists.
    """
    statement_path = path.with_name(path.name + STATEMENT_SUFFIX)
    _check_free(path, statement_path)
    signer, store, trust = workspace.report_signer(), workspace.store(), workspace.trust()
    system, now = workspace.system, datetime.now(UTC).replace(microsecond=0)
    since = since.replace(microsecond=0) if since else None  # never fewer than is said
    store.note_access(
        AccessEntry(
            at=datetime.now(UTC),
            action=AccessAction.EXPORT,
            subject=f"system {system.id}" + (f" since {since:%Y-%m-%d}" if since else ""),
            operator=operator,
            reason=reason,
        )
    )
    aside = _aside(path)
    try:
        writer, records = ExtractWriter.begin(aside), 0
        for page in store.extract_pages(system.id or 0, since=since, manifests=manifests):
            records += writer.add(page)
        _check_own(aside, system.id or 0, records)
        with aside.open("rb") as file:
            os.fsync(file.fileno())
            digest, size = file_digest(file), file.tell()
        made = ExtractStatement(
            system=system,
            sha256=digest,
            size=size,
            records=records,
            manifests=manifests,
            since=since,
            created_at=now,
            registry=store.registry_identity(),
        )
        stamping = workspace.settings.stamp.time_stamping()
        signed = seal(made, signer, trust=trust, time_stamping=stamping)
        # The statement comes last: an extract without one is imported by nobody.
        _appear(
            {
                path: aside.replace,
                statement_path: lambda new: write_private(new, signed.data),
            }
        )
    except OSError as error:
        raise RegistryError(f"cannot write {path}: {error.strerror}") from error
    finally:
        aside.unlink(missing_ok=True)
    return _exported(made, signer, signed)


def _exported(
    made: DetectorBundle | ExtractStatement, signer: FileSigner, signed: Signed
) -> Exported:
    certificate = signer.chain.leaf.fingerprint(SHA256()).hex()
    return Exported(made=made, certificate=certificate, no_time_stamp=signed.no_time_stamp)


def _check_own(path: Path, system_id: int, records: int) -> None:
    """Look at an extract as whoever imports it will: what he would refuse is not handed out."""
    try:
        if ExtractStore(path).check_contents(system_id) == records:
            return
        reason = "records are missing"
    except RegistryError as error:
        reason = error.message
    raise RegistryError(
        f"the extract that was made would not be accepted: {reason}",
        hint="provenance release fsck says what is wrong with the registry",
    )


def _schemes(workspace: Workspace) -> tuple[tuple[str, str], ...]:
    """The schemes that a verifier of this system has to look for, that it stamps with first."""
    settings = workspace.settings
    names = dict.fromkeys((settings.stamp.scheme, *settings.verify.schemes))
    return tuple((name, catalog.scheme(name).info.alg) for name in names)


def _own_anchors(workspace: Workspace) -> str:
    """The anchors that the workspace's own signer chains to, and no other that it believes."""
    certificates = workspace.signer().chain.certificates
    leaf, others = certificates[0], certificates[1:]
    found = []
    for trust_list in workspace.trust().of(TrustKind.SIGNERS):
        for pem in trust_list.anchors:
            alone = TrustStore(lists=(trust_list.only(pem),))
            if anchored(leaf, others, alone, None):
                found.append(pem)
    if not found:
        raise KeyMaterialError(
            "the signer's chain ends at no anchor of this workspace",
            hint="add the list that contains its root: verify.trust_lists in config.toml",
        )
    return "".join(dict.fromkeys(found))


# --- files ---------------------------------------------------------------------------


def _aside(path: Path) -> Path:
    return path.with_name(f".{secrets.token_hex(8)}.incomplete")


def _check_free(*paths: Path) -> None:
    for path in paths:
        if os.path.lexists(path):
            raise KeyMaterialError(f"{path} exists already and is not overwritten")
        if not path.parent.is_dir():
            raise KeyMaterialError(f"no such directory: {path.parent}")


def _appear(files: dict[Path, Callable[[Path], object]]) -> None:
    """Make files appear under their names: complete, only where these are free, all or none."""
    _check_free(*files)
    appeared: list[Path] = []
    try:
        for path, make in files.items():
            _link(path, make)
            appeared.append(path)
    except BaseException:
        for path in appeared:
            path.unlink(missing_ok=True)
        raise


def _link(path: Path, make: Callable[[Path], object]) -> None:
    aside = _aside(path)
    try:
        make(aside)
        os.link(aside, path)  # fails where the name is taken; a rename would replace it
        descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except FileExistsError as error:
        raise KeyMaterialError(f"{path} exists already and is not overwritten") from error
    except OSError as error:
        raise KeyMaterialError(f"cannot write {path}: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
