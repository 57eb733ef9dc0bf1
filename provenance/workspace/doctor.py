"""Checks of an installation and a workspace, for people who ask what is wrong."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from provenance.errors import ProvenanceError, TrustError
from provenance.exchange import ImportedSystem
from provenance.kernels import native
from provenance.keys import TimeStampMode
from provenance.watermark import catalog
from provenance.workspace.custody import expired
from provenance.workspace.settings import SignerKind
from provenance.workspace.workspace import Workspace

_PACKAGES = ("c2pa-python", "cryptography", "numpy", "opencv-python", "pillow", "sqlalchemy")
_RELEASED = datetime(2026, 11, 1, tzinfo=UTC)  # no correct clock is before this


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    name: str
    level: Level
    detail: str
    remedy: str = ""


def examine(workspace: Path | None) -> tuple[Check, ...]:
    """Look at the installation and, if one is named, at a workspace."""
    checks = [*_installation()]
    if workspace is not None:
        checks += _workspace(workspace)
    return tuple(checks)


def _installation() -> Iterator[Check]:
    yield Check(name="python", level=Level.OK, detail=platform.python_version())
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    yield Check(name="packages", level=Level.OK, detail=versions)
    built = native is not None
    yield Check(
        name="compiled loops",
        level=Level.OK if built else Level.WARN,
        detail="built" if built else "not built: the same results, only slower",
        remedy="" if built else "install a C compiler, then this package again",
    )
    now = datetime.now(UTC)
    late = now >= _RELEASED
    yield Check(
        name="clock",
        level=Level.OK if late else Level.FAIL,
        detail=f"{now:%Y-%m-%d %H:%M:%S} UTC",
        remedy="" if late else "set the clock: signatures depend on it",
    )
    for name in catalog.names():
        info = catalog.scheme(name).info
        usable = info.can_embed and info.can_detect
        level = Level.OK if usable else Level.WARN
        detail = info.why_unavailable or "available"
        if info.can_detect and not info.can_embed:
            detail = f"reads, cannot stamp: {detail}"
        yield Check(name=f"scheme {name}", level=level, detail=detail)
    yield Check(
        name="network",
        level=Level.OK,
        detail="used only where a time-stamping authority or a signing service is configured; "
        "no telemetry",
    )


def _workspace(path: Path) -> Iterator[Check]:
    try:
        workspace = Workspace.open(path)
    except ProvenanceError as error:
        yield _failed("workspace", error)
        return
    yield Check(name="workspace", level=Level.OK, detail=f"{workspace.path}, {workspace.system}")
    yield _attempt("system secret", lambda: f"{len(workspace.detection_keys())} epoch(s)")
    yield _attempt("trust lists", lambda: _trust(workspace))
    yield _attempt("policy", lambda: str(workspace.policy() or "every signer on a trust list"))
    yield _time_stamps(workspace)
    yield from _registry(workspace)
    yield from _retention(workspace)
    yield from _signer(workspace)
    yield from _imported(workspace)


def _attempt(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name=name, level=Level.OK, detail=look())
    except ProvenanceError as error:
        return _failed(name, error)


def _failed(name: str, error: ProvenanceError) -> Check:
    return Check(name=name, level=Level.FAIL, detail=error.message, remedy=error.hint)


def _trust(workspace: Workspace) -> str:
    return ", ".join(f"{item.uri}: {len(item.anchors)}" for item in workspace.trust().lists)


def _time_stamps(workspace: Workspace) -> Check:
    stamping = workspace.settings.stamp.time_stamping()
    mode, authority = stamping.mode, stamping.authority
    detail = f"{mode.value}, {authority.url if authority else 'no authority'}"
    if mode is TimeStampMode.OFF or workspace.settings.verify.tsa_lists:
        return Check(name="time stamps", level=Level.OK, detail=detail)
    required = mode is TimeStampMode.REQUIRE
    return Check(
        name="time stamps",
        level=Level.FAIL if required else Level.WARN,
        detail=f"{detail}; no list says whose time stamps are trusted",
        remedy="name the list with the authority's root: verify.tsa_lists in config.toml",
    )


def _registry(workspace: Workspace) -> Iterator[Check]:
    store = workspace.store()  # for writing: what a killed writer left half done is undone

    def look() -> str:
        store.check()
        states = ", ".join(f"{number} {state.value}" for state, number in store.count().items())
        return f"{store.name}: {states}"

    found = _attempt("registry", look)
    yield found
    if found.level is Level.OK:
        for caution in store.cautions():
            yield Check(name="registry server", level=Level.WARN, detail=caution)


def _retention(workspace: Workspace) -> Iterator[Check]:
    try:
        store = workspace.store(read_only=True)
        due = expired(store, workspace.settings.retention, datetime.now(UTC))
    except ProvenanceError:
        return  # the registry has a check of its own
    late = bool(due.accounts or due.access_entries)
    yield Check(
        name="retention",
        level=Level.WARN if late else Level.OK,
        detail=f"expired: accounts {due.accounts}, access log entries {due.access_entries}",
        remedy=f"provenance registry purge --expired -w {workspace.path}" if late else "",
    )


def _signer(workspace: Workspace) -> Iterator[Check]:
    try:
        signer = workspace.ready_signer()
        trusted = signer.chain.ends_at(workspace.trust().certificates())
    except TrustError:
        trusted = True  # the trust lists have a check of their own
    except ProvenanceError as error:
        yield _failed("signer", error)
        return
    chain = signer.chain
    if not trusted:
        yield Check(
            name="signer trusted here",
            level=Level.FAIL,
            detail="the signer's chain ends at no anchor of this workspace",
            remedy="add the list that contains its root: verify.trust_lists in config.toml",
        )
    soon = chain.expires_soon()
    remedy = f"provenance init --renew-certificate {workspace.path}"
    if workspace.settings.signer.kind is not SignerKind.FILE:
        remedy = "get a new certificate for the signing key: signer.chain in config.toml"
    yield Check(
        name="signer",
        level=Level.WARN if soon else Level.OK,
        detail=f"{chain.subject}, {signer.algorithm.value}, until {chain.expires_at:%Y-%m-%d}",
        remedy=remedy if soon else "",
    )


def _imported(workspace: Workspace) -> Iterator[Check]:
    """Bundles and extracts of other systems; every byte of an extract is read."""
    try:
        systems, extracts = workspace.systems().systems(), workspace.extracts().extracts()
    except ProvenanceError as error:
        yield _failed("imported systems", error)
        return
    for system in systems:
        yield _bundle(system)
    for extract in extracts:
        try:
            extract.check_whole()
        except ProvenanceError as error:
            yield Check(
                name=str(extract.statement),
                level=Level.FAIL,
                detail=error.message,
                remedy="import it again: provenance registry import",
            )
        else:
            detail = f"{extract.statement.records} records, as they were signed"
            yield Check(name=str(extract.statement), level=Level.OK, detail=detail)


def _bundle(system: ImportedSystem) -> Check:
    bundle = system.bundle
    name, end = f"bundle of {bundle.system}", f"{bundle.not_after:%Y-%m-%d}"
    if system.expired():
        return Check(
            name=name,
            level=Level.WARN,
            detail=f"expired on {end}: it is not used",
            remedy="ask its operator for a new one: provenance systems import",
        )
    if bundle.unknown_schemes:
        return Check(
            name=name,
            level=Level.WARN,
            detail=f"until {end}; schemes not known here: {', '.join(bundle.unknown_schemes)}",
            remedy="marks made with them are not found: use a version that knows them",
        )
    return Check(name=name, level=Level.OK, detail=f"until {end}")
