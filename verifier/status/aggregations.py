"""Which lists to hold before anybody presents a credential from them: those of aggregations that the operator has
named, and those that issuers of the same installation publish."""

import logging
from collections.abc import Callable
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
    """The lists that the configured aggregations name; what was read last stands until it is read anew.

    ``at_home`` tells the lists of this installation: at once, so one made a minute ago is not missing for an hour.
    """

    source: ListSource
    uris: tuple[str, ...]
    refresh_s: int
    retry_after_s: int
    at_home: Callable[[], tuple[str, ...]]
    _home: _Named = field(default_factory=_Named)
    _read: dict[str, _Named] = field(default_factory=dict)

    def read_due(self, now: int, *, everything: bool = False) -> bool:
        """Read the aggregations whose time has come; say whether any was read."""
        due = [uri for uri in self.uris if everything or self._of(uri).read_again_at <= now]
        at_home = self._read_home(now)
        return sum(self._read_one(uri, now) for uri in due) > 0 or at_home

    @property
    def status_lists(self) -> tuple[str, ...]:
        """The address of every list named, each once."""
        elsewhere = (uri for each in self.uris for uri in self._of(each).status_lists)
        return tuple(dict.fromkeys((*self._home.status_lists, *elsewhere)))

    def _read_home(self, now: int) -> bool:
        """Ask which lists are our own; say whether that is news or was said long ago."""
        found = self.at_home()
        is_news = found != self._home.status_lists or (bool(found) and self._home.read_again_at <= now)
        if is_news:
            self._home = _Named(found, now + self.refresh_s)
        return is_news

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
