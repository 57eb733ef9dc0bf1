"""`provenance log`: the issuance log, its proofs, and witnesses of it."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provenance.errors import ArgumentError, ErrorCode, LogError

from ..console import complain, out, out_bytes, out_json, shown, shown_path, talk
from ..exit_codes import ExitCode
from ..options import JsonOption, WorkspaceOption, open_workspace

if TYPE_CHECKING:
    from provenance.log import Proven, StoredCheckpoint, WitnessPolicy
    from provenance.workspace import Workspace

app = typer.Typer(help="The log of what was issued, and proofs from it.", no_args_is_help=True)

STDIN = Path("-")
KeyOption = Annotated[
    str, typer.Option("--key", metavar="VKEY", help="The log's key: see `provenance log key`.")
]


@app.callback()
def options() -> None:
    """The log of what was issued, and proofs from it."""


@app.command("checkpoint")
def checkpoint(
    workspace: WorkspaceOption = None,
    cosignature: Annotated[
        list[Path] | None,
        typer.Option(
            "--cosignature",
            help="Publish nothing; add what a witness answered, from a file or - for standard "
            "input. Repeatable.",
            show_default=False,
        ),
    ] = None,
    rebuild: Annotated[
        bool,
        typer.Option(
            "--rebuild",
            help="First write all tiles anew from the registry, if it gives the root that was "
            "signed: for a log directory that is damaged or from an old backup.",
        ),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Put what was issued into the log, sign its new head and print it."""
    from provenance.log.note import MAX_NOTE

    answers = [_read(path, MAX_NOTE) for path in cosignature or ()]
    log = open_workspace(workspace).log(read_only=False)
    added = 0
    if rebuild:
        log.rebuild()
    for answer in answers:
        stored = log.add_cosignatures(answer)
    if not answers:
        published = log.publish(datetime.now(UTC))
        stored, added = published.checkpoint, published.added
        if published.problem:
            talk(f"no time stamp: {shown(published.problem)}")
    if json:
        out_json(_checkpoint_fields(stored) | {"added": added})
    else:
        out_bytes(stored.note)


@app.command("prove")
def prove(
    record: Annotated[str, typer.Argument(help="Id of a record, or a commitment in hexadecimal.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Print a proof that a record is in the log; anybody can check it with the log's key."""
    opened = open_workspace(workspace)
    commitment = _commitment(record) or _commitment_of(opened, record)
    out_bytes(opened.log(read_only=True).prove(commitment))


@app.command("verify")
def verify(
    proof: Annotated[
        Path, typer.Argument(help="A proof, or - for standard input.", show_default=False)
    ],
    key: KeyOption,
    witness_policy: Annotated[
        Path | None,
        typer.Option(
            "--witness-policy",
            help="TOML file that says whose cosignatures the checkpoint needs.",
            show_default=False,
        ),
    ] = None,
    commitment: Annotated[
        str | None,
        typer.Option(
            "--commitment", help="What it must be about, in hexadecimal.", show_default=False
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check a proof offline, without a workspace."""
    from provenance.log import MAX_PROOF, VerifierKey, load_witness_policy, verify_proof
    from provenance.log.policy import NO_WITNESSES

    of_log = VerifierKey.parse(key)
    policy = load_witness_policy(witness_policy) if witness_policy else NO_WITNESSES
    expected = None if commitment is None else _commitment(commitment)
    if commitment is not None and expected is None:
        raise ArgumentError(
            f"{shown(commitment)} is not a commitment", hint="64 hexadecimal digits, lower case"
        )
    data = _read(proof, MAX_PROOF)
    try:
        proven = verify_proof(data, of_log, commitment=expected, policy=policy)
    except LogError as error:
        complain(error, about=proof)
        raise typer.Exit(ExitCode.CONFLICT) from None
    if json:
        out_json(_proven_fields(proven))
    else:
        _print_proven(proven, policy)


@app.command("fsck")
def fsck(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Check registry, log directory and head file against each other; reads only."""
    found = open_workspace(workspace).log(read_only=True).fsck()
    if json:
        out_json([{"place": shown(v.place), "detail": shown(v.detail)} for v in found])
    else:
        for violation in found:
            out(f"FAIL  {shown(violation.place)}: {shown(violation.detail)}")
        if not found:
            out("ok    every leaf, tile, checkpoint and signature is what it should be")
    raise typer.Exit(ExitCode.CONFLICT if found else ExitCode.TRACED)


@app.command("request")
def request(
    workspace: WorkspaceOption = None,
    since: Annotated[
        int | None,
        typer.Option(
            help="Size of the log when the witness signed it last; 0 if it never did.",
            show_default=False,
        ),
    ] = None,
    witness: Annotated[
        str,
        typer.Option(
            help="Name of the witness: the size is that of its newest cosignature here.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Print what a witness needs to cosign the newest checkpoint (C2SP tlog-witness)."""
    if (since is None) == (not witness):
        raise typer.BadParameter("give one of --since and --witness")
    log = open_workspace(workspace).log(read_only=True)
    out_bytes(log.request(log.seen_by(witness) if since is None else since))


@app.command("cosign")
def cosign(
    request: Annotated[
        Path, typer.Argument(help="A request, or - for standard input.", show_default=False)
    ],
    log: Annotated[
        list[str],
        typer.Option("--log", metavar="VKEY", help="Key of a log to watch. Repeatable."),
    ],
    key: Annotated[Path, typer.Option("--key", help="The witness's private key.")],
    state: Annotated[
        Path,
        typer.Option(
            "--state", help="What the witness signed last; made by the first run, never lost."
        ),
    ],
) -> None:
    """Act as a witness: cosign a checkpoint that continues the one signed before."""
    from provenance.log import MAX_REQUEST, NoteSigner, RefusedError, VerifierKey, Witness

    logs = {found.name: found for found in map(VerifierKey.parse, log)}
    if len(logs) != len(log):
        raise ArgumentError("a log is named twice")
    witness = Witness(signer=NoteSigner.load(key), logs=logs, state_path=state)
    try:
        line = witness.cosign(_read(request, MAX_REQUEST), datetime.now(UTC))
    except RefusedError as error:
        complain(error, about=request)
        raise typer.Exit(ExitCode.CONFLICT) from None
    out_bytes(line)


@app.command("key")
def key(
    workspace: WorkspaceOption = None,
    witness: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Make a key for a witness of that name, a URL without scheme, instead.",
            show_default=False,
        ),
    ] = "",
    to: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Where the new private key goes; readable by its owner alone.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print the public key of the workspace's log, or make one for a witness and print that."""
    if not witness:
        out(str(open_workspace(workspace).log(read_only=True).key))
        return
    from provenance.log import NoteSigner, SignatureType

    if to is None:
        raise typer.BadParameter("--witness needs --out")
    out(str(NoteSigner.generate(to, witness, SignatureType.COSIGNATURE_V1).verifier))


def _read(path: Path, limit: int) -> bytes:
    from provenance.log.files import read_bounded

    if path == STDIN:
        data: bytes | None = sys.stdin.buffer.read(limit + 1)
        if data is not None and len(data) > limit:
            raise LogError(f"standard input has more than {limit:,} bytes")
    else:
        data = read_bounded(path, limit)
    if data is None:
        raise ArgumentError(f"cannot read {shown_path(path)}: no such file", code=ErrorCode.IO)
    return data


def _commitment(text: str) -> bytes | None:
    return bytes.fromhex(text) if re.fullmatch(r"[0-9a-f]{64}", text) else None


def _commitment_of(opened: Workspace, record_id: str) -> bytes:
    store = opened.store(read_only=True)
    if store.find_by_id(record_id) is None:
        raise ArgumentError(
            f"there is no record {shown(record_id)}",
            hint="an erased record has none; its commitment can still be proven",
        )
    commitment: bytes | None = store.commitment_of(record_id)
    if commitment is None:
        raise ArgumentError(
            f"record {shown(record_id)} is not in the log",
            hint="only issued records are; records from before the log are not",
        )
    return commitment


def _checkpoint_fields(stored: StoredCheckpoint) -> dict[str, Any]:
    return {
        "size": stored.size,
        "root": stored.root.hex(),
        "signed_at": _moment(int(stored.signed_at.timestamp())),
        "time_stamped": bool(stored.time_stamp),
        "note": stored.note.decode("utf-8"),
    }


def _proven_fields(proven: Proven) -> dict[str, Any]:
    return {
        "commitment": proven.commitment.hex(),
        "log": proven.origin,
        "index": proven.index,
        "size": proven.size,
        "root": proven.root.hex(),
        "signed_at": _moment(proven.seconds),
        "witnesses": [
            {"name": item.key.name, "signed_at": _moment(item.seconds)} for item in proven.witnesses
        ],
    }


def _print_proven(proven: Proven, policy: WitnessPolicy) -> None:
    out(f"commitment   {proven.commitment.hex()}")
    out(f"in the log   {shown(proven.origin)}, leaf {proven.index} of {proven.size}")
    out(f"signed       {_moment(proven.seconds) or 'no time stated'}, by the log")
    for item in proven.witnesses:
        out(f"witnessed    {_moment(item.seconds)}, by {shown(item.key.name)}")
    if not policy.required:
        out("witnesses    none required: the log alone vouches that it shows everybody the same")


def _moment(seconds: int | None) -> str | None:
    """RFC 3339; a time that no calendar has is given as the number."""
    if seconds is None:
        return None
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return f"{seconds} seconds after 1970"
