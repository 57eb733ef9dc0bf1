"""The bad inputs that carry a manifest, one function each. They need keys: a `Lab`.

Their bytes differ from run to run: keys, times and identifiers are fresh.
"""

from __future__ import annotations

from collections.abc import Iterator

from bad_inputs import raw
from bad_inputs.inputs import Input, bad
from bad_inputs.lab import (
    CREATED,
    DESCRIPTION_BOX,
    NAME,
    STORE_BOX,
    Assertion,
    Identity,
    Lab,
    app11,
    family,
    ingredient,
    joined,
    jpeg_box,
    label,
    png_box,
    sign,
    store_of,
    stranger,
    with_store,
)
from bad_inputs.make import jpeg, png

#: What a terminal, a browser or a log viewer could be fooled with.
HOSTILE = (
    "<script>alert(1)</script> \x1b[2J\x1b]0;title\x07 \x00 \u202egpj.exe\u202c "
    "\u2066\u2069 \u200f \x9b31m \r\n second line \u2028 third line"
)

# --- 30, 31: lengths that lie ---------------------------------------------------------


@bad("30a", "png", needs_lab=True)
def box_length_0(lab: Lab) -> bytes:
    """Has a manifest store of length 0, which means "up to the end"."""
    return png_box(lab, STORE_BOX, 0)


@bad("30b", "png", needs_lab=True)
def box_length_1(lab: Lab) -> bytes:
    """Has a manifest store of length 1, which means "length follows", and none follows."""
    return png_box(lab, STORE_BOX, 1)


@bad("30c", "png", needs_lab=True)
def box_length_7(lab: Lab) -> bytes:
    """Has a manifest store shorter than its own header."""
    return png_box(lab, STORE_BOX, 7)


@bad("30d", "png", needs_lab=True)
def box_length_8(lab: Lab) -> bytes:
    """Has a manifest store that ends behind its header."""
    return png_box(lab, STORE_BOX, 8)


@bad("30e", "jpg", needs_lab=True)
def jpeg_box_length_7(lab: Lab) -> bytes:
    """Has a manifest store shorter than its own header, in a JPEG."""
    return jpeg_box(lab, 7)


@bad("30f", "png", needs_lab=True)
def inner_box_length_0(lab: Lab) -> bytes:
    """Has a description box of length 0 inside its manifest store."""
    return png_box(lab, DESCRIPTION_BOX, 0)


@bad("31a", "png", needs_lab=True)
def box_length_2_31(lab: Lab) -> bytes:
    """Has a manifest store that claims 2^31 bytes."""
    return png_box(lab, STORE_BOX, 2**31)


@bad("31b", "jpg", needs_lab=True)
def box_length_2_32(lab: Lab) -> bytes:
    """Has a manifest store that claims 2^32 - 1 bytes, in a JPEG."""
    return jpeg_box(lab, 2**32 - 1)


# --- 32, 33: manifests in the wrong place ---------------------------------------------


@bad("32a", "png", needs_lab=True)
def manifest_of_another_stamped(lab: Lab) -> bytes:
    """Is a stamped picture with the manifest of another one."""
    return with_store(lab.other_png, store_of(lab.stamped_png))


@bad("32b", "png", needs_lab=True)
def manifest_of_another(lab: Lab) -> bytes:
    """Is an unmarked picture with the manifest of a stamped one."""
    return with_store(png(seed=3), store_of(lab.stamped_png))


@bad("32c", "jpg", needs_lab=True)
def manifest_twice_jpeg(lab: Lab) -> bytes:
    """Holds its manifest twice, in the same APP11 segment repeated."""
    data, segment = lab.stamped_jpeg, app11(lab.stamped_jpeg)
    return data[: segment.stop] + data[segment] + data[segment.stop :]


@bad("32d", "png", needs_lab=True)
def manifest_twice_png(lab: Lab) -> bytes:
    """Holds its manifest store twice."""
    chunks = raw.split_png(lab.stamped_png)
    return raw.join_png([*chunks[:2], *chunks[1:]])


@bad("33a", "jpg", needs_lab=True)
def half_signed_jpeg(lab: Lab) -> bytes:
    """Lacks the second half of a stamped JPEG."""
    return lab.stamped_jpeg[: len(lab.stamped_jpeg) // 2]


@bad("33b", "png", needs_lab=True)
def half_signed_png(lab: Lab) -> bytes:
    """Lacks the second half of a stamped PNG."""
    return lab.stamped_png[: len(lab.stamped_png) // 2]


@bad("33c", "jpg", needs_lab=True)
def signed_without_end(lab: Lab) -> bytes:
    """Lacks the end mark of a stamped JPEG: two bytes."""
    return lab.stamped_jpeg[:-2]


@bad("33d", "png", needs_lab=True)
def cut_inside_manifest(lab: Lab) -> bytes:
    """Ends in the middle of its manifest, before any pixel."""
    return lab.stamped_png[:2_000]


# --- 34: a manifest that is elsewhere -------------------------------------------------


def _pointing_to(url: str) -> bytes:
    """An XMP packet that says where the manifest is (C2PA: dcterms:provenance)."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dcterms="http://purl.org/dc/terms/" '
        f'dcterms:provenance="{url}"/></rdf:RDF></x:xmpmeta>'
    ).encode()


@bad("34a", "png", needs_lab=True)
def remote_png(lab: Lab) -> bytes:
    """Has no manifest but the address of one, on this machine."""
    chunks = raw.split_png(png(seed=3))
    text = b"XML:com.adobe.xmp\0\0\0\0\0" + _pointing_to(lab.remote_url)
    return raw.join_png([chunks[0], (b"iTXt", text), *chunks[1:]])


@bad("34b", "jpg", needs_lab=True)
def remote_jpeg(lab: Lab) -> bytes:
    """Has no manifest but the address of one, in a JPEG."""
    packet = b"http://ns.adobe.com/xap/1.0/\0" + _pointing_to(lab.remote_url)
    return raw.with_segments(jpeg(seed=3), raw.segment(raw.APP1, packet))


@bad("34c", "webp", needs_lab=True)
def remote_webp(lab: Lab) -> bytes:
    """Has no manifest but the address of one, in a WebP."""
    return raw.saved(raw.picture(seed=3), "WEBP", quality=90, xmp=_pointing_to(lab.remote_url))


# --- 35: ingredients ------------------------------------------------------------------


@bad("35a", "png", needs_lab=True)
def own_ingredient(lab: Lab) -> bytes:
    """Has a manifest that names itself as its ingredient.

    The hash in that reference cannot be right, as it would have to contain itself.
    """
    return sign(png(seed=3), lab.owner, ingredient(0), label=label(0))


@bad("35b", "png", needs_lab=True)
def ingredients_in_a_circle(lab: Lab) -> bytes:
    """Has two manifests that name each other as ingredient."""
    first = sign(png(seed=3), lab.owner, ingredient(1), label=label(0))
    second = sign(png(seed=3), lab.owner, ingredient(0), label=label(1))
    return with_store(second, joined([store_of(first), store_of(second)]))


@bad("35c", "png", needs_lab=True)
def ingredients_40_deep(lab: Lab) -> bytes:
    """Has an ingredient in an ingredient, 40 deep."""
    return family(lab, 40, 1)


def ingredients_100_deep(lab: Lab) -> bytes:
    """Not refused, but a longer walk than 40; not in the set, as it is no worse."""
    return family(lab, 100, 1)


@bad("35d", "png", needs_lab=True)
def ingredients_210_deep(lab: Lab) -> bytes:
    """Has an ingredient in an ingredient, 210 deep."""
    return family(lab, 210, 1)


@bad("35e", "png", needs_lab=True)
def ingredients_in_diamonds(lab: Lab) -> bytes:
    """Has ingredients 40 deep, each named twice: 2^39 ways lead to the first."""
    return family(lab, 40, 2)


@bad("35f", "png", needs_lab=True)
def ingredients_by_the_thousand(lab: Lab) -> bytes:
    """Has ingredients 190 deep, each named 60 times, in 5.5 MB."""
    return family(lab, 190, 60)


# --- 36: somebody else ----------------------------------------------------------------


@bad("36a", "png", needs_lab=True)
def signed_by_a_namesake(lab: Lab) -> bytes:
    """Is signed by a chain with the names of the trusted one, and claims its record."""
    evidence = lab.workspace.verifier().verify(lab.stamped_png).evidence
    claimed = evidence.manifest.generation
    return sign(
        png(seed=3),
        lab.attacker,
        {
            "label": "org.provenance-toolkit.generation",
            "created": True,
            "data": {
                "system": NAME,
                "systemId": claimed.system.id,
                "model": claimed.model,
                "modelVersion": "",
                "recordId": claimed.record_id,
            },
        },
    )


@bad("36b", "png", needs_lab=True)
def resigned_by_a_namesake(lab: Lab) -> bytes:
    """Is a stamped picture whose manifest a namesake of its signer replaced."""
    chunks = [(kind, body) for kind, body in raw.split_png(lab.stamped_png) if kind != b"caBX"]
    return sign(raw.join_png(chunks), lab.attacker)


# --- 37: text that is not only text ---------------------------------------------------


def _hostile_assertions(text: str) -> Iterator[Assertion]:
    generation = {
        "system": text,
        "systemId": 7,
        "model": text,
        "modelVersion": text,
        "recordId": text,
    }
    blocks = [{"scope": {}, "value": text}]
    yield {"label": "org.provenance-toolkit.generation", "created": True, "data": generation}
    yield {"label": "c2pa.soft-binding", "created": True, "data": {"alg": text, "blocks": blocks}}
    yield {"label": f"org.example.{NAME.replace(' ', '')}", "data": {text: text}}


def _hostile(lab: Lab, who: Identity, text: str) -> bytes:
    actions = [
        CREATED | {"softwareAgent": {"name": text, "version": text}},
        {"action": "c2pa.edited", "description": text, "digitalSourceType": text},
    ]
    return sign(
        png(seed=3),
        who,
        *_hostile_assertions(text),
        actions=actions,
        title=text,
        claim_generator_info=[{"name": text, "version": text}],
    )


@bad("37a", "png", needs_lab=True)
def hostile_text(lab: Lab) -> bytes:
    """Has script, escape, bidirectional and control characters in all texts of its manifest."""
    return _hostile(lab, lab.owner, HOSTILE)


@bad("37b", "png", needs_lab=True)
def long_text(lab: Lab) -> bytes:
    """Has 10,000 characters in every text of its manifest."""
    return _hostile(lab, lab.owner, "\u202e\x1b" * 5_000)


@bad("37c", "png", needs_lab=True)
def hostile_signer(lab: Lab) -> bytes:
    """Is signed by somebody whose very name is hostile."""
    return _hostile(lab, stranger("<b>\x1b[31m\u202eLab\x07</b>"), HOSTILE)


# --- 38: nothing wrong, but it must not be lost ----------------------------------------


@bad("38a", "png", needs_lab=True)
def signed_png(lab: Lab) -> bytes:
    """Is stamped already."""
    return lab.stamped_png


@bad("38b", "jpg", needs_lab=True)
def signed_jpeg(lab: Lab) -> bytes:
    """Is stamped already, as JPEG."""
    return lab.stamped_jpeg


SIGNED: tuple[Input, ...] = tuple(item for item in globals().values() if isinstance(item, Input))
