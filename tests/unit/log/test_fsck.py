"""Fsck: any bit that changed anywhere is named with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from support.leaves import NOON, MemorySource, commitment, make_log, witness_signer

from provenance.log import IssuanceLog, Signature, SignatureType, StoredCheckpoint, WitnessPolicy
from provenance.log.fsck import MAX_VIOLATIONS
from provenance.log.stamps import kept_token
from provenance.model.trust import TimeStampEvidence, TimeStampStatus

WITNESS = "witness.example/w"


def cosign(folder: Path, log: IssuanceLog, stored: StoredCheckpoint) -> None:
    text = stored.note.partition(b"\n\n")[0] + b"\n"
    kind = SignatureType.COSIGNATURE_V1
    line = Signature.make(witness_signer(folder, WITNESS), text, kind, int(NOON.timestamp()))
    log.add_cosignatures(f"{line}\n".encode())


def made(folder: Path, *counts: int) -> tuple[MemorySource, IssuanceLog]:
    source = MemorySource()
    witness = witness_signer(folder, WITNESS).verifier
    policy = WitnessPolicy(required=1, witnesses=(witness,))
    log = make_log(folder, source, witnesses=policy)
    for minute, count in enumerate(counts):
        source.issue(count)
        stored = log.publish(NOON + timedelta(minutes=minute)).checkpoint
        cosign(folder, log, stored)
    return source, log


def flipped(data: bytes, bit: int) -> bytes:
    at, inner = divmod(bit, 8)
    return data[:at] + bytes([data[at] ^ 1 << inner]) + data[at + 1 :]


def places(log: IssuanceLog) -> set[str]:
    return {violation.place for violation in log.fsck()}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[MemorySource, IssuanceLog]:
    return made(tmp_path_factory.mktemp("small"), 2, 1)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[MemorySource, IssuanceLog]:
    """With full tiles, and tiles of level 1."""
    return made(tmp_path_factory.mktemp("large"), 200, 400)


def some(bits: int, count: int) -> Iterator[int]:
    """Bits spread over all of them, the first and the last among them."""
    yield from {round(n * (bits - 1) / (count - 1)) for n in range(count)}


def check_file(log: IssuanceLog, path: Path, count: int) -> None:
    data = path.read_bytes()
    try:
        for bit in some(8 * len(data), count):
            path.write_bytes(flipped(data, bit))
            assert places(log) == {str(path)}, f"bit {bit} of {path}"
    finally:
        path.write_bytes(data)


@pytest.mark.parametrize(
    "name",
    [
        "checkpoint",
        "tile/0/000.p/2",
        "tile/0/000.p/3",
        "tile/entries/000.p/2",
        "tile/entries/000.p/3",
    ],
)
def test_a_bit_of_a_file_of_a_small_log(small: tuple[MemorySource, IssuanceLog], name: str) -> None:
    log = small[1]
    check_file(log, log.directory / name, 120)
    assert places(log) == set()


@pytest.mark.parametrize(
    "name",
    [
        "checkpoint",
        "tile/0/000",
        "tile/0/001",
        "tile/0/002.p/88",
        "tile/1/000.p/2",
        "tile/entries/000",
        "tile/entries/001",
        "tile/entries/002.p/88",
    ],
)
def test_a_bit_of_a_file_of_a_larger_log(
    large: tuple[MemorySource, IssuanceLog], name: str
) -> None:
    log = large[1]
    check_file(log, log.directory / name, 40)
    assert places(log) == set()


def test_a_bit_of_the_head_file(small: tuple[MemorySource, IssuanceLog]) -> None:
    log = small[1]
    check_file(log, log.head_path, 500)
    assert places(log) == set()


def test_a_bit_of_a_leaf_in_the_registry(large: tuple[MemorySource, IssuanceLog]) -> None:
    source, log = large
    for number, bit in zip((0, 1, 255, 256, 511, 512, 599), some(256, 7), strict=True):
        leaf = source.rows[number]
        source.rows[number] = flipped(leaf, bit)
        assert places(log) == {f"leaf {number} in the registry"}
        source.rows[number] = leaf
    assert places(log) == set()


def test_a_bit_of_a_checkpoint_in_the_registry(small: tuple[MemorySource, IssuanceLog]) -> None:
    source, log = small
    good = dict(source.stored)

    def check(size: int, changed: StoredCheckpoint) -> None:
        source.stored[size] = changed
        found = places(log)
        assert found, changed
        assert found == {f"checkpoint of {changed.size} leaves in the registry"}, changed
        source.stored.update(good)

    for size, stored in good.items():
        for bit in some(8 * len(stored.note), 250):
            check(size, stored._replace(note=flipped(stored.note, bit)))
        for bit in some(256, 32):
            check(size, stored._replace(root=flipped(stored.root, bit)))
        for bit in range(0, 60, 3):
            check(size, stored._replace(size=stored.size ^ 1 << bit))
        for seconds in (-1, 1, 256, -65536):
            moved = stored.signed_at + timedelta(seconds=seconds)
            check(size, stored._replace(signed_at=moved))
        check(size, stored._replace(signed_at=stored.signed_at + timedelta(microseconds=1)))
    assert places(log) == set()


def test_a_bit_of_a_time_stamp(tmp_path: Path) -> None:
    source = MemorySource()

    class Stamps:
        """Stands for an authority whose token is the text and a word."""

        def examine(self, token: bytes, data: bytes) -> TimeStampEvidence:
            right = token == b"stamped " + data
            status = TimeStampStatus.TRUSTED if right else TimeStampStatus.INVALID
            return TimeStampEvidence(status=status)

    log = make_log(tmp_path, source)
    source.issue(3)
    stored = log.publish(NOON).checkpoint
    text = stored.note.partition(b"\n\n")[0] + b"\n"
    token = b"stamped " + text
    source.stored[3] = stored._replace(time_stamp=kept_token(token))
    unchecked = log.fsck()
    assert [item.place for item in unchecked] == ["checkpoint of 3 leaves in the registry"]
    assert "could not be checked" in unchecked[0].detail
    checking = make_log(tmp_path, source, time_stamps=Stamps())
    assert checking.fsck() == []
    for bit in some(8 * len(kept_token(token)), 50):
        source.stored[3] = stored._replace(time_stamp=flipped(kept_token(token), bit))
        assert [item.detail for item in checking.fsck()] == ["its time stamp was changed"]
    source.stored[3] = stored._replace(time_stamp=kept_token(b"stamped" + text))
    assert [item.detail for item in checking.fsck()] == ["its time stamp is INVALID"]


# --- what is missing, and what is too much -------------------------------------------------


def remove(name: str) -> Callable[[MemorySource, IssuanceLog], str]:
    def act(_: MemorySource, log: IssuanceLog) -> str:
        (log.directory / name).unlink()
        return str(log.directory / name)

    act.__name__ = f"without {name}"
    return act


def add(name: str) -> Callable[[MemorySource, IssuanceLog], str]:
    def act(_: MemorySource, log: IssuanceLog) -> str:
        path = log.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\0" * 32)
        return str(path)

    act.__name__ = f"with {name}"
    return act


def without_head(_: MemorySource, log: IssuanceLog) -> str:
    log.head_path.unlink()
    return str(log.head_path)


def without_a_leaf(source: MemorySource, _: IssuanceLog) -> str:
    source.rows.pop()
    return "registry"


def without_the_newest_checkpoint(source: MemorySource, log: IssuanceLog) -> str:
    del source.stored[300]
    (log.directory / "checkpoint").write_bytes(source.stored[200].note)
    return "newest checkpoint in the registry"


def without_cosignatures_in_the_directory(source: MemorySource, log: IssuanceLog) -> str:
    path = log.directory / "checkpoint"
    path.write_bytes(log.head_path.read_bytes())
    return str(path)


def with_a_head_of_before(source: MemorySource, log: IssuanceLog) -> str:
    log.head_path.write_bytes(source.stored[200].note)
    return str(log.head_path)


def with_an_unknown_signature(source: MemorySource, log: IssuanceLog) -> str:
    stored = source.stored[200]
    line = "— somebody AAAAAAAA\n".encode()
    source.stored[200] = stored._replace(note=stored.note + line)
    return "checkpoint of 200 leaves in the registry"


def with_times_in_disorder(source: MemorySource, log: IssuanceLog) -> str:
    from provenance.log.checkpoint import Checkpoint, signed_checkpoint

    stored = source.stored[200]
    late = NOON + timedelta(days=1)
    head = Checkpoint(origin=log.key.name, size=200, root=stored.root)
    note = signed_checkpoint(head, log._signer, int(late.timestamp()))
    source.stored[200] = stored._replace(note=bytes(note), signed_at=late)
    return "checkpoint of 300 leaves in the registry"


def as_a_directory(_: MemorySource, log: IssuanceLog) -> str:
    path = log.directory / "tile/0/000"
    path.unlink()
    path.mkdir()
    return str(path)


@pytest.mark.parametrize(
    "damage",
    [
        remove("tile/0/000"),
        remove("tile/0/001.p/44"),
        remove("tile/1/000.p/1"),
        remove("tile/entries/000"),
        remove("tile/entries/001.p/44"),
        remove("checkpoint"),
        add("tile/0/001.p/45"),
        add("tile/0/001"),
        add("tile/0/002"),
        add("tile/1/000.p/2"),
        add("tile/2/000.p/1"),
        add("tile/0/x000/000"),
        add("tile/0/0"),
        add("notes.txt"),
        add("tile/entries/001.p/1"),
        without_head,
        without_a_leaf,
        without_the_newest_checkpoint,
        without_cosignatures_in_the_directory,
        with_a_head_of_before,
        with_an_unknown_signature,
        with_times_in_disorder,
        as_a_directory,
    ],
    ids=lambda damage: damage.__name__,
)
def test_what_is_missing_or_too_much_is_named(tmp_path: Path, damage) -> None:
    source, log = made(tmp_path, 200, 100)
    assert log.fsck() == []
    place = damage(source, log)
    assert place in places(log)


def test_a_leaf_that_was_changed_everywhere_contradicts_the_checkpoints(tmp_path: Path) -> None:
    source, log = made(tmp_path, 2, 1)
    for path in log.directory.glob("tile/**/*"):
        if path.is_file():
            path.unlink()
    source.rows[1] = commitment(99)
    from provenance.log.tiles import TileWriter

    for size in (2, 3):
        writer = TileWriter(log.directory, 0)
        for leaf in source.rows[:size]:
            writer.append(leaf)
        writer.finish()
    assert places(log) == {
        str(log.head_path),
        "checkpoint of 2 leaves in the registry",
        "checkpoint of 3 leaves in the registry",
    }


def test_leaves_that_are_not_published_yet_break_nothing(tmp_path: Path) -> None:
    source, log = made(tmp_path, 200)
    source.issue(100)
    assert log.fsck() == []
    source.sequence()
    assert log.fsck() == []


def test_a_registry_that_gives_too_many_leaves_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, log = made(tmp_path, 5)
    monkeypatch.setattr(source, "leaves", lambda start, stop: iter([*source.rows, b"x" * 32]))
    assert places(log) == {"leaves 0 to 4 in the registry"}


def test_a_row_that_is_gone_from_the_middle_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, log = made(tmp_path, 600)

    def leaves(start: int, stop: int) -> Iterator[bytes]:
        rows = range(start, stop)
        return iter([source.rows[number] for number in rows if number != 300])

    monkeypatch.setattr(source, "leaves", leaves)
    found = places(log)
    assert "leaves 256 to 511 in the registry" in found
    assert not any(place.startswith("leaf 299 ") for place in found)
    assert not any(place == "leaf 512 in the registry" for place in found)
    assert str(log.directory) not in " ".join(found)


def test_it_stops_where_nothing_is_right(tmp_path: Path) -> None:
    source, log = made(tmp_path, 1500)
    source.rows.reverse()
    found = log.fsck()
    assert len(found) == MAX_VIOLATIONS + 1
    assert "stopped" in found[-1].detail
