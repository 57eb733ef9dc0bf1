"""Project VIC: hashes as OData JSON of the Video and Image Classification Standard, VICS 2.0.

An entry is a file's hashes, size and name. `Category` is always 0, uncategorised: the class
of a picture's content is for people to set, and nothing here looks at it. The verdict stands
in `Comments`, the free text of an entry. The field names are those of the Media and MediaFile
entities of http://github.com/VICSDATAMODEL/ProjectVic.
"""

from __future__ import annotations

import json
from typing import Any, Final

from provenance.report.document import Document
from provenance.report.media import base_name, media_type
from provenance.report.result import Digests, Result

CONTEXT: Final = (
    "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/Default/$metadata#Media"
)
_UNCATEGORISED: Final = 0


def render_vics(document: Document) -> bytes:
    """A document as VICS 2.0 in ASCII. Files without hashes are not in it: see `left_out`."""
    media = [
        _media(number, result, result.source.before, document)
        for number, result in enumerate(document.results, start=1)
        if result.source.before
    ]
    text = json.dumps({"@odata.context": CONTEXT, "value": media}, indent=2, ensure_ascii=True)
    return f"{text}\n".encode("ascii")


def left_out(document: Document) -> int:
    """How many files could not be read: an entry without hashes cannot be written."""
    return sum(result.source.before is None for result in document.results)


def _media(number: int, result: Result, digests: Digests, document: Document) -> dict[str, Any]:
    """One entry; `MediaID` is the file's place in the report."""
    return media_entry(
        number,
        digests,
        updated=document.run.finished_at,
        kind=media_type(result.input),
        comments=f"{document.tool.name} {document.tool.version}: {_comment(result)}",
        names=(base_name(result.source), result.source.name),
    )


def media_entry(
    number: int,
    digests: Digests,
    *,
    updated: str,
    kind: str,
    comments: str,
    names: tuple[str, str],
) -> dict[str, Any]:
    """One Media entity.

    Args:
        number: its `MediaID`.
        digests: of the file.
        updated: when it was looked at, RFC 3339.
        kind: its media type; empty where it is not known.
        comments: what was found.
        names: of the file: its last part, and the whole.
    """
    md5 = digests.md5.upper()
    return {
        "MediaID": number,
        "Category": _UNCATEGORISED,
        "MD5": md5,
        "SHA1": digests.sha1.upper(),
        "MediaSize": digests.byte_size,
        "DateUpdated": updated,
        "IsPrecategorized": False,
        **({"MimeType": kind} if kind else {}),
        "Comments": comments,
        "MediaFiles": [{"MD5": md5, "FileName": names[0], "FilePath": names[1]}],
    }


def _comment(result: Result) -> str:
    if result.finding and result.text:
        limits = " ".join(result.text.limits)
        return f"{result.finding.verdict.value}. {result.text.statement} {limits}".rstrip()
    if result.problem:
        return f"not examined: {result.problem.message} [{result.problem.code}]"
    return "not examined"
