"""A signed document in one file: the detached signature with the document inside.

RFC 7797, 4.2 and 5.2: with `b64` false the payload of a flattened JSON serialisation is a
string that holds the document itself. So the signature is the very one of `attest.jws`, and
nothing is decoded before it is verified.
"""

from __future__ import annotations

import json
from typing import Any, Final

from provenance.attest.jws import MAX_BYTES as MAX_SIGNATURE
from provenance.attest.jws import NotVerifiedError, compact

_PAYLOAD: Final = "payload"


def attach(document: bytes, signature: bytes) -> bytes:
    """One file with a document and its detached signature.

    Args:
        document: ASCII text.
        signature: what `jws.seal` made of it.
    """
    members = {_PAYLOAD: document.decode("ascii"), **json.loads(signature)}
    return compact(members) + b"\n"


def detach(data: bytes, *, limit: int) -> tuple[bytes, bytes]:
    """The document and its detached signature, of a file that is what `attach` would write.

    Nothing is verified: `check_json` does that with both.

    Args:
        data: the file.
        limit: of the document, in bytes.

    Raises:
        NotVerifiedError: not such a file, or larger.
    """
    if len(data) > 2 * limit + MAX_SIGNATURE:  # quotes and backslashes take two bytes
        raise NotVerifiedError(f"it has more than {2 * limit + MAX_SIGNATURE:,} bytes")
    try:
        members: Any = json.loads(data)
        document = members.pop(_PAYLOAD).encode("ascii")
        signature = compact(members) + b"\n"
        same = attach(document, signature) == data
    except (ValueError, AttributeError, TypeError, KeyError, RecursionError) as error:
        raise NotVerifiedError("it is not a signed document in one file") from error
    if not same:
        raise NotVerifiedError("it is not a signed document in one file")
    if len(document) > limit:
        raise NotVerifiedError(f"the document in it has more than {limit:,} bytes")
    return document, signature
