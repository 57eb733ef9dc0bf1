"""What every watermark scheme does, whatever its algorithm."""

from __future__ import annotations

from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from support import pictures

from provenance.errors import CapacityError, ErrorCode
from provenance.imaging.quality import psnr
from provenance.model import MarkId, SystemRef, WatermarkStatus
from provenance.model.ids import MARK_ID_BITS
from provenance.watermark import DetectionKey, Keyring, catalog, issue

SYSTEM = SystemRef(0x54321, "ours")
POSITIVE = (WatermarkStatus.READ_AUTHENTIC, WatermarkStatus.READ, WatermarkStatus.TRACE)


def key(system=SYSTEM, *, secret=7):
    return DetectionKey(
        system=system, epoch=0, carrier_key=bytes([secret]) * 32, tag_key=bytes([secret]) * 32
    )


KEY = key()
RING = Keyring(keys=(KEY,))
_MARKED: dict[str, np.ndarray] = {}


class SchemeContract(ABC):
    """Subclass it, name the scheme and give it a picture that holds its mark."""

    #: Least quality of the mark on that picture, in dB; a guard against gross errors.
    least_psnr = 30.0
    #: A mark id that is read back from the picture (a fragile scheme does not hold them all).
    mark = 0x9ABCDEF01234

    @pytest.fixture
    @abstractmethod
    def scheme(self):
        """The scheme under test."""

    @pytest.fixture
    @abstractmethod
    def carrier(self):
        """A picture that holds the mark: uint8 (H, W, 3)."""

    @pytest.fixture
    def payload(self, scheme, carrier):
        layout = scheme.info.layout_for(carrier)
        low = MARK_ID_BITS - layout.id_bits
        return issue(
            layout,
            system_id=SYSTEM.id,
            mark_id=MarkId(self.mark >> low << low),
            tag_key=KEY.tag_key,
        )

    @pytest.fixture
    def marked(self, scheme, carrier, payload):
        name = f"{scheme.info.name}, {payload.layout.title}"
        if name not in _MARKED:  # marking can be slow
            _MARKED[name] = scheme.embed(carrier, payload, KEY.carrier_key)
        return _MARKED[name].copy()

    # --- what it says about itself -----------------------------------------------------

    def test_it_is_in_the_catalogue(self, scheme):
        assert catalog.scheme(scheme.info.name) is scheme
        assert catalog.by_alg(scheme.info.alg) is scheme

    def test_its_algorithm_has_a_reverse_domain_name(self, scheme):
        assert len(scheme.info.alg.split(".")) >= 3
        assert scheme.info.alg == scheme.info.alg.lower()

    def test_it_is_described_in_one_line(self, scheme):
        assert scheme.info.summary.isprintable()

    def test_it_is_available_here(self, scheme):
        assert scheme.info.can_embed, scheme.info.why_unavailable
        assert scheme.info.can_detect

    # --- embedding -----------------------------------------------------------------------

    def test_a_marked_picture_has_the_same_form(self, carrier, marked):
        assert marked.shape == carrier.shape
        assert marked.dtype == np.uint8
        assert marked.flags["C_CONTIGUOUS"]

    def test_the_picture_that_came_in_is_not_touched(self, scheme, carrier, payload):
        before = carrier.copy()
        made = scheme.embed(carrier, payload, KEY.carrier_key)
        assert np.array_equal(carrier, before)
        assert not np.shares_memory(made, carrier)

    def test_the_mark_changes_the_picture_a_little(self, carrier, marked):
        assert self.least_psnr < psnr(carrier, marked) < np.inf

    def test_marking_is_repeatable(self, scheme, carrier, payload, marked):
        assert np.array_equal(scheme.embed(carrier, payload, KEY.carrier_key), marked)

    def test_a_picture_that_is_too_small_is_refused(self, scheme, payload):
        side = int(scheme.info.min_pixels**0.5)
        small = np.full((side - 1, side, 3), 128, dtype=np.uint8)
        with pytest.raises(CapacityError) as caught:
            scheme.embed(small, payload, KEY.carrier_key)
        assert caught.value.code is ErrorCode.LIMIT
        assert f"{side}x{side - 1}" in caught.value.message

    def test_a_picture_with_a_short_side_is_refused(self, scheme, payload):
        short = scheme.info.min_side - 1
        narrow = np.full((short, 1 + scheme.info.min_pixels // short, 3), 128, dtype=np.uint8)
        with pytest.raises(CapacityError):
            scheme.embed(narrow, payload, KEY.carrier_key)

    # --- detection -------------------------------------------------------------------------

    def test_the_payload_is_read_back(self, scheme, marked, payload):
        found = scheme.detect(marked, RING)
        assert found.payload == payload
        if scheme.info.presence:
            assert found.status is WatermarkStatus.READ_AUTHENTIC
            assert found.key == KEY
            assert found.log10_p <= found.log10_threshold < 0
        else:
            assert found.status is WatermarkStatus.CANDIDATE

    def test_an_unmarked_picture_carries_no_mark(self, scheme, carrier):
        for picture in (carrier, pictures.crop(256, 256, top=100), 255 - carrier):
            assert scheme.detect(picture, RING).status not in POSITIVE

    @pytest.mark.parametrize("value", [0, 128, 255])
    def test_a_flat_picture_carries_no_mark(self, scheme, carrier, value):
        flat = np.full_like(carrier, value)
        assert scheme.detect(flat, RING).status not in POSITIVE

    def test_a_mark_is_not_read_with_the_keys_of_others(self, scheme, marked):
        for other in (
            key(SystemRef(1, "another")),
            key(SystemRef(1, "x"), secret=9),
            key(secret=9),
        ):
            found = scheme.detect(marked, Keyring(keys=(other,)))
            assert not found.status.is_read
            assert found.key is None

    def test_without_any_key_nothing_is_checked(self, scheme, marked):
        found = scheme.detect(marked, Keyring())
        assert found.status is WatermarkStatus.NOT_CHECKED
        assert found.detail

    def test_a_picture_that_is_too_small_is_not_applicable(self, scheme):
        found = scheme.detect(np.zeros((8, 8, 3), dtype=np.uint8), RING)
        assert found.status is WatermarkStatus.NOT_APPLICABLE

    def test_detection_is_repeatable_and_leaves_the_picture_alone(self, scheme, marked):
        before = marked.copy()
        assert scheme.detect(marked, RING) == scheme.detect(marked, RING)
        assert np.array_equal(marked, before)

    def test_detection_does_not_depend_on_the_layout_in_memory(self, scheme, marked, payload):
        wide = np.dstack([marked, marked])[:, :, :3]
        assert not wide.flags["C_CONTIGUOUS"]
        assert scheme.detect(wide, RING).payload == payload

    def test_threads_may_share_it(self, scheme, marked, payload):
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: scheme.detect(marked, RING).payload, range(4)))
        assert found == [payload] * 4
