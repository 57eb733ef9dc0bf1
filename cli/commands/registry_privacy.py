"""`provenance registry reveal` and `purge`: what an operator does with personal data.

Whatever is done is in the access log first.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import ArgumentError

from ..console import out, out_json, shown, talk
from ..exit_codes import ExitCode
from ..options import JsonOption, WorkspaceOption, open_workspace
from ..record_names import absence, find_named
from .registry_show import RecordArgument

if TYPE_CHECKING:
    from provenance.model import Record
    from provenance.workspace import Workspace
    from provenance.workspace.custody import Custodian, Due

OperatorOption = Annotated[
    str,
    typer.Option(
        "--operator",
        envvar="PROVENANCE_OPERATOR",
        help="Pseudonym of whoever does it, for the access log; never a name.",
        show_default=False,
    ),
]
_SCHEMA_VERSION = 1
_MAX_TYPED = 4096  # bytes of an account on standard input


def reveal(
    record: RecordArgument,
    reason: Annotated[
        str,
        typer.Option(
            "--reason",
            help="Why, for the access log: a file number, an order. No names.",
            show_default=False,
        ),
    ],
    operator: OperatorOption = "",
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Print the account that asked for a picture; this is written into the access log first."""
    opened = open_workspace(workspace)
    custodian = opened.custodian(operator=operator, reason=reason)
    pseudonyms = opened.pseudonyms()
    found = _required(opened, custodian, record)
    account = custodian.reveal(found, pseudonyms)
    if account is None:
        talk(f"record {found.record_id} has no account: none was named, or it was erased")
        raise typer.Exit(ExitCode.NOT_FOUND)
    if json:
        out_json(
            {
                "schema_version": _SCHEMA_VERSION,
                "record_id": found.record_id,
                "pseudonym": found.pseudonym,
                "account": account,
            }
        )
    else:
        out(shown(account))


def purge(
    expired: Annotated[
        bool,
        typer.Option("--expired", help="Remove what is older than [retention] in config.toml."),
    ] = False,
    record: Annotated[
        list[str] | None,
        typer.Option(
            "--record",
            metavar="RECORD",
            help="Erase a record with fingerprints, manifest and salt, named as for `show`; its "
            "ids are never used again, its leaf stays. Repeatable.",
            show_default=False,
        ),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(
            "--account",
            metavar="NAME",
            help="Forget an account in all its records, which stay; - reads it from standard "
            "input, where no list of processes shows it.",
            show_default=False,
        ),
    ] = None,
    reason: Annotated[
        str,
        typer.Option(
            "--reason",
            help="Why, for the access log: a file number, an order. No names. Not needed for "
            "--expired.",
            show_default=False,
        ),
    ] = "",
    operator: OperatorOption = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether to go on.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Erase for good, by retention or by name; this is written into the access log first."""
    if (expired, bool(record), account is not None).count(True) != 1:
        raise typer.BadParameter("use one of --expired, --record and --account")
    if expired or dry_run:
        reason = reason or "retention"
    opened = open_workspace(workspace)
    custodian = opened.custodian(operator=operator, reason=reason, read_only=dry_run)
    job = _Purge(opened, custodian, dry_run=dry_run, yes=yes)
    if record:
        job.records(record)
    elif account is not None:
        job.account(_typed() if account == "-" else account)
    else:
        job.expired()


class _Purge:
    """One run of `purge`."""

    def __init__(
        self, opened: Workspace, custodian: Custodian, *, dry_run: bool, yes: bool
    ) -> None:
        self.opened = opened
        self.custodian = custodian
        self.dry_run = dry_run
        self.yes = yes

    def records(self, names: list[str]) -> None:
        """Erase them all, or none where one of them cannot be."""
        from provenance.workspace.custody import require_erasable

        found = {
            record.record_id: record
            for record in (_required(self.opened, self.custodian, name) for name in names)
        }
        for record in found.values():
            require_erasable(record)
        self._ask(f"records to erase for good, with fingerprints, manifest and salt: {len(found)}")
        for record in found.values():
            if not self.dry_run:
                self.custodian.erase_record(record)
            out(f"{self._done('erased')}  record {record.record_id}  mark {record.mark_id}")
        if not self.dry_run:
            talk("files, extracts and backups that are out are not reached; see docs/privacy.md")

    def account(self, account: str) -> None:
        """Forget an account; its name is not repeated."""
        pseudonyms = self.opened.pseudonyms()
        pseudonym = pseudonyms.of(account).pseudonym
        if not self.custodian.knows(pseudonym):
            talk("no such account is known here")
            raise typer.Exit(ExitCode.NOT_FOUND)
        number: int | None = len(self.custodian.store.records_of(pseudonym))
        self._ask(f"an account to forget for good; records that name it: {number}")
        if not self.dry_run:
            number = self.custodian.erase_account(account, pseudonyms)
        out(f"{self._done('erased')}  pseudonym {pseudonym}  records: {number or 0}")

    def expired(self) -> None:
        """Remove what retention does not allow to be kept any longer."""
        from provenance.workspace.custody import expired

        retention, now = self.opened.settings.retention, datetime.now(UTC)
        due = expired(self.custodian.store, retention, now)
        if due.accounts or due.access_entries:
            self._ask(f"what has expired is removed for good: {_what(due)}")
            if not self.dry_run:
                due = self.custodian.expire(retention, now)
        for kind, number, before in (
            ("accounts", due.accounts, due.accounts_before),
            ("access log", due.access_entries, due.access_before),
        ):
            kept = f"older than {before:%Y-%m-%d}" if before else "kept for ever by config.toml"
            out(f"{self._done('removed')}  {kind:<10}  {number}  {kept}")

    def _ask(self, what: str) -> None:
        if self.dry_run or self.yes:
            return
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise ArgumentError(
                f"{what}: this cannot be undone, and nobody can be asked here",
                hint="--yes does it unasked, --dry-run says what would be done",
            )
        sys.stderr.write(f"{what}. Go on? [y/N] ")  # click's own prompt writes to stdout as well
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            talk("nothing was done")
            raise typer.Exit(ExitCode.NOT_FOUND)

    def _done(self, word: str) -> str:
        return f"would be {word}" if self.dry_run else word


def _what(due: Due) -> str:
    return f"accounts ({due.accounts}) and entries of the access log ({due.access_entries})"


def _required(opened: Workspace, custodian: Custodian, name: str) -> Record:
    named = find_named(custodian.store, opened.system, name)
    if named.record is None:
        talk(f"{shown(name, 80)}: {absence(named)}")
        raise typer.Exit(ExitCode.NOT_FOUND)
    return named.record


def _typed() -> str:
    """An account from standard input: one line of UTF-8."""
    data = sys.stdin.buffer.read(_MAX_TYPED + 1)
    try:
        lines = data.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        lines = []
    if len(data) > _MAX_TYPED or len(lines) != 1:
        raise ArgumentError("standard input is not one line of UTF-8 with an account")
    return lines[0]
