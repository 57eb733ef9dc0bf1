"""`provenance schemes`."""

from __future__ import annotations

from typing import Any

from ..console import out, out_json
from ..options import JsonOption


def schemes(json: JsonOption = False) -> None:
    """List the watermark schemes: what they carry, what they need, what is available here."""
    from provenance.watermark import catalog

    rows = [_row(name, is_default=name == catalog.DEFAULT) for name in catalog.names()]
    if json:
        out_json(rows)
        return
    for row in rows:
        out(f"{row['name']}{'  (default)' if row['default'] else ''}")
        out(f"  {row['summary']}")
        presence = "tells marked from unmarked" if row["presence"] else "no presence decision"
        keyed = "keyed" if row["keyed"] else "no key"
        out(f"  {row['bits']} bits, {keyed}, {presence}; at least {row['min_pixels']:,} pixels")
        out(f"  C2PA alg: {row['alg']}")
        out(f"  stamping: {row['why_unavailable'] or 'available'}")
        out(f"  reading:  {'available' if row['can_detect'] else row['why_unavailable']}")


def _row(name: str, *, is_default: bool) -> dict[str, Any]:
    from provenance.watermark import catalog

    info = catalog.scheme(name).info
    return {
        "name": info.name,
        "default": is_default,
        "summary": info.summary,
        "alg": info.alg,
        "bits": info.layout.bits,
        "mark_id_bits": info.layout.id_bits,
        "tag_bits": info.layout.tag_bits,
        "min_pixels": info.min_pixels,
        "min_side": info.min_side,
        "keyed": info.keyed,
        "presence": info.presence,
        "can_embed": info.can_embed,
        "can_detect": info.can_detect,
        "why_unavailable": info.why_unavailable,
    }
