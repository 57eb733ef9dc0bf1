"""The XMP packet: ours is added once, everybody else's stays."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from provenance.errors import ErrorCode, InputError
from provenance.imaging.xmp import (
    COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA,
    TRAINED_ALGORITHMIC_MEDIA,
    properties,
    with_ai_source,
)

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
OURS = {"DigitalSourceType", "AISystemUsed", "AISystemVersionUsed"}


def packet(inner, *, prefix="rdf", wrap=True):
    name = f"{prefix}:" if prefix else ""
    declared = f"xmlns:{prefix}" if prefix else "xmlns"
    body = f'<{name}RDF {declared}="{RDF}">{inner}</{name}RDF>'
    if wrap:
        body = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{body}</x:xmpmeta>'
    return body.encode()


def merged(source=b"", system="acme: acme-1", version="2.0"):
    return with_ai_source(source, system=system, version=version)


def root(data):
    bare = re.sub(rb"<\?xpacket.*?\?>", b"", data, flags=re.S)
    return ElementTree.fromstring(bare)  # noqa: S314 - written by ourselves


def ours(data):
    """Values of our properties, written as attributes or as elements."""
    found = {name: [] for name in OURS}
    for description in root(data).iter(f"{{{RDF}}}Description"):
        for name in OURS:
            if f"{{{IPTC}}}{name}" in description.attrib:
                found[name].append(description.attrib[f"{{{IPTC}}}{name}"])
            found[name] += [child.text for child in description.findall(f"{{{IPTC}}}{name}")]
    return found


def test_an_empty_packet_gets_exactly_our_properties():
    assert ours(merged()) == {
        "DigitalSourceType": [TRAINED_ALGORITHMIC_MEDIA],
        "AISystemUsed": ["acme: acme-1"],
        "AISystemVersionUsed": ["2.0"],
    }


def test_an_empty_version_is_left_out():
    assert ours(merged(version=""))["AISystemVersionUsed"] == []


def test_the_packet_is_wrapped_as_xmp_wants_it():
    data = merged()
    assert data.startswith('<?xpacket begin="\ufeff" id='.encode())
    assert data.endswith(b'<?xpacket end="w"?>')


def test_other_properties_are_kept():
    inner = (
        f'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/png">'
        f"<dc:creator><rdf:Seq><rdf:li>Ada &amp; Bob</rdf:li></rdf:Seq></dc:creator>"
        f'<x:tags xmlns:x="{IPTC}">kept</x:tags></rdf:Description>'
    )
    tree = root(merged(packet(inner)))
    dc = "{http://purl.org/dc/elements/1.1/}"
    description = next(iter(tree.iter(f"{{{RDF}}}Description")))
    assert description.attrib[f"{dc}format"] == "image/png"
    assert [item.text for item in tree.iter(f"{{{RDF}}}li")] == ["Ada & Bob"]
    assert [item.text for item in tree.iter(f"{{{IPTC}}}tags")] == ["kept"]


@pytest.mark.parametrize(
    "inner",
    [
        (
            f'<rdf:Description xmlns:i="{IPTC}" i:DigitalSourceType="print" i:AISystemUsed="x"'
            ' i:AISystemVersionUsed="9"/>'
        ),
        (
            f'<rdf:Description xmlns:i="{IPTC}"><i:DigitalSourceType>digitalCapture'
            "</i:DigitalSourceType><i:AISystemUsed>x</i:AISystemUsed></rdf:Description>"
        ),
        (
            f'<rdf:Description xmlns:i="{IPTC}" i:AISystemUsed="x"/>'
            f'<rdf:Description xmlns:i="{IPTC}" i:AISystemUsed="y"/>'
        ),
    ],
    ids=["attributes", "elements", "twice"],
)
def test_earlier_values_are_replaced_and_not_added_to(inner):
    assert ours(merged(packet(inner))) == ours(merged())


def test_merging_again_changes_nothing_that_is_said():
    once = merged(packet("<rdf:Description/>"))
    assert ours(merged(once)) == ours(once)


def test_merging_again_does_not_grow_the_packet():
    once = merged()
    assert len(merged(merged(once))) == len(once)


@pytest.mark.parametrize(
    "inner",
    [
        '<rdf:Description xmlns:t="http://purl.org/dc/terms/" t:provenance="http://x/y"/>',
        (
            '<rdf:Description xmlns:t="http://purl.org/dc/terms/"><t:provenance>http://x/y'
            "</t:provenance></rdf:Description>"
        ),
    ],
    ids=["attribute", "element"],
)
def test_the_address_of_a_remote_manifest_of_the_input_is_dropped(inner):
    assert b"http://x/y" not in merged(packet(inner))


def test_values_are_escaped():
    nasty = "<b a=\"1\"> & 'c' \u202e"
    assert ours(merged(system=nasty))["AISystemUsed"] == [nasty]


@pytest.mark.parametrize("prefix", ["rdf", "r", ""])
def test_any_prefix_of_the_rdf_namespace_is_understood(prefix):
    name = f"{prefix}:Description" if prefix else "Description"
    inner = f'<{name} xmlns:i="{IPTC}" i:AISystemUsed="old"/>'
    assert ours(merged(packet(inner, prefix=prefix))) == ours(merged())


def test_rdf_without_the_outer_element_is_understood():
    assert ours(merged(packet("<rdf:Description/>", wrap=False))) == ours(merged())


def test_the_padding_of_a_packet_is_dropped():
    padded = b"\xef\xbb\xbf" + packet("<rdf:Description/>") + b" \n" * 2000 + b"\0"
    assert len(merged(padded)) < len(padded)


def test_processing_instructions_around_the_packet_are_not_doubled():
    assert merged(merged()).count(b"<?xpacket begin") == 1


@pytest.mark.parametrize(
    "declaration",
    ["<!DOCTYPE x [<!ENTITY a 'b'>]>", "<!DOCTYPE x SYSTEM 'http://127.0.0.1/x.dtd'>"],
)
@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        pytest.param(
            "utf-16-be",
        ),
    ],
)
def test_a_document_type_is_refused(declaration, encoding):
    head = "" if encoding == "utf-8" else '\ufeff<?xml version="1.0" encoding="UTF-16"?>'
    text = head + declaration + packet("<rdf:Description/>").decode()
    with pytest.raises(InputError) as caught:
        merged(text.encode(encoding))
    assert caught.value.code is ErrorCode.CORRUPT


@pytest.mark.parametrize(
    "source",
    [
        b"<x:xmpmeta",
        b"plain text",
        b"\xff\xfe\xfd",
        b"<a xmlns:rdf='" + RDF.encode() + b"'/>",
        b"<?xml version='1.0' encoding='no-such'?><a/>",
        packet("<rdf:Description>") + b"<unclosed>",
    ],
)
def test_a_packet_that_is_no_xmp_is_refused(source):
    with pytest.raises(InputError) as caught:
        merged(source)
    assert caught.value.code is ErrorCode.CORRUPT
    assert caught.value.hint


def test_a_huge_packet_is_refused():
    with pytest.raises(InputError) as caught:
        merged(packet("<rdf:Description/>") + b" " * 1_000_000)
    assert caught.value.code is ErrorCode.LIMIT


def test_a_deeply_nested_packet_is_refused():
    with pytest.raises(InputError):
        merged(packet("<a>" * 5000 + "</a>" * 5000))


# --- reading ---------------------------------------------------------------------------------

DC = "http://purl.org/dc/elements/1.1/"


@pytest.mark.parametrize(
    "inside",
    [
        '<rdf:Description xmlns:e="{ext}" e:AISystemUsed="value"/>',
        '<rdf:Description xmlns:e="{ext}"><e:AISystemUsed>value</e:AISystemUsed></rdf:Description>',
        (
            '<rdf:Description xmlns:e="{ext}"><e:AISystemUsed> value\n</e:AISystemUsed>'
            "</rdf:Description>"
        ),
        '<rdf:Description xmlns:e="{ext}"><e:AISystemUsed rdf:resource="value"/></rdf:Description>',
        (
            '<rdf:Description xmlns:e="{ext}"><e:AISystemUsed><rdf:Alt>'
            '<rdf:li xml:lang="x-default">value</rdf:li></rdf:Alt></e:AISystemUsed>'
            "</rdf:Description>"
        ),
    ],
    ids=["attribute", "element", "with spaces", "resource", "alternative"],
)
def test_a_property_is_read_in_every_form(inside):
    packet = f'<rdf:RDF xmlns:rdf="{RDF}">{inside.format(ext=IPTC)}</rdf:RDF>'.encode()
    assert properties(packet) == ((f"{IPTC}AISystemUsed", "value"),)


def test_what_we_write_can_be_read():
    packet = with_ai_source(b"", system="acme", version="2")
    assert dict(properties(packet)) == {
        f"{IPTC}DigitalSourceType": TRAINED_ALGORITHMIC_MEDIA,
        f"{IPTC}AISystemUsed": "acme",
        f"{IPTC}AISystemVersionUsed": "2",
    }


def test_every_item_of_a_list_is_read():
    packet = (
        f'<rdf:RDF xmlns:rdf="{RDF}" xmlns:dc="{DC}"><rdf:Description><dc:subject><rdf:Bag>'
        "<rdf:li>one</rdf:li><rdf:li>two</rdf:li></rdf:Bag></dc:subject></rdf:Description>"
        "</rdf:RDF>"
    ).encode()
    assert properties(packet) == ((f"{DC}subject", "one"), (f"{DC}subject", "two"))


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"no xml",
        b"<a>",
        b"<!DOCTYPE a [<!ENTITY x 'y'>]><a xmlns='n:'>&x;</a>",
        b"<a>" * 200 + b"</a>" * 200,
        b"<a>" + b"x" * 1_000_001 + b"</a>",
        b"\xff\xfe\x00",
    ],
    ids=["empty", "text", "open", "entity", "deep", "large", "bytes"],
)
def test_a_packet_that_is_broken_or_dangerous_has_no_properties(packet):
    assert properties(packet) == ()


def test_there_is_an_end_to_properties():
    inside = "".join(f'<x xmlns="n:" a:b="v" xmlns:a="n{i}:"/>' for i in range(3000))
    assert len(properties(f"<r>{inside}</r>".encode())) == 1000


def test_an_edit_is_a_composite():
    packet = with_ai_source(b"", system="acme", version="2", edited=True).decode()
    assert f'"{COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA}"' in packet
    assert f'"{TRAINED_ALGORITHMIC_MEDIA}"' not in packet


AIGC = "http://www.tc260.org.cn/ns/AIGC/1.0/AIGC"


def test_the_aigc_property_replaces_one_that_was_there():
    before = with_ai_source(b"", system="other", version="", aigc='{"Label":"2"}')
    after = with_ai_source(before, system="acme", version="", aigc='{"Label":"1","a":"<&>"}')
    assert [v for name, v in properties(after) if name == AIGC] == ['{"Label":"1","a":"<&>"}']


def test_an_aigc_property_of_the_input_stays_where_none_is_asked_for():
    before = with_ai_source(b"", system="other", version="", aigc='{"Label":"2"}')
    after = with_ai_source(before, system="acme", version="")
    assert [v for name, v in properties(after) if name == AIGC] == ['{"Label":"2"}']
