"""What has to happen to each bad input, and why.

Rows 39, 41 and 42 of the table of bad inputs are not here: archives are not read, formats
that are off by default have their own tests, and there is no server. Row 40 is in
`test_bad_places`. Rows with "not in the table" were found while the others were built.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bad_inputs import make, raw, signed
from bad_inputs.inputs import Input
from provenance import Verdict
from provenance.errors import ErrorCode
from provenance.model.evidence import ImageFlag, ManifestStatus


@dataclass(frozen=True, slots=True)
class Refused:
    """The only file of the run is not accepted: one row with this error, exit code 2."""

    code: ErrorCode


@dataclass(frozen=True, slots=True)
class Seen:
    """The picture is checked. The manifest status is one of these; the flags are all there are."""

    verdict: Verdict
    flags: frozenset[ImageFlag]
    manifests: frozenset[ManifestStatus]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """A picture of this size leaves, traced to this system.

    `alpha` where it has transparency, `parent` where the manifest of the input is kept.
    """

    size: tuple[int, int] = raw.SIZE
    alpha: bool = False
    parent: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One input and what `verify` and `stamp` have to make of it.

    Attributes:
        input: the bad input.
        verify: expected outcome of `verify`.
        stamp: expected outcome of `stamp`.
        why: why this outcome is the right one.
        options: more options for both commands.
        seconds: how long a command may take; less only where it is known to take far longer.
    """

    input: Input
    verify: Refused | Seen
    stamp: Refused | Stamped
    why: str
    options: tuple[str, ...] = field(default=(), kw_only=True)
    seconds: float = field(default=20.0, kw_only=True)

    @property
    def id(self) -> str:
        """Name of the test."""
        return " ".join((self.input.filename, *self.options))


def seen(verdict: Verdict, *flags: ImageFlag, manifest: set[ManifestStatus] | None = None) -> Seen:
    """A checked picture, without a manifest unless one is named."""
    return Seen(verdict, frozenset(flags), frozenset(manifest or {ManifestStatus.NONE}))


NOT_AN_IMAGE = Refused(ErrorCode.FORMAT)
CUT_OFF = Refused(ErrorCode.TRUNCATED)
CORRUPT = Refused(ErrorCode.CORRUPT)
LIMIT = Refused(ErrorCode.LIMIT)
MANIFEST = Refused(ErrorCode.MANIFEST)

TRACED, UNMARKED, CONFLICT = Verdict.TRACED, Verdict.NOT_FOUND, Verdict.CONFLICT
OPEN, OTHER = Verdict.INDETERMINATE, Verdict.OTHER_SYSTEM

INTACT = {ManifestStatus.TRUSTED}
CHANGED = {ManifestStatus.TRUSTED_CONTENT_CHANGED}
INVALID = {ManifestStatus.TRUSTED_CONTENT_CHANGED, ManifestStatus.INVALID}
UNREADABLE = {ManifestStatus.UNREADABLE}
BROKEN = {ManifestStatus.UNREADABLE, ManifestStatus.INVALID}
UNTRUSTED = {ManifestStatus.UNTRUSTED}
REMOTE = {ManifestStatus.REMOTE_ONLY}

PARTIAL, SAMPLED = ImageFlag.PARTIAL, ImageFlag.FRAMES_SAMPLED
PALETTE, DEEP = ImageFlag.PALETTE_EXPANDED, ImageFlag.REDUCED_TO_8_BIT
PLAIN = seen(UNMARKED)
KEPT = Stamped(parent=True)

#: For what is known to take minutes: there is no need to wait for the whole limit.
_SOON = 10.0

# --- 1 to 6: not an image, or damaged -------------------------------------------------

_DAMAGED = (
    Case(make.empty, NOT_AN_IMAGE, NOT_AN_IMAGE, "an empty file has no format"),
    Case(make.html, NOT_AN_IMAGE, NOT_AN_IMAGE, "the first bytes decide, not the name"),
    Case(make.stub, CUT_OFF, CUT_OFF, "a JPEG by its first bytes; its size is never stated"),
    Case(
        make.half_jpeg,
        seen(UNMARKED, PARTIAL),
        CUT_OFF,
        "an investigator may hold no more than this; half a picture is not released",
    ),
    Case(
        make.half_png,
        seen(UNMARKED, PARTIAL),
        CUT_OFF,
        "the upper half is checked; nothing in the file is the beginning of a manifest",
    ),
    Case(
        make.wrong_checksum,
        seen(UNMARKED, ImageFlag.CORRUPT),
        CORRUPT,
        "Pillow does not check the checksum of pixels; the container walker does",
    ),
    Case(make.flipped_byte, CORRUPT, CORRUPT, "the pixels do not decompress"),
    Case(make.flipped_and_resealed, CORRUPT, CORRUPT, "nor do they under a right checksum"),
    Case(make.wrong_header_checksum, CORRUPT, CORRUPT, "a header that cannot be relied on"),
)

# --- 7 to 14: sizes -------------------------------------------------------------------

_TOO_SMALL = "the mark needs an area of 65,536 pixels; a verifier takes any size"
_BEFORE_DECODING = "refused on its dimensions, before a decoder makes room for them"
_EXPANSION = "not in the table: below the limit on pixels, but from a few dozen bytes"

_SIZES = (
    Case(make.one_pixel_png, PLAIN, LIMIT, _TOO_SMALL),
    Case(make.one_pixel_jpeg, PLAIN, LIMIT, _TOO_SMALL),
    Case(make.wide_strip, PLAIN, LIMIT, _TOO_SMALL),
    Case(make.high_strip, PLAIN, LIMIT, _TOO_SMALL),
    Case(make.hundred_megapixels, LIMIT, LIMIT, "the limit is fewer than 100,000,000 pixels"),
    Case(make.just_below_the_limit, LIMIT, LIMIT, _EXPANSION),
    Case(make.gigapixels, LIMIT, LIMIT, _BEFORE_DECODING),
    Case(make.largest_dimensions, LIMIT, LIMIT, _BEFORE_DECODING),
    Case(make.largest_webp, LIMIT, LIMIT, _BEFORE_DECODING),
    Case(make.lying_webp_canvas, CORRUPT, CORRUPT, "canvas and picture contradict each other"),
    Case(make.largest_gif, LIMIT, LIMIT, _BEFORE_DECODING),
    Case(make.gif_frame_beyond_screen, LIMIT, LIMIT, "decoders enlarge the screen for a frame"),
)

# --- 15, 16: animations ---------------------------------------------------------------

_UNMARKED_FRAMES = "some frames are checked; a stamped one would take unmarked frames along"

_ANIMATIONS = (
    Case(make.many_frames, seen(UNMARKED, SAMPLED, PALETTE), NOT_AN_IMAGE, _UNMARKED_FRAMES),
    Case(
        make.many_frames,
        seen(UNMARKED, SAMPLED, PALETTE),
        NOT_AN_IMAGE,
        "also where GIF is asked for: " + _UNMARKED_FRAMES,
        options=("--formats", "gif"),
    ),
    Case(make.few_large_frames, LIMIT, LIMIT, _EXPANSION),
    Case(make.animated_png, seen(UNMARKED, SAMPLED), NOT_AN_IMAGE, _UNMARKED_FRAMES),
    Case(make.animated_webp, seen(UNMARKED, SAMPLED), NOT_AN_IMAGE, _UNMARKED_FRAMES),
)

# --- 17 to 22: metadata and programs --------------------------------------------------

_COUNTED = "metadata is decompressed up to the limit and not a byte further"
_METADATA = (
    Case(make.text_bomb, LIMIT, LIMIT, _COUNTED),
    Case(make.profile_bomb, LIMIT, LIMIT, _COUNTED),
    Case(make.international_text_bomb, LIMIT, LIMIT, _COUNTED),
    Case(make.much_text, LIMIT, LIMIT, "the file is larger than 64 MB"),
    Case(make.many_texts, LIMIT, LIMIT, "a small file, but more than 4,096 chunks"),
    Case(make.many_segments, LIMIT, LIMIT, "signing takes time with the square of the segments"),
    Case(
        make.many_scans,
        LIMIT,
        LIMIT,
        "not in the table: the other way to keep a decoder busy with a small file",
        seconds=_SOON,
    ),
    Case(make.exif_loop, PLAIN, Stamped(), "only IFD0 is read, for the orientation; no link is"),
    Case(make.exif_pointer_loop, PLAIN, Stamped(), "as above; EXIF is kept as the bytes it is"),
    Case(
        make.tiff_loop,
        NOT_AN_IMAGE,
        NOT_AN_IMAGE,
        "TIFF is off by default, so nothing of it is parsed, and the hint says how to allow it",
    ),
    Case(
        make.tiff_loop,
        CORRUPT,
        CORRUPT,
        "the loop is found before a decoder runs into it",
        options=("--formats", "tiff"),
    ),
    Case(make.postscript, NOT_AN_IMAGE, NOT_AN_IMAGE, "no decoder guesses, so none runs programs"),
)

# --- 23 to 29: sound, but decoders disagree -------------------------------------------

_TURNED = Stamped(size=(raw.SIZE[1], raw.SIZE[0]))

_CONVERTED = (
    Case(
        make.polyglot,
        seen(UNMARKED, ImageFlag.TRAILING_DATA),
        Stamped(),
        "what follows the picture is noted, and left behind when stamping",
    ),
    Case(make.cmyk, seen(UNMARKED, ImageFlag.CMYK_CONVERTED), Stamped(), "converted in one place"),
    Case(make.deep_grey, seen(UNMARKED, DEEP), Stamped(), "scaled by 257: nothing is clipped"),
    Case(make.deep_colour, seen(UNMARKED, DEEP), Stamped(), "the reduction is noted"),
    Case(
        make.turned,
        seen(UNMARKED, ImageFlag.ORIENTATION_APPLIED),
        _TURNED,
        "the pixels are turned and the tag is reset, so every viewer shows the same",
    ),
    Case(
        make.transparent_palette,
        seen(UNMARKED, PALETTE),
        Stamped(alpha=True),
        "the palette goes, the transparency stays",
    ),
    Case(
        make.invisible,
        seen(UNMARKED, ImageFlag.FULLY_TRANSPARENT),
        LIMIT,
        "there is nothing visible to mark",
    ),
)

# --- 30 to 33: broken and misplaced manifests -----------------------------------------

_MARK_COUNTS = "a broken manifest is evidence, not an error: the mark is read all the same"
_MALLEABLE = (
    "no signature covers box headers, so the manifest holds. No flag says so: nothing here "
    "identifies a file by the bytes of its manifest"
)

_MANIFESTS = (
    *(
        Case(item, seen(TRACED, manifest=BROKEN), MANIFEST, _MARK_COUNTS)
        for item in (
            signed.box_length_0,
            signed.box_length_1,
            signed.box_length_7,
            signed.box_length_8,
            signed.jpeg_box_length_7,
            signed.inner_box_length_0,
        )
    ),
    Case(signed.box_length_2_31, seen(TRACED, manifest=INTACT), KEPT, _MALLEABLE),
    Case(signed.box_length_2_32, seen(TRACED, manifest=INTACT), KEPT, _MALLEABLE),
    Case(
        signed.manifest_of_another_stamped,
        seen(CONFLICT, manifest=CHANGED),
        KEPT,
        "the manifest names one mark and the pixels hold another",
    ),
    Case(
        signed.manifest_of_another,
        seen(OPEN, manifest=CHANGED),
        KEPT,
        "assertion.dataHash.mismatch; kept as an ingredient that says so",
    ),
    Case(
        signed.manifest_twice_jpeg,
        seen(TRACED, manifest=INVALID),
        KEPT,
        "assertion.dataHash.mismatch, and the mark traces the picture without the manifest",
    ),
    Case(
        signed.manifest_twice_png,
        seen(TRACED, manifest=UNREADABLE),
        MANIFEST,
        "two stores cannot both be the manifest, and neither is preferred",
    ),
    Case(
        signed.half_signed_jpeg,
        seen(TRACED, PARTIAL, manifest=CHANGED),
        CUT_OFF,
        "the upper half holds the mark, and is recognised as a part of the picture of the record",
    ),
    Case(
        signed.half_signed_png,
        seen(TRACED, PARTIAL, manifest=UNREADABLE),
        CUT_OFF,
        "the validator gives up on half a PNG; the upper part holds the mark and is recognised",
    ),
    Case(
        signed.signed_without_end,
        seen(TRACED, PARTIAL, manifest=CHANGED),
        CUT_OFF,
        "two bytes less change no pixel: the mark traces it",
    ),
    Case(signed.cut_inside_manifest, CUT_OFF, CUT_OFF, "no pixel arrived"),
)

# --- 34, 35: manifests that lead elsewhere --------------------------------------------

_NOT_ASKED = "the address is reported, never asked, and kept as an inaccessible parent"
_RELATIONS = (
    Case(signed.remote_png, seen(OPEN, manifest=REMOTE), KEPT, _NOT_ASKED),
    Case(signed.remote_jpeg, seen(OPEN, manifest=REMOTE), KEPT, _NOT_ASKED),
    Case(signed.remote_webp, seen(OPEN, manifest=REMOTE), KEPT, _NOT_ASKED),
    Case(
        signed.own_ingredient,
        seen(OPEN, manifest=UNREADABLE),
        MANIFEST,
        "the validator finds the cycle; the pixels are checked all the same",
    ),
    Case(
        signed.ingredients_in_a_circle,
        seen(OPEN, manifest=UNREADABLE),
        MANIFEST,
        "as above, over two manifests",
    ),
    Case(
        signed.ingredients_40_deep,
        seen(OPEN, manifest=CHANGED),
        KEPT,
        "unusual and allowed; only the hash over the picture is wrong, see `signed`",
    ),
    Case(
        signed.ingredients_210_deep,
        seen(OPEN, manifest=UNREADABLE),
        MANIFEST,
        "the validator stops at a depth of 200",
    ),
    Case(
        signed.ingredients_in_diamonds,
        seen(OPEN, manifest=CHANGED),
        KEPT,
        "each manifest is visited once, not once for every way that leads to it",
    ),
    Case(
        signed.ingredients_by_the_thousand,
        seen(OPEN, manifest=UNREADABLE),
        MANIFEST,
        "not in the table: the other way to keep a validator busy with a small file",
        seconds=_SOON,
    ),
)

# --- 36 to 38: other people's manifests -----------------------------------------------

_OLD_MANIFEST = "opened, not created: the old manifest is kept as parent"

_STRANGERS = (
    Case(
        signed.signed_by_a_namesake,
        seen(OTHER, manifest=UNTRUSTED),
        KEPT,
        "anybody can make a certificate with any name: a claim, not evidence",
    ),
    Case(
        signed.resigned_by_a_namesake,
        seen(CONFLICT, manifest=UNTRUSTED),
        KEPT,
        "the manifest says that the picture began with it, the mark says otherwise",
    ),
    Case(signed.hostile_text, seen(TRACED, manifest=INTACT), KEPT, "see test_bad_text"),
    Case(signed.long_text, seen(TRACED, manifest=INTACT), KEPT, "cut where it is read"),
    Case(signed.hostile_signer, seen(OTHER, manifest=UNTRUSTED), KEPT, "certificates are text too"),
    Case(signed.signed_png, seen(TRACED, manifest=INTACT), KEPT, _OLD_MANIFEST),
    Case(signed.signed_jpeg, seen(TRACED, manifest=INTACT), KEPT, _OLD_MANIFEST),
)

CASES: tuple[Case, ...] = (
    *_DAMAGED,
    *_SIZES,
    *_ANIMATIONS,
    *_METADATA,
    *_CONVERTED,
    *_MANIFESTS,
    *_RELATIONS,
    *_STRANGERS,
)
