"""JPEG on the device gives the pixels that OpenCV gives, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from support import devices, pictures

from provenance.watermark.device.jpeg import jpeg_colour, jpeg_grey
from provenance.watermark.schemes.lattice.simulate import jpeg

# Whole blocks, and every way in which a side can miss one.
SIZES = [(256, 256), (130, 136), (129, 131), (143, 151), (121, 127)]


def sources(height, width):
    grain = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return {"photo": pictures.sample("kitchen.png", height, width), "grain": grain}


@pytest.mark.parametrize("device", devices.DEVICES)
@pytest.mark.parametrize("quality", [18, 50, 85])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_every_pixel_is_that_of_opencv(height, width, quality, device):
    shown = list(sources(height, width).values())
    made = devices.pictures_of(jpeg_colour(devices.batch(*shown, device=device), quality))
    for source, colour in zip(shown, made, strict=True):
        assert np.array_equal(colour, jpeg(source, quality))
        grey = np.ascontiguousarray(source[..., 1])
        sent = devices.torch.from_numpy(grey)[None].to(device)
        assert np.array_equal(jpeg_grey(sent, quality)[0].cpu().numpy(), jpeg(grey, quality))
