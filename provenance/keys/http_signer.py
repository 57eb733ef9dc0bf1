"""A signer behind HTTP: a key-management service, or a small server in front of one.

The protocol is described in `docs/keys.md`. One POST for each signature, with a digest (for
Ed25519 with the message), never with anything of the picture:

    {"version": 1, "key_id": "...", "algorithm": "es256",
     "input": "digest", "value": "<base64>"}             -> {"signature": "<base64>"}
"""

from __future__ import annotations

import base64
import binascii
import json
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provenance.errors import ConfigError, SignerError
from provenance.keys.algorithms import SigningAlgorithm, digest_of
from provenance.keys.network import Endpoint, Network, check_url
from provenance.keys.private_text import PrivateText
from provenance.keys.signer import CertificateChain

if TYPE_CHECKING:
    from provenance.keys.exchange import ExchangeError

_JSON: Final = "application/json"
_VERSION: Final = 1
_MAX_ANSWER: Final = 16_384  # an RSA signature of 4,096 bits has 684 bytes in base64
_MAX_MESSAGE: Final = 1 << 20
_MAX_KEY_ID: Final = 512
_MAX_SECONDS: Final = 60.0
_HINTS: Final = {
    400: "the service speaks another protocol, or knows no such algorithm: see docs/keys.md",
    401: "check the token in signer.http_token_file",
    403: "the token may not use this key: check signer.http_token_file and signer.http_key_id",
    404: "check signer.http_url and signer.http_key_id",
    429: "the service is asked too often",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSigner:
    """A signer whose key is behind an HTTP service.

    Attributes:
        chain: the certificates to embed; the leaf's key says which algorithm is asked for.
        url: https, or http on the loopback interface.
        key_id: the service's name for the key.
        token: a bearer token; None sends none, which is for loopback only.
        network: what kind of address the service must have.
        seconds: for a whole exchange.
        authorities: PEM file of what the server's certificate must chain to; None is what
            the operating system trusts.
    """

    chain: CertificateChain
    url: str
    key_id: str
    token: PrivateText | None = None
    network: Network = Network.PUBLIC
    seconds: float = 10.0
    authorities: Path | None = None

    def __post_init__(self) -> None:
        check_url(self.url, what="signing service", schemes=("https", "http"))
        loopback = self.network is Network.LOOPBACK
        if urllib.parse.urlsplit(self.url).scheme == "http" and not loopback:
            raise ConfigError(
                "a signing service is asked over https; http is for the loopback interface",
                hint="signer.http_url begins with https://, or signer.http_network is loopback",
            )
        if self.token is None and not loopback:
            raise ConfigError(
                "a signing service on a network needs a token", hint="set signer.http_token_file"
            )
        if not 0 < len(self.key_id) <= _MAX_KEY_ID or not self.key_id.isprintable():
            raise ConfigError(f"a key id is printable text of 1 to {_MAX_KEY_ID} characters")
        if not 0 < self.seconds <= _MAX_SECONDS:
            raise ConfigError(f"a signature may take at most {_MAX_SECONDS:g} seconds")

    @property
    def algorithm(self) -> SigningAlgorithm:
        """The one that goes with the certificate."""
        return self.chain.algorithm

    def sign(self, data: bytes) -> bytes:
        """Ask the service for a signature.

        Raises:
            SignerError: no usable answer.
            KeyMaterialError: the token cannot be read.
        """
        from provenance.keys import exchange  # ssl and http take time to load

        question = exchange.Question(
            body=self._body(data),
            kind=_JSON,
            answer_kind=_JSON,
            answer_name="JSON answer",
            max_answer=_MAX_ANSWER,
            headers=self._authorization(),
        )
        endpoint = Endpoint(
            url=self.url,
            network=self.network,
            seconds=self.seconds,
            authorities=self.authorities,
        )
        try:
            answer = exchange.exchange(endpoint, question)
        except exchange.ExchangeError as error:
            raise SignerError(
                f"signing service {endpoint.host} {error}", hint=_hint(error)
            ) from error.__cause__
        signature = _signature(answer)
        if signature is None:
            raise SignerError(
                f"signing service {endpoint.host} answered with something else than a signature",
                hint="the protocol is described in docs/keys.md",
            )
        return signature

    def _authorization(self) -> dict[str, str]:
        return {} if self.token is None else {"Authorization": f"Bearer {self.token.read()}"}

    def _body(self, data: bytes) -> bytes:
        digest = digest_of(self.algorithm, data)
        if digest is None and len(data) > _MAX_MESSAGE:
            raise SignerError(f"a message of more than {_MAX_MESSAGE:,} bytes is not sent")
        value = data if digest is None else digest
        request = {
            "version": _VERSION,
            "key_id": self.key_id,
            "algorithm": self.algorithm.value,
            "input": "message" if digest is None else "digest",
            "value": base64.b64encode(value).decode("ascii"),
        }
        return json.dumps(request, ensure_ascii=True).encode("ascii")


def _hint(error: ExchangeError) -> str:
    if error.misplaced:
        return "signer.http_network says where it may be: public, private or loopback"
    return _HINTS.get(error.status, "nothing was signed; try again later")


def _signature(answer: bytes) -> bytes | None:
    """The signature in an answer; None where it has any other form."""
    try:
        document = json.loads(answer)
        if not isinstance(document, dict) or set(document) != {"signature"}:
            return None
        return base64.b64decode(document["signature"], validate=True) or None
    except (ValueError, TypeError, RecursionError, binascii.Error):
        return None
