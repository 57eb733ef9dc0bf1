"""Detector bundles of version 1: keys alone, without a signature. Version 2: `exchange.bundle`.

A JSON file, private to its owner, with carrier keys alone:

    {"kind": "provenance-detector-bundle", "version": 1,
     "keys": [{"system_id": 77, "system_name": "acme-images", "epoch": 0,
               "carrier_key": "<64 hexadecimal digits>"}]}

Whoever holds it can read marks of these systems, and could write or remove them: a bundle is a
secret. It never holds a tag key, so a mark that it reads is not authenticated.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from provenance.errors import KeyMaterialError
from provenance.keys import read_private, write_private
from provenance.model.ids import SYSTEM_ID_BITS, SystemRef
from provenance.watermark.keyring import DetectionKey, Keyring

KIND: Final = "provenance-detector-bundle"
VERSION: Final = 1
_MAX_KEYS: Final = 256
_MAX_EPOCH: Final = 0xFFFF
_HEX_KEY: Final = re.compile(r"[0-9a-f]{64}")
_HINT: Final = "bundles are written by: provenance keys export"


def save_bundle(path: Path, keyring: Keyring) -> None:
    """Write the carrier keys of a keyring to a new private file (mode 0600).

    Raises:
        KeyMaterialError: there is no key, the file exists, or it cannot be written.
    """
    if not keyring.keys:
        raise KeyMaterialError("there is no detection key to export")
    keys = [
        {
            "system_id": key.system.id,
            "system_name": key.system.name,
            "epoch": key.epoch,
            "carrier_key": key.carrier_key.hex(),
        }
        for key in keyring.keys
    ]
    document = {"kind": KIND, "version": VERSION, "keys": keys}
    write_private(path, json.dumps(document, indent=2, ensure_ascii=True).encode("ascii") + b"\n")


def load_bundle(path: Path) -> Keyring:
    """Read a detector bundle.

    Raises:
        KeyMaterialError: see `read_private`, or not a bundle of a known version.
    """
    try:
        document = json.loads(read_private(path).decode("utf-8"), object_pairs_hook=_unique)
        return _keyring(document)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, _BundleError) else "not valid JSON"
        raise KeyMaterialError(f"{path} is not a detector bundle: {reason}", hint=_HINT) from error


class _BundleError(ValueError):
    """What is wrong with a bundle."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _BundleError("a field is there twice")
    return fields


def _keyring(document: object) -> Keyring:
    fields = _fields(document, {"kind", "version", "keys"}, "the file")
    if fields["kind"] != KIND:
        raise _BundleError(f"its kind is not {KIND}")
    if type(fields["version"]) is not int or fields["version"] != VERSION:
        raise _BundleError(f"its version is not {VERSION}")
    keys = fields["keys"]
    if not isinstance(keys, list) or not 0 < len(keys) <= _MAX_KEYS:
        raise _BundleError(f"keys has to be a list of 1 to {_MAX_KEYS} keys")
    ring = Keyring()
    for key in keys:
        ring += Keyring(keys=(_key(key),))
    return ring


def _key(value: object) -> DetectionKey:
    fields = _fields(value, {"system_id", "system_name", "epoch", "carrier_key"}, "a key")
    number, name, epoch = fields["system_id"], fields["system_name"], fields["epoch"]
    if type(number) is not int or not 0 <= number < 1 << SYSTEM_ID_BITS:
        raise _BundleError(f"system_id has to be a number below {1 << SYSTEM_ID_BITS:,}")
    if not isinstance(name, str) or not 0 < len(name) <= 64 or not name.isprintable():
        raise _BundleError("system_name has to be 1 to 64 printable characters")
    if type(epoch) is not int or not 0 <= epoch <= _MAX_EPOCH:
        raise _BundleError(f"epoch has to be a number up to {_MAX_EPOCH:,}")
    carrier = fields["carrier_key"]
    if not isinstance(carrier, str) or not _HEX_KEY.fullmatch(carrier):
        raise _BundleError("carrier_key has to be 64 hexadecimal digits in lower case")
    return DetectionKey(
        system=SystemRef(number, name), epoch=epoch, carrier_key=bytes.fromhex(carrier)
    )


def _fields(value: object, names: set[str], what: str) -> dict[str, Any]:
    """A JSON object with exactly these fields: what is unknown is not silently left out."""
    if not isinstance(value, dict) or set(value) != names:
        raise _BundleError(f"{what} has to have the fields {', '.join(sorted(names))}")
    return value
