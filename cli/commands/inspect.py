"""`provenance inspect`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from provenance.errors import ArgumentError

from ..console import out, out_json, path_fields, shown, shown_path
from ..inputs import expand
from ..languages import chosen_translator
from ..options import (
    AtOption,
    FormatsOption,
    JsonOption,
    KeyringFingerprintOption,
    KeyringOption,
    LanguageOption,
    PolicyOption,
    PrivateOption,
    TrustListOption,
    TsaListOption,
    WorkspaceOption,
)
from ..private import Labels
from .verify import make_verifier

if TYPE_CHECKING:
    from provenance.model import Evidence
    from provenance.report.language import Translator


def inspect(
    file: str = typer.Argument(help="One file, or - for standard input.", show_default=False),
    workspace: WorkspaceOption = None,
    trust_list: TrustListOption = None,
    tsa_list: TsaListOption = None,
    at: AtOption = None,
    policy: PolicyOption = None,
    keyring: KeyringOption = None,
    keyring_fingerprint: KeyringFingerprintOption = None,
    formats: FormatsOption = None,
    lang: LanguageOption = "en",
    private: PrivateOption = False,
    json: JsonOption = False,
) -> None:
    """Show everything that was found in one file, raw, with the values behind the verdict."""
    from provenance.report.build import text_of

    from ..rows import SCHEMA_VERSION, plain

    translator = chosen_translator(lang)
    labels = Labels.of(workspace) if private else None
    sources = expand([file], labels)
    if len(sources) != 1:
        named = labels(Path(file)) if labels else shown_path(file)
        raise ArgumentError(f"{named} is {len(sources)} files", hint="name one file")
    source = sources[0]
    verifier = make_verifier(
        workspace,
        trust_lists=trust_list,
        tsa_lists=tsa_list,
        at=at,
        policy=policy,
        keyrings=keyring,
        keyring_fingerprints=keyring_fingerprint,
        formats=formats,
    )
    data = source.read(verifier.limits.max_bytes)
    report = verifier.verify(data, name=Path(source.relative).name if source.path else "")
    document = {
        "schema_version": SCHEMA_VERSION,
        **path_fields(source.label, "path"),
        "input": plain(report.input),
        "finding": plain(report.finding),
        "text": plain(text_of(report.finding, translator)),
        "evidence": plain(report.evidence),
    }
    if json:
        out_json(document)
    else:
        _print_provenance(report.evidence, translator)
        # For people the finding in sentences; its codes are for programs.
        text = document.pop("text") | {"verdict": report.verdict.value}
        document["finding"] = {"system": str(report.system or ""), **text}
        _print("", document, 0)


def _print_provenance(evidence: Evidence, tr: Translator) -> None:
    from provenance.report.tree import manifest_to_show, tree_lines

    manifest, title = manifest_to_show(evidence)
    out(f"{tr.word(title)}:")
    for line in tree_lines(manifest, tr):
        out(f"  {shown(line)}")
    out()


def _print(name: str, value: object, depth: int) -> None:
    """Nested values as an indented list; empty ones are left out."""
    if value is None or value in ("", [], {}):
        return
    indent = "  " * depth
    match value:
        case dict():
            if name:
                out(f"{indent}{name}:")
            for key, item in value.items():
                _print(shown(key), item, depth + bool(name))
        case list():
            out(f"{indent}{name}:")
            for item in value:
                if isinstance(item, dict):
                    out(f"{indent}  -")
                    _print("", item, depth + 2)
                else:
                    out(f"{indent}  - {shown(item)}")
        case _:
            out(f"{indent}{name}: {shown(value)}")
