"""The usual questions to a run, by name. Answers come a row at a time, in the order of the run."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from provenance.audit import duplicates
from provenance.audit.results import Results
from provenance.audit.tally import Tally
from provenance.errors import ArgumentError

Answer = Iterator[dict[str, Any]]
_MARK: Final = ("key", "sha256", "system_name", "mark_id", "log10_p", "record_id", "content_match")
_SLOWEST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What it asks, in words, and how it is answered."""

    meaning: str
    answer: Callable[[Results], Answer]


def ask(results: Results, name: str) -> Answer:
    """Answer a question.

    Raises:
        ArgumentError: there is none of this name.
    """
    if name not in QUESTIONS:
        raise ArgumentError(
            f"there is no question {name!r}", hint=f"one of {', '.join(QUESTIONS)}, or SQL"
        )
    return QUESTIONS[name].answer(results)


def _where(
    test: Callable[[pa.RecordBatch], pa.Array], columns: tuple[str, ...]
) -> Callable[[Results], Answer]:
    """Rows that pass a test of their verdict or error code."""

    def answer(results: Results) -> Answer:
        for batch in results.batches((*dict.fromkeys((*columns, "verdict", "error_code")),)):
            yield from batch.filter(test(batch)).select(list(columns)).to_pylist()

    return answer


def _verdict(name: str, columns: tuple[str, ...]) -> Callable[[Results], Answer]:
    return _where(lambda batch: pc.equal(batch["verdict"], name), columns)


def _repeated(mask: Callable[[Results, int], Any]) -> Callable[[Results], Answer]:
    """Rows that repeat an earlier one."""

    def answer(results: Results) -> Answer:
        rows = sum(batch.num_rows for batch in results.batches(["looks"]))
        first, begin = mask(results, rows), 0
        for batch in results.batches(["key", "sha256", "verdict"]):
            repeats = pa.array(~first[begin : begin + batch.num_rows])
            begin += batch.num_rows
            yield from batch.filter(repeats).to_pylist()

    return answer


def _counted(column: str) -> Callable[[Results], Answer]:
    def answer(results: Results) -> Answer:
        tally = Tally()
        for batch in results.batches([column]):
            tally.add_column(batch[column])
        counted = tally.counted
        for kind, number in counted.kinds.items():
            yield {column: kind, "rows": number}
        if counted.elsewhere:
            yield {column: f"{counted.more} others or more", "rows": counted.elsewhere}

    return answer


def _slowest(results: Results) -> Answer:
    columns = ("milliseconds", "key", "format", "width", "height", "verdict", "error_code")
    yield from heapq.nlargest(
        _SLOWEST, results.rows(columns), key=lambda row: row["milliseconds"] or 0
    )


QUESTIONS: Final[dict[str, Question]] = {
    "traced": Question(
        meaning="images that were traced to a system", answer=_verdict("TRACED", _MARK)
    ),
    "conflicts": Question(
        meaning="images whose evidence contradicts itself",
        answer=_verdict("CONFLICT", (*_MARK, "manifest_status", "signer", "reasons")),
    ),
    "uncertain": Question(
        meaning="images of which something is open",
        answer=_verdict("INDETERMINATE", (*_MARK, "mark_status", "manifest_status", "reasons")),
    ),
    "other-systems": Question(
        meaning="images with markers of other systems alone",
        answer=_verdict("OTHER_SYSTEM", ("key", "sha256", "markers", "manifest_status", "signer")),
    ),
    "errors": Question(
        meaning="images that could not be examined, and why",
        answer=_where(
            lambda batch: batch["error_code"].is_valid(),
            ("key", "sha256", "error_code", "error_message", "milliseconds"),
        ),
    ),
    "duplicates": Question(
        meaning="images with the bytes of an earlier one", answer=_repeated(duplicates.exact)
    ),
    "near-duplicates": Question(
        meaning="images that look like an earlier one", answer=_repeated(duplicates.near)
    ),
    "signers": Question(meaning="who signed manifests, and how many", answer=_counted("signer")),
    "markers": Question(
        meaning="markers of other systems, and how many", answer=_counted("markers")
    ),
    "slowest": Question(meaning=f"the {_SLOWEST} images that took longest", answer=_slowest),
}
