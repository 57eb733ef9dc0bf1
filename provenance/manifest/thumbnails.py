"""Thumbnails in a manifest store: small copies of pictures, which must not leave with ours."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any, Final

import c2pa

from provenance.errors import ManifestError
from provenance.manifest.bounds import excess
from provenance.manifest.native import NATIVE_ERRORS, NativeSettings, message_of, remote_url

#: In every label of a thumbnail assertion (C2PA 2.4, "Thumbnail").
_THUMBNAIL: Final = "thumbnail"
#: A chain of twenty edits has some forty; each costs an address in the claim.
MAX_THUMBNAILS: Final = 200


def thumbnails_in(data: bytes, mime: str) -> tuple[str, ...]:
    """JUMBF addresses of all thumbnail assertions, in every manifest inside the file.

    Args:
        data: an image file, with or without a manifest store.
        mime: its media type.

    Raises:
        ManifestError: the manifest store cannot be read, is out of bounds or has more than
            `MAX_THUMBNAILS`.
    """
    return tuple(address for found in _by_manifest(data, mime).values() for address in found)


def redactions(files: Iterable[tuple[bytes, str]]) -> tuple[str, ...]:
    """What has to be taken out of the manifests of these files, given with their media types.

    A manifest that several of them carry is written once. Where one copy has lost its thumbnail
    already, the native library keeps that copy and refuses to take the thumbnail out again.

    Raises:
        ManifestError: as for `thumbnails_in`.
    """
    common: dict[str, list[str]] = {}
    for data, mime in files:
        for manifest_id, addresses in _by_manifest(data, mime).items():
            others = common.get(manifest_id, addresses)
            common[manifest_id] = [address for address in others if address in addresses]
    return tuple(address for found in common.values() for address in found)


def _by_manifest(data: bytes, mime: str) -> dict[str, list[str]]:
    too_much = excess(data)
    if too_much:
        raise not_kept(too_much)
    try:
        reader = c2pa.Reader.try_create(mime, io.BytesIO(data), context=NativeSettings().context())
        if reader is None:
            return {}
        with reader:
            store: dict[str, Any] = json.loads(reader.detailed_json())
        found = {
            manifest_id: [
                f"self#jumbf=/c2pa/{manifest_id}/c2pa.assertions/{label}"
                for label in manifest.get("assertion_store") or {}
                if _THUMBNAIL in label
            ]
            for manifest_id, manifest in (store.get("manifests") or {}).items()
        }
    except (*NATIVE_ERRORS, AttributeError) as error:
        if remote_url(error):
            return {}
        raise not_kept(message_of(error)) from error
    count = sum(map(len, found.values()))
    if count > MAX_THUMBNAILS:
        raise not_kept(f"{count} thumbnails would have to be taken out of it")
    return found


def not_kept(reason: str) -> ManifestError:
    """The refusal of a file whose manifest cannot be carried on."""
    return ManifestError(
        f"the manifest of the input cannot be kept: {reason}",
        hint="a picture with an unreadable manifest is not stamped over",
    )
