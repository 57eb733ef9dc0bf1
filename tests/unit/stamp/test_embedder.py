"""A stamper with an embedder of its own: same checks, nothing passes that does not read."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from support import devices, pictures

from provenance.errors import ArgumentError, SchemeError, SelfCheckError
from provenance.imaging import ValueRange
from provenance.model import RecordState, Verdict
from provenance.watermark import SchemeInfo, catalog


@dataclass(frozen=True)
class Careless:
    """Gives back what it got, or something else, as a broken device would."""

    info: SchemeInfo = catalog.scheme("lattice-1").info
    level: int | None = None

    def embed(self, rgb, payload, key):
        return rgb.copy() if self.level is None else np.full_like(rgb, self.level)


def test_a_picture_marked_on_a_device_is_traced(bench):
    stamper = replace(bench.stamper, embedder=devices.embedder())
    rgb = pictures.crop()
    made = stamper.stamp(rgb, bench.generation)
    report = bench.workspace.verifier().verify(made.data)
    assert report.verdict is Verdict.TRACED
    assert bench.states() == {RecordState.RELEASED: 1}
    on_host = bench.stamper.stamp(rgb, bench.generation)
    assert made.quality.psnr_db == pytest.approx(on_host.quality.psnr_db, abs=0.1)


def test_a_tensor_is_marked_on_a_device_and_signed_later(bench):
    stamper = replace(bench.stamper, embedder=devices.embedder())
    tensor = devices.batch(pictures.crop()).float() / 255
    marked = stamper.mark(tensor, bench.generation, value_range=ValueRange.UNIT)
    made = stamper.sign(marked)
    assert bench.workspace.verifier().verify(made.data).verdict is Verdict.TRACED
    expected = bench.stamper.mark(pictures.crop(), bench.generation)
    assert marked.quality.psnr_db == pytest.approx(expected.quality.psnr_db, abs=0.1)


@pytest.mark.parametrize("level", [None, 0], ids=["unmarked", "black"])
def test_a_device_that_marks_nothing_is_found_out(bench, level):
    stamper = replace(bench.stamper, embedder=Careless(level=level))
    with pytest.raises(SelfCheckError):
        stamper.stamp(pictures.crop(), bench.generation)
    assert RecordState.RELEASED not in bench.states()
    with pytest.raises(SelfCheckError):
        stamper.mark(pictures.crop(), bench.generation)


def test_a_device_that_is_gone_releases_nothing(bench):
    stamper = replace(bench.stamper, embedder=devices.embedder("cuda:99"))
    with pytest.raises(SchemeError):
        stamper.stamp(pictures.crop(), bench.generation)
    assert RecordState.RELEASED not in bench.states()


def test_an_embedder_of_another_scheme_is_refused(bench):
    other = Careless(info=catalog.scheme("imwatermark.dwtDct").info)
    with pytest.raises(ArgumentError, match=r"marks with lattice-1, its embedder with imwatermark"):
        replace(bench.stamper, embedder=other)
