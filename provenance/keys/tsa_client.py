"""The exchange with a time-stamping authority; loaded only where one is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenance.errors import TimeStampError
from provenance.keys import exchange
from provenance.keys.network import Endpoint

if TYPE_CHECKING:
    from provenance.keys.timestamps import TimeStampAuthority

#: A token with its certificates has 3 to 7 KB; more does not fit into the space that the
#: native library reserves in the manifest.
_MAX_ANSWER: Final = 65_536
_MAX_QUERY: Final = 8_192


def ask(authority: TimeStampAuthority, query: bytes) -> bytes:
    """Send a query and return the answer; see `TimeStampAuthority.answer`."""
    if len(query) > _MAX_QUERY:
        raise TimeStampError("the time-stamp query is too large")
    question = exchange.Question(
        body=query,
        kind="application/timestamp-query",
        answer_kind="application/timestamp-reply",
        answer_name="time-stamp reply",
        max_answer=_MAX_ANSWER,
        headers={},
    )
    endpoint = Endpoint(url=authority.url, network=authority.network, seconds=authority.seconds)
    try:
        return exchange.exchange(endpoint, question)
    except exchange.ExchangeError as error:
        hint = "try again, or set stamp.time_stamp to record or off"
        if error.misplaced:
            hint = "stamp.tsa_network says where it may be: public, private or loopback"
        raise TimeStampError(
            f"time-stamping authority {endpoint.host} {error}", hint=hint
        ) from error.__cause__
