"""AUTOMATIC1111 and Forge: every way by which the web interface lets a picture out.

The host catches what its callbacks raise and goes on, so a callback cannot stop a picture. What
it does not catch is what happens while a picture is written. So nothing is stamped in a callback:
the picture that is about to be written is replaced by one whose `save` stamps, in the format and
quality that the host asks for, and writes the stamped file or raises.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

from PIL import Image

from .client import Encoding, Made, Source, Stamping, StampingRefused
from .writing import Destination, write

#: Bytes of issued files that are remembered, so that "Save" writes the same file again.
REMEMBERED = 256_000_000


class ImageSaveParams(Protocol):
    """What the host hands to its callbacks around the saving of a picture."""

    image: Any
    p: Any
    filename: str
    pnginfo: dict[str, Any]


@dataclass(frozen=True)
class Job:
    """What the host is making: from which pictures, and what it does to them."""

    sources: tuple[Image.Image, ...] = field(default=(), repr=False)
    operations: tuple[str, ...] = ()

    @classmethod
    def of(cls, p: object) -> Job:
        """The job of a processing object: image to image has `init_images`.

        Only a picture is a source; masks are none. Text to image has no source but where a
        finished picture is sent through the upscaler.
        """
        given = getattr(p, "init_images", None) or ()
        sources = tuple(item for item in given if isinstance(item, Image.Image))
        if sources:
            masked = getattr(p, "image_mask", None) or getattr(p, "mask", None)
            return cls(sources, ("inpaint" if masked is not None else "redraw",))
        first = getattr(p, "firstpass_image", None)
        return cls((first,), ("upscale",)) if isinstance(first, Image.Image) else cls()


class Exits:
    """Stamps what goes out. One for the whole host."""

    def __init__(self, stamping: Stamping, model: Callable[[], str]) -> None:
        """Nothing has gone out yet.

        Args:
            stamping: what stamps.
            model: the name of the model that is loaded now.
        """
        self._stamping = stamping
        self._model = model
        self._job = Job()
        self._issued: OrderedDict[bytes, bytes] = OrderedDict()

    def begin(self, job: Job) -> None:
        """A job begins; what goes out with no job of its own belongs to it."""
        self._job = job

    def finished(self, p: object, images: list[object]) -> None:
        """The host made these; they may go out after another job has begun."""
        job = Job.of(p)
        for image in images:
            if isinstance(image, Image.Image):
                setattr(image, _JOB, job)

    def outgoing(self, image: Image.Image, job: Job | None = None) -> Outgoing:
        """A picture that is stamped when it is written."""
        if isinstance(image, Outgoing):
            return image
        chosen: Job = getattr(image, _JOB, self._job) if job is None else job
        return Outgoing.over(image, self, chosen)

    # --- the host's callbacks ------------------------------------------------------

    def before_image_saved(self, params: ImageSaveParams) -> None:
        """The host is about to write a picture. Never raises: that would be caught."""
        try:
            p, image = params.p, params.image
            if p is None and self._is_source(image):
                return  # the host keeps what somebody uploaded; nobody generated that
            params.image = self.outgoing(image, None if p is None else Job.of(p))
            # The host would write the prompt into a JPEG after it was signed.
            params.pnginfo = {}
        except BaseException as error:  # noqa: BLE001 - told by whatever the host does with it
            params.image = _Refused(error)

    def image_saved(self, params: ImageSaveParams) -> None:
        """The host wrote a picture: it is the stamped file, or it is removed.

        Raises:
            StampingRefused: it is not. The host reports that and goes on without the file.
        """
        image, path = params.image, Path(params.filename)
        if not isinstance(image, Outgoing) and params.p is None and self._is_source(image):
            return
        try:
            written = _digest(path.read_bytes())
        except OSError as error:
            raise StampingRefused(f"{path} cannot be read back: {error.strerror}") from error
        if not isinstance(image, Outgoing) or written not in image.written:
            path.unlink()
            raise StampingRefused(
                f"{path} was not written as it was stamped, and is removed; another extension "
                "changes pictures while they are saved"
            )

    # --- one picture ---------------------------------------------------------------

    def file(self, image: Image.Image, encoding: Encoding, job: Job) -> bytes:
        """The stamped file of a picture.

        A picture that was read from a file issued here is that file again, if the same format
        is wanted, and an edit of it otherwise.

        Raises:
            StampingRefused: it was not stamped.
        """
        pixels = _pixels(image)
        issued = self._issued.get(pixels)
        if issued is not None and _format(issued) == encoding.name.partition("-")[0]:
            return issued
        sources = job.sources if issued is None else ()
        parents: tuple[Source, ...] = tuple(map(self._known, sources))
        made = Made(
            model=self._model(),
            operations=job.operations if parents else (),
            sources=parents if issued is None else (issued,),
        )
        data = self._stamping.stamp(image, encoding, made)
        self._remember(data)
        return data

    def _known(self, source: Image.Image) -> Source:
        """A source as the file that was issued for it, with its manifest, where there is one."""
        return self._issued.get(_pixels(source), source)

    def _is_source(self, image: object) -> bool:
        return isinstance(image, Image.Image) and any(
            image is source or _pixels(image) == _pixels(source) for source in self._job.sources
        )

    def _remember(self, data: bytes) -> None:
        with Image.open(io.BytesIO(data)) as image:
            self._issued[_pixels(image)] = data
        while sum(map(len, self._issued.values())) > REMEMBERED:
            self._issued.popitem(last=False)


_JOB = "_provenance_job"
_FILES = "_provenance_files"


class Outgoing(Image.Image):
    """A picture of the host that is stamped when it is saved; so is whatever is made from it."""

    exits: Exits
    job: Job
    source: Image.Image
    written: set[bytes]

    @classmethod
    def over(cls, image: Image.Image, exits: Exits, job: Job) -> Outgoing:
        """`image` as one that is stamped on its way out; `image` itself stays as it is."""
        made = image.copy()
        made.__class__ = cls
        return cast("Outgoing", made)._with(image, exits, job)

    def _with(self, source: Image.Image, exits: Exits, job: Job) -> Outgoing:
        self.source, self.exits, self.job, self.written = source, exits, job, set()
        return self

    def _new(self, im: Any) -> Outgoing:
        """What Pillow makes from this picture goes the same way."""
        made = cast("Outgoing", super()._new(im))
        made.__class__ = Outgoing
        return made._with(made, self.exits, self.job)

    @property
    def already_saved_as(self) -> str:
        """Where the host says that the picture is; it looks there instead of saving again."""
        return cast("str", self.source.__dict__["already_saved_as"]) if self._is_saved else ""

    @already_saved_as.setter
    def already_saved_as(self, path: str) -> None:
        self.source.__dict__["already_saved_as"] = path

    @property
    def _is_saved(self) -> bool:
        return "already_saved_as" in self.source.__dict__

    def save(
        self,
        fp: Destination,
        format: str | None = None,  # noqa: A002 - Pillow's name
        **params: Any,
    ) -> None:
        """Stamp, and write the stamped file. No metadata of the host's is written.

        Raises:
            StampingRefused: it was not stamped; nothing is written.
        """
        encoding = _encoding(format or _extension(fp), params)
        # One picture that goes out twice, to the disk and to the browser, is one record.
        files = self.source.__dict__.setdefault(_FILES, {})
        key = (encoding, _pixels(self))
        if key not in files:
            files[key] = self.exits.file(self, encoding, self.job)
        data = files[key]
        self.written.add(_digest(data))
        write(fp, data)


class _Refused:
    """Stands for a picture that must not go out: whatever is done with it raises."""

    def __init__(self, error: BaseException) -> None:
        self.__dict__["error"] = error

    def __getattr__(self, name: str) -> object:
        error = self.__dict__["error"]
        raise StampingRefused(f"not stamped: {type(error).__name__}: {error}") from error


def _encoding(name: str, options: dict[str, Any]) -> Encoding:
    kind = name.upper()
    quality = options.get("quality")
    if kind == "PNG":
        return Encoding("png")
    if kind in ("JPEG", "JPG"):
        return Encoding("jpeg", quality)
    if kind == "WEBP":
        return Encoding("webp-lossless") if options.get("lossless") else Encoding("webp", quality)
    raise StampingRefused(f"not stamped: {kind} is not written; choose png, jpeg or webp")


def _extension(fp: object) -> str:
    name = getattr(fp, "name", None) or fp
    return Path(os.fsdecode(cast("str", name))).suffix.lstrip(".")


def _format(data: bytes) -> str:
    with Image.open(io.BytesIO(data)) as image:
        return str(image.format).lower()


def _pixels(image: Image.Image) -> bytes:
    """What tells two pictures apart: their pixels, and nothing about their files."""
    plain = Image.Image.convert(image, "RGBA")
    return _digest(f"{plain.size}".encode() + plain.tobytes())


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
