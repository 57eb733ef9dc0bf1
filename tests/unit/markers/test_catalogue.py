"""The data files, and what makes a data file wrong."""

from __future__ import annotations

import time

import pytest
from support import markers

from provenance.errors import ConfigError
from provenance.markers import catalogue
from provenance.markers.catalogue import parse

TEXT = """
[[text]]
id = "example"
system = "Example"
source = "a test"
[[text.match]]
keys = ["Software"]
pattern = '^Example'
"""
PAYLOAD = """
[[payload]]
id = "example"
system = "Example"
source = "a test"
text = "EXAM"
"""
SIGNER = """
[[signer]]
id = "example"
system = "Example"
source = "a test"
signer = '^Example'
"""


def parsed(*, signed="", public="", unsigned=""):
    return parse(signed=signed, public_watermark=public, unsigned_metadata=unsigned)


def patterns():
    known = catalogue()
    for entry in known.texts:
        yield from (c.pattern for c in entry.conditions if c.pattern)
    for entry in known.signers:
        yield from (p for p in (entry.signer, entry.generator) if p)


def test_at_least_twenty_systems_are_known():
    assert len({entry.system for entry in catalogue().entries if entry.system}) >= 20


def test_every_entry_says_where_it_is_known_from():
    assert all(entry.source for entry in catalogue().entries)


@pytest.mark.parametrize("name", sorted(markers.CONTENTS))
def test_every_payload_has_the_bits_that_the_package_embeds(name):
    pytest.importorskip("imwatermark")
    from imwatermark import WatermarkEncoder

    encoder = WatermarkEncoder()
    content = markers.CONTENTS[name]
    if isinstance(content, bytes):
        encoder.set_watermark("bytes", content)
    else:
        encoder.set_watermark("bits", [int(digit) for digit in bin(content)[2:]])
    (entry,) = [p for p in catalogue().payloads if p.id == name]
    assert list(entry.bits) == [int(bit) for bit in encoder._watermarks]


def test_every_payload_is_covered():
    assert {entry.id for entry in catalogue().payloads} == set(markers.CONTENTS)


def test_well_formed_data_is_read():
    found = parsed(signed=SIGNER, public=PAYLOAD.replace("example", "other"), unsigned="")
    assert found.signers[0].signer.search("Example Inc.")
    assert "".join(map(str, found.payloads[0].bits)) == f"{int.from_bytes(b'EXAM'):032b}"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"unsigned": "no toml"}, "not TOML"),
        ({"unsigned": TEXT.replace("[[text]]", "[[texts]]")}, "unknown table"),
        ({"unsigned": TEXT.replace('"example"', '"Bad Id"')}, "is not an id"),
        ({"unsigned": TEXT.replace('id = "example"', "")}, "is not an id"),
        ({"unsigned": TEXT.replace('source = "a test"', "")}, "source"),
        ({"unsigned": TEXT.replace('source = "a test"', "source = 3")}, "texts"),
        (
            {"unsigned": TEXT.replace('source = "a test"', 'source = ""\nextra = 1')},
            "unknown field",
        ),
        ({"unsigned": TEXT.replace("'^Example'", "'(unclosed'")}, "example"),
        ({"unsigned": TEXT.replace("'^Example'", "'Example.*'")}, "without bound"),
        ({"unsigned": TEXT.replace("'^Example'", "'(?:Example)+'")}, "without bound"),
        ({"unsigned": TEXT.replace("'^Example'", "'E{3,}'")}, "without bound"),
        ({"unsigned": TEXT.replace('["Software"]', "[]")}, "keys"),
        ({"unsigned": TEXT.replace("pattern", "patern")}, "keys"),
        ({"unsigned": TEXT.partition("[[text.match]]")[0]}, "match"),
        ({"unsigned": TEXT + TEXT}, "twice"),
        ({"unsigned": TEXT, "public": PAYLOAD}, "twice"),
        ({"public": PAYLOAD.replace('"EXAM"', '"E"')}, "32 bits"),
        ({"public": PAYLOAD.replace('text = "EXAM"', f'bits = "{"0" * 40}"')}, "32 bits"),
        ({"signed": SIGNER.replace("signer = '", "signers = '")}, "neither"),
    ],
)
def test_data_that_is_wrong_says_what_is_wrong(changed, says):
    with pytest.raises(ConfigError, match=says):
        parsed(**changed)


def test_escapes_and_classes_may_hold_what_repeats():
    parsed(unsigned=TEXT.replace("'^Example'", r"'[+*]\+{1,3}'"))


HOSTILE = [
    "Steps: 1, Sampler: " * 14_000,
    "CFG scale: " + "1." * 130_000,
    "Job ID: " + "0" * 260_000,
    '"' * 262_000,
    " " * 262_000,
    "&quot;" * 43_000,
    "Signature: " + "A" * 262_000,
    '"metadata_scheme"    :' * 11_000,
    "prompt:" * 37_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
def test_no_pattern_takes_long_on_hostile_text(text):
    start = time.process_time()
    for pattern in patterns():
        pattern.search(text)
    assert time.process_time() - start < 3
