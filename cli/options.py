"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import ConfigError

if TYPE_CHECKING:
    from provenance.imaging import ImageFormat
    from provenance.workspace import Workspace

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        envvar="PROVENANCE_WORKSPACE",
        help="Workspace directory, as made by `provenance init`.",
    ),
]
FilesArgument = Annotated[
    list[str],
    typer.Argument(
        help="Files, directories (walked), glob patterns, or - for standard input.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
JsonLinesOption = Annotated[bool, typer.Option("--jsonl", help="Print one JSON object per file.")]
FormatsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--formats",
        help="Accept these input formats too: tiff, avif, heic, gif. Repeatable.",
        show_default=False,
    ),
]
TrustListOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--trust-list",
        help="PEM file of trusted signer CAs, e.g. the C2PA trust list. Repeatable.",
        show_default=False,
    ),
]
TsaListOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--tsa-list",
        help="PEM file of trusted time-stamping CAs. Repeatable.",
        show_default=False,
    ),
]
PrivateOption = Annotated[
    bool,
    typer.Option(
        "--private",
        help="Print a label in place of every picture's name: the same one in every run with "
        "--workspace, another one in every run without.",
    ),
]
KeyringOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--keyring",
        help="Detector bundle of another system, whose marks are then looked for, in this run "
        "only: see `provenance systems export` and `provenance keys export`. Repeatable.",
        show_default=False,
    ),
]
AtOption = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="TIME",
        help="Judge certificates at this time instead of now: RFC 3339 in UTC.",
        show_default=False,
    ),
]
ReportOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--report",
        help="Also write a report; the extension says which kind: see `provenance report`. "
        "Repeatable.",
        show_default=False,
    ),
]
FingerprintOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fingerprint",
        metavar="SHA256",
        help="Believe the signer with this certificate: its SHA-256, asked for by another way "
        "than the one that the file came. Repeatable.",
        show_default=False,
    ),
]
KeyringFingerprintOption = Annotated[
    list[str] | None,
    typer.Option(
        "--keyring-fingerprint",
        metavar="SHA256",
        help="Believe a signed --keyring by the signer with this certificate; otherwise it has "
        "to be on a --trust-list. Repeatable.",
        show_default=False,
    ),
]
OverwriteReportOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace a report that exists.")
]
SignOption = Annotated[
    bool,
    typer.Option(
        "--sign",
        help="Sign the reports: a .json beside itself (.json.jws), a .pdf inside itself.",
    ),
]
SignKeyOption = Annotated[
    Path | None,
    typer.Option(
        "--sign-key",
        help="Private key that signs reports, PEM (PKCS#8) [default: the workspace's].",
        show_default=False,
    ),
]
SignChainOption = Annotated[
    Path | None,
    typer.Option(
        "--sign-chain",
        help="Certificates for --sign-key, PEM, the signing certificate first.",
        show_default=False,
    ),
]
LanguageOption = Annotated[
    str,
    typer.Option("--lang", envvar="PROVENANCE_LANG", help="Language of sentences: en or fr."),
]
OperatorOption = Annotated[
    str,
    typer.Option(
        "--operator",
        envvar="PROVENANCE_OPERATOR",
        help="Pseudonym of whoever examines, for the report; never a name.",
        show_default=False,
    ),
]
PolicyOption = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        help="TOML file that says which of the signers on the trust lists are accepted.",
        show_default=False,
    ),
]


class OutputFormat(StrEnum):
    """How results are written to standard output."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    CRJSON = "crjson"


OutputFormatOption = Annotated[
    OutputFormat | None,
    typer.Option(
        "--format",
        help="text (the default), json and jsonl as the options of these names, or crjson: the "
        "validation results of one file's manifest in the format of C2PA conformance testing.",
        show_default=False,
    ),
]


def chosen_output(output: OutputFormat | None, *, json: bool, jsonl: bool) -> OutputFormat:
    """The one output format that `--format`, `--json` and `--jsonl` ask for."""
    short = {OutputFormat.JSON: json, OutputFormat.JSONL: jsonl}
    asked = {kind for kind, given in short.items() if given} | ({output} if output else set())
    if len(asked) > 1:
        names = " and ".join(
            f"--{kind.value}" if short.get(kind) else f"--format {kind.value}"
            for kind in OutputFormat
            if kind in asked
        )
        raise typer.BadParameter(f"{names} exclude each other")
    return asked.pop() if asked else OutputFormat.TEXT


def check_one_output(*, json: bool, jsonl: bool) -> None:
    """Refuse contradicting output options."""
    if json and jsonl:
        raise typer.BadParameter("--json and --jsonl exclude each other")


def open_workspace(path: Path | None) -> Workspace:
    """The workspace that was named.

    Raises:
        ConfigError: none was named, or it cannot be opened.
    """
    from provenance.workspace import Workspace

    if path is None:
        raise ConfigError(
            "no workspace given",
            hint="use --workspace DIR or PROVENANCE_WORKSPACE; make one with: provenance init DIR",
        )
    return Workspace.open(path)


def accepted(usual: frozenset[ImageFormat], names: list[str] | None) -> frozenset[ImageFormat]:
    """The usual input formats and the ones asked for."""
    from provenance.imaging import ImageFormat

    return usual | {ImageFormat.parse(name) for name in names or ()}
