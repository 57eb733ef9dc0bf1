"""The files that a picture was made from: decoded, fingerprinted, their manifests read.

What can be refused is refused here, before a record is reserved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from provenance.errors import ArgumentError, ProvenanceError, SelfCheckError
from provenance.fingerprint import fingerprint
from provenance.imaging import ImageFormat, Limits, LoadedImage, load
from provenance.manifest import Parent, names, read, thumbnails_in
from provenance.model.evidence import IngredientFinding, ManifestEvidence, ManifestStatus
from provenance.model.generation import Generation, ParentFile, Relationship
from provenance.trust import TrustStore

#: How many files one picture may be made from; each is decoded in full.
MAX_PARENTS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Ancestor:
    """One file that the picture was made from.

    `parent` is what the manifest carries on, `file` what the record keeps, `manifest_id` the
    id of the manifest inside the file. That is empty where there is none, or where the file
    only names a server that has it: nobody is asked, and there is nothing to carry on.
    """

    parent: Parent = field(repr=False)
    file: ParentFile
    manifest_id: str

    def is_named_by(self, item: IngredientFinding) -> bool:
        """The ingredient stands for this file."""
        named = (item.relationship, item.manifest_id)
        return named == (self.file.relationship.value, self.manifest_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ancestry:
    """All files that the picture was made from, the parent first, then the components.

    `edited` says that a model changed what is in them; without it the picture was only
    opened, marked and written again.
    """

    files: tuple[Ancestor, ...] = ()
    edited: bool = False

    def carrying(self, own: Ancestor | None) -> Ancestry:
        """With the picture's own file as the last, unless one of these carries its manifest."""
        if own is None or own.manifest_id in {item.manifest_id for item in self.files} - {""}:
            return self
        relationship = Relationship.at(len(self.files))
        last = replace(own, file=replace(own.file, relationship=relationship))
        return replace(self, files=(*self.files, last))

    def check(self, data: bytes, mime: str, manifest: ManifestEvidence) -> None:
        """Step 6 of the release order, for the ancestry.

        Args:
            data: the written file.
            mime: its media type.
            manifest: what was read from it.

        Raises:
            SelfCheckError: the manifest does not name these files, or shows one of them.
        """
        named = [item for item in manifest.ingredients if item.depth == 1]
        if len(named) != len(self.files) or not all(map(Ancestor.is_named_by, self.files, named)):
            raise SelfCheckError("the written manifest does not name the parents that were given")
        if self.edited is not (names.EDITED in manifest.actions):
            raise SelfCheckError("the written manifest does not say whether this is an edit")
        if thumbnails_in(data, mime):
            raise SelfCheckError("the written manifest holds a thumbnail")


def ancestor(data: bytes, image: LoadedImage) -> Ancestor:
    """A decoded file as one that a picture is made from.

    Raises:
        ManifestError: it carries a manifest that cannot be carried on.
    """
    mime = image.header.format.mime
    manifest = read(data, mime, TrustStore())
    if manifest.status is not ManifestStatus.NONE:
        thumbnails_in(data, mime)  # raises where the manifest cannot be carried on
    return Ancestor(
        parent=Parent(data=data, mime=mime),
        file=ParentFile(
            sha256=hashlib.sha256(data).hexdigest(),
            fingerprint=fingerprint(image.rgb),
            format=image.header.format.value,
            width=image.rgb.shape[1],
            height=image.rgb.shape[0],
        ),
        manifest_id=manifest.manifest_id,
    )


def ancestry(
    parents: Sequence[bytes],
    own: Ancestor | None,
    generation: Generation,
    *,
    formats: frozenset[ImageFormat],
    limits: Limits,
) -> Ancestry:
    """What the picture was made from.

    Args:
        parents: the files that the caller names.
        own: the picture's own file, where that carries a manifest. With no parents it is the
            parent. With parents it is the last component, so that its manifest is not lost;
            it is left out where one of the parents carries the same manifest (an editor that
            copied it along).
        generation: its operations say that this is an edit; so does any parent.
        formats: which formats are accepted.
        limits: apply to each file.

    Raises:
        ArgumentError: too many parents, or operations and nothing that was edited.
        InputError, ManifestError: a parent cannot be used; the message says which.
    """
    if len(parents) > MAX_PARENTS:
        raise ArgumentError(f"{len(parents)} parents; at most {MAX_PARENTS} are possible")
    if generation.operations and not parents and own is None:
        raise ArgumentError(
            "operations describe an edit, and there is no picture that was edited",
            hint="name the picture that the model was given: parents, or --parent",
        )
    found = [_named(number, data, formats, limits) for number, data in enumerate(parents, 1)]
    named = Ancestry(
        files=tuple(
            replace(item, file=replace(item.file, relationship=Relationship.at(position)))
            for position, item in enumerate(found)
        ),
        edited=bool(parents or generation.operations),
    )
    return named.carrying(own)


def _named(number: int, data: bytes, formats: frozenset[ImageFormat], limits: Limits) -> Ancestor:
    try:
        return ancestor(data, load(data, strict=True, formats=formats, limits=limits))
    except ProvenanceError as error:
        about = f"parent {number}: {error.message}"
        raise type(error)(about, hint=error.hint, code=error.code) from error
