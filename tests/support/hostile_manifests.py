"""Pictures whose manifest says the same text wherever a stranger may say anything."""

from __future__ import annotations

import io
import json
from typing import Any
from xml.sax.saxutils import quoteattr

import c2pa
from support import manifests, pictures

from provenance.imaging import Encoding, Metadata, encode
from provenance.keys import create_chain
from provenance.manifest import names
from provenance.manifest.native import NativeSettings

#: Label of the assertion that holds the text as key and as value.
CUSTOM = "org.example.text"
_MAX_NAME = 64  # bytes: the upper bound of a common name (X.520), as it is enforced here


def saying(text: str) -> bytes:
    """A PNG with this text in every free field of its manifest and of its signer's name.

    The signature and the hashes are sound; the signer is on nobody's list.
    """
    settings = NativeSettings(verify_after_sign=False)
    # As text, not escaped: the native library bounds how long its JSON may be.
    definition = json.dumps(_definition(text), ensure_ascii=False)
    builder = c2pa.Builder(definition, context=settings.context())
    data, mime = manifests.plain()
    part = {"title": text, "relationship": "componentOf", "description": text}
    builder.add_ingredient(part, mime, io.BytesIO(data))
    name = signer_name(text)
    chain = create_chain(name, name)
    signer = c2pa.Signer.from_info(
        c2pa.C2paSignerInfo(b"es256", chain.chain_pem, chain.leaf_key_pem, None)
    )
    target = io.BytesIO()
    builder.sign(signer, mime, io.BytesIO(data), target)
    return target.getvalue()


def signer_name(text: str) -> str:
    """As much of the text as there is room for in the signer's organisation and common name."""
    return text.encode()[:_MAX_NAME].decode("utf-8", "ignore")


def elsewhere(text: str) -> bytes:
    """A PNG without a manifest that names this text as the address of one."""
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dcterms="http://purl.org/dc/terms/" '
        f"dcterms:provenance={quoteattr(text)}/></rdf:RDF></x:xmpmeta>"
    )
    metadata = Metadata(xmp=packet.encode())
    return encode(pictures.crop(64, 64), None, Encoding.parse("png"), metadata)


def _definition(text: str) -> dict[str, Any]:
    agent = {"name": text, "version": text}
    created = {**manifests.CREATED["data"]["actions"][0], "softwareAgent": agent}
    edited = {
        "action": text,
        "description": text,
        "digitalSourceType": text,
        "parameters": {text: text},
    }
    binding = {"alg": text, "name": text, "blocks": [{"scope": {}, "value": text}]}
    generation = {
        "system": text,
        "systemId": 7,
        "model": text,
        "modelVersion": text,
        "recordId": text,
    }
    assertions = {
        names.ACTIONS: {"actions": [created, edited]},
        names.SOFT_BINDING: binding,
        names.GENERATION: generation,
        CUSTOM: {text: text, "list": [text]},
    }
    return {
        "title": text,
        "claim_generator_info": [{"name": text, "version": text}],
        "assertions": [
            {"label": label, "created": True, "data": data} for label, data in assertions.items()
        ],
    }
