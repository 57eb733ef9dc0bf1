"""The implicit label of GB 45438-2025, annex E: what the metadata says in China."""

from __future__ import annotations

import json

_GENERATED = "1"  # 2 is perhaps, 3 is suspected: for those who only pass it on


def aigc_label(*, producer: str, content_id: str) -> str:
    """The value of the AIGC property, as JSON.

    Args:
        producer: name or code of the service that generated the picture.
        content_id: its number of that picture.
    """
    fields = {
        "Label": _GENERATED,
        "ContentProducer": producer,
        "ProduceID": content_id,
        "ReservedCode1": "",
        "ContentPropagator": "",
        "PropagateID": "",
        "ReservedCode2": "",
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
