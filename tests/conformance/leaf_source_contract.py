"""What every source of leaves does for the issuance log, whatever it is made of."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta

import pytest
from support.leaves import NOON, make_log

from provenance.errors import ProvenanceError
from provenance.log import StoredCheckpoint, verify_proof

UNKNOWN = b"\xff" * 32


def checkpoint(size, root=b"\1" * 32, note=b"note", signed_at=NOON, time_stamp=b""):
    return StoredCheckpoint(size, root, note, signed_at, time_stamp)


class LeafSourceContract(ABC):
    """Subclass it, and give it an empty source to work on."""

    @pytest.fixture
    @abstractmethod
    def source(self):
        """An empty source."""

    @pytest.fixture
    @abstractmethod
    def issue(self, source):
        """A function that lets so many new leaves wait, and gives their commitments."""

    @pytest.fixture
    @abstractmethod
    def reopen(self, source):
        """A function that opens the same source anew, as after a restart."""

    # --- leaves ----------------------------------------------------------------------

    def test_an_empty_source(self, source):
        assert (source.log_size(), source.waiting(), source.sequence()) == (0, 0, 0)
        assert list(source.leaves(0, 0)) == []
        assert source.leaf_position(UNKNOWN) is None
        assert source.checkpoints() == ()
        assert source.newest_checkpoint() is None

    def test_a_leaf_waits_until_it_has_a_place(self, source, issue):
        leaves = issue(3)
        assert (source.log_size(), source.waiting()) == (0, 3)
        assert [source.leaf_position(leaf) for leaf in leaves] == [None] * 3
        assert source.sequence() == 3
        assert (source.log_size(), source.waiting()) == (3, 0)
        assert sorted(source.leaves(0, 3)) == sorted(leaves)

    def test_a_place_is_for_ever_and_there_is_no_gap(self, source, issue, reopen):
        issue(3)
        source.sequence()
        before = list(source.leaves(0, 3))
        new = issue(4)
        assert list(source.leaves(0, 3)) == before
        assert source.sequence() == source.sequence() == 7
        again = reopen()
        leaves = list(again.leaves(0, 7))
        assert leaves[:3] == before
        assert sorted(leaves[3:]) == sorted(new)
        assert [again.leaf_position(leaf) for leaf in leaves] == list(range(7))
        assert all(type(leaf) is bytes and len(leaf) == 32 for leaf in leaves)

    @pytest.mark.parametrize(("start", "stop"), [(0, 1), (2, 5), (4, 5), (3, 3), (0, 5)])
    def test_leaves_are_given_by_place(self, source, issue, start, stop):
        issue(5)
        source.sequence()
        whole = list(source.leaves(0, 5))
        assert list(source.leaves(start, stop)) == whole[start:stop]

    def test_leaves_that_wait_are_not_given(self, source, issue):
        issue(2)
        source.sequence()
        issue(2)
        assert len(list(source.leaves(0, 4))) == 2

    def test_several_may_sequence_at_once(self, source, issue, reopen):
        issue(40)
        sizes = []
        threads = [
            threading.Thread(target=lambda: sizes.append(reopen().sequence())) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sizes == [40] * 4
        assert len(set(source.leaves(0, 40))) == 40

    # --- checkpoints -----------------------------------------------------------------

    def test_a_checkpoint_is_kept_as_it_is(self, source, issue, reopen):
        issue(5)
        source.sequence()
        note = "origin\n5\n\n— name\n".encode() + bytes(range(256))
        moment = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
        kept = checkpoint(5, bytes(range(32)), note, moment, bytes(range(255, 0, -1)))
        source.add_checkpoint(kept)
        for opened in (source, reopen()):
            assert opened.newest_checkpoint() == kept
            assert opened.checkpoints() == (kept,)
            assert opened.newest_checkpoint().signed_at.utcoffset() == timedelta(0)

    def test_checkpoints_are_in_order_of_size(self, source, issue):
        issue(5)
        source.sequence()
        for size in (0, 2, 5):
            source.add_checkpoint(checkpoint(size))
        assert [item.size for item in source.checkpoints()] == [0, 2, 5]
        assert source.newest_checkpoint().size == 5

    def test_the_same_root_replaces_note_and_time_stamp_and_another_is_refused(self, source, issue):
        issue(5)
        source.sequence()
        source.add_checkpoint(checkpoint(5))
        more = checkpoint(5, note=b"with a cosignature", time_stamp=b"token")
        source.add_checkpoint(more)
        assert source.checkpoints() == (more,)
        with pytest.raises(ProvenanceError):
            source.add_checkpoint(checkpoint(5, root=b"\2" * 32))
        assert source.checkpoints() == (more,)

    # --- a log on it -----------------------------------------------------------------

    def test_a_log_on_it_is_whole(self, source, issue, tmp_path, monkeypatch):
        monkeypatch.setattr("os.fsync", lambda descriptor: None)
        log = make_log(tmp_path, source)
        leaves = []
        for minute, count in enumerate((3, 260, 1)):
            leaves += issue(count)
            log.publish(NOON + timedelta(minutes=minute))
        assert log.fsck() == []
        for leaf in leaves[::40]:
            assert verify_proof(log.prove(leaf), log.key).index == source.leaf_position(leaf)
