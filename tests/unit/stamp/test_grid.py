"""The grid signature in the record: sealed, and nowhere in the clear."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from support import pictures

from provenance.fingerprint import signature, unseal
from provenance.imaging import load
from provenance.registry import SqliteStore
from provenance.watermark import Depth, Keyring, catalog

PICTURE = pictures.whole_sample("bottle.jpg")


def test_the_record_holds_the_signature_of_the_written_file_under_lock(bench):
    made = bench.stamper.stamp(PICTURE, bench.generation)
    rgb = load(made.data).rgb
    scheme = catalog.scheme(bench.stamper.scheme)
    found = scheme.detect(rgb, Keyring(keys=(bench.stamper.key,)), depth=Depth.FAST)
    plain = signature(rgb, found.geometry)
    assert np.count_nonzero(plain.trits) > 1000
    record = bench.workspace.store().find_by_id(made.record_id)
    (key, *_) = bench.workspace.signature_keys()
    opened = unseal(record.file.grid, key, record.mark_id, record.record_id)
    assert np.array_equal(opened.trits, plain.trits)
    stored = b"".join(p.read_bytes() for p in bench.workspace.path.iterdir() if p.is_file())
    packed, sealed = plain.pack(), record.file.grid
    slices = [sealed[i : i + 64] for i in range(0, 576, 64)]  # the database splits long values
    assert sum(part in stored for part in slices) >= len(slices) - 2  # so it would be seen
    assert all(packed[i : i + 12] not in stored for i in range(len(packed) - 12))


def test_two_records_of_one_picture_share_nothing(bench):
    store = bench.workspace.store()
    one, two = (
        store.find_by_id(bench.stamper.stamp(PICTURE, bench.generation).record_id).file.grid
        for _ in range(2)
    )
    assert len(one) == len(two)
    assert all(one[i : i + 6] not in two for i in range(len(one) - 6))


def test_without_a_key_or_a_geometry_the_record_holds_no_signature(bench):
    keyless = replace(bench.stamper, signature_key=None)
    made = keyless.stamp(PICTURE, bench.generation)
    store: SqliteStore = bench.workspace.store()
    assert store.find_by_id(made.record_id).file.grid == b""
