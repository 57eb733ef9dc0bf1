"""An index is believed as far as the registry agrees with it, and no further."""

from __future__ import annotations

import secrets

import pytest
from support import pictures
from support.fingerprints import MemoryFingerprints

from provenance.errors import RegistryError, SearchIndexError
from provenance.fingerprint import fingerprint
from provenance.fingerprint.index import FingerprintIndex
from provenance.resolution import Among, build_index, search
from provenance.resolution import index as module

OTHERS = 50


@pytest.fixture(scope="module")
def photo():
    return pictures.sample("canyon.jpg", 320, 320, top=200, left=200)


@pytest.fixture
def registry():
    made = MemoryFingerprints()
    for number in range(OTHERS):
        made.add(secrets.token_bytes(32), position=number if number % 2 else None)
    return made


@pytest.fixture
def path(tmp_path):
    return tmp_path / "registry.index"


def found(registry, photo, path, among=Among.RECORDS):
    index = FingerprintIndex.open(path)
    return [c.record_id for c in search(registry, photo, among, index=index).candidates]


def test_what_was_built_is_said(registry, path):
    registry.add(secrets.token_bytes(32), quality=3)
    built = build_index(registry, path)
    assert built.size == path.stat().st_size
    assert (built.horizon, built.own, built.parents, built.left_out) == (OTHERS + 1, 25, 25, 1)


def test_with_an_index_only_what_is_newer_is_read_from_the_registry(registry, photo, path):
    near = [registry.add(fingerprint(photo).bits)]
    build_index(registry, path)
    registry.read = 0
    assert found(registry, photo, path) == near
    assert registry.read == 0
    near.append(registry.add(fingerprint(photo).bits))
    assert found(registry, photo, path) == sorted(near)
    assert registry.read == 1


def test_what_was_erased_is_not_found(registry, photo, path):
    near = [registry.add(fingerprint(photo).bits) for _ in range(3)]
    registry.add(secrets.token_bytes(32))
    build_index(registry, path)
    registry.erase(OTHERS + 2)
    assert found(registry, photo, path) == sorted((near[0], near[2]))


def test_candidates_are_confirmed_some_at_a_time(registry, photo, path, monkeypatch):
    monkeypatch.setattr(module, "_AT_ONCE", 2)
    near = [registry.add(fingerprint(photo).bits) for _ in range(5)]
    build_index(registry, path)
    assert found(registry, photo, path) == sorted(near)


def test_what_is_erased_while_an_index_is_built_does_not_get_into_one(registry, photo, path):
    """Whoever erases removes the index, and what is being built, once the record is gone."""
    registry.add(fingerprint(photo).bits)
    build_index(registry, path)
    pages = registry.fingerprint_pages

    def slow(**which):
        found = list(pages(**which))
        if which["parents"]:
            registry.erase(OTHERS + 1)
            for name in (path, *path.parent.glob(f".{path.name}.*")):
                name.unlink()
        return iter(found)

    registry.fingerprint_pages = slow
    with pytest.raises(SearchIndexError, match="removed while it was built"):
        build_index(registry, path)
    assert list(path.parent.iterdir()) == []


def test_a_registry_that_cannot_be_read_leaves_the_index_before(registry, path):
    build_index(registry, path)
    before = path.read_bytes()

    def broken(**_):
        raise RegistryError("no")

    registry.fingerprint_pages = broken
    with pytest.raises(RegistryError, match="no"):
        build_index(registry, path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("window", [1, 7, OTHERS, OTHERS + 1])
def test_fingerprints_are_read_in_short_transactions_none_twice_and_none_left_out(
    registry, monkeypatch, window
):
    monkeypatch.setattr(module, "_WINDOW", window)
    registry.erase(3, 4, OTHERS)
    kept = [key for key, row in registry.rows.items() if row.position is not None]
    pages = module.stored_pages(registry, parents=True, after=2, horizon=OTHERS)
    assert [stored.fingerprint_id for page in pages for stored in page] == kept[1:]


def test_what_is_committed_while_the_registry_is_read_is_found(registry, photo, monkeypatch):
    monkeypatch.setattr(module, "_WINDOW", 10)
    pages, ids = registry.fingerprint_pages, []

    def slow(**which):
        if which["after"] == 20:
            ids.append(registry.add(fingerprint(photo).bits))
        return pages(**which)

    monkeypatch.setattr(registry, "fingerprint_pages", slow)
    found = search(registry, photo, Among.RECORDS)
    assert [candidate.record_id for candidate in found.candidates] == ids != []
    assert found.searched == OTHERS // 2 + 1


def test_the_index_of_another_registry_is_refused(registry, photo, path):
    build_index(registry, path)
    registry.identity = secrets.token_bytes(16)
    with pytest.raises(SearchIndexError, match="another registry"):
        found(registry, photo, path)


def test_a_registry_behind_its_index_is_refused(registry, photo, path):
    build_index(registry, path)
    registry.erase(OTHERS)
    registry.last -= 1
    with pytest.raises(SearchIndexError, match="registry does not have"):
        found(registry, photo, path)


@pytest.mark.parametrize("quality", [100, 0])
@pytest.mark.parametrize("lost", [1, 20, 40])
def test_a_registry_that_was_restored_and_used_again_is_refused(
    registry, photo, path, lost, quality
):
    """Though it gave the same ids again, to the same pictures."""
    bits = secrets.token_bytes(32)
    for _ in range(lost):
        registry.add(bits, quality=quality)
    build_index(registry, path)
    registry.erase(*range(OTHERS + 1, OTHERS + lost + 1))
    registry.last = OTHERS
    for _ in range(lost + 5):
        registry.add(bits)
    with pytest.raises(SearchIndexError, match="does not agree"):
        found(registry, photo, path)


def test_a_candidate_that_the_registry_knows_otherwise_is_refused(registry, photo, path):
    registry.add(fingerprint(photo).bits)
    for _ in range(40):
        registry.add(secrets.token_bytes(32))
    build_index(registry, path)
    row = registry.rows[OTHERS + 1]
    registry.rows[OTHERS + 1] = row._replace(pdq=secrets.token_bytes(32))
    with pytest.raises(SearchIndexError, match="does not agree"):
        found(registry, photo, path)


def test_the_last_rows_may_be_erased(registry, photo, path):
    near = registry.add(fingerprint(photo).bits)
    for _ in range(20):
        registry.add(secrets.token_bytes(32))
    build_index(registry, path)
    registry.erase(*range(OTHERS + 5, OTHERS + 22))
    assert found(registry, photo, path) == [near]


def test_a_search_in_an_index_opened_before_it_was_replaced_is_exact(registry, photo, path):
    first = registry.add(fingerprint(photo).bits)
    build_index(registry, path)
    index = FingerprintIndex.open(path)
    second = registry.add(fingerprint(photo).bits)
    build_index(registry, path)
    assert [
        c.record_id for c in search(registry, photo, Among.RECORDS, index=index).candidates
    ] == (sorted((first, second)))
