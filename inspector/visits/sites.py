"""Which site a visit was on: told apart by name and address, however they are spelt. The app has the same rule."""

import unicodedata
from dataclasses import dataclass
from typing import Final

_SEPARATOR: Final = ", "


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a visit was. ``reference`` is a name that the office gave the site."""

    name: str = ""
    address: str = ""
    town: str = ""
    country: str = ""
    reference: str = ""

    @property
    def text(self) -> str:
        """Name and address in one line, as people read them."""
        return _SEPARATOR.join(filter(None, (self.name, self.address, self.town, self.country)))


def site_key(text: str) -> str:
    """Return what is the same for each spelling of one site: letters and digits, no accents, one case."""
    return plain(text) or " ".join(text.split())


def is_named(text: str, wanted: str) -> bool:
    """Tell whether ``wanted`` may mean a site: its name, or its name and the first parts of its address."""
    parts, key = text.split(_SEPARATOR), site_key(wanted)
    return any(site_key(_SEPARATOR.join(parts[:count])) == key for count in range(1, len(parts) + 1))


def plain(text: str) -> str:
    """Return the letters and digits of a name without accents, in one case."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(each for each in apart if each.isalnum()).upper()
