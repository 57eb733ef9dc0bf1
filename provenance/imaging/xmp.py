"""XMP: the IPTC layer that we write, a second, cheap place that says "made by AI"; reading.

Properties of the IPTC Photo Metadata Standard 2025.1: Digital Source Type, AI System
Used and AI System Version Used. Never the prompt properties: they are personal.
https://iptc.org/std/photometadata/specification/IPTC-PhotoMetadata
"""

from __future__ import annotations

from typing import Final
from xml.dom import XMLNS_NAMESPACE, minidom
from xml.parsers.expat import ExpatError, ParserCreate

from provenance.errors import ErrorCode, InputError

TRAINED_ALGORITHMIC_MEDIA: Final = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
)
COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA: Final = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)
_IPTC_EXT: Final = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_DCTERMS: Final = "http://purl.org/dc/terms/"
_TC260: Final = "http://www.tc260.org.cn/ns/AIGC/1.0/"  # GB 45438-2025, annex E
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML: Final = "http://www.w3.org/XML/1998/namespace"
_MAX_DEPTH: Final = 100
_MAX_PROPERTIES: Final = 1_000
_MAX_PACKET: Final = 1_000_000
_EMPTY: Final = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'
    b"</x:xmpmeta>"
)
_BEGIN: Final = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_END: Final = '<?xpacket end="w"?>'


def with_ai_source(
    packet: bytes, *, system: str, version: str, edited: bool = False, aigc: str = ""
) -> bytes:
    """The XMP packet with the AI properties set; everything else in it is kept.

    Except `dcterms:provenance`: it points to a remote manifest of the *input*, at an address
    that the input chose, and would speak for the output as soon as that lost its own.

    Args:
        packet: an XMP packet of UTF-8 XML, or nothing.
        system: value of AISystemUsed.
        version: value of AISystemVersionUsed; left out where empty.
        edited: the model changed a picture that was there before.
        aigc: value of the AIGC property of TC260. It replaces what is there; empty keeps that.

    Raises:
        InputError: `E_LIMIT` (packet over 1 MB) or `E_CORRUPT` (not well-formed XML, a
            document type declaration, no RDF).
    """
    if len(packet) > _MAX_PACKET:
        raise InputError(
            "XMP packet of the input is over 1 MB",
            hint="remove or shorten the XMP of the input before stamping",
            code=ErrorCode.LIMIT,
        )
    document = _parse(packet.strip(b"\0 \r\n\t") or _EMPTY)
    roots = document.getElementsByTagNameNS(_RDF, "RDF")
    if not roots:
        raise _broken()
    properties = {
        "DigitalSourceType": (
            COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA if edited else TRAINED_ALGORITHMIC_MEDIA
        ),
        "AISystemUsed": system,
        "AISystemVersionUsed": version,
    }
    for description in list(document.getElementsByTagNameNS(_RDF, "Description")):
        _remove(description, _IPTC_EXT, tuple(properties))
        _remove(description, _DCTERMS, ("provenance",))
        if aigc:
            _remove(description, _TC260, ("AIGC",))
        if description.parentNode is not None and _is_empty(description):
            description.parentNode.removeChild(description)
    added = document.createElementNS(_RDF, f"{roots[0].prefix or 'rdf'}:Description")
    # A default namespace gives the RDF element no prefix, so ours has to be declared.
    added.setAttribute(f"xmlns:{roots[0].prefix or 'rdf'}", _RDF)
    added.setAttribute(f"{roots[0].prefix or 'rdf'}:about", "")
    added.setAttribute("xmlns:Iptc4xmpExt", _IPTC_EXT)
    for name, value in properties.items():
        if value:
            added.setAttribute(f"Iptc4xmpExt:{name}", value)
    if aigc:
        added.setAttribute("xmlns:TC260", _TC260)
        added.setAttribute("TC260:AIGC", aigc)
    roots[0].appendChild(added)
    body = document.documentElement
    if body is None:
        raise _broken()
    return f"{_BEGIN}\n{body.toxml()}\n{_END}".encode()


def properties(packet: bytes) -> tuple[tuple[str, str], ...]:
    """Names and values of the simple properties of a packet; nothing if it is not XMP.

    A name is the namespace followed by the local name. Values of a list come one by one.
    At most `_MAX_PROPERTIES` are read.
    """
    packet = packet.strip(b"\0 \r\n\t")
    if not packet or len(packet) > _MAX_PACKET:
        return ()
    reader = _Properties()
    try:
        _refuse_dangers(packet)
        parser = ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = reader.enter, reader.leave
        parser.CharacterDataHandler = reader.text
        parser.Parse(packet, True)  # noqa: FBT003 - the signature of expat
    except (ExpatError, ValueError, LookupError):
        return ()
    return tuple(reader.found[:_MAX_PROPERTIES])


class _Properties:
    """Collects properties while the parser walks over the packet."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self._path: list[str] = []  # of elements that are not RDF's own
        self._text = ""

    def enter(self, name: str, attributes: dict[str, str]) -> None:
        self._text = ""
        if not name.startswith(_RDF):
            self._path.append(name)
        for attribute, value in attributes.items():
            if attribute == f"{_RDF} resource":
                self._add(value)
            elif " " in attribute and not attribute.startswith((_RDF, _XML)):
                self.found.append((attribute.replace(" ", ""), value))

    def text(self, text: str) -> None:
        self._text += text

    def leave(self, name: str) -> None:
        self._add(self._text.strip())
        self._text = ""
        if not name.startswith(_RDF):
            self._path.pop()

    def _add(self, value: str) -> None:
        if value and self._path and len(self.found) < _MAX_PROPERTIES:
            self.found.append((self._path[-1].replace(" ", ""), value))


def _parse(packet: bytes) -> minidom.Document:
    try:
        _refuse_dangers(packet)
        return minidom.parseString(packet)  # noqa: S318 - checked in the line above
    except (ExpatError, ValueError, LookupError) as error:
        raise _broken() from error


def _refuse_dangers(packet: bytes) -> None:
    """Raise `ValueError` for a document type (entities need one) or for deep nesting."""
    depth = 0

    def refuse(*_: object) -> None:
        raise ValueError("document type declaration")

    def enter(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise ValueError("nested too deeply")

    def leave(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser = ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler = enter, leave
    parser.Parse(packet, True)  # noqa: FBT003 - the signature of expat


def _remove(description: minidom.Element, namespace: str, names: tuple[str, ...]) -> None:
    """Drop values of the properties, written as attributes or as elements."""
    for name in names:
        if description.hasAttributeNS(namespace, name):
            description.removeAttributeNS(namespace, name)
    for child in list(description.childNodes):
        if child.namespaceURI == namespace and child.localName in names:
            description.removeChild(child)


def _is_empty(description: minidom.Element) -> bool:
    """True where nothing is left but the subject and namespace declarations."""
    said = [
        name
        for (namespace, name) in description.attributes.keysNS()
        if namespace != XMLNS_NAMESPACE and (namespace, name) != (_RDF, "about")
    ]
    return not said and not any(
        child.nodeType == child.ELEMENT_NODE for child in description.childNodes
    )


def _broken() -> InputError:
    return InputError(
        "XMP packet of the input is not well-formed",
        hint="remove the XMP of the input before stamping",
        code=ErrorCode.CORRUPT,
    )
