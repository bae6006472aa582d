"""When each object of an account was read, and whether that still holds."""

from collections.abc import Iterable
from itertools import count


class Readings:
    """Tells of any answer whether something newer is known already: answers come in another order than they were asked.

    Attributes:
        listing: Number of the newest listing that has begun.
    """

    def __init__(self) -> None:
        self.listing = 0
        self._moments = count(1)
        self._taken_in: dict[str, int] = {}
        self._answered: dict[str, int] = {}
        self._outdated: dict[str, int] = {}

    def begin(self, object_id: str) -> int:
        """The moment of a read; from now on the object counts as seen, so that it can become stale meanwhile."""
        self._taken_in.setdefault(object_id, 0)
        return next(self._moments)

    def end(self, object_id: str, begun: int) -> bool:
        """A read has answered; what became stale while it was under way stays stale.

        Returns:
            Whether no read that began later has answered before: what that one has shown is newer.
        """
        if begun < self._answered.get(object_id, 0):
            return False
        self._answered[object_id] = begun
        if self._outdated.get(object_id, begun) < begun:
            del self._outdated[object_id]
        return True

    def begin_listing(self) -> int:
        """The number of a listing that begins now."""
        self.listing += 1
        return self.listing

    def took_in(self, object_id: str, listing: int) -> None:
        """Note from which listing an object is, or after which one it was read or written."""
        self._taken_in[object_id] = listing

    def is_news(self, object_id: str, listing: int) -> bool:
        """Whether a listing tells of an object that was not read or written after the listing had begun."""
        return self._taken_in.get(object_id, 0) < listing

    def outdate(self, ids: Iterable[str]) -> None:
        """Note that objects changed outside; one that was never seen cannot be stale."""
        moment = next(self._moments)
        for each in ids:
            if each in self._taken_in:
                self._outdated[each] = moment

    def is_outdated(self, object_id: str) -> bool:
        """Whether an object changed outside since it was last read."""
        return object_id in self._outdated
