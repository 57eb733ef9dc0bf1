"""All markers of one image, the three classes one after another and never mixed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain

from provenance.imaging import LoadedImage, embedded_texts
from provenance.markers import public_glance
from provenance.markers.catalogue import Catalogue, catalogue
from provenance.markers.excerpt import excerpt
from provenance.markers.manifests import find_signers, find_soft_bindings
from provenance.markers.public_payload import CHANCE, search, strongest
from provenance.markers.stealth import stealth_texts
from provenance.markers.texts import find_texts
from provenance.model.evidence import ManifestEvidence, MarkerClass, MarkerEvidence


def find(
    image: LoadedImage, manifest: ManifestEvidence, *, thorough: bool = True
) -> tuple[MarkerEvidence, ...]:
    """Traces of other systems in an image, in the order of their classes. Never raises.

    Args:
        image: the picture and its file; of an animation only the first frame is looked at.
        manifest: what its C2PA manifest says.
        thorough: look for public watermarks in the whole picture, whatever a glance at half of it
            shows.
    """
    known = catalogue()
    return (
        *find_signers(manifest, known.signers),
        *find_soft_bindings(manifest, known.soft_bindings),
        *_payloads(image, known, thorough=thorough),
        *find_texts(
            chain(embedded_texts(image), stealth_texts(image.rgb, image.alpha)), known.texts
        ),
    )


def _payloads(image: LoadedImage, known: Catalogue, *, thorough: bool) -> Iterator[MarkerEvidence]:
    if not thorough and not public_glance.shows(image.rgb, known.payloads):
        return
    best = strongest(search(image.rgb, known.payloads))
    if best is None:
        return
    yield MarkerEvidence(
        marker=best.payload.id,
        kind=MarkerClass.PUBLIC_WATERMARK,
        system=best.payload.system,
        where=f"pixels, invisible-watermark dwtDct (read as {best.reading})",
        excerpt=excerpt("".join(str(bit) for bit in best.payload.bits)),
        oracle=best.payload.oracle,
        log10_p=best.log10_p,
        log10_threshold=math.log10(CHANCE),
    )
