"""A place as the file object that libraries want."""

from __future__ import annotations

import io

from provenance.audit.sources.place import Place
from provenance.errors import InputError


class Raw(io.RawIOBase):
    """Reads and seeks; what cannot be read is an `OSError` here."""

    def __init__(self, place: Place) -> None:
        """Read from a place; closing this does not close it."""
        self._place = place

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The byte that is read next."""
        return self._place.position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go on at another byte."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: self._place.size}[whence]
        self._place.seek(max(0, base + offset))
        return self._place.position

    def read(self, size: int = -1) -> bytes:
        """The next bytes; all of them where no number is given."""
        count = self._place.size - self._place.position if size < 0 else size
        try:
            return self._place.read(count)
        except InputError as error:
            raise OSError(error.message) from error
