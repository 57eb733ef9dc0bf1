"""`provenance registry index`: makes searches fast; and how they use it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from provenance.errors import SearchIndexError

from ..console import out, out_json, path_fields, shown, shown_path, talk
from ..options import JsonOption, WorkspaceOption, open_workspace

if TYPE_CHECKING:
    from provenance.imaging import LoadedImage
    from provenance.registry import FingerprintReader
    from provenance.resolution import Among, Search

_MANY_NEWER = 100_000  # from here on reading them takes longer than all the rest
_BUILD = "`provenance registry index` makes searches fast"
_REFRESH = "`provenance registry index` takes them in"


def index(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Build the index that `registry find` uses, or build it anew; reads all fingerprints."""
    from provenance.resolution import build_index

    opened = open_workspace(workspace)
    start = time.perf_counter()
    built = build_index(opened.store(read_only=True), opened.index_path)
    seconds = time.perf_counter() - start
    if json:
        out_json(
            {
                **path_fields(opened.index_path, "path"),
                "size": built.size,
                "seconds": round(seconds, 3),
                "horizon": built.horizon,
                "records": built.own,
                "parents": built.parents,
                "left_out": built.left_out,
            }
        )
        return
    out(
        f"{shown_path(opened.index_path)}: {built.size / 1e6:.1f} MB in {seconds:.1f} s, "
        f"{built.own} issued pictures and {built.parents} parents, "
        f"up to fingerprint {built.horizon}"
    )
    if built.left_out:
        talk(f"note: with too little structure to be compared: {built.left_out}")


def find_similar(
    store: FingerprintReader, image: LoadedImage, among: Among, within: int, path: Path | None
) -> Search:
    """Search with the index at this path, if there is one and it can be used; else without.

    It says on stderr why it did without; None is for those who asked for that.
    """
    from provenance.fingerprint import FingerprintIndex
    from provenance.resolution import search

    try:
        if path is not None and os.path.lexists(path):
            index = FingerprintIndex.open(path)
            found = search(store, image.rgb, among, within=within, index=index)
            newer = found.searched - found.indexed
            if newer > _MANY_NEWER:
                talk(f"note: {newer} fingerprints are newer than the index; {_REFRESH}")
            return found
    except SearchIndexError as error:
        talk(f"note: {shown(str(error))}; meanwhile all fingerprints are read")
    else:
        if path is not None:
            talk(f"note: there is no index, so all fingerprints are read; {_BUILD}")
    return search(store, image.rgb, among, within=within)
