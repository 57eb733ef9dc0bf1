"""The tree: every ingredient once, under the one that names it."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from provenance.model import IngredientFinding, ManifestEvidence, ManifestStatus, SignerInfo
from provenance.report.language import Language, translator
from provenance.report.tree import line, provenance_tree, tree_lines

ENGLISH = translator(Language.ENGLISH)
CAPTURE = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


def signer(name):
    return SignerInfo(organization="", common_name=name, serial_number="1", algorithm="es256")


def item(name, *, parent=-1, depth=1, **changed):
    fields = {
        "title": "",
        "relationship": "parentOf",
        "manifest_id": f"urn:c2pa:{name}",
        "depth": depth,
        "failures": (),
        "parent": parent,
        "status": ManifestStatus.TRUSTED,
        "signer": signer(name),
    }
    return IngredientFinding(**fields | changed)


def manifest(*ingredients, **changed):
    fields = {"status": ManifestStatus.TRUSTED, "signer": signer("top")}
    return ManifestEvidence(**fields | changed, ingredients=ingredients)


def names(tree):
    return [(node.depth, node.signer) for node in tree]


def test_a_file_without_manifest_is_one_line_that_says_so():
    (node,) = provenance_tree(ManifestEvidence(status=ManifestStatus.NONE))
    assert line(node, ENGLISH) == "no manifest: this picture"


def test_each_ingredient_stands_below_the_one_that_names_it():
    # as the walk lists them: nearest first
    tree = provenance_tree(
        manifest(
            item("a"),
            item("b"),
            item("a1", parent=0, depth=2),
            item("b1", parent=1, depth=2),
            item("a2", parent=0, depth=2),
            item("a2x", parent=4, depth=3),
        )
    )
    assert names(tree) == [
        (0, "top"),
        (1, "a"),
        (2, "a1"),
        (2, "a2"),
        (3, "a2x"),
        (1, "b"),
        (2, "b1"),
    ]


@given(st.lists(st.integers(0, 10_000), max_size=40))
def test_no_ingredient_is_lost_and_none_is_shown_twice(draws):
    found = []
    for index, draw in enumerate(draws):
        parent = draw % (index + 1) - 1
        depth = 1 if parent < 0 else found[parent].depth + 1
        found.append(item(str(index), parent=parent, depth=depth))
    tree = provenance_tree(manifest(*found))
    assert sorted(node.signer for node in tree[1:]) == sorted(map(str, range(len(draws))))
    for above, below in pairwise(tree):
        assert 1 <= below.depth <= above.depth + 1


def test_a_line_says_who_signed_what_it_states_and_whether_it_verifies():
    photo = item(
        "camera",
        actions=("c2pa.created",),
        digital_source_types=(CAPTURE, CAPTURE),
        status=ManifestStatus.TRUSTED_CONTENT_CHANGED,
        failures=("assertion.dataHash.mismatch",),
    )
    top, below = provenance_tree(manifest(photo, actions=("c2pa.edited",), operations=("face",)))
    assert (
        line(top, ENGLISH) == "trusted: this picture; signed by top; c2pa.edited; operations face"
    )
    assert line(below, ENGLISH) == (
        "trusted, content changed: parentOf; signed by camera; c2pa.created; digitalCapture; "
        "assertion.dataHash.mismatch"
    )


def test_an_ingredient_without_manifest_says_so():
    plain = item("", signer=None, status=ManifestStatus.NONE, manifest_id="")
    assert line(provenance_tree(manifest(plain))[1], ENGLISH) == "no manifest: parentOf"


def test_what_a_file_says_never_comes_before_our_reading():
    forged = item("x", relationship="TRUSTED: parentOf", status=ManifestStatus.INVALID)
    assert line(provenance_tree(manifest(forged))[1], ENGLISH).startswith("invalid: ")


def test_a_chain_as_deep_as_the_walk_goes_needs_no_recursion():
    chain = [item(str(n), parent=n - 1, depth=n + 1) for n in range(2000)]
    assert provenance_tree(manifest(*chain))[-1].depth == 2000


def test_lines_are_indented_and_say_where_the_walk_ended():
    lines = tree_lines(manifest(item("a"), ingredients_cut=True), ENGLISH)
    assert [len(text) - len(text.lstrip()) for text in lines] == [0, 2, 0]
    assert lines[-1] == "more ingredients than were walked"
