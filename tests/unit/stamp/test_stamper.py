"""Stamping goes well: what comes out, and what is kept of it."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps
from support import pictures

from provenance import Generation
from provenance.fingerprint import fingerprint
from provenance.imaging import Encoding, ImageFormat, load
from provenance.imaging.quality import psnr, quality
from provenance.manifest import read, read_recovered
from provenance.model import ManifestStatus, RecordState, RecordStatus, Verdict
from provenance.resolution import LocalRegistry
from provenance.watermark import Keyring, catalog, issue

ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif(orientation=1):
    made = Image.Exif()
    made[0x010E] = "a description"
    made[0x0112] = orientation
    return made


def inputs():
    rgb = pictures.crop()
    return {
        "array": rgb,
        "PIL image": Image.fromarray(rgb),
        "PNG": pictures.file(rgb, "PNG"),
        "WebP": pictures.file(rgb, "WEBP", lossless=True),
        "JPEG": pictures.file(rgb, "JPEG", quality=98, subsampling="4:4:4"),
        "bytearray": bytearray(pictures.file(rgb, "PNG")),
        "memoryview": memoryview(pictures.file(rgb, "PNG")),
    }


@pytest.mark.parametrize("kind", sorted(inputs()))
def test_every_kind_of_input_is_stamped_and_traced(bench, kind):
    made = bench.stamper.stamp(inputs()[kind], bench.generation)
    assert psnr(pictures.crop(), load(made.data).rgb) > 30
    assert made.path is None
    report = bench.workspace.verifier().verify(made.data)
    assert report.verdict is Verdict.TRACED
    assert report.system == bench.workspace.system
    assert bench.states() == {RecordState.RELEASED: 1}


# Lossy WebP halves the chroma that the default mark sits in, and rarely holds it.
@pytest.mark.parametrize("name", ["png", "jpeg", "webp-lossless", "tiff", "avif"])
def test_every_encoding_is_stamped_and_reads_back(bench, name):
    encoding = Encoding.parse(name)
    made = bench.stamper.stamp(pictures.grey_texture(), bench.generation, encoding=encoding)
    image = load(made.data, formats={encoding.format}, strict=True)
    assert made.encoding == encoding
    mime = encoding.format.mime
    assert read(made.data, mime, bench.stamper.trust).status is ManifestStatus.TRUSTED
    scheme = catalog.scheme(bench.stamper.scheme)
    found = scheme.detect(image.rgb, Keyring(keys=(bench.stamper.key,)))
    assert found.payload.mark_id == made.mark_id


def test_the_file_on_the_disk_is_what_was_returned(bench):
    made = bench.stamper.stamp(pictures.crop(), bench.generation, to=bench.target)
    assert made.path == bench.target
    assert bench.target.read_bytes() == made.data
    assert bench.left_behind() == [bench.target.name]


def test_the_record_describes_the_file(bench):
    made = bench.stamper.stamp(pictures.crop(), bench.generation, to=bench.target)
    record = bench.workspace.store().find_by_id(made.record_id)
    data, image = bench.target.read_bytes(), load(bench.target.read_bytes())
    assert record.state is RecordState.RELEASED
    assert record.generation == bench.generation
    assert record.system == bench.workspace.system
    assert record.mark_id == made.mark_id
    assert record.file.sha256 == hashlib.sha256(data).hexdigest()
    assert record.file.byte_size == len(data)
    assert (record.file.height, record.file.width) == image.rgb.shape[:2]
    assert record.file.format == "png"
    assert record.file.fingerprint == fingerprint(image.rgb)
    assert record.file.quality == made.quality


def test_the_manifest_in_the_record_is_the_one_in_the_file(bench):
    made = bench.stamper.stamp(pictures.crop(), bench.generation)
    record = bench.workspace.store().find_by_id(made.record_id)
    embedded = read(made.data, "image/png", bench.stamper.trust)
    plain = pictures.file(pictures.crop(), "PNG")
    recovered = read_recovered(plain, "image/png", record.file.manifest, bench.stamper.trust)
    assert recovered.manifest_id == embedded.manifest_id == made.manifest_id == record.manifest_id
    assert recovered.generation == embedded.generation


def test_record_mark_and_manifest_name_one_another(bench):
    made = bench.stamper.stamp(pictures.crop(), bench.generation)
    manifest = read(made.data, "image/png", bench.stamper.trust)
    assert manifest.generation.record_id == made.record_id
    assert manifest.generation.system == bench.workspace.system
    assert manifest.generation.model == bench.generation.model
    (binding,) = manifest.soft_bindings
    scheme = catalog.scheme(bench.stamper.scheme)
    found = scheme.detect(load(made.data).rgb, Keyring(keys=(bench.stamper.key,)))
    assert binding.alg == scheme.info.alg
    assert binding.value == found.payload.pack()
    resolver = LocalRegistry(bench.workspace.store())
    assert resolver.by_mark(bench.workspace.system.id, made.mark_id).status is RecordStatus.FOUND


@pytest.mark.parametrize("name", ["png", "jpeg"])
def test_the_quality_is_what_the_mark_alone_costs(bench, name):
    encoding = Encoding.parse(name)
    made = bench.stamper.stamp(pictures.grey_texture(), bench.generation, encoding=encoding)
    scheme, key = catalog.scheme(bench.stamper.scheme), bench.stamper.key
    payload = issue(
        scheme.info.layout_for(pictures.grey_texture()),
        system_id=key.system.id,
        mark_id=made.mark_id,
        tag_key=key.tag_key,
    )
    marked = scheme.embed(pictures.grey_texture(), payload, key.carrier_key)
    cost = quality(pictures.grey_texture(), marked)
    assert (made.quality.psnr_db, made.quality.ssim) == (cost.psnr_db, cost.ssim)
    found = scheme.detect(load(made.data).rgb, Keyring(keys=(key,)))
    assert made.quality.margin == round(found.log10_threshold - found.log10_p, 1) > 0


def test_two_stampings_of_one_picture_are_two_records(bench):
    one, two = (bench.stamper.stamp(pictures.crop(), bench.generation) for _ in range(2))
    assert one.record_id != two.record_id
    assert one.mark_id != two.mark_id
    assert one.data != two.data


def test_the_picture_that_came_in_is_not_touched(bench):
    rgb = pictures.crop()
    bench.stamper.stamp(rgb, bench.generation)
    assert np.array_equal(rgb, pictures.crop())


# --- what must not get lost ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["png", "jpeg", "webp-lossless"])
def test_metadata_of_the_input_is_kept(bench, name):
    source = pictures.file(pictures.grey_texture(), "PNG", exif=exif(), icc_profile=ICC)
    made = bench.stamper.stamp(source, bench.generation, encoding=Encoding.parse(name))
    metadata = load(made.data).metadata
    assert metadata.icc == ICC
    assert b"a description" in metadata.exif


def test_xmp_of_the_input_is_kept_and_ours_is_added(bench):
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="kept"/></rdf:RDF></x:xmpmeta>'
    )
    source = pictures.file(pictures.crop(), "WEBP", lossless=True, xmp=packet.encode())
    xmp = load(bench.stamper.stamp(source, bench.generation).data).metadata.xmp.decode()
    assert 'dc:source="kept"' in xmp
    assert "trainedAlgorithmicMedia" in xmp
    assert 'AISystemUsed="acme-images: acme-1"' in xmp
    assert 'AISystemVersionUsed="2.0"' in xmp


def test_a_turned_input_comes_out_upright(bench):
    source = pictures.file(pictures.crop(256, 300), "PNG", exif=exif(orientation=6))
    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(source))))
    image = load(bench.stamper.stamp(source, bench.generation).data)
    assert image.rgb.shape == upright.shape
    assert psnr(upright, image.rgb) > 30


def test_transparency_is_kept(bench):
    alpha = np.full((256, 256), 255, dtype=np.uint8)
    alpha[:40] = 0
    made = bench.stamper.stamp(np.dstack([pictures.crop(), alpha]), bench.generation)
    assert np.array_equal(load(made.data).alpha, alpha)


def test_transparency_is_flattened_before_marking_where_the_format_has_none(bench):
    alpha = np.full((256, 256), 255, dtype=np.uint8)
    alpha[:64] = 0
    encoding = Encoding.parse("jpeg", background=(10, 200, 30))
    rgba = np.dstack([pictures.grey_texture(), alpha])
    made = bench.stamper.stamp(rgba, bench.generation, encoding=encoding)
    top = load(made.data).rgb[:56].reshape(-1, 3).mean(axis=0)
    assert np.abs(top - [10, 200, 30]).max() < 12


def test_a_manifest_of_the_input_becomes_the_parent(bench):
    first = bench.stamper.stamp(pictures.crop(), bench.generation)
    second = bench.stamper.stamp(first.data, Generation(model="upscaler"))
    manifest = read(second.data, "image/png", bench.stamper.trust)
    assert manifest.status is ManifestStatus.TRUSTED
    assert manifest.actions[0] == "c2pa.opened"
    assert [item.manifest_id for item in manifest.ingredients] == [first.manifest_id]
    report = bench.workspace.verifier().verify(second.data)
    assert report.verdict is Verdict.TRACED
    assert report.evidence.record.record_id == second.record_id


def test_an_accepted_format_can_be_added(bench):
    source = pictures.file(pictures.crop(), "TIFF")
    wider = replace(bench.stamper, formats=bench.stamper.formats | {ImageFormat.TIFF})
    assert wider.stamp(source, bench.generation).record_id


def test_a_few_threads_share_one_stamper(bench):
    with ThreadPoolExecutor(3) as pool:
        made = list(
            pool.map(
                lambda i: bench.stamper.stamp(
                    pictures.crop(), bench.generation, to=bench.folder / f"{i}.png"
                ),
                range(3),
            )
        )
    assert len({item.mark_id for item in made}) == 3
    assert bench.states() == {RecordState.RELEASED: 3}
    assert bench.left_behind() == ["0.png", "1.png", "2.png"]
