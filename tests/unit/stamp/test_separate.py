"""Marking and signing apart: the same result as in one, or a clear error and nothing released."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from support import chains, manifests, pictures

from provenance import Encoding, Generation
from provenance.errors import (
    ArgumentError,
    CapacityError,
    ErrorCode,
    InputError,
    PendingError,
    ProvenanceError,
    RegistryError,
    SelfCheckError,
)
from provenance.imaging import Axes, ImageFormat, ValueRange
from provenance.model import Operation, RecordState, Verdict
from provenance.registry import SqliteStore
from provenance.stamp import Marked
from provenance.stamp.target import FileTarget

PENDING = {RecordState.RESERVED: 1}
VOID = {RecordState.VOID: 1}
RELEASED = {RecordState.RELEASED: 1}


@pytest.fixture
def mark(bench):
    """Mark the common picture, with what is to be different."""

    def marked(image=None, *, stamper=None, **options):
        options = {"generation": bench.generation} | options
        return (stamper or bench.stamper).mark(
            pictures.crop() if image is None else image, **options
        )

    return marked


def refused(bench, image, *, stamper=None, kind=PendingError, **options):
    with pytest.raises(kind) as caught:
        (stamper or bench.stamper).sign(image, **options)
    return caught.value


def record_of(bench, made):
    return bench.workspace.store().find_by_id(made.record_id)


def verdict(bench, data):
    return bench.workspace.verifier().verify(data).finding.verdict


# --- marking ---------------------------------------------------------------------------


def test_marked_pixels_are_those_that_stamping_writes(bench, mark):
    made = mark(keep_s=60)
    assert isinstance(made, Marked)
    assert made.pixels is made.rgb
    assert (made.rgb.shape, made.rgb.dtype, made.alpha) == ((256, 256, 3), np.uint8, None)
    record = record_of(bench, made)
    assert record.pending
    assert record.mark_id == made.mark_id
    assert record.marking.expires_at == made.expires_at
    assert record.marking.quality == made.quality
    left = made.expires_at - datetime.now(UTC)
    assert timedelta(seconds=50) < left <= timedelta(seconds=60)
    assert made.quality.psnr_db > 40
    assert bench.states() == PENDING


def test_what_a_pipeline_has_is_marked_as_it_is_stamped(bench, mark):
    floats = np.moveaxis(pictures.crop().astype(np.float32) / 255, 2, 0)
    with pytest.raises(InputError):
        mark(floats)
    made = mark(floats, value_range=ValueRange.UNIT, axes=Axes.CHW)
    assert made.rgb.dtype == np.uint8
    assert verdict(bench, bench.stamper.sign(made).data) is Verdict.TRACED


def test_transparency_goes_through_and_what_cannot_be_seen_is_left(bench, mark):
    alpha = np.full((256, 256), 255, np.uint8)
    alpha[:64] = 0
    source = np.dstack([pictures.crop(), alpha])
    made = mark(source)
    assert made.pixels.shape == (256, 256, 4)
    assert np.array_equal(made.pixels[:64], source[:64])
    signed = bench.stamper.sign(made)
    shown = np.asarray(Image.open(io.BytesIO(signed.data)))
    assert np.array_equal(shown, made.pixels)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 30 * 86_400 + 1])
def test_a_time_that_makes_no_sense_reserves_nothing(bench, mark, seconds):
    with pytest.raises(ArgumentError, match="cannot be kept waiting"):
        mark(keep_s=seconds)
    assert bench.states() == {}


def test_what_cannot_be_marked_leaves_no_open_record(bench, mark):
    dots = np.random.default_rng(1).integers(0, 2, (256, 256, 1), np.uint8) * np.uint8(255)
    with pytest.raises(CapacityError):
        mark(np.repeat(dots, 3, axis=2))
    assert bench.states() == VOID


def test_a_mark_that_does_not_read_back_is_not_handed_out(bench, mark, monkeypatch):
    monkeypatch.setattr("provenance.stamp.job.Job.marked", lambda job, *_: job.rgb)
    with pytest.raises(SelfCheckError, match="cannot be read back"):
        mark()
    assert bench.states() == VOID


@pytest.mark.parametrize("committed", [False, True], ids=["not kept", "kept, and an error"])
def test_a_picture_that_could_not_be_kept_is_not_handed_out(bench, mark, committed):
    class Failing(SqliteStore):
        def hold(self, *arguments):
            if committed:
                super().hold(*arguments)
            raise RegistryError("disk full")

    store = Failing(bench.workspace.path / "registry.sqlite3")
    with pytest.raises(RegistryError, match="disk full"):
        mark(stamper=replace(bench.stamper, store=store))
    assert bench.states() == VOID


# --- signing a file as it is -------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_a_file_is_signed_as_it_is_in_every_format_that_is_written(bench, mark, kind):
    stamper = replace(bench.stamper, formats=frozenset(ImageFormat))
    data = pictures.file(mark().pixels, kind, quality=93)
    signed = stamper.sign(data)
    assert signed.encoding.format is ImageFormat(kind.lower())
    assert np.array_equal(
        np.asarray(Image.open(io.BytesIO(signed.data)).convert("RGB")),
        np.asarray(Image.open(io.BytesIO(data)).convert("RGB")),
    )
    verifier = replace(bench.workspace.verifier(), formats=frozenset(ImageFormat))
    assert verifier.verify(signed.data).finding.verdict is Verdict.TRACED
    assert bench.states() == RELEASED


def test_what_is_in_the_file_stays_in_it(bench, mark):
    info = PngInfo()
    info.add_text("parameters", "a prompt of the host")
    data = pictures.file(mark().pixels, "PNG", pnginfo=info)
    signed = bench.stamper.sign(data)
    assert Image.open(io.BytesIO(signed.data)).text["parameters"] == "a prompt of the host"


def test_the_record_says_what_the_mark_cost_when_it_was_made(bench, mark):
    made = mark()
    signed = bench.stamper.sign(pictures.file(made.pixels, "JPEG", quality=90))
    assert (signed.record_id, signed.mark_id) == (made.record_id, made.mark_id)
    assert signed.quality == replace(made.quality, margin=signed.quality.margin)
    assert signed.quality.margin > 0
    record = record_of(bench, made)
    assert record.state is RecordState.RELEASED
    assert record.file.grid
    assert record.file.envelope == b""
    assert record.generation == bench.generation


def test_the_account_is_that_of_who_had_it_marked(bench, mark):
    made = mark(account="user-17")
    bench.stamper.sign(made)
    record = record_of(bench, made)
    assert bench.workspace.store().account(record.pseudonym) is not None


def test_the_file_that_was_read_is_replaced_at_once(bench, mark):
    data = pictures.file(mark().pixels, "PNG")
    bench.target.write_bytes(data)
    with pytest.raises(ProvenanceError, match="exists already"):
        bench.stamper.sign(data, to=bench.target)
    assert bench.target.read_bytes() == data
    assert bench.states() == PENDING
    signed = bench.stamper.sign(data, to=bench.target, overwrite=True)
    assert bench.target.read_bytes() == signed.data
    assert signed.path == bench.target
    assert bench.left_behind() == ["stamped.png"]
    assert verdict(bench, signed.data) is Verdict.TRACED


@pytest.mark.parametrize("name", ["jpeg", "webp", "png"])
def test_with_an_encoding_it_is_written_anew(bench, mark, name):
    encoding = Encoding.parse(name)
    made = mark()
    for image in (made, made.pixels, Image.fromarray(made.pixels)):
        if record_of(bench, made).pending:
            signed = bench.stamper.sign(image, encoding=encoding)
    assert signed.encoding == encoding
    assert verdict(bench, signed.data) is Verdict.TRACED
    again = bench.stamper.sign(pictures.file(mark().pixels, "PNG"), encoding=encoding)
    assert Image.open(io.BytesIO(again.data)).format == name.upper()


def test_a_host_may_have_resized_it(bench, mark):
    made = mark(pictures.crop(512, 512))
    smaller = Image.fromarray(made.pixels).resize((420, 400), Image.Resampling.LANCZOS)
    signed = bench.stamper.sign(pictures.file(smaller, "JPEG", quality=90))
    assert signed.record_id == made.record_id
    assert verdict(bench, signed.data) is Verdict.TRACED


def test_a_host_may_have_cropped_it_a_little(bench, mark):
    made = mark(pictures.crop(512, 512))
    signed = bench.stamper.sign(np.ascontiguousarray(made.pixels[3:, 4:]))
    assert signed.record_id == made.record_id
    assert verdict(bench, signed.data) is Verdict.TRACED


# --- what is refused ---------------------------------------------------------------------


def test_a_picture_without_a_mark_is_not_signed(bench, mark):
    mark()
    error = refused(bench, pictures.file(pictures.crop(), "PNG"), to=bench.target)
    assert error.code is ErrorCode.PENDING
    assert "no mark of this system" in error.message
    assert error.hint
    assert bench.states() == PENDING
    assert bench.left_behind() == []


def test_a_picture_of_another_system_is_not_signed(bench, mark, workspace):
    other = workspace.stamper().mark(pictures.crop(), bench.generation)
    assert "not of this system" in refused(bench, other).message
    assert bench.states() == {}


def test_a_picture_is_signed_once(bench, mark):
    made = mark()
    signed = bench.stamper.sign(made)
    for again in (made, signed.data, pictures.file(made.pixels, "JPEG")):
        error = refused(bench, again)
        assert "signed already" in error.message
        assert made.record_id in error.message
    assert bench.states() == RELEASED


def test_what_expired_is_not_signed(bench, mark):
    made = mark()
    store = bench.workspace.store()
    marking = record_of(bench, made).marking
    past = datetime.now(UTC) - timedelta(seconds=1)
    store.hold(made.record_id, replace(marking, expires_at=past))
    assert "could be signed until" in refused(bench, made).message
    store.void(made.record_id)
    assert "is void" in refused(bench, made).message
    assert bench.states() == VOID


def test_what_is_being_stamped_is_not_signed(bench):
    seen = []

    class Watched(SqliteStore):
        def issue(self, record_id, file):
            (encoded,) = bench.folder.iterdir()
            seen.append(refused(bench, encoded.read_bytes()).message)
            return super().issue(record_id, file)

    store = Watched(bench.workspace.path / "registry.sqlite3")
    replace(bench.stamper, store=store).stamp(pictures.crop(), bench.generation, to=bench.target)
    assert "being stamped" in seen[0]
    assert bench.states() == RELEASED


def test_an_erased_record_signs_nothing(bench, mark):
    made = mark()
    bench.stamper.sign(made)
    bench.workspace.store().erase(made.record_id)
    assert "is not here" in refused(bench, made).message


@pytest.mark.parametrize(
    ("marked", "pasted"), [("rich", "rich"), ("rich", "smooth"), ("smooth", "rich")]
)
def test_a_mark_in_another_picture_is_not_signed(bench, mark, marked, pasted):
    """Nor is it where that other picture is a smooth one, or the marked one was."""
    rich, smooth = pictures.crop(512, 512), pictures.crop()
    smooth = np.kron(smooth, np.ones((2, 2, 1), np.uint8))
    other = pictures.grey_texture(512, 512)
    made = mark({"rich": rich, "smooth": smooth}[marked])
    source = {"rich": rich, "smooth": smooth}[marked]
    onto = {"rich": other, "smooth": smooth}[pasted]
    moved = 2 * (made.rgb.astype(int) - source) + onto
    error = refused(bench, np.clip(moved, 0, 255).astype(np.uint8))
    assert "not the one that was marked" in error.message
    assert "bits differ" in error.message
    assert bench.states() == PENDING


@pytest.mark.parametrize("kind", ["GIF"])
def test_a_format_that_is_not_written_is_refused(bench, mark, kind):
    data = pictures.file(Image.fromarray(mark().pixels).quantize(256), kind)
    assert refused(bench, data, kind=InputError).code is ErrorCode.FORMAT
    anything = replace(bench.stamper, formats=frozenset(ImageFormat))
    error = refused(bench, data, kind=InputError, stamper=anything)
    assert "can be read but not written" in error.message
    assert "encoding" in error.hint
    assert bench.states() == PENDING


def test_a_damaged_file_is_refused(bench, mark):
    data = pictures.file(mark().pixels, "PNG")
    refused(bench, data[:-100], kind=InputError)
    assert bench.states() == PENDING


def test_another_key_epoch_cannot_read_it(bench, mark):
    made = mark()
    key = replace(bench.stamper.key, epoch=1, carrier_key=b"n" * 32, tag_key=b"t" * 32)
    error = refused(bench, made, stamper=replace(bench.stamper, key=key))
    assert "current key epoch" in error.message


# --- failures: the picture can be signed again ---------------------------------------------


def test_a_signing_that_failed_can_be_made_again(bench, mark, stranger):
    made = mark()
    failing = replace(bench.stamper, signer=stranger)
    error = refused(bench, made, stamper=failing, kind=SelfCheckError, to=bench.target)
    assert "UNTRUSTED" in error.message
    assert bench.left_behind() == []
    assert bench.states() == PENDING
    assert verdict(bench, bench.stamper.sign(made).data) is Verdict.TRACED


@pytest.mark.parametrize("committed", [False, True], ids=["not made", "made all the same"])
def test_a_commit_that_reports_an_error(bench, mark, committed):
    class Failing(SqliteStore):
        def issue(self, *arguments):
            if committed:
                super().issue(*arguments)
            raise RegistryError("disk I/O error")

    made = mark()
    store = Failing(bench.workspace.path / "registry.sqlite3")
    failing = replace(bench.stamper, store=store)
    error = refused(bench, made, stamper=failing, kind=RegistryError, to=bench.target)
    assert error.message == "disk I/O error"
    assert bench.states() == ({RecordState.ISSUED: 1} if committed else PENDING)
    assert len(bench.left_behind()) == committed  # beside, for the sweeper
    assert not bench.target.exists()


def test_a_name_that_cannot_be_given_leaves_it_to_the_sweeper(bench, mark, monkeypatch):
    def fails(_):
        raise ProvenanceError("no", code=ErrorCode.IO)

    made = mark()
    monkeypatch.setattr(FileTarget, "publish", fails)
    assert refused(bench, made, kind=ProvenanceError, to=bench.target).code is ErrorCode.IO
    assert bench.states() == {RecordState.ISSUED: 1}


def test_of_several_who_sign_at_once_exactly_one_does(bench, mark):
    made, start = mark(), Barrier(3)
    files = [bench.folder / f"{number}.png" for number in range(3)]

    class Together(SqliteStore):
        def issue(self, *arguments):
            start.wait(60)
            return super().issue(*arguments)

    store = Together(bench.workspace.path / "registry.sqlite3")
    stamper = replace(bench.stamper, store=store)

    def sign(path):
        try:
            return stamper.sign(made, to=path)
        except ProvenanceError as error:
            return error

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(sign, files))
    errors = [one for one in results if isinstance(one, ProvenanceError)]
    (signed,) = [one for one in results if not isinstance(one, ProvenanceError)]
    assert [type(one) for one in errors] == [PendingError, PendingError]
    assert all("signed meanwhile" in one.message for one in errors)
    assert bench.left_behind() == [signed.path.name]
    assert signed.path.read_bytes() == signed.data
    assert bench.states() == RELEASED


def test_who_signs_what_expires_meanwhile_gets_no_file(bench, mark):
    made = mark()

    class Swept(SqliteStore):
        def issue(self, record_id, file):
            self.void(record_id)
            return super().issue(record_id, file)

    store = Swept(bench.workspace.path / "registry.sqlite3")
    error = refused(bench, made, stamper=replace(bench.stamper, store=store), to=bench.target)
    assert "expired meanwhile" in error.message
    assert bench.left_behind() == []
    assert bench.states() == VOID


# --- what it was made from -----------------------------------------------------------------

EDIT = Generation(model="acme-1", operations=(Operation.INPAINT,))


def test_an_edit_names_its_parents_at_both_times(bench, mark):
    parents = [pictures.file(pictures.crop(top=top), "PNG") for top in (64, 128)]
    made = mark(parents=parents, generation=EDIT)
    with pytest.raises(ArgumentError, match="no picture that was edited"):
        bench.stamper.sign(made)
    for others in (parents[:1], parents[::-1]):
        assert "other parents" in refused(bench, made, parents=others).message
    assert bench.states() == PENDING
    signed = bench.stamper.sign(made, parents=parents)
    assert len(signed.parents) == 2
    found = bench.workspace.verifier().verify(signed.data).evidence.manifest
    assert "c2pa.edited" in found.actions


def test_parents_that_nobody_marked_it_with_are_refused(bench, mark):
    made = mark()
    parent = pictures.file(pictures.crop(top=64), "PNG")
    assert "other parents" in refused(bench, made, parents=[parent]).message
    made = mark(parents=[parent])
    assert "other parents" in refused(bench, made).message


def test_a_file_that_was_its_own_parent_is_named_when_it_is_signed(bench, mark):
    own = bench.stamper.stamp(pictures.crop(), bench.generation).data
    made = mark(own)
    assert "other parents" in refused(bench, made).message
    signed = bench.stamper.sign(made, parents=[own])
    actions = bench.workspace.verifier().verify(signed.data).evidence.manifest.actions
    assert "c2pa.opened" in actions
    assert "c2pa.edited" not in actions


def test_a_manifest_that_the_host_wrote_is_carried_on(bench, mark, signer):
    """The file becomes its own parent, as in `stamp`."""
    data = manifests.foreign(
        signer,
        chains.trust_in(chains.authority()),
        [manifests.CREATED],
        picture=pictures.file(mark().pixels, "PNG"),
        thumbnail=True,
    )
    signed = bench.stamper.sign(data)
    assert len(signed.parents) == 1
    report = bench.workspace.verifier().verify(signed.data)
    assert report.finding.verdict is Verdict.TRACED
    assert report.evidence.manifest.actions[0] == "c2pa.opened"
    assert len(report.evidence.manifest.ingredients) == 1
