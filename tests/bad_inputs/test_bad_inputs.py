"""Every bad input through the real command line: documented outcome, bounded cost, no debris."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import c2pa
import numpy as np
import pytest
from PIL import Image

from bad_inputs import make, raw, signed
from bad_inputs.cases import CASES, Case, Refused, Seen, Stamped
from bad_inputs.checks import (
    ERROR,
    SOME_ROWS_FAILED,
    everything_below,
    open_records,
    stamp,
    verify,
)
from bad_inputs.command import Ran, check_behaviour
from bad_inputs.inputs import Input
from bad_inputs.lab import Files, Lab
from bad_inputs.server import IdleServer, serving
from provenance import Generation, Verdict
from provenance.imaging import load
from provenance.model.evidence import ManifestStatus

EXIT_CODES = {"TRACED": 0, "NOT_FOUND": 1, "CONFLICT": 3, "OTHER_SYSTEM": 4, "INDETERMINATE": 5}


def _cases() -> list[object]:
    """The table as parameters."""
    return [pytest.param(case, id=case.id) for case in CASES]


# --- the table ------------------------------------------------------------------------


@pytest.mark.parametrize("case", _cases())
def test_verify(case: Case, files: Files, idle_server: IdleServer) -> None:
    path = files.write(case.input)
    ran = verify(files.lab, *case.options, path, seconds=case.seconds)
    check_behaviour(ran)
    assert ran.row["path"] == str(path)
    if isinstance(case.verify, Refused):
        _check_refused(ran, case.verify)
    else:
        _check_seen(ran, case.verify)
    assert everything_below(path.parent) == [path], "something was left beside the input"
    assert idle_server.connections == 0, "a remote manifest was asked for"


@pytest.mark.parametrize("case", _cases())
def test_stamp(case: Case, files: Files, idle_server: IdleServer, tmp_path: Path) -> None:
    path, out = files.write(case.input), tmp_path / "out"
    open_before = open_records(files.lab)
    ran = stamp(files.lab, *case.options, path, out=out, seconds=case.seconds)
    check_behaviour(ran)
    assert ran.row["input"] == str(path)
    if isinstance(case.stamp, Refused):
        _check_refused(ran, case.stamp)
        assert everything_below(out) == [], "a refused picture left a file"
    else:
        _check_stamped(ran, case.stamp, files.lab, out)
    assert everything_below(path.parent) == [path], "something was left beside the input"
    assert open_records(files.lab) == open_before, "a record stayed open"
    assert idle_server.connections == 0, "a remote manifest was asked for"


def _check_refused(ran: Ran, expected: Refused) -> None:
    error = ran.row["error"]
    assert error is not None, f"accepted: {ran.row}"
    assert (error["code"], ran.code) == (expected.code.value, ERROR), error
    assert error["message"]


def _check_seen(ran: Ran, expected: Seen) -> None:
    row = ran.row
    assert row["error"] is None
    assert row["verdict"] == expected.verdict.value, row["reasons"]
    assert row["manifest"]["status"] in {status.value for status in expected.manifests}
    assert set(row["flags"]) == {flag.value for flag in expected.flags}
    assert ran.code == EXIT_CODES[row["verdict"]]


def _check_stamped(ran: Ran, expected: Stamped, lab: Lab, out: Path) -> None:
    assert ran.row["error"] is None
    assert ran.code == 0
    path = Path(ran.row["output"])
    assert everything_below(out) == [path]
    data = path.read_bytes()
    image = load(data, strict=True)
    assert (image.rgb.shape[1], image.rgb.shape[0]) == expected.size
    assert (image.alpha is not None) == expected.alpha
    report = lab.workspace.verifier().verify(data)
    assert report.verdict is Verdict.TRACED, report.reasons
    assert report.evidence.manifest.status is ManifestStatus.TRUSTED
    parents = [i for i in report.evidence.manifest.ingredients if i.depth == 1]
    assert [i.relationship for i in parents] == (["parentOf"] if expected.parent else [])


def test_every_row_of_the_table_is_covered() -> None:
    assert {case.input.row for case in CASES} == {*range(1, 39)}  # 40: test_bad_places
    assert {case.input.number for case in CASES} == {
        item.number for item in (*make.PLAIN, *signed.SIGNED)
    }


# --- what the rows promise beyond their outcome -----------------------------------------


def test_deep_grey_is_scaled_not_clipped(lab: Lab) -> None:
    seen = load(_stamped(lab, make.deep_grey)).rgb.astype(float)
    grey = np.asarray(raw.picture().convert("L")).astype(float)
    assert np.abs(seen - grey[:, :, None]).mean() < 4


def test_transparency_is_kept_exactly(lab: Lab) -> None:
    before = Image.open(io.BytesIO(make.transparent_palette.make())).convert("RGBA")
    after = Image.open(io.BytesIO(_stamped(lab, make.transparent_palette)))
    assert before.getchannel("A").tobytes() == after.getchannel("A").tobytes()


def test_what_follows_a_picture_is_left_behind(lab: Lab) -> None:
    data = _stamped(lab, make.polyglot)
    assert b"inside.txt" not in data
    assert data.endswith(b"IEND\xae\x42\x60\x82")


def _stamped(lab: Lab, item: Input) -> bytes:
    """The stamped picture, without the command line: its outcome is tested above."""
    data = item.make(lab) if item.needs_lab else item.make()
    return lab.workspace.stamper().stamp(data, Generation(model="lab-model")).data


def test_ingredients_are_walked_to_the_first(lab: Lab) -> None:
    report = lab.workspace.verifier().verify(signed.ingredients_40_deep.make(lab))
    assert [i.depth for i in report.evidence.manifest.ingredients] == [*range(1, 40)]


def test_deep_ingredients_are_not_dropped_silently(lab: Lab) -> None:
    report = lab.workspace.verifier().verify(signed.ingredients_100_deep(lab))
    manifest = report.evidence.manifest
    assert len(manifest.ingredients) == 99 or manifest.ingredients_cut


def test_a_stamped_picture_does_not_name_the_remote_manifest(lab: Lab) -> None:
    xmp = load(_stamped(lab, signed.remote_png)).metadata.xmp
    assert lab.remote_url.encode() not in xmp


# --- several files --------------------------------------------------------------------


def _mixed(files: Files) -> list[Path]:
    """Good, bad, good, bad."""
    items = (make.polyglot, make.empty, signed.signed_png, make.half_png)
    return [files.write(item) for item in items]


def test_verify_good_files_among_bad_ones(files: Files) -> None:
    paths = [*_mixed(files)[:3], files.write(make.gigapixels)]
    ran = verify(files.lab, *paths)
    check_behaviour(ran)
    assert ran.code == SOME_ROWS_FAILED
    assert [row["path"] for row in ran.rows] == [str(path) for path in paths]
    assert [row["verdict"] for row in ran.rows] == ["NOT_FOUND", None, "TRACED", None]


def test_stamp_good_files_among_bad_ones(files: Files, tmp_path: Path) -> None:
    out, open_before = tmp_path / "out", open_records(files.lab)
    ran = stamp(files.lab, *_mixed(files), out=out)
    check_behaviour(ran)
    assert ran.code == SOME_ROWS_FAILED
    written = [row["output"] for row in ran.rows]
    assert [path is not None for path in written] == [True, False, True, False]
    assert everything_below(out) == sorted(Path(path) for path in written if path)
    assert open_records(files.lab) == open_before


# --- the set itself -------------------------------------------------------------------


def test_the_same_files_in_every_process(files: Files) -> None:
    subprocess.run(
        [sys.executable, Path(make.__file__), files.folder],
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=60,
    )
    written = {path.name for path in files.folder.iterdir()}
    assert written == {item.filename for item in (*make.PLAIN, *signed.SIGNED)}
    for item in make.PLAIN:
        there = hashlib.sha256((files.folder / item.filename).read_bytes()).digest()
        assert there == hashlib.sha256(item.make()).digest(), item.filename


def test_control_the_native_library_would_ask(lab: Lab) -> None:
    """With its default settings it does, so an idle server proves something."""
    with serving() as server:
        picture = signed.remote_png.make(replace(lab, remote_url=server.url))
        with pytest.raises(c2pa.C2paError):
            c2pa.Reader("image/png", io.BytesIO(picture))
        assert server.connections == 1
