"""What a reader wants most of what is offered, from the headers ``Accept-Language`` and ``Accept``."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from portadoc.i18n import LANGUAGES

_MAX_CHARACTERS: Final = 1000
_FALLBACK: Final = "en"


def preferred_language(header: str | None, offered: Collection[str] = LANGUAGES) -> str:
    """Return the language offered that the header wants most; English when it wants none or makes no sense.

    Input is unverified. Spec: RFC 9110 §12.5.4.
    """
    wishes = ((tag.split("-")[0], quality) for tag, quality in _wishes(header))
    return _most_wanted(wishes, offered) or _FALLBACK


def preferred_media_type(header: str | None, offered: Collection[str]) -> str | None:
    """Return the media type out of ``offered`` that the header names and wants most, None when it names none.

    Input is unverified; a wildcard names nothing. Spec: RFC 9110 §12.5.1.
    """
    return _most_wanted(_wishes(header), offered)


def _most_wanted(wishes: Iterable[tuple[str, float]], offered: Collection[str]) -> str | None:
    best, best_quality = None, 0.0
    for name, quality in wishes:
        if name in offered and quality > best_quality:
            best, best_quality = name, quality
    return best


def _wishes(header: str | None) -> Iterator[tuple[str, float]]:
    """Yield each name of the header in lower case, with its weight."""
    for wish in (header or "")[:_MAX_CHARACTERS].split(","):
        name, _, parameter = wish.partition(";")
        yield name.strip().lower(), _quality(parameter.strip())


def _quality(parameter: str) -> float:
    if not parameter:
        return 1.0
    number = parameter.removeprefix("q=")
    if number == parameter or not number.replace(".", "", 1).isdecimal() or not number.isascii():
        return 0.0
    return min(float(number), 1.0)
