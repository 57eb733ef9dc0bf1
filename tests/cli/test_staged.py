"""Eight staged cases through the real command: verdict, reasons, exit code, both languages.

Files and keys are made by `support.staged`. English is run file by file, for the exit codes;
French is one run over all of them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.command import Command, run
from support.staged import Staged, stage

TRACED = {"mark.read", "record.found", "content.match"}
LEAKED = {"manifest.none", "manifest.recovered", "mark.read", "record.found"}


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the verifier has to say. `{mark}`, `{record}`, `{manifest}` stand for the ids."""

    verdict: str
    code: int
    reasons: set[str]
    basis: list[str]
    english: tuple[str, ...]  # every statement, in this order
    french: tuple[str, ...]
    ask: tuple[str, str]  # the step that says whom to ask, in both languages
    limits: tuple[str, str]  # a limit that has to be there, in both languages
    system: str = "acme-images"


ASK_RECORD = (
    "Ask acme-images (#77) for what it keeps under record {record}.",
    "Demander à acme-images (#77) les éléments conservés sous l\u2019enregistrement {record}.",
)
ASK_COMPARE = (
    "Ask acme-images (#77) to compare this picture with the one it issued under record {record}.",
    (
        "Demander à acme-images (#77) de comparer cette image à celle délivrée sous "
        "l\u2019enregistrement {record}."
    ),
)
TRACED_TO = ("Traced to acme-images (#77).", "Origine établie\u202f: acme-images (#77).")
NAMES_PICTURE = (
    "Its mark {mark} names a record that this picture matches.",
    "La marque {mark} qu\u2019elle porte désigne un enregistrement auquel cette image correspond.",
)
NAMES_PART = (
    "Its mark {mark} names a record of whose picture this one shows a part.",
    (
        "La marque {mark} qu\u2019elle porte désigne un enregistrement dont cette image montre une "
        "partie."
    ),
)
INTACT = (
    "Its C2PA manifest is intact and trusted.",
    "Son manifeste C2PA est intact et de confiance.",
)
CHANGED = (
    "Its C2PA manifest is of a trusted signer, but the file was changed after it was signed.",
    (
        "Son manifeste C2PA émane d\u2019un signataire de confiance, mais le fichier a été modifié "
        "après la signature."
    ),
)
CONTRADICTS = (
    "The evidence contradicts itself.",
    "Les éléments relevés se contredisent.",
)
CARRIES = (
    "The picture carries a mark assigned to acme-images (#77).",
    "L\u2019image porte une marque attribuée à acme-images (#77).",
)
CARRIES_OTHERS = (
    "The picture carries a mark assigned to other-images (#78).",
    "L\u2019image porte une marque attribuée à other-images (#78).",
)
NOT_ENOUGH = (
    "What was found does not suffice to name an origin.",
    "Ce qui a été trouvé ne suffit pas à désigner une origine.",
)
NEVER_UNALTERED = (
    "A match says that this is the same picture, perhaps edited, never that it is unaltered.",
    (
        "Une correspondance signifie qu\u2019il s\u2019agit de la même image, éventuellement "
        "retouchée, jamais que celle-ci est inchangée."
    ),
)
REVOCATION = (
    "Whether the signing certificate was revoked was not checked.",
    (
        "Révocation non vérifiée\u202f: il n\u2019a pas été contrôlé si le certificat de signature "
        "a été révoqué."
    ),
)
PART_ONLY = (
    (
        "Only a part of the issued picture was recognised; the finding covers no other part of "
        "this one."
    ),
    (
        "Seule une partie de l\u2019image délivrée a été reconnue\u202f; le constat ne porte sur "
        "aucune autre partie de la présente image."
    ),
)
UNEXPLAINED = (
    "Until the contradiction is explained, none of its sources may be relied on alone.",
    (
        "Tant que la contradiction n\u2019est pas expliquée, aucune de ces sources ne peut être "
        "retenue seule."
    ),
)
POINTER = (
    (
        "A mark only points to a record: until the picture has been compared with it, it may have "
        "been copied from another picture."
    ),
    (
        "Une marque ne fait que renvoyer à un enregistrement\u202f: tant que l\u2019image ne lui a "
        "pas été comparée, la marque peut avoir été copiée d\u2019une autre image."
    ),
)


def case(*said: tuple[str, str], **fields: Any) -> Expected:
    """A case whose statements are these pairs of English and French."""
    english, french = zip(*said, strict=True)
    return Expected(english=english, french=french, **fields)


CASES = {
    "intact.png": case(
        TRACED_TO,
        NAMES_PICTURE,
        INTACT,
        verdict="TRACED",
        code=0,
        reasons=TRACED | {"manifest.trusted"},
        basis=["metadata", "watermark", "other"],
        ask=ASK_RECORD,
        limits=REVOCATION,
    ),
    "stripped.png": case(
        TRACED_TO,
        NAMES_PICTURE,
        verdict="TRACED",
        code=0,
        reasons=LEAKED | {"content.match"},
        basis=["watermark", "other"],
        ask=ASK_RECORD,
        limits=NEVER_UNALTERED,
    ),
    "cropped.jpg": case(
        TRACED_TO,
        NAMES_PART,
        verdict="TRACED",
        code=0,
        reasons=LEAKED | {"content.partial"},
        basis=["watermark", "other"],
        ask=ASK_RECORD,
        limits=PART_ONLY,
    ),
    "edited.png": case(
        TRACED_TO,
        NAMES_PICTURE,
        CHANGED,
        verdict="TRACED",
        code=0,
        reasons=TRACED | {"manifest.content_changed"},
        basis=["watermark", "other"],
        ask=ASK_RECORD,
        limits=NEVER_UNALTERED,
    ),
    "resigned.png": case(
        CONTRADICTS,
        CARRIES,
        verdict="CONFLICT",
        code=3,
        reasons=TRACED | {"manifest.untrusted", "conflict.other_system"},
        basis=["metadata", "watermark"],
        ask=(
            'Ask "stranger" whether it signed manifest {manifest}.',
            "Demander à «\u202fstranger\u202f» s\u2019il a signé le manifeste {manifest}.",
        ),
        limits=UNEXPLAINED,
    ),
    "pasted.png": case(
        CONTRADICTS,
        CARRIES,
        verdict="CONFLICT",
        code=3,
        reasons=LEAKED | {"content.mismatch"},
        basis=["watermark", "other"],
        ask=ASK_COMPARE,
        limits=UNEXPLAINED,
    ),
    "camera.png": case(
        CONTRADICTS,
        CARRIES,
        verdict="CONFLICT",
        code=3,
        reasons=TRACED | {"manifest.trusted", "conflict.capture"},
        basis=["metadata", "watermark"],
        ask=ASK_COMPARE,
        limits=UNEXPLAINED,
    ),
    "others.png": case(
        CARRIES_OTHERS,
        NOT_ENOUGH,
        verdict="INDETERMINATE",
        code=5,
        reasons={"manifest.none", "mark.read_unverified", "record.absent"},
        basis=["watermark"],
        ask=(
            "Ask other-images (#78) for its record of mark {mark}.",
            "Demander à other-images (#78) l\u2019enregistrement de la marque {mark}.",
        ),
        limits=POINTER,
        system="other-images",
    ),
}
EVERY_CASE = pytest.mark.parametrize("name", list(CASES))


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Staged:
    return stage(tmp_path_factory.mktemp("staged"))


@pytest.fixture(scope="module")
def french(staged: Staged) -> dict[str, dict[str, Any]]:
    """The row of every file, from one run in French."""
    done = run(*staged.options, "--lang", "fr", *staged.files.values())
    assert done.returncode == 3  # of all exit codes, that of a contradiction decides
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == len(CASES) == 8
    return {Path(row["path"]).name: row for row in rows}


def check(row: dict[str, Any], name: str, staged: Staged, *, french: bool) -> None:
    expected = CASES[name]
    issued = staged.others if name == "others.png" else staged.stamped
    ids = {
        "mark": issued.mark_id,
        "record": issued.record_id,
        "manifest": row["manifest"]["id"],
    }
    said = expected.french if french else expected.english
    assert row["verdict"] == expected.verdict
    assert {reason["code"] for reason in row["reasons"]} == expected.reasons
    assert row["basis"] == expected.basis
    assert row["system"]["name"] == expected.system
    assert row["mark_id"] == str(issued.mark_id)
    assert row["statement"] == " ".join(text.format(**ids) for text in said)
    assert expected.ask[french].format(**ids) in row["next_step"]
    assert expected.limits[french] in row["limits"]
    # The numbers: how sure the reading is, and what was required of it.
    power = f"{row['log10_p']:.1f}".replace(".", "," if french else ".")
    assert row["log10_p"] < -12
    assert f"10^{power}" in row["limits"][0]


@EVERY_CASE
def test_in_english_with_its_exit_code(command: Command, staged: Staged, name: str) -> None:
    result = command(*staged.options, staged.files[name])
    assert result.code == CASES[name].code
    check(result.rows[0], name, staged, french=False)


@EVERY_CASE
def test_in_french_with_its_exit_code(command: Command, staged: Staged, name: str) -> None:
    result = command(*staged.options, "--lang", "fr", staged.files[name])
    assert result.code == CASES[name].code
    check(result.rows[0], name, staged, french=True)


def test_both_languages_give_the_same_reasons_in_other_words(
    staged: Staged, french: dict[str, dict[str, Any]]
) -> None:
    spoken = [reason["text"] for row in french.values() for reason in row["reasons"]]
    assert "récupéré, liaison forte (hard binding) non applicable" in " ".join(spoken)
    assert "révocation non vérifiée" in " ".join(spoken)
    assert not [text for text in spoken if "The " in text or "revocation" in text]


def test_without_the_other_operator_s_keys_only_a_trace_is_there(
    command: Command, staged: Staged
) -> None:
    """The synchronisation is public; whose mark it is takes the key."""
    result = command("verify", "-w", staged.workspace, "--jsonl", staged.files["others.png"])
    assert result.code == 5
    row = result.rows[0]
    assert {reason["code"] for reason in row["reasons"]} == {"manifest.none", "mark.trace"}
    assert row["system"] is None
    assert "other-images" not in json.dumps(row)
