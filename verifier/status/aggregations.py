"""Aggregations that the operator has named: which lists to hold before anybody presents a credential from them."""

import logging
from dataclasses import dataclass, field

from portadoc.errors import Error
from portadoc.verifier.status.list_source import ListSource

_logger = logging.getLogger("portadoc.verifier")


@dataclass
class _Named:
    """What one aggregation named when it was last read, and when to read it again."""

    status_lists: tuple[str, ...] = ()
    read_again_at: int = 0
    elsewhere: int = 0


@dataclass
class Aggregations:
    """The lists that the configured aggregations name; what was read last stands until it is read anew."""

    source: ListSource
    uris: tuple[str, ...]
    refresh_s: int
    retry_after_s: int
    _read: dict[str, _Named] = field(default_factory=dict)

    def read_due(self, now: int, *, everything: bool = False) -> bool:
        """Read the aggregations whose time has come; say whether any was read."""
        due = [uri for uri in self.uris if everything or self._of(uri).read_again_at <= now]
        return sum(self._read_one(uri, now) for uri in due) > 0

    @property
    def status_lists(self) -> tuple[str, ...]:
        """The address of every list named, each once."""
        return tuple(dict.fromkeys(uri for each in self.uris for uri in self._of(each).status_lists))

    def _of(self, uri: str) -> _Named:
        return self._read.setdefault(uri, _Named())

    def _read_one(self, uri: str, now: int) -> bool:
        named = self._of(uri)
        try:
            found = self.source.aggregation(uri)
        except Error as error:
            named.read_again_at = now + self.retry_after_s
            _logger.warning("a status list aggregation could not be read: %s", error)
            return False
        if found.elsewhere != named.elsewhere:
            _logger.warning("a status list aggregation names %d lists elsewhere: left out", found.elsewhere)
        named.status_lists, named.elsewhere = found.status_lists, found.elsewhere
        named.read_again_at = now + self.refresh_s
        return True
