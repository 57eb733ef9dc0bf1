"""Stamping fails: no file, no open record, and the error that says why."""

from __future__ import annotations

import errno
import os
import resource
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from support import chains, pictures, tamper

from provenance.errors import (
    CapacityError,
    ErrorCode,
    InputError,
    ManifestError,
    ProvenanceError,
    RegistryError,
    SchemeError,
    SelfCheckError,
    SignerError,
)
from provenance.imaging import Encoding, Limits
from provenance.keys import CallbackSigner, create_chain
from provenance.model import RecordState
from provenance.registry import SqliteStore
from provenance.stamp import Action, Sweep
from provenance.stamp.target import is_unreleased

VOID_ONLY = {RecordState.VOID: 1}


def fails(bench, kind, *, stamper=None, image=None, **options):
    options.setdefault("to", bench.target)
    with pytest.raises(kind) as caught:
        (stamper or bench.stamper).stamp(
            pictures.crop() if image is None else image, bench.generation, **options
        )
    return caught.value


def store_that(bench, method, error, *, after=False):
    """The real registry, one of whose methods fails before or after it did its work."""

    class Failing(SqliteStore):
        pass

    def fail(self, *arguments, **named):
        if after:
            getattr(SqliteStore, method)(self, *arguments, **named)
        raise error

    setattr(Failing, method, fail)
    return replace(bench.stamper, store=Failing(bench.workspace.path / "registry.sqlite3"))


# --- before anything is reserved -----------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (b"no image", InputError),
        (pictures.file(pictures.crop(), "PNG")[:-200], InputError),
        (pictures.animation("WEBP", [pictures.crop(), pictures.crop(top=90)]), InputError),
        (pictures.file(pictures.crop(), "GIF"), InputError),
        (pictures.crop(64, 64), CapacityError),
        (pictures.crop().astype(float), InputError),
    ],
    ids=["garbage", "truncated", "animated", "format not accepted", "too small", "floats"],
)
def test_an_input_that_is_not_acceptable_reserves_nothing(bench, image, kind):
    fails(bench, kind, image=image)
    assert bench.states() == {}
    assert bench.left_behind() == []


def test_a_fully_transparent_picture_reserves_nothing(bench):
    rgba = np.dstack([pictures.crop(), np.zeros((256, 256), dtype=np.uint8)])
    assert "transparent" in fails(bench, CapacityError, image=rgba).message
    assert bench.states() == {}


def test_transparency_without_a_background_reserves_nothing(bench):
    rgba = np.dstack([pictures.crop(), pictures.crop()[:, :, 0]])
    fails(bench, InputError, image=rgba, encoding=Encoding.parse("jpeg"))
    assert bench.states() == {}


def test_an_existing_file_is_not_replaced(bench):
    bench.target.write_bytes(b"somebody else's")
    error = fails(bench, ProvenanceError)
    assert error.code is ErrorCode.IO
    assert "--overwrite" in error.hint
    assert bench.target.read_bytes() == b"somebody else's"
    assert bench.states() == {}


def test_a_dangling_link_counts_as_an_existing_file(bench):
    bench.target.symlink_to(bench.folder / "elsewhere")
    fails(bench, ProvenanceError)
    assert not (bench.folder / "elsewhere").exists()


@pytest.mark.parametrize("parent", ["nothing", "file"])
def test_a_target_without_a_directory_reserves_nothing(bench, parent):
    (bench.folder / "file").touch()
    error = fails(bench, ProvenanceError, to=bench.folder / parent / "x.png")
    assert error.code is ErrorCode.IO
    assert bench.states() == {}


def test_an_unknown_scheme_reserves_nothing(bench):
    fails(bench, SchemeError, stamper=replace(bench.stamper, scheme="nothing"))
    assert bench.states() == {}


def test_a_registry_that_cannot_reserve_leaves_no_file(bench):
    stamper = store_that(bench, "reserve", RegistryError("disk full"))
    assert fails(bench, RegistryError, stamper=stamper).message == "disk full"
    assert bench.left_behind() == []


# --- after a record was reserved ---------------------------------------------------------


def test_a_signer_that_raises_voids_the_record(bench):
    cause = RuntimeError("HSM is locked")

    def sign(_):
        raise cause

    failing = CallbackSigner(
        algorithm=bench.stamper.signer.algorithm, chain=bench.stamper.signer.chain, callback=sign
    )
    error = fails(bench, SignerError, stamper=replace(bench.stamper, signer=failing))
    assert error.__cause__ is cause
    assert bench.states() == VOID_ONLY
    assert bench.left_behind() == []


def test_a_signer_that_nobody_trusts_voids_the_record(bench, stranger):
    error = fails(bench, SelfCheckError, stamper=replace(bench.stamper, signer=stranger))
    assert "UNTRUSTED" in error.message
    assert bench.states() == VOID_ONLY
    assert bench.left_behind() == []


def test_an_expired_certificate_voids_the_record(bench, tmp_path):
    chain = create_chain("o", "s", leaf_lifetime=timedelta(seconds=1))  # begins in the past
    expired = chains.key_files(tmp_path, chain.leaf_key_pem, chain.chain_pem).signer()
    error = fails(bench, SignerError, stamper=replace(bench.stamper, signer=expired))
    assert "expired" in error.message
    assert bench.states() == VOID_ONLY


def unwritable_directory(folder):
    """A directory in which not even root can create a file."""
    if os.geteuid() == 0:
        return Path("/proc/self")
    folder.chmod(0o500)
    return folder


def test_a_directory_that_cannot_be_written_voids_the_record(bench):
    target = unwritable_directory(bench.folder) / "stamped.png"
    assert fails(bench, ProvenanceError, to=target).code is ErrorCode.IO
    assert bench.states() == VOID_ONLY


def test_a_disk_that_is_full_voids_the_record(bench):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))  # enough for the registry
    try:
        error = fails(bench, ProvenanceError, image=pictures.crop(512, 512))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert error.code is ErrorCode.IO
    assert bench.states() == VOID_ONLY
    assert bench.left_behind() == []


@pytest.mark.parametrize("quality", [1, 10])
def test_a_mark_that_does_not_survive_the_coding_voids_the_record(bench, quality):
    encoding = Encoding.parse("jpeg", quality=quality)
    error = fails(bench, SelfCheckError, encoding=encoding)
    assert "cannot be read back" in error.message
    assert f"quality {quality}" in error.message
    assert bench.states() == VOID_ONLY
    assert bench.left_behind() == []


def test_a_scheme_that_is_not_installed_voids_the_record(bench, monkeypatch):
    monkeypatch.setitem(sys.modules, "pywt", None)
    stamper = replace(bench.stamper, scheme="imwatermark.dwtDct")
    assert "pywt" in fails(bench, SchemeError, stamper=stamper).message
    assert bench.states() == VOID_ONLY
    assert bench.left_behind() == []


def test_an_input_whose_manifest_cannot_be_read_is_not_stamped_over(bench):
    signed = bench.stamper.stamp(pictures.crop(), bench.generation).data
    parts = tamper.chunks(signed)
    parts.insert(1, next(part for part in parts if part[0] == b"caBX"))
    fails(bench, ManifestError, image=tamper.png(parts))
    assert bench.states() == {RecordState.RELEASED: 1}
    assert bench.left_behind() == []


def test_a_file_beyond_what_verifiers_read_voids_the_record(bench):
    small = replace(bench.stamper, limits=Limits(max_bytes=50_000))
    error = fails(bench, InputError, stamper=small)
    assert error.code is ErrorCode.LIMIT
    assert bench.states() == VOID_ONLY
    assert bench.left_behind() == []


@pytest.mark.parametrize("error", [RegistryError("disk full"), KeyboardInterrupt(), MemoryError()])
def test_a_record_that_cannot_be_committed_leaves_no_file(bench, error):
    stamper = store_that(bench, "issue", error)
    assert fails(bench, type(error), stamper=stamper) is error
    assert bench.states() == VOID_ONLY
    assert bench.left_behind() == []


def test_a_registry_that_cannot_void_does_not_hide_the_first_error(bench, stranger):
    stamper = store_that(bench, "void", RegistryError("disk full"))
    error = fails(bench, SelfCheckError, stamper=replace(stamper, signer=stranger))
    assert any("disk full" in note for note in error.__notes__)
    assert bench.left_behind() == []


def test_a_failure_leaves_the_file_that_was_to_be_replaced(bench, stranger):
    bench.target.write_bytes(b"the old one")
    stamper = replace(bench.stamper, signer=stranger)
    fails(bench, SelfCheckError, stamper=stamper, overwrite=True)
    assert bench.target.read_bytes() == b"the old one"
    assert bench.left_behind() == [bench.target.name]


def test_a_stamper_without_a_tag_key_is_told_so(bench):
    incomplete = replace(bench.stamper, key=replace(bench.stamper.key, tag_key=None))
    assert "no tag key" in fails(bench, RegistryError, stamper=incomplete).message
    assert not any(bench.states().values())


def test_a_stamper_without_a_system_id_is_told_so(bench):
    incomplete = replace(bench.stamper, system=replace(bench.stamper.system, id=None))
    assert "no id" in fails(bench, RegistryError, stamper=incomplete).message


def test_a_commit_that_was_made_although_it_failed_keeps_the_file(bench):
    """As when the directory of the registry cannot be synced."""
    stamper = store_that(bench, "issue", RegistryError("disk I/O error"), after=True)
    error = fails(bench, RegistryError, stamper=stamper)
    assert any("could not be voided" in note for note in error.__notes__)
    (aside,) = bench.left_behind()
    assert is_unreleased(aside)
    finished(bench)


def test_a_release_that_was_noted_although_it_failed_is_one(bench):
    stamper = store_that(bench, "release", RegistryError("disk I/O error"), after=True)
    stamper.stamp(pictures.crop(), bench.generation, to=bench.target)
    assert bench.left_behind() == [bench.target.name]
    assert bench.states() == {RecordState.RELEASED: 1}


# --- after the record was committed --------------------------------------------------------


def finished(bench):
    """The sweeper finds what a failure left beside, and finishes it."""
    later = datetime.now(UTC) + timedelta(seconds=1)
    (deed,) = Sweep(store=bench.workspace.store(), before=later).run([bench.folder])
    assert deed.action is Action.FINISHED
    assert bench.states() == {RecordState.RELEASED: 1}
    assert not any(is_unreleased(name) for name in bench.left_behind())
    return deed.path


def test_a_name_that_was_taken_meanwhile_is_not_overwritten(bench):
    class Racing(SqliteStore):
        def issue(self, record_id, file):
            bench.target.write_bytes(b"somebody else's")
            return super().issue(record_id, file)

    racing = Racing(bench.workspace.path / "registry.sqlite3")
    error = fails(bench, ProvenanceError, stamper=replace(bench.stamper, store=racing))
    assert error.code is ErrorCode.IO
    assert bench.target.read_bytes() == b"somebody else's"
    aside, name = bench.left_behind()
    assert (is_unreleased(aside), name) == (True, bench.target.name)
    assert bench.states() == {RecordState.ISSUED: 1}
    finished(bench)
    assert bench.target.read_bytes() == b"somebody else's"


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_record_that_cannot_be_released_leaves_its_file_beside(bench, overwrite):
    stamper = store_that(bench, "release", RegistryError("disk full"))
    fails(bench, RegistryError, stamper=stamper, overwrite=overwrite)
    (aside,) = bench.left_behind()
    assert is_unreleased(aside)
    finished(bench)


@pytest.mark.parametrize("call", ["link", "unlink", "fsync"])
def test_a_name_that_cannot_be_given_leaves_the_file_beside(bench, monkeypatch, call):
    """EXDEV, EACCES, EIO: issued, not released, and finished later."""
    owner = Path if call == "unlink" else os
    number = 2 if call == "fsync" else 1  # the second is that of the directory
    monkeypatch.setattr(owner, call, _failing(getattr(owner, call), number))
    assert fails(bench, ProvenanceError).code is ErrorCode.IO
    (aside,) = bench.left_behind()
    assert is_unreleased(aside)
    assert bench.states() == {RecordState.ISSUED: 1}
    finished(bench)


def _failing(original, number):
    """The call, but for that time, when it fails with EIO."""
    left = [number]

    def failing(*arguments, **named):
        left[0] -= 1
        if left[0] == 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return original(*arguments, **named)

    return failing


def test_a_name_that_is_too_long_reserves_nothing(bench):
    fails(bench, ProvenanceError, to=bench.folder / ("n" * 300 + ".png"))
    assert bench.states() == {}


def test_a_long_name_in_another_script_can_be_written(bench):
    target = bench.folder / ("漢" * 80 + ".png")
    bench.stamper.stamp(pictures.crop(), bench.generation, to=target)
    assert target.exists()
