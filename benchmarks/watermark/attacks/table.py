"""All attacks. Sizes and angles are in the names; kept areas are for a 4:3 picture.

JPEG XL is left out: of the two Python encoders, one is under the GPL and the other brings
some forty codecs along (26 MB).
"""

from __future__ import annotations

from typing import Final

from benchmarks.watermark.attacks import codec, filters, geometry, layout, marks, tone
from benchmarks.watermark.attacks.model import Attack, Family, Step, step


def _jpeg(quality: int) -> Step:
    return step(codec.reencode, kind="JPEG", quality=quality)


def _webp(quality: int) -> Step:
    return step(codec.reencode, kind="WEBP", quality=quality)


def _scale(scale: float, kernel: str = "") -> Step:
    return step(geometry.resize, scale=scale, kernel=kernel)


def _fit(longest: int) -> Step:
    return step(geometry.fit, longest=longest)


def _crop(area: float) -> Step:
    return step(geometry.crop_random, area=area)


def _turn(limit: float) -> Step:
    return step(geometry.rotate_random, limit=limit, expand=True)


_GREY = step(tone.grey)
_FLIP = step(geometry.flip, axis="x")
_SCREEN = step(layout.screen, least=0.8, most=1.3)

_FORMATS = (
    Attack("none", Family.NONE),
    *(Attack(f"jpeg{q}", Family.JPEG, (_jpeg(q),)) for q in (90, 80, 70, 60, 50, 40, 30, 20, 10)),
    *(Attack(f"webp{q}", Family.WEBP, (_webp(q),)) for q in (90, 80, 70, 50, 30, 20)),
    *(
        Attack(f"avif{q}", Family.AVIF, (step(codec.reencode, kind="AVIF", quality=q),))
        for q in (70, 50, 30)
    ),
)

_SIZES = (
    *(Attack(f"x{s:g}", Family.RESIZE, (_scale(s),)) for s in (0.25, 0.33, 0.5, 0.71, 1.37, 2)),
    Attack("x0.5-lanczos", Family.RESIZE, (_scale(0.5, "lanczos"),)),
    Attack("x0.5-cubic", Family.RESIZE, (_scale(0.5, "cubic"),)),
    Attack("x2-lanczos", Family.RESIZE, (_scale(2, "lanczos"),)),
    Attack("x0.5-x2", Family.RESIZE, (_scale(0.5), _scale(2))),
    *(
        Attack(f"width{s:g}", Family.ASPECT, (step(geometry.stretch, x=s),))
        for s in (0.75, 0.85, 1.1, 1.3)
    ),
    Attack("height0.9", Family.ASPECT, (step(geometry.stretch, y=0.9),)),
)

_CROPS = (
    *(
        Attack(f"crop{a * 100:g}", Family.CROP, (_crop(a),), kept_area=a)
        for a in (0.75, 0.5, 0.35, 0.25, 0.15, 0.1)
    ),
    *(
        Attack(f"crop{a * 100:g}-centre", Family.CROP, (step(geometry.crop_centre, area=a),), a)
        for a in (0.75, 0.5, 0.25)
    ),
    Attack("crop50-grid8", Family.CROP, (step(geometry.crop_random, area=0.5, grid=8),), 0.5),
    Attack("crop50-reshaped", Family.CROP, (step(geometry.crop_reshaped, area=0.5),), 0.5),
    Attack("shave3", Family.CROP, (step(geometry.shave, pixels=3),)),
)

_ROTATIONS = (
    *(
        Attack(f"rotate{d:g}", Family.ROTATION, (step(geometry.rotate, degrees=d),), kept)
        for d, kept in ((1, 0.99), (2, 0.98), (10, 0.92), (45, 0.80), (180, 1.0))
    ),
    *(
        Attack(
            f"rotate{d:g}-whole",
            Family.ROTATION,
            (step(geometry.rotate, degrees=d, expand=True),),
        )
        for d in (5, 17, 30, 45, 90, 137)
    ),
    *(
        Attack(
            f"rotate{d:g}-inside", Family.ROTATION, (step(geometry.rotate_inside, degrees=d),), k
        )
        for d, k in ((3, 0.87), (10, 0.68))
    ),
    Attack("rotate-any", Family.ROTATION, (_turn(180),)),
    Attack("flip-x", Family.FLIP, (_FLIP,)),
    Attack("flip-y", Family.FLIP, (step(geometry.flip, axis="y"),)),
    Attack("turn90", Family.FLIP, (step(geometry.quarter_turns, turns=1),)),
    Attack("turn270", Family.FLIP, (step(geometry.quarter_turns, turns=3),)),
    Attack("transpose", Family.FLIP, (step(geometry.transpose),)),
)

_WARPS = (
    *(
        Attack(
            f"perspective{s}", Family.WARP, (step(geometry.perspective, strength=s / 100),), kept
        )
        for s, kept in ((1, 0.99), (2, 0.98), (3, 0.98))
    ),
    Attack("shear2", Family.WARP, (step(geometry.shear, x=0.02, y=0.01),), 0.99),
    Attack(
        "rotate7-width1.1",
        Family.WARP,
        (step(geometry.rotate, degrees=7, expand=True), step(geometry.stretch, x=1.1)),
    ),
    Attack(
        "rotate20-width0.85",
        Family.WARP,
        (step(geometry.rotate, degrees=20, expand=True), step(geometry.stretch, x=0.85)),
    ),
)

_TONES = tuple(
    Attack(name, Family.PHOTOMETRIC, (item,))
    for name, item in (
        ("brighter40", step(tone.brightness, add=40)),
        ("darker40", step(tone.brightness, add=-40)),
        ("contrast1.5", step(tone.contrast, gain=1.5)),
        ("contrast0.5", step(tone.contrast, gain=0.5)),
        ("gamma1.6", step(tone.gamma, exponent=1.6)),
        ("gamma0.6", step(tone.gamma, exponent=0.6)),
        ("hue15", step(tone.hue, degrees=15)),
        ("hue90", step(tone.hue, degrees=90)),
        ("saturation1.5", step(tone.saturation, gain=1.5)),
        ("grey", _GREY),
        ("invert", step(tone.invert)),
        ("sepia", step(tone.sepia)),
    )
)

_FILTERED = (
    *(
        Attack(name, Family.FILTER, (item,))
        for name, item in (
            ("blur1", step(filters.blur, sigma=1)),
            ("blur2", step(filters.blur, sigma=2)),
            ("median3", step(filters.median, size=3)),
            ("median5", step(filters.median, size=5)),
            ("sharpen", step(filters.sharpen)),
            ("unsharp", step(filters.unsharp, sigma=1.5, amount=0.8)),
            ("motion7", step(filters.motion, length=7)),
        )
    ),
    *(
        Attack(f"noise{s}", Family.NOISE, (step(filters.gaussian_noise, sigma=s),))
        for s in (5, 10, 20)
    ),
    Attack("salt-pepper1", Family.NOISE, (step(filters.salt_and_pepper, share=0.01),)),
    Attack("speckle10", Family.NOISE, (step(filters.speckle, sigma=0.1),)),
    Attack("gif256", Family.QUANTISE, (step(codec.gif),)),
    Attack("posterise4", Family.QUANTISE, (step(tone.posterise, bits=4),)),
    Attack("nlmeans6", Family.DENOISE, (step(filters.nlmeans, strength=6),)),
    Attack("bilateral", Family.DENOISE, (step(filters.bilateral, sigma_colour=25, sigma_space=3),)),
)

_LAYOUTS = (
    Attack("logo10", Family.OVERLAY, (step(layout.logo, area=0.1),), 0.9),
    Attack("text", Family.OVERLAY, (step(layout.text, lines=3),), 0.95),
    Attack("blurred-face", Family.OVERLAY, (step(layout.blurred_patch, area=0.08),), 0.92),
    Attack("caption12", Family.FRAME, (step(layout.caption_bar, share=0.12),)),
    Attack("border5", Family.FRAME, (step(layout.border, x=0.05, y=0.05, grey=255),)),
    Attack("letterbox", Family.FRAME, (step(layout.border, x=0.0, y=0.17, grey=0),)),
    Attack("collage-half", Family.PLACEMENT, source=step(layout.collage, scale=0.5)),
    Attack("inset-quarter", Family.PLACEMENT, source=step(layout.inset, area=0.25)),
    Attack("screenshot", Family.SCREENSHOT, (_SCREEN, _jpeg(80))),
    Attack("screenshot-crop60-jpeg70", Family.SCREENSHOT, (_SCREEN, _crop(0.6), _jpeg(70)), 0.6),
)

# Paper and glass: a small turn, a small tilt, optics, dot gain, sensor noise, and a file.
_PRINT_SCAN = (
    Attack(
        "print-scan",
        Family.PRINT_SCAN,
        (
            step(geometry.rotate_random, limit=1.5, expand=True),
            step(geometry.perspective, strength=0.006),
            step(filters.blur, sigma=0.8),
            step(tone.gamma, exponent=1.15),
            step(tone.contrast, gain=0.85),
            _scale(0.9),
            step(filters.gaussian_noise, sigma=3),
            _jpeg(80),
        ),
    ),
)

# After what users of these platforms get back; the true chains are not published and change.
_WHATSAPP = (_fit(1600), _jpeg(70))
_TELEGRAM = (_fit(1280), _jpeg(87))
_INSTAGRAM = (_fit(1080), _jpeg(75))
_PLATFORMS = (
    Attack("whatsapp", Family.PLATFORM, _WHATSAPP),
    Attack("telegram", Family.PLATFORM, _TELEGRAM),
    Attack("instagram", Family.PLATFORM, _INSTAGRAM),
    Attack("instagram-small", Family.PLATFORM, (_fit(640), _jpeg(70))),
    Attack("x", Family.PLATFORM, (_fit(1200), _jpeg(85))),
    Attack("facebook", Family.PLATFORM, (_fit(960), _jpeg(72))),
    Attack("whatsapp-twice", Family.PLATFORM, _WHATSAPP + _WHATSAPP),
    Attack("telegram-instagram-whatsapp", Family.PLATFORM, _TELEGRAM + _INSTAGRAM + _WHATSAPP),
    Attack(
        "jpeg75-shave1-jpeg60",
        Family.PLATFORM,
        (_jpeg(75), step(geometry.shave, pixels=1), _jpeg(60)),
    ),
)

_COMBINATIONS = (
    Attack("crop25-jpeg70", Family.COMBINATION, (_crop(0.25), _jpeg(70)), 0.25),
    Attack("crop15-jpeg70", Family.COMBINATION, (_crop(0.15), _jpeg(70)), 0.15),
    Attack("grey-crop15", Family.COMBINATION, (_GREY, _crop(0.15)), 0.15),
    Attack("grey-crop25-jpeg70", Family.COMBINATION, (_GREY, _crop(0.25), _jpeg(70)), 0.25),
    Attack("x0.6-jpeg50", Family.COMBINATION, (_scale(0.6), _jpeg(50))),
    Attack("x0.4-jpeg50", Family.COMBINATION, (_scale(0.4), _jpeg(50))),
    Attack("rotate-any-jpeg70", Family.COMBINATION, (_turn(180), _jpeg(70))),
    Attack("crop50-x0.6-jpeg60", Family.COMBINATION, (_crop(0.5), _scale(0.6), _jpeg(60)), 0.5),
    Attack("flip-crop60-jpeg60", Family.COMBINATION, (_FLIP, _crop(0.6), _jpeg(60)), 0.6),
)

_MARKS = (
    Attack("collusion2", Family.MARK, source=step(marks.collusion, copies=2)),
    Attack("collusion5", Family.MARK, source=step(marks.collusion, copies=5)),
    Attack("average-tiles-46", Family.MARK, source=step(marks.average_tiles, psnr=46)),
    Attack("average-tiles-41", Family.MARK, source=step(marks.average_tiles, psnr=41)),
    Attack("notch-50", Family.MARK, source=step(marks.notch, psnr=50)),
    Attack("notch-50-crop50", Family.MARK, (_crop(0.5),), 0.5, step(marks.notch, psnr=50)),
    Attack("transplant", Family.TRANSPLANT, source=step(marks.transplant)),
)

ATTACKS: Final[tuple[Attack, ...]] = (
    *_FORMATS, *_SIZES, *_CROPS, *_ROTATIONS, *_WARPS, *_TONES, *_FILTERED, *_LAYOUTS,
    *_PRINT_SCAN, *_PLATFORMS, *_COMBINATIONS, *_MARKS,
)  # fmt: skip

#: One or two of each kind, for the quick run.
QUICK: Final = (
    "none", "jpeg70", "jpeg30", "webp50", "x0.5", "x2", "width1.1", "crop50", "crop25", "rotate2",
    "rotate17-whole", "flip-x", "turn90", "contrast1.5", "grey", "invert", "blur1", "sharpen",
    "noise10", "gif256", "logo10", "caption12", "collage-half", "screenshot", "perspective1",
    "whatsapp", "crop25-jpeg70", "x0.6-jpeg50",
)  # fmt: skip
