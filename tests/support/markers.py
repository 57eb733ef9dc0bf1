"""Files with the marker of each known system, synthesised: one function for each class.

`unsigned` and `public` make what `tests/fixtures/markers` holds; `make.py` there writes it.
Manifests are made fresh in every test run, because their certificates expire.
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin
from support import chains, containers, manifests, pictures

FOLDER = Path(__file__).parents[1] / "fixtures" / "markers"

#: Stands where a prompt or a name would stand; it must never come out of anything.
PROMPT = "PRIVATE-PROMPT of a person"
UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
PRODUCER = "0011" + "91110000MA00AAAAXX" + "00001"
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
CAPTURED = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
A1111 = (
    f"{PROMPT}\nNegative prompt: {PROMPT}\nSteps: 20, Sampler: Euler a, CFG scale: 7, "
    "Seed: 1234567, Size: 512x512, Model: example"
)
DESCRIPTION, MAKE, MODEL, SOFTWARE, ARTIST, COMMENT = 0x10E, 0x10F, 0x110, 0x131, 0x13B, 0x9286
SIDE = 32

# --- carriers ------------------------------------------------------------------------------


def png(texts: dict[str, str], *, kind: str = "tEXt", late: bool = False) -> bytes:
    """A PNG with text chunks of one kind, before or behind the pixels."""
    data = pictures.file(pictures.crop(SIDE, SIDE), "PNG")
    made = b"".join(_text_chunk(kind, key, value) for key, value in texts.items())
    at = len(data) - 12 if late else 33
    return data[:at] + made + data[at:]


def _text_chunk(kind: str, key: str, value: str) -> bytes:
    raw = value.encode()
    body = {
        "tEXt": b"\0" + raw,
        "zTXt": b"\0\0" + zlib.compress(raw),
        "iTXt": b"\0\0\0\0\0" + raw,
        "iTXt compressed": b"\0\1\0\0\0" + zlib.compress(raw),
    }[kind]
    return containers.chunk(kind[:4].encode(), key.encode("latin-1") + body)


def exif(fields: dict[int, str | bytes]) -> bytes:
    """EXIF with these tags, made by Pillow."""
    made = Image.Exif()
    for tag, value in fields.items():
        if tag == COMMENT:
            made.get_ifd(0x8769)[tag] = value
        else:
            made[tag] = value
    return made.tobytes()


def with_exif(fields: dict[int, str | bytes], kind: str = "JPEG") -> bytes:
    """A file of this format with EXIF."""
    return pictures.file(pictures.crop(SIDE, SIDE), kind, exif=exif(fields))


def user_comment(text: str, order: str = "big") -> bytes:
    """A Unicode user comment in this byte order."""
    return b"UNICODE\0" + text.encode("utf-16-be" if order == "big" else "utf-16-le")


def xmp(properties: str, namespaces: str = "") -> bytes:
    """An XMP packet with this inside its description element."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        f'rdf:about="" xmlns:i="{IPTC}" {namespaces}>{properties}</rdf:Description>'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


def with_xmp(packet: bytes, kind: str = "JPEG") -> bytes:
    """A file of this format with an XMP packet."""
    picture = pictures.crop(SIDE, SIDE)
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet.decode())
        return pictures.file(picture, kind, pnginfo=info)
    return pictures.file(picture, kind, xmp=packet)


def with_segment(marker: int, body: bytes) -> bytes:
    """A JPEG with one more segment."""
    data = pictures.file(pictures.crop(SIDE, SIDE), "JPEG")
    return containers.after_soi(data, containers.segment(marker, body))


def with_stealth(text: str, signature: str = "stealth_pngcomp") -> bytes:
    """A PNG with text in the lowest bits, written bit by bit as the format says."""
    raw = text.encode()
    body = gzip.compress(raw, mtime=0) if signature.endswith("comp") else raw
    stream = signature.encode() + struct.pack(">I", 8 * len(body)) + body
    bits = [byte >> shift & 1 for byte in stream for shift in range(7, -1, -1)]
    side = 96
    rgba = np.full((side, side, 4), 255, dtype=np.uint8)
    rgba[:, :, :3] = pictures.crop(side, side)
    planes = (0, 1, 2) if "rgb" in signature else (3,)
    places = ((y, x, plane) for x in range(side) for y in range(side) for plane in planes)
    for bit, (y, x, plane) in zip(bits, places, strict=False):
        rgba[y, x, plane] = rgba[y, x, plane] & 0xFE | bit
    return pictures.file(Image.fromarray(rgba), "PNG")


# --- unsigned metadata ---------------------------------------------------------------------


def unsigned() -> dict[str, tuple[str, bytes]]:
    """File name extension and content of the fixture of every unsigned marker."""
    novelai = f'{{"Software": "NovelAI", "Description": "{PROMPT}"}}'
    label = f'{{"Label": "1", "ContentProducer": "{PRODUCER}", "ProduceID": "x"}}'
    source = f'i:DigitalSourceType="{GENERATED}"'
    described = 'xmlns:p="http://ns.adobe.com/photoshop/1.0/"'
    tc260 = 'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"'
    escaped = label.replace('"', "&quot;")
    return {
        "automatic1111": ("jpg", with_exif({COMMENT: user_comment(A1111)})),
        "automatic1111-postprocessing": (
            "png",
            png({"postprocessing": "Postprocess upscale by: 4, Postprocess upscaler: ESRGAN"}),
        ),
        "civitai": (
            "jpg",
            with_exif({COMMENT: user_comment(f'{A1111}, Civitai resources: [{{"x": 1}}]')}),
        ),
        "comfyui-prompt": (
            "png",
            png({"prompt": f'{{"6": {{"inputs": {{"text": "{PROMPT}"}}, "class_type": "X"}}}}'}),
        ),
        "comfyui-workflow": (
            "png",
            png({"workflow": f'{{"nodes": [{{"text": "{PROMPT}"}}]}}'}, kind="zTXt"),
        ),
        "comfyui-exif-prompt": (
            "webp",
            with_exif({MODEL: f'prompt:{{"text": "{PROMPT}"}}'}, "WEBP"),
        ),
        "comfyui-exif-workflow": (
            "webp",
            with_exif({MAKE: f'workflow:{{"text": "{PROMPT}"}}'}, "WEBP"),
        ),
        "invokeai": (
            "png",
            png({"invokeai_metadata": f'{{"positive_prompt": "{PROMPT}"}}'}, kind="iTXt"),
        ),
        "invokeai-old": ("png", png({"Dream": f'"{PROMPT}" -s 50'})),
        "fooocus": ("png", png({"fooocus_scheme": "a1111"})),
        "fooocus-scheme": (
            "jpg",
            with_exif(
                {COMMENT: user_comment(f'{{"prompt": "{PROMPT}", "metadata_scheme": "fooocus"}}')}
            ),
        ),
        "swarmui": (
            "png",
            png({"parameters": f'{{"sui_image_params": {{"prompt": "{PROMPT}"}}}}'}),
        ),
        "stealth-pnginfo": ("png", with_stealth(PROMPT, "stealth_rgbinfo")),
        "hugging-face-job": ("png", png({"hf-job-id": UUID})),
        "novelai-software": ("png", png({"Software": "NovelAI", "Comment": PROMPT})),
        "novelai-source": ("png", png({"Source": "NovelAI Diffusion V4.5 4BDE2A90"})),
        "novelai-title": ("png", png({"Title": "NovelAI generated image"}, late=True)),
        "novelai-stealth": ("png", with_stealth(novelai)),
        "midjourney": (
            "png",
            png({"Description": f"{PROMPT} --v 6.1 Job ID: {UUID}", "Author": PROMPT}),
        ),
        "xai-grok": ("jpg", with_exif({DESCRIPTION: "Signature: " + "Ab3+" * 24, ARTIST: UUID})),
        "black-forest-labs": ("png", _png_exif({SOFTWARE: "AI generated;txt2img;flux"})),
        "black-forest-labs-make": ("jpg", with_exif({MAKE: "Black Forest Labs"})),
        "google-credit": (
            "jpg",
            with_xmp(xmp("<p:Credit>Made with Google AI</p:Credit>", described)),
        ),
        "ideogram": ("jpg", with_exif({MAKE: "Ideogram AI"})),
        "reve": (
            "webp",
            with_xmp(
                xmp("", 'xmlns:q="http://ns.adobe.com/xap/1.0/" q:CreatorTool="reve.com"'), "WEBP"
            ),
        ),
        "aphrodite": ("jpg", with_exif({SOFTWARE: "Aphrodite AI"})),
        "luma": ("png", png({"Source": "Luma AI", "Comment": PROMPT})),
        "iptc-digital-source-type": ("png", with_xmp(xmp("", source), "PNG")),
        "iptc-ai-system": (
            "jpg",
            with_xmp(xmp("<i:AISystemUsed>example-9</i:AISystemUsed>")),
        ),
        "tc260-label": ("jpg", with_xmp(xmp("", f'{tc260} TC260:AIGC="{escaped}"'))),
        "tc260-label-embedded": ("jpg", with_segment(0xEB, f"AIGC{label}".encode())),
        "tc260-producer": ("png", png({"AIGC": label})),
    }


def _png_exif(fields: dict[int, str | bytes]) -> bytes:
    return pictures.file(pictures.crop(SIDE, SIDE), "PNG", exif=exif(fields))


# --- public watermarks -----------------------------------------------------------------------

#: How the published code of each system hands its picture to the package: the type of its
#: samples, and the order of its channels.
PATHS = {
    "stable-diffusion-v1": [("uint8", "BGR")],
    "stable-diffusion-v1-inpainting": [("uint8", "BGR")],
    "stable-diffusion-v2": [("uint8", "BGR")],
    "invokeai-watermark": [("uint8", "BGR")],
    "stable-diffusion-xl": [("float32", "BGR"), ("float32", "RGB")],
    "flux": [("float32", "BGR"), ("float32", "RGB")],
}
#: What those programs pass on, as they write it: bytes, or the digits of a number.
CONTENTS: dict[str, bytes | int] = {
    "stable-diffusion-v1": b"StableDiffusionV1",
    "stable-diffusion-v1-inpainting": b"StableDiffusionV1-Inpainting",
    "stable-diffusion-v2": b"SDV2",
    "invokeai-watermark": b"InvokeAI",
    "stable-diffusion-xl": 0b101100111110110010010000011110111011000110011110,
    "flux": 0b001010101111111010000111100111001111010100101110,
}


def watermarked(rgb: pictures.Pixels, name: str, sample: str, order: str) -> pictures.Pixels:
    """The picture with this system's mark, written by the package itself."""
    from imwatermark import WatermarkEncoder

    encoder = WatermarkEncoder()
    content = CONTENTS[name]
    if isinstance(content, bytes):
        encoder.set_watermark("bytes", content)
    else:
        encoder.set_watermark("bits", [int(digit) for digit in bin(content)[2:]])
    turn = slice(None, None, -1 if order == "BGR" else 1)
    marked: Any = encoder.encode(np.ascontiguousarray(rgb[:, :, turn]).astype(sample), "dwtDct")
    whole = np.clip(np.round(marked), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(whole[:, :, turn])


def public() -> dict[str, tuple[str, bytes]]:
    """File name extension and content of the fixture of every public watermark."""
    texture = pictures.grey_texture(256, 256)
    found = {}
    for name, paths in PATHS.items():
        target = io.BytesIO()
        marked = watermarked(texture, name, *paths[0])
        Image.fromarray(marked).save(target, "WEBP", lossless=True)
        found[name] = ("webp", target.getvalue())
    return found


# --- signed ------------------------------------------------------------------------------------

#: Name in the certificate, claim generator, for every marker of a signer.
SIGNERS = {
    "c2pa-openai": ("OpenAI OpCo, LLC", "OpenAI Media Service API"),
    "c2pa-google": ("Google LLC", "Google C2PA Core Generator Library"),
    "c2pa-adobe-firefly": ("example", "Adobe_Firefly"),
    "c2pa-adobe": ("Adobe Inc.", "Adobe Photoshop"),
    "c2pa-microsoft": ("Microsoft Corporation", "Designer"),
    "c2pa-black-forest-labs": ("Black Forest Labs Inc.", "example"),
    "c2pa-black-forest-labs-generator": ("example", "Black Forest Labs API"),
    "c2pa-stability": ("Stability AI Ltd", "example"),
    "c2pa-meta": ("Meta Platforms, Inc.", "example"),
    "c2pa-canva": ("Canva Pty Ltd", "example"),
    "c2pa-fal": ("fal-ai", "example"),
    "c2pa-bria": ("Bria AI", "example"),
    "c2pa-bytedance": ("北京火山引擎科技有限公司", "example"),
    "c2pa-elevenlabs": ("ElevenLabs Inc.", "example"),
    "c2pa-samsung": ("Samsung Electronics", "example"),
    "c2pa-higgsfield": ("Higgsfield Inc.", "example"),
    "c2pa-topaz": ("Topaz Labs LLC", "example"),
}


def signed_by(name: str, generator: str, *, source: str = GENERATED, alg: str = "") -> bytes:
    """A small file with a manifest of a signer of that name, whom nobody trusts."""
    import tempfile

    chain = chains.authority("stranger")
    key = chains.key_for(chains.SigningAlgorithm.ES256)
    leaf = chains.leaf_for(key, chain, name=name)
    action = {"action": "c2pa.created", "digitalSourceType": source}
    assertions: list[dict[str, Any]] = [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}]
    if alg:
        blocks = [{"scope": {}, "value": "AAAA"}]
        assertions.append({"label": "c2pa.soft-binding", "data": {"alg": alg, "blocks": blocks}})
    with tempfile.TemporaryDirectory() as folder:
        files = chains.key_files(Path(folder), chains.pkcs8(key), leaf + chain.issuing_pem)
        trust = chains.trust_in(chain)
        return manifests.foreign(files.signer(), trust, assertions, generator=generator)
