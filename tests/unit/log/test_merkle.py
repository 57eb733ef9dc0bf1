"""Merkle trees: published vectors, and two implementations against each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import rfc6962
from provenance.log.merkle import (
    EMPTY_ROOT,
    CompactTree,
    consistency_holds,
    consistency_proof,
    inclusion_holds,
    inclusion_proof,
    leaf_hash,
    perfect_root,
    root_of,
)

#: The inputs, roots and proofs of the test vectors of Certificate Transparency.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
#: (index, size): proof
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
#: (old, new): proof
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
SIZES = st.integers(1, 70)


class Hashes:
    """A reader over leaves in memory."""

    def __init__(self, entries: list[bytes]) -> None:
        self._hashes = [leaf_hash(entry) for entry in entries]

    def node(self, height: int, index: int) -> bytes:
        wanted = self._hashes[index << height : (index + 1) << height]
        assert len(wanted) == 1 << height
        return perfect_root(wanted)


def entries(count: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(count)]


def test_the_published_roots() -> None:
    tree = CompactTree()
    assert tree.root == EMPTY_ROOT
    for size, root in enumerate(ROOTS, start=1):
        tree.append(leaf_hash(INPUTS[size - 1]))
        assert tree.root.hex() == root
        assert root_of(Hashes(INPUTS), size).hex() == root
        assert rfc6962.mth(INPUTS[:size]).hex() == root


@pytest.mark.parametrize("case", INCLUSION)
def test_the_published_inclusion_proofs(case: tuple[int, int]) -> None:
    index, size = case
    proof = inclusion_proof(Hashes(INPUTS), index, size)
    assert [item.hex() for item in proof] == INCLUSION[case]
    assert inclusion_holds(
        leaf_hash(INPUTS[index]), index, size, bytes.fromhex(ROOTS[size - 1]), proof
    )


@pytest.mark.parametrize("case", CONSISTENCY)
def test_the_published_consistency_proofs(case: tuple[int, int]) -> None:
    old, new = case
    proof = consistency_proof(Hashes(INPUTS), old, new)
    assert [item.hex() for item in proof] == CONSISTENCY[case]
    roots = [bytes.fromhex(ROOTS[size - 1]) for size in case]
    assert consistency_holds(old, roots[0], new, roots[1], proof)


def test_every_proof_of_small_trees_is_the_same_in_both_implementations() -> None:
    for size in range(1, 34):
        data = entries(size)
        root, reader = rfc6962.mth(data), Hashes(data)
        assert root_of(reader, size) == root
        for index in range(size):
            proof = inclusion_proof(reader, index, size)
            assert list(proof) == rfc6962.path(index, data)
            assert inclusion_holds(leaf_hash(data[index]), index, size, root, proof)
        for old in range(1, size):
            proof = consistency_proof(reader, old, size)
            assert list(proof) == rfc6962.proof(old, data)
            assert consistency_holds(old, rfc6962.mth(data[:old]), size, root, proof)


@given(size=SIZES, data=st.data())
def test_a_wrong_inclusion_proof_is_refused_by_both(size: int, data: st.DataObject) -> None:
    leaves = entries(size)
    index = data.draw(st.integers(0, size - 1))
    root, proof = rfc6962.mth(leaves), list(inclusion_proof(Hashes(leaves), index, size))
    claimed = data.draw(st.integers(-1, size + 3))
    claimed_size = data.draw(st.integers(0, 2 * size))
    kind = data.draw(st.sampled_from(("whole", "longer", "shorter", "changed")))
    if kind == "longer":
        proof.insert(data.draw(st.integers(0, len(proof))), b"\0" * 32)
    elif kind == "shorter" and proof:
        proof.pop(data.draw(st.integers(0, len(proof) - 1)))
    elif kind == "changed" and proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        proof[at] = bytes([proof[at][0] ^ 1]) + proof[at][1:]
    digest = leaf_hash(leaves[index])
    held = inclusion_holds(digest, claimed, claimed_size, root, proof)
    possible = 0 <= claimed < claimed_size
    found = rfc6962.root_from_path(digest, claimed, claimed_size, proof) if possible else None
    assert held == (found == root)
    if held:  # the same path at another size says nothing false: leaf and place are right
        assert claimed == index or claimed_size != size


@given(sizes=st.tuples(SIZES, SIZES), data=st.data())
def test_a_wrong_consistency_proof_is_refused_by_both(
    sizes: tuple[int, int], data: st.DataObject
) -> None:
    old, new = sorted(sizes)
    leaves = entries(new)
    old_root, new_root = rfc6962.mth(leaves[:old]), rfc6962.mth(leaves)
    proof = list(consistency_proof(Hashes(leaves), old, new))
    assert consistency_holds(old, old_root, new, new_root, proof)
    kind = data.draw(st.sampled_from(("longer", "shorter", "changed", "old", "new", "sizes")))
    if kind == "longer":
        proof.insert(data.draw(st.integers(0, len(proof))), b"\0" * 32)
    elif kind == "shorter" and proof:
        proof.pop(data.draw(st.integers(0, len(proof) - 1)))
    elif kind == "changed" and proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        proof[at] = bytes([proof[at][0] ^ 1]) + proof[at][1:]
    elif kind == "old":
        old_root = b"\1" * 32
    elif kind == "new":
        new_root = b"\2" * 32
    else:
        old = data.draw(st.integers(1, new))
    found = rfc6962.roots_from_proof(old, new, proof, old_root)
    expected = found is not None and found == (old_root, new_root)
    assert consistency_holds(old, old_root, new, new_root, proof) == expected


def test_from_nothing_there_is_nothing_to_prove() -> None:
    root = rfc6962.mth(entries(5))
    assert consistency_proof(Hashes(entries(5)), 0, 5) == ()
    assert consistency_holds(0, EMPTY_ROOT, 5, root, ())
    assert consistency_holds(0, EMPTY_ROOT, 0, EMPTY_ROOT, ())
    assert not consistency_holds(0, EMPTY_ROOT, 0, root, ())
    assert not consistency_holds(0, root, 5, root, ())
    assert not consistency_holds(0, EMPTY_ROOT, 5, root, (root,))
    assert not consistency_holds(5, root, 4, root, ())
    assert not consistency_holds(4, root, 5, root, ())


@pytest.mark.parametrize("index", [-1, 5, 6])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(Hashes(entries(5)), index, 5)


@pytest.mark.parametrize(("old", "new"), [(6, 5), (-1, 5)])
def test_there_is_no_proof_that_a_tree_shrank(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="does not continue"):
        consistency_proof(Hashes(entries(6)), old, new)
