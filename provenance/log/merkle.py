"""Merkle trees: hashes, roots and proofs (RFC 6962, section 2.1; RFC 9162, section 2.1).

Proofs are made from the hashes of perfect subtrees alone. Whoever can give those (`HashReader`)
can prove anything about a tree of a million leaves with a few dozen of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


class HashReader(Protocol):
    """Gives hashes of perfect subtrees."""

    def node(self, height: int, index: int) -> bytes:
        """The hash over the leaves [index * 2**height, (index + 1) * 2**height)."""
        ...


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf with this content."""
    return hashlib.sha256(_LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(_NODE + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes of one level."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(*level[i : i + 2]) for i in range(0, len(level), 2)]
    return level[0]


class CompactTree:
    """A tree that only grows: the roots of its perfect subtrees, largest first.

    It needs 32 bytes for each bit of its size, and two hashes on average for each leaf.
    """

    def __init__(self) -> None:
        self.size = 0
        self._roots: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add the hash of one more leaf."""
        merged = leaf
        for bit in range(self.size.bit_length() + 1):
            if not self.size >> bit & 1:
                break
            merged = node_hash(self._roots.pop(), merged)
        self._roots.append(merged)
        self.size += 1

    @property
    def root(self) -> bytes:
        """The Merkle tree hash of what was added so far."""
        return _fold(self._roots)


def root_of(reader: HashReader, size: int) -> bytes:
    """The Merkle tree hash of the first `size` leaves."""
    return _range_hash(reader, 0, size) if size else EMPTY_ROOT


def inclusion_proof(reader: HashReader, index: int, size: int) -> tuple[bytes, ...]:
    """The proof that leaf `index` is in the tree of `size` leaves (RFC 9162, 2.1.3.1).

    Raises:
        ValueError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    start, stop, proof = 0, size, list[bytes]()
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            proof.append(_range_hash(reader, middle, stop))
            stop = middle
        else:
            proof.append(_range_hash(reader, start, middle))
            start = middle
    return tuple(reversed(proof))


def consistency_proof(reader: HashReader, old: int, new: int) -> tuple[bytes, ...]:
    """The proof that the first `old` of `new` leaves are those of before (RFC 9162, 2.1.4.1).

    It is empty where there is nothing to prove: from an empty tree, or to the same size.

    Raises:
        ValueError: the tree would have shrunk.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves does not continue one of {old}")
    if old in (0, new):
        return ()
    start, stop, proof, whole = 0, new, list[bytes](), True
    while old < stop:
        middle = start + _split(stop - start)
        if old <= middle:
            proof.append(_range_hash(reader, middle, stop))
            stop = middle
        else:
            proof.append(_range_hash(reader, start, middle))
            start, whole = middle, False
    if not whole:  # else it is the old root, which the verifier has
        proof.append(_range_hash(reader, start, stop))
    return tuple(reversed(proof))


def inclusion_holds(
    leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """True if the proof leads from the leaf's hash to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    first, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            found = node_hash(sibling, found)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and found == root


def consistency_holds(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """True if the proof leads from the old root to the new one (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old == 0:
        return not proof and old_root == EMPTY_ROOT and (new > 0 or new_root == EMPTY_ROOT)
    if old == new:
        return not proof and old_root == new_root
    if not proof:
        return False
    path = (old_root, *proof) if old & (old - 1) == 0 else tuple(proof)
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    found_old = found_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            found_old, found_new = node_hash(sibling, found_old), node_hash(sibling, found_new)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found_new = node_hash(found_new, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and found_old == old_root and found_new == new_root


def _split(count: int) -> int:
    """The largest power of two below a count of at least two."""
    return 1 << (count - 1).bit_length() - 1


def _range_hash(reader: HashReader, start: int, stop: int) -> bytes:
    """The hash over the leaves [start, stop); start is where a subtree of the tree begins."""
    hashes = []
    while start < stop:
        height = (stop - start).bit_length() - 1
        hashes.append(reader.node(height, start >> height))
        start += 1 << height
    return _fold(hashes)


def _fold(hashes: Iterable[bytes]) -> bytes:
    """The root over perfect subtrees, the largest first."""
    found: bytes | None = None
    for left in reversed(list(hashes)):
        found = left if found is None else node_hash(left, found)
    return EMPTY_ROOT if found is None else found
