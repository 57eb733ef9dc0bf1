"""Sample, limit and shard: deterministic, and nothing is looked at twice or lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.audit.chunk import Chunk
from provenance.audit.selection import Selection, picked
from provenance.errors import ArgumentError

CHUNKS = st.lists(
    st.one_of(
        st.integers(1, 9).map(lambda n: ("numbered", n)),
        st.integers(1, 9).map(lambda n: ("named", n)),
        st.just(("problem", 1)),
    ),
    max_size=8,
)


def chunks_of(drawn: list[tuple[str, int]]) -> list[Chunk]:
    found = []
    for place, (kind, count) in enumerate(drawn):
        names = tuple(f"{place}/{i}\udcff" for i in range(count)) if kind == "named" else ()
        problem = "cannot be read" if kind == "problem" else ""
        found.append(
            Chunk(
                kind="any", address=f"{place}", first=2, count=count, names=names, problem=problem
            )
        )
    return found


def keys(chunks: list[Chunk]) -> list[str]:
    return [chunk.key(index) for chunk in chunks for index in range(chunk.count)]


@given(CHUNKS, st.integers(1, 40))
def test_a_limit_takes_the_first(drawn: list[tuple[str, int]], limit: int) -> None:
    whole = chunks_of(drawn)
    assert keys(list(Selection(limit=limit).of_chunks(whole))) == keys(whole)[:limit]


@given(CHUNKS, st.integers(1, 5), st.one_of(st.none(), st.integers(1, 30)))
def test_shards_share_all_chunks(
    drawn: list[tuple[str, int]], shards: int, limit: int | None
) -> None:
    whole = chunks_of(drawn)
    together = list(Selection(limit=limit).of_chunks(whole))
    shares = [
        list(Selection(limit=limit, shard=(i + 1, shards)).of_chunks(whole)) for i in range(shards)
    ]
    assert [together[n] for i in range(shards) for n in range(i, len(together), shards)] == [
        chunk for share in shares for chunk in share
    ]


@given(CHUNKS, st.floats(0.05, 0.9), st.integers(0, 3))
def test_a_larger_sample_holds_the_smaller(
    drawn: list[tuple[str, int]], share: float, seed: int
) -> None:
    whole = chunks_of(drawn)
    small = keys(list(Selection(sample=share, seed=seed).of_chunks(whole)))
    large = keys(list(Selection(sample=min(1.0, share * 1.5), seed=seed).of_chunks(whole)))
    assert set(small) <= set(large) <= set(keys(whole))
    assert {chunk.key(0) for chunk in whole if chunk.problem} <= set(small)


def test_a_sample_has_about_its_share_and_depends_on_the_seed() -> None:
    whole = [Chunk(kind="any", address="a.tar", count=10_000)]
    one, two = (keys(list(Selection(sample=0.1, seed=s).of_chunks(whole))) for s in (1, 2))
    assert 800 < len(one) < 1200
    assert one != two


@given(st.lists(st.integers(0, 29), min_size=1, unique=True).map(sorted), st.data())
def test_picks_of_picks_keep_their_keys(first: list[int], data: st.DataObject) -> None:
    whole = Chunk(kind="any", address="a.tar", first=5, count=30)
    some = picked(whole, first)
    again = data.draw(st.lists(st.integers(0, len(first) - 1), min_size=1, unique=True).map(sorted))
    fewer = picked(some, again)
    assert keys([fewer]) == [f"a.tar!{5 + first[i]}" for i in again]
    assert Chunk.parse(fewer.dump()) == fewer


@pytest.mark.parametrize("shard", ["0/1", "2/1", "1", "a/b", "-1/2", "1/0", "1/2/3", " 1/2"])
def test_odd_shards_are_refused(shard: str) -> None:
    with pytest.raises(ArgumentError):
        Selection.of(shard=shard)


@pytest.mark.parametrize("sample", [0.0, -0.1, 1.1, float("nan")])
def test_odd_samples_are_refused(sample: float) -> None:
    with pytest.raises(ArgumentError):
        Selection(sample=sample)
