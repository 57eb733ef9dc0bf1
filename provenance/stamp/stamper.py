"""Stamping: no picture leaves without a mark, a signed manifest and a record.

The order is the product. Steps carry the numbers of `docs/architecture.md`, "Release
order"; step 8 never comes before step 7. A failure before step 7 leaves no file behind, a later
one leaves it where nobody takes it for released.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from provenance.forking import unforked
from provenance.imaging import Axes, Encoding, ValueRange
from provenance.imaging.memory import ImageInput
from provenance.model.generation import Generation
from provenance.stamp.batch import ManyAtOnce
from provenance.stamp.double import refuse_stamped
from provenance.stamp.job import PNG, Stamped
from provenance.stamp.observer import Outcome, Stage, describe, enter, observed
from provenance.stamp.origin import travelling
from provenance.stamp.pending import Marked, expiry, hold
from provenance.stamp.separate import to_sign
from provenance.stamp.steps import Steps
from provenance.stamp.target import FileTarget, MemoryTarget, Target
from provenance.watermark import catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamper(Steps, ManyAtOnce):
    """Stamps pictures for one generating system. Immutable; share it between threads.

    Its attributes are those of `Steps`.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return travelling(self)

    def __copy__(self) -> Self:
        return self  # immutable

    def __deepcopy__(self, _: object) -> Self:
        return self

    @unforked()
    @observed(Outcome.RELEASED)
    def stamp(
        self,
        image: ImageInput,
        generation: Generation,
        *,
        value_range: ValueRange | None = None,
        axes: Axes | None = None,
        parents: Sequence[bytes] = (),
        encoding: Encoding = PNG,
        to: Path | None = None,
        overwrite: bool = False,
        name: str = "",
        account: str = "",
        request: str = "",
    ) -> Stamped:
        """Mark, sign, verify, record and release one picture.

        A picture that a model made from others is an edit: its manifest says `c2pa.opened`
        and `c2pa.edited`, never `c2pa.created`. An image file that carries a manifest of its
        own and comes without parents is its own parent; with parents, its manifest is kept
        beside theirs. See `stamp.parents.ancestry`.

        Args:
            image: encoded bytes, a PIL image, an array or a tensor; see `stamp.picture`.
            generation: what made it; its operations describe an edit.
            value_range: what the values of an array mean. Floats need it; integers imply it.
            axes: the order of an array's axes, where its shape does not say so.
            parents: encoded files that the picture was made from, with or without
                manifests. The first becomes the `parentOf` ingredient, of which C2PA allows
                one, all others `componentOf`, as parts that were placed in the picture. Their
                manifests are carried on without thumbnails, their fingerprints recorded.
            encoding: how the result is written.
            to: where to write it; None keeps it in memory.
            overwrite: replace an existing file at `to`.
            name: name of the input, for messages only.
            account: who asked for it, empty for nobody. It goes nowhere but into the registry,
                as a pseudonym, and sealed; see `keys.pseudonyms`.
            request: an id of the caller's for this picture. Asked again with the same id and
                input, the same record and the same bytes are given: what is there is not
                stamped twice, and what a crash left undone is finished. The file at `to` may
                be there already if it is this one. The account that asked first stays.

        Raises:
            ArgumentError: operations without a parent, or too many parents; an account or a
                request id that is none or cannot be used here.
            RequestError: the request id was used for another input.
            AlreadyStampedError: the picture carries a mark of this system and is not declared an
                edit, by parents or by its own manifest.
            InputError: the input or a parent is no acceptable image, or the picture cannot
                be written that way.
            CapacityError: the image cannot carry the mark or the label.
            SignerError, ManifestError: nothing was signed, or a manifest that has to be
                carried on cannot be.
            TimeStampError: a time stamp is required and there is none that can be trusted.
            SelfCheckError: the result did not verify.
            LogError: registry or log were restored from an old backup; nothing is signed.
            RegistryError: the record could not be kept, another process did not finish the
                same request in time (`E_BUSY`), or its file cannot be made again.
            ProvenanceError: `E_IO`, the file could not be written.
        """
        catalog.scheme(self.scheme)  # before anything is decoded
        asked_by = self._account(account)
        target: Target = FileTarget(to, overwrite=overwrite) if to else MemoryTarget()
        if not request:  # with one, the file may rightly be there
            target.prepare()
        # (1) decode fully and check every limit
        job = self._opened(
            image,
            generation,
            value_range=value_range,
            axes=axes,
            parents=parents,
            account=asked_by,
            name=name,
            encoding=encoding,
            target=target,
            to=to,
        )
        enter(Stage.LOOK)
        refuse_stamped(job, self.store, self.key)
        # (2) reserve a record, or find that of an earlier try
        enter(Stage.RESERVE)
        if self.log is not None:
            self.log.check()
        record = self._asked_for(job, request, parents) if request else self._reserved(job)
        if record.file is not None:
            return self._again(job, record, record.file)
        return self._released(job, record)

    @unforked()
    @observed(Outcome.MARKED)
    def mark(
        self,
        image: ImageInput,
        generation: Generation,
        *,
        value_range: ValueRange | None = None,
        axes: Axes | None = None,
        parents: Sequence[bytes] = (),
        account: str = "",
        keep_s: float = 3600.0,
        name: str = "",
    ) -> Marked:
        """Steps 1 to 3 alone, for hosts that write the file themselves; `sign` does the rest.

        The record stays reserved, as pending, until it is signed or expires. What is given is
        marked and not signed: it is not to be released like that.

        Args:
            image: as for `stamp`.
            generation: what made it; it is stated when the picture is signed.
            value_range: as for `stamp`.
            axes: as for `stamp`.
            parents: as for `stamp`, and to be named again to `sign`: no picture is kept.
            account: as for `stamp`.
            keep_s: for how many seconds the picture can be signed, at most 30 days.
            name: name of the input, for messages only.

        Raises:
            ArgumentError: operations without a parent, too many parents, an account that is none
                or cannot be used here, or an impossible time.
            AlreadyStampedError: it carries a mark of this system and is not declared an edit.
            InputError, ManifestError: the input or a parent cannot be used.
            CapacityError: the image cannot carry the mark or the label.
            SelfCheckError: the mark does not read back.
            LogError: registry or log were restored from an old backup.
            RegistryError: the record could not be kept.
        """
        asked_by, expires_at = self._account(account), expiry(keep_s)
        # (1) decode fully and check every limit
        job = self._opened(
            image,
            generation,
            value_range=value_range,
            axes=axes,
            parents=parents,
            account=asked_by,
            name=name,
            encoding=None,
            target=MemoryTarget(),
            to=None,
        )
        enter(Stage.LOOK)
        refuse_stamped(job, self.store, self.key)
        # (2) reserve a record
        enter(Stage.RESERVE)
        if self.log is not None:
            self.log.check()
        record = self._reserved(job)
        try:  # (3) embed the mark
            payload = self._payload(job, record)
            return hold(self.store, job, record, payload, self.key, expires_at)
        except BaseException as error:
            self._release(job, record).give_up(error, committing=False)
            raise

    @unforked()
    @observed(Outcome.SIGNED)
    def sign(
        self,
        image: ImageInput | Marked,
        *,
        parents: Sequence[bytes] = (),
        encoding: Encoding | None = None,
        to: Path | None = None,
        overwrite: bool = False,
        name: str = "",
    ) -> Stamped:
        """Steps 4 to 9 for a picture that was marked before.

        Its record is found by the mark in it. A failure before the commit leaves the record
        pending: the picture can be signed again until it expires. Of several who sign the same
        picture at once, one does; the others are refused.

        Args:
            image: an image file, or pixels as for `stamp`, or what `mark` gave. A file carries on
                a manifest that it has, as its own parent.
            parents: the files that were named to `mark`, in the same order.
            encoding: how the result is written. None signs a file as it is, with all that is
                in it: its pixels are not encoded again, and nothing is taken out. Pixels are
                written as PNG then.
            to: where to write it; may be the file that was read, with `overwrite`.
            overwrite: replace an existing file at `to`.
            name: name of the input, for messages only.

        Raises:
            PendingError: it has no mark of this system, was signed, expired, is another picture
                than was marked, or is said to be made from others.
            InputError, ManifestError, SignerError, TimeStampError, SelfCheckError, LogError,
            RegistryError, ProvenanceError: as for `stamp`.
        """
        target: Target = FileTarget(to, overwrite=overwrite) if to else MemoryTarget()
        target.prepare()
        # (1) decode fully, check every limit, find the record
        job, record = to_sign(
            self, image, parents=parents, encoding=encoding, target=target, to=to, name=name
        )
        describe(job.rgb, job.encoding.format)
        enter(Stage.RESERVE)
        if self.log is not None:
            self.log.check()
        return self._released(job, record)
