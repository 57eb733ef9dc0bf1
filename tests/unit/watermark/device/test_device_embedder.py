"""What the device embedder takes, what it refuses, and that torch is loaded only when it marks."""

from __future__ import annotations

import pickle
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from support import devices, marks, pictures

from provenance.errors import ArgumentError, CapacityError, ErrorCode, SchemeError
from provenance.watermark import Layout
from provenance.watermark.device import DeviceEmbedder

torch = devices.torch
KEY = marks.KEY.carrier_key
TINY = pictures.sample("kitchen.png", 256, 256)
PAYLOAD = marks.payload_for(TINY)


def run(code):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )


def test_an_array_comes_back_as_an_array():
    made = devices.embedder().embed(TINY, PAYLOAD, KEY)
    assert made.dtype == np.uint8
    assert made.shape == TINY.shape
    assert marks.detect(made, PAYLOAD).payload == PAYLOAD


def test_it_says_that_it_marks_with_the_scheme():
    assert DeviceEmbedder().info == marks.SCHEME.info


def test_it_pickles():
    embedder = DeviceEmbedder(device="cpu", at_once=3)
    assert pickle.loads(pickle.dumps(embedder)) == embedder  # noqa: S301


@pytest.mark.parametrize(
    ("images", "payloads", "says"),
    [
        (torch.zeros(3, 256, 256, dtype=torch.uint8), 1, "batch of shape"),
        (torch.zeros(1, 4, 256, 256, dtype=torch.uint8), 1, "batch of shape"),
        (torch.zeros(1, 3, 256, 256), 1, "range would have to be guessed"),
        (torch.zeros(1, 3, 256, 256, dtype=torch.int16), 1, "range would have to be guessed"),
        (torch.zeros(0, 3, 256, 256, dtype=torch.uint8), 0, "0 payloads for 0 images"),
        (torch.zeros(2, 3, 256, 256, dtype=torch.uint8), 1, "1 payloads for 2 images"),
    ],
    ids=["no batch", "alpha", "float", "int16", "empty", "payload missing"],
)
def test_what_would_have_to_be_guessed_is_refused(images, payloads, says):
    with pytest.raises(ArgumentError, match=says):
        devices.embedder().embed_batch(images, [PAYLOAD] * payloads, KEY)


def test_payloads_of_two_layouts_are_refused():
    other = marks.payload_for(pictures.sample("kitchen.png", 512, 512))
    assert (PAYLOAD.layout, other.layout) == (Layout.SHORT, Layout.FULL)
    with pytest.raises(ArgumentError, match="one layout"):
        devices.embedder().embed_batch(devices.batch(TINY, TINY), [PAYLOAD, other], KEY)


def test_small_pictures_are_refused_as_on_the_host():
    small = devices.batch(TINY[:200, :200])
    with pytest.raises(CapacityError, match="200x200 pixels are too few"):
        devices.embedder().embed_batch(small, [PAYLOAD], KEY)


def test_it_computes_at_least_one_at_a_time():
    with pytest.raises(ArgumentError, match="at_once"):
        DeviceEmbedder(at_once=0)


def test_a_device_that_is_not_there_is_one_line():
    with pytest.raises(SchemeError) as caught:
        DeviceEmbedder(device="cuda:99").embed(TINY, PAYLOAD, KEY)
    assert caught.value.code is ErrorCode.SCHEME
    assert "the device could not mark" in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("device", ["mps", "nowhere", ""])
def test_devices_that_were_not_tried_are_refused(device):
    with pytest.raises(ArgumentError, match="cannot mark on") as caught:
        DeviceEmbedder(device=device)
    assert caught.value.hint == "one of cuda, cpu"


def test_tensors_without_memory_are_refused():
    nothing = torch.zeros(1, 3, 256, 256, dtype=torch.uint8, device="meta")
    with pytest.raises(ArgumentError, match="cannot mark on 'meta'"):
        devices.embedder().embed_batch(nothing, [PAYLOAD], KEY)


def test_a_read_only_array_is_left_as_it_is():
    rgb = TINY.copy()
    rgb.flags.writeable = False
    devices.embedder().embed(rgb, PAYLOAD, KEY)
    assert np.array_equal(rgb, TINY)


def test_torch_is_not_loaded_before_a_picture_is_marked():
    made = run(
        """
        import sys
        import provenance, provenance.stamp
        from provenance.watermark.device import DeviceEmbedder
        DeviceEmbedder(device="cpu")
        print("torch" in sys.modules)
        """
    )
    assert made.stdout.strip() == "False", made.stderr


def test_without_torch_it_says_how_to_install_it():
    made = run(
        """
        import sys
        sys.modules["torch"] = None
        import numpy as np
        from provenance.errors import SchemeError
        from provenance.watermark.device import DeviceEmbedder
        try:
            DeviceEmbedder().embed(np.zeros((256, 256, 3), np.uint8), None, bytes(32))
        except SchemeError as error:
            print(error.message, "|", error.hint)
        """
    )
    assert "needs torch | pip install 'provenance[torch]'" in made.stdout, made.stderr


# --- levels ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_every_level_comes_back_from_floats(dtype):
    level = torch.arange(256, dtype=torch.float64)
    unit = (level / 255).to(dtype)
    made = devices.embedder().levels(unit)
    assert made.dtype == torch.uint8
    tolerance = 1 if dtype is torch.bfloat16 else 0  # it has fewer than 256 steps there
    assert (made.double() - level).abs().max() <= tolerance
    signed = (level / 127.5 - 1).to(dtype)
    back = devices.embedder().levels(signed, black=-1.0)
    assert (back.double() - level).abs().max() <= tolerance


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1, 1.1, 255.0])
def test_values_outside_are_refused(value):
    with pytest.raises(ArgumentError, match="not within 0 to 1"):
        devices.embedder().levels(torch.tensor([0.5, value]))


def test_whole_numbers_have_no_range():
    with pytest.raises(ArgumentError, match="no floating-point type"):
        devices.embedder().levels(torch.zeros(2, dtype=torch.uint8))
