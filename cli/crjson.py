"""`provenance verify --format crjson`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance.errors import ArgumentError

from .console import out_json
from .exit_codes import ExitCode
from .inputs import Source

if TYPE_CHECKING:
    from provenance import Verifier


def print_crjson(verifier: Verifier, sources: list[Source]) -> ExitCode:
    """Write the crJSON document of the one file and give the exit code of its verdict.

    Raises:
        ArgumentError: there are several files; a document describes one.
        InputError: the file cannot be read.
        ManifestError: it holds no manifest that can be read, so there is no document.
    """
    from provenance.imaging import load
    from provenance.manifest import crjson
    from provenance.verify import decide

    if len(sources) != 1:
        raise ArgumentError(
            f"a crJSON document describes one file, not {len(sources)}",
            hint="name one file, or use --jsonl",
        )
    (source,) = sources
    data = source.read(verifier.limits.max_bytes)
    # The document first: where there is none, nothing has to be looked for.
    image = load(data, formats=verifier.formats, limits=verifier.limits)
    document = crjson(data, image.header.format.mime, verifier.trust, at=verifier.at)
    verdict = decide(verifier.gather(image)).verdict
    out_json(document)
    return ExitCode[verdict.name]
