"""What changed between two runs: rows that are new, gone, or say something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from provenance.audit.results import Results

#: What is compared. Times and versions differ from run to run and say nothing about an image.
COMPARED: Final = (
    "sha256", "verdict", "system_id", "mark_id", "manifest_status", "signer", "record_id",
    "content_match", "error_code",
)  # fmt: skip


class By(StrEnum):
    """What makes two rows rows of the same image."""

    KEY = "key"
    SHA256 = "sha256"


class Change(StrEnum):
    """What became of an image."""

    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One image, and the columns that differ: name -> (before, after)."""

    image: str
    change: Change
    columns: dict[str, tuple[Any, Any]]


def differences(before: Results, after: Results, by: By = By.KEY) -> Iterator[Difference]:
    """The images that differ, sorted by key or hash. Both runs are held in memory, about
    1.3 kB a row.

    By hash, an image that occurs several times counts once, as its first row says; rows without a
    hash are left out, because nothing says that they are the same image.
    """
    left, right = _side(before, by), _side(after, by)
    joined = left.join(
        right, keys=by.value, join_type="full outer", left_suffix=" 1", right_suffix=" 2"
    )
    compared = [name for name in COMPARED if name != by.value]
    wanted = joined.filter(_any(_differs(joined, name) for name in (*compared, "there")))
    for batch in wanted.sort_by(by.value).to_batches():
        for row in batch.to_pylist():
            yield _difference(row, by, compared)


def _side(results: Results, by: By) -> pa.Table:
    columns = [*dict.fromkeys((by.value, *COMPARED))]
    table = results.table(columns)
    if by is By.SHA256:
        table = table.filter(table[by.value].is_valid())
        rest = [name for name in columns if name != by.value]
        table = table.group_by(by.value, use_threads=False).aggregate(
            [(name, "first", pc.ScalarAggregateOptions(skip_nulls=False)) for name in rest]
        )
        table = table.rename_columns([name.removesuffix("_first") for name in table.column_names])
    there = pa.array([True]).take(pa.array([0] * table.num_rows, pa.int64()))
    return table.append_column("there", there)


def _differs(joined: pa.Table, name: str) -> pa.ChunkedArray:
    one, two = joined[f"{name} 1"], joined[f"{name} 2"]
    unlike = pc.fill_null(pc.not_equal(one, two), fill_value=False)
    return pc.or_(unlike, pc.xor(one.is_null(), two.is_null()))


def _any(masks: Iterator[pa.ChunkedArray]) -> pa.ChunkedArray:
    found = next(masks)
    for mask in masks:
        found = pc.or_(found, mask)
    return found


def _difference(row: dict[str, Any], by: By, compared: list[str]) -> Difference:
    pairs = {name: (row[f"{name} 1"], row[f"{name} 2"]) for name in compared}
    return Difference(
        image=row[by.value],
        change=_change(row["there 1"], row["there 2"]),
        columns={name: pair for name, pair in pairs.items() if pair[0] != pair[1]},
    )


def _change(before: bool | None, after: bool | None) -> Change:  # noqa: FBT001 - columns
    if not before:
        return Change.NEW
    return Change.CHANGED if after else Change.GONE
