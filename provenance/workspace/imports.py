"""What a laboratory takes in: bundles and extracts of operators that it knows.

Needs the extra `report`, for the signatures. Nobody is believed because a file says so: the
signer is on a list that the caller names, or its certificate is named by its SHA-256, or it is
the signer of the bundle that is here already.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from provenance.errors import ArgumentError, InputError, KeyMaterialError
from provenance.exchange import (
    DetectorBundle,
    ExtractStatement,
    ImportedExtract,
    ImportedSystem,
    Receipt,
    fields,
)
from provenance.exchange.extracts import MAX_STATEMENT, STATEMENT_SUFFIX
from provenance.exchange.fields import payload_of
from provenance.exchange.sealed import Vouchers, open_bundle, open_statement
from provenance.exchange.systems import MAX_FILE
from provenance.imaging import Limits, read_file
from provenance.keys import read_private
from provenance.model.ids import SYSTEM_ID_BITS, SystemRef
from provenance.trust import TrustKind, TrustStore
from provenance.workspace.workspace import Workspace

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SKEW: Final = timedelta(days=1)  # how far the clock of an operator may be ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleOffer:
    """A bundle that could be imported, and the one that it would take the place of."""

    bundle: DetectorBundle
    receipt: Receipt
    replaces: ImportedSystem | None
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractOffer:
    """A signed statement about an extract that could be imported; see `BundleOffer`."""

    statement: ExtractStatement
    receipt: Receipt
    replaces: ImportedExtract | None
    path: Path


def fingerprints(texts: Iterable[str]) -> frozenset[str]:
    """SHA-256 of certificates as people write them: colons, blanks and capitals are allowed.

    Raises:
        ArgumentError: one of them is no SHA-256.
    """
    found = frozenset(text.replace(":", "").replace(" ", "").lower() for text in texts)
    for item in found:
        if not _FINGERPRINT.fullmatch(item):
            raise ArgumentError("a fingerprint is the SHA-256 of a certificate, 64 digits")
    return found


def offer_bundle(
    workspace: Workspace, path: Path, *, trust: TrustStore, pinned: frozenset[str]
) -> BundleOffer:
    """Check a signed bundle against everything that is known; nothing is changed.

    Args:
        workspace: the laboratory's.
        path: the file; it has to be private, for there are keys in it.
        trust: lists of those whose signature is enough.
        pinned: certificates, by SHA-256, that are enough.

    Raises:
        KeyMaterialError: damaged, expired, older than what is here, or in conflict with it.
        TrustError: nobody vouches for the signer.
    """
    data, name, now = read_private(path, limit=MAX_FILE), str(path), datetime.now(UTC)
    old = workspace.systems().find(_claimed(data, name))
    vouchers = Vouchers(trust=trust, pinned=pinned) if old is None else _same_as(old, pinned)
    bundle, opened = open_bundle(data, name, _with_time_stamps(workspace, vouchers))
    _check_moment(name, bundle.created_at, now)
    _check_system(workspace, bundle.system)
    if old is not None:
        _check_keys(name, bundle, old.bundle)
        _check_newer(name, bundle.created_at, old.receipt)
    receipt = Receipt(
        system=bundle.system,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        modified_ns=0,
        signer=opened.signer,
        certificate=opened.attestation.certificate_sha256,
        vouched_by=opened.attestation.trust_list,
        created_at=bundle.created_at,
        imported_at=now,
    )
    return BundleOffer(bundle=bundle, receipt=receipt, replaces=old, data=data)


def import_bundle(workspace: Workspace, offer: BundleOffer) -> None:
    """Keep a bundle that was offered, in the place of an older one.

    Raises:
        KeyMaterialError: it cannot be written.
    """
    workspace.systems().put(offer.data, offer.receipt)


def offer_extract(workspace: Workspace, path: Path, *, pinned: frozenset[str]) -> ExtractOffer:
    """Check the statement about an extract; the extract itself is not looked at yet.

    The operator has to be known: by its bundle, whose signer has to be the same, or by the
    certificate that the caller names.

    Args:
        workspace: the laboratory's.
        path: the extract; the statement has this name and `.jws`.
        pinned: certificates, by SHA-256, that are enough.

    Raises:
        KeyMaterialError: the statement is missing, damaged, or older than what is here.
        TrustError: nobody vouches for the signer.
    """
    statement_path = path.with_name(path.name + STATEMENT_SUFFIX)
    name, now = str(statement_path), datetime.now(UTC)
    data = _read(statement_path, MAX_STATEMENT)
    system_id = _claimed(data, name)
    known, old = workspace.systems().find(system_id), workspace.extracts().find(system_id)
    vouchers = Vouchers(pinned=pinned) if known is None else _same_as(known, pinned)
    statement, opened = open_statement(data, name, _with_time_stamps(workspace, vouchers))
    _check_moment(name, statement.created_at, now)
    _check_system(workspace, statement.system)
    if known is not None and known.bundle.system != statement.system:
        raise KeyMaterialError(f"{name} calls {known.bundle.system} {statement.system}")
    if old is not None:
        _check_newer(name, statement.created_at, old.receipt)
    receipt = Receipt(
        system=statement.system,
        sha256=statement.sha256,
        size=statement.size,
        modified_ns=0,
        signer=opened.signer,
        certificate=opened.attestation.certificate_sha256,
        vouched_by=opened.attestation.trust_list,
        created_at=statement.created_at,
        imported_at=now,
        statement=data.decode("ascii"),
    )
    return ExtractOffer(statement=statement, receipt=receipt, replaces=old, path=path)


def import_extract(workspace: Workspace, offer: ExtractOffer, *, in_place: bool = False) -> None:
    """Read an extract that was offered, whole, and keep it in the place of an older one.

    Args:
        workspace: the laboratory's.
        offer: what `offer_extract` gave.
        in_place: refer to the file where it lies instead of copying it.

    Raises:
        RegistryError: the file is not what was signed, or not an extract.
        KeyMaterialError: it cannot be written.
    """
    shelf = workspace.extracts()
    taken, modified = shelf.take(offer.path, offer.statement, in_place=in_place)
    place = str(taken) if in_place else ""
    receipt = replace(offer.receipt, modified_ns=modified, place=place)
    shelf.put(taken, receipt)


# --- who is believed, and what is refused all the same ---------------------------------


def _same_as(known: ImportedSystem, pinned: frozenset[str]) -> Vouchers:
    """The signer that is known already, also with a renewed certificate of the same name.

    Its name alone is not enough: the certificate has to lead to the anchors that it brought.
    """
    return Vouchers(
        trust=known.trust, pinned=pinned | {known.receipt.certificate}, subject=known.receipt.signer
    )


def _with_time_stamps(workspace: Workspace, vouchers: Vouchers) -> Vouchers:
    lists = TrustStore(lists=workspace.trust().of(TrustKind.TIME_STAMPS))
    return replace(vouchers, trust=vouchers.trust + lists)


def _claimed(data: bytes, name: str) -> int:
    """The system that a file says it is about. It only chooses by whom it has to be signed."""
    try:
        number = json.loads(payload_of(data))["system"]["id"]
        return fields.number(number, "the system's id", 1 << SYSTEM_ID_BITS)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        reason = str(error) if isinstance(error, fields.NotAcceptableError) else "no system in it"
        raise KeyMaterialError(
            f"{name} is not a signed file of the kind that is imported: {reason}",
            hint="made by: provenance systems export, or provenance registry export",
        ) from error


def _check_moment(name: str, made: datetime, now: datetime) -> None:
    if made > now + _SKEW:
        raise KeyMaterialError(
            f"{name} says that it was made on {made:%Y-%m-%d}, which is yet to come",
            hint="look at the clocks of both machines",
        )


def _check_system(workspace: Workspace, system: SystemRef) -> None:
    """Refuse what would make two systems one in reports."""
    own = workspace.system
    if system.id == own.id:
        raise KeyMaterialError(f"{system} has the id of this workspace's own system, {own}")
    bundles = [item.receipt.system for item in workspace.systems().systems()]
    extracts = [item.receipt.system for item in workspace.extracts().extracts()]
    for other in (own, *bundles, *extracts):
        if (other.name == system.name) is not (other.id == system.id):
            raise KeyMaterialError(
                f"{system} cannot be told from {other}, which is known here",
                hint="two systems never share an id or a name; ask both operators",
            )


def _check_keys(name: str, new: DetectorBundle, old: DetectorBundle) -> None:
    held = {key.epoch: key.carrier_key for key in old.keys}
    for key in new.keys:
        if held.get(key.epoch, key.carrier_key) != key.carrier_key:
            raise KeyMaterialError(
                f"{name} has another key for epoch {key.epoch} than the bundle that is here",
                hint=f"ask the operator; the one that is here goes with: provenance systems "
                f"remove {new.system.id}",
            )


def _check_newer(name: str, made: datetime, old: Receipt) -> None:
    if made < old.created_at:
        raise KeyMaterialError(
            f"{name} is older than the one that is here (of {old.created_at:%Y-%m-%d %H:%M} UTC)"
        )


def _read(path: Path, limit: int) -> bytes:
    try:
        return read_file(path, Limits(max_bytes=limit))
    except InputError as error:
        raise KeyMaterialError(
            f"{path}: {error.message}", hint="the statement belongs beside its extract"
        ) from error
