"""Manifest stores that would keep the validator busy are not given to it."""

from __future__ import annotations

import pytest
from support import chains, manifests

from provenance.errors import ManifestError
from provenance.manifest import Parent, bounds, read
from provenance.model import ManifestStatus

TRUST = chains.trust_in(chains.authority())


def test_a_store_of_ours_is_within_bounds(signer):
    assert bounds.excess(manifests.signed(signer, TRUST)) == ""


@pytest.mark.parametrize(
    ("label", "limit"),
    [
        (bounds._INGREDIENT, bounds._MAX_INGREDIENT_LABELS),
        (bounds._COMPRESSED, bounds._MAX_COMPRESSED),
    ],
)
def test_too_much_of_one_thing_is_named(label, limit):
    assert bounds.excess(b"x" + label * limit) == ""
    assert "too many" in bounds.excess(b"x" + label * (limit + 1))


def test_a_file_out_of_bounds_is_unreadable_and_not_stamped_over(signer):
    data, mime = manifests.plain()
    data += bounds._INGREDIENT * (bounds._MAX_INGREDIENT_LABELS + 1)
    found = read(data, mime, TRUST)
    assert found.status is ManifestStatus.UNREADABLE
    assert "ingredients" in found.detail
    with pytest.raises(ManifestError, match="cannot be kept"):
        manifests.signed(signer, TRUST, manifests.request(parent=Parent(data=data, mime=mime)))
