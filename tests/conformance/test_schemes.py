"""The schemes in the catalogue keep the contract."""

from __future__ import annotations

import numpy as np
import pytest
from conformance.scheme_contract import SchemeContract
from support import pictures

from provenance.watermark import catalog


class TestLattice(SchemeContract):
    least_psnr = 38.0

    @pytest.fixture
    def scheme(self):
        return catalog.scheme("lattice-1")

    @pytest.fixture
    def carrier(self):
        return pictures.crop(448, 416)


class TestLatticeShortLayout(TestLattice):
    @pytest.fixture
    def carrier(self):
        return pictures.crop(257, 266)


class TestDwtDctSvd(SchemeContract):
    @pytest.fixture
    def scheme(self):
        return catalog.scheme("imwatermark.dwtDctSvd")

    @pytest.fixture
    def carrier(self):
        return pictures.crop(257, 266)


class TestDwtDct(SchemeContract):
    @pytest.fixture
    def scheme(self):
        return catalog.scheme("imwatermark.dwtDct")

    @pytest.fixture
    def carrier(self):
        return pictures.grey_texture(256, 264)


@pytest.mark.slow
class TestRivaGan(SchemeContract):
    @pytest.fixture
    def scheme(self):
        pytest.importorskip("torch")
        pytest.importorskip("onnxruntime")
        return catalog.scheme("imwatermark.rivaGan")

    @pytest.fixture
    def carrier(self):
        busy = pictures.crop(256, 256, top=256).astype(int)
        return ((busy - 128) // 2 + 128).astype(np.uint8)  # at full contrast, bits get lost


def test_every_scheme_of_the_catalogue_is_under_contract():
    assert set(catalog.names()) == {
        "lattice-1",
        "imwatermark.dwtDctSvd",
        "imwatermark.dwtDct",
        "imwatermark.rivaGan",
    }
