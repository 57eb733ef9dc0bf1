"""VICS: hashes for Project VIC, never a category."""

from __future__ import annotations

import json

from support import reports

from provenance.report.build import digests
from provenance.report.render import ReportFormat, lost
from provenance.report.vics import left_out, render_vics


def entries(document):
    return json.loads(render_vics(document))["value"]


def test_every_file_that_could_be_read_has_an_entry_with_its_hashes():
    document = reports.document()
    readable = [
        (number, result)
        for number, result in enumerate(document.results, start=1)
        if result.source.before
    ]
    made = entries(document)
    assert [entry["MediaID"] for entry in made] == [number for number, _ in readable]
    for entry, (_, result) in zip(made, readable, strict=True):
        before = result.source.before
        assert entry["MD5"] == entry["MediaFiles"][0]["MD5"] == before.md5.upper()
        assert entry["SHA1"] == before.sha1.upper()
        assert entry["MediaSize"] == before.byte_size


def test_nothing_is_categorised_whatever_the_verdict():
    for entry in entries(reports.document()):
        assert entry["Category"] == 0
        assert entry["IsPrecategorized"] is False


def test_the_verdict_stands_in_the_comment_with_its_limits():
    document = reports.document()
    first = entries(document)[0]
    text = document.results[0].text
    assert "TRACED" in first["Comments"]
    assert text.statement in first["Comments"]
    assert all(limit in first["Comments"] for limit in text.limits)


def test_a_file_that_was_read_but_not_decoded_is_kept_without_a_media_type():
    document = reports.document([reports.problem("broken.png", digests(b"broken"))])
    (entry,) = entries(document)
    assert "MimeType" not in entry
    assert "E_IO" in entry["Comments"]


def test_what_is_left_out_is_counted_and_said():
    document = reports.document()
    assert left_out(document) == len(document.results) - len(entries(document)) == 1
    assert lost(document, ReportFormat.VICS).startswith(f"1 of {len(document.results)} files")
    assert lost(document, ReportFormat.JSON) == ""
    assert lost(reports.document([]), ReportFormat.VICS) == ""


def test_hostile_text_is_escaped():
    data = render_vics(reports.hostile())
    assert data.isascii()
    assert all(byte >= 32 or byte == 10 for byte in data)


def test_a_windows_path_gives_its_last_part_as_file_name():
    (entry,) = entries(reports.document([reports.problem("C:\\x\\a.png", digests(b"x"))]))
    assert entry["MediaFiles"][0]["FileName"] == "a.png"
