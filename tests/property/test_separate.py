"""Marking and then signing a picture gives what stamping it gives."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from support import pictures

from provenance import Generation

SIZES = st.sampled_from([(256, 256), (256, 400), (400, 400), (320, 512)])


def seen(workspace, data):
    """What a verifier says, without ids and chances."""
    report = workspace.verifier().verify(data)
    finding = report.finding
    return (
        finding.verdict,
        finding.basis,
        [statement.code for statement in finding.statements],
        [reason.code for reason in finding.reasons],
        report.evidence.manifest.status,
        report.evidence.manifest.actions,
        report.evidence.content_match.status,
    )


@settings(max_examples=8)
@given(size=SIZES, top=st.integers(0, 100), as_file=st.booleans(), photo=st.booleans())
def test_the_verdict_is_the_same(workspace, size, top, as_file, photo):
    make = pictures.crop if not photo else lambda *a, **k: pictures.sample("kitchen.png", *a, **k)
    rgb = make(*size, top=top)
    stamper, generation = workspace.stamper(), Generation(model="acme-1", model_version="2")
    made = stamper.mark(rgb, generation)
    signed = stamper.sign(pictures.file(made.pixels, "PNG") if as_file else made)
    stamped = stamper.stamp(rgb, generation)
    assert signed.encoding == stamped.encoding
    assert signed.quality.psnr_db > 35
    assert seen(workspace, signed.data) == seen(workspace, stamped.data)
