"""How much all exchanges together hold in memory."""

from __future__ import annotations

from dataclasses import dataclass

from provenance.gateway.refusal import BAD_GATEWAY, UNAVAILABLE, Refusal


@dataclass(slots=True)
class Held:
    """Counts bytes that are held, against one limit. Used from one event loop only."""

    limit: int
    bytes: int = 0

    def share(self) -> Share:
        """What one exchange holds of it."""
        return Share(self)


@dataclass(slots=True)
class Share:
    """The bytes of one exchange; given back as a whole."""

    of: Held
    bytes: int = 0

    def take(self, size: int) -> None:
        """Hold more of a request.

        Raises:
            Refusal: all exchanges together would hold too much; nothing was generated yet.
        """
        if not self._took(size):
            raise Refusal(UNAVAILABLE, "busy", "the gateway holds too much already; try again")

    def take_answer(self, size: int) -> None:
        """Hold more of an answer.

        Raises:
            Refusal: all exchanges together would hold too much. Not to be tried again at once:
                the answer was made already.
        """
        if not self._took(size):
            raise Refusal(BAD_GATEWAY, "busy", "the gateway holds too much to take the answer")

    def _took(self, size: int) -> bool:
        if self.of.bytes + size > self.of.limit:
            return False
        self.of.bytes += size
        self.bytes += size
        return True

    def give(self, size: int | None = None) -> None:
        """Give bytes back; all of them if no number is given."""
        size = self.bytes if size is None else size
        self.of.bytes -= size
        self.bytes -= size
