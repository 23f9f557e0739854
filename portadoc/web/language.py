"""The language of an answer, from ``Accept-Language``."""

from typing import Final

from portadoc.i18n import LANGUAGES

_MAX_CHARACTERS: Final = 200
_FALLBACK: Final = "en"


def preferred_language(header: str | None) -> str:
    """Return the supported language that the header wants most; English when it wants none or makes no sense.

    Input is unverified. Spec: RFC 9110 §12.5.4.
    """
    best, best_quality = _FALLBACK, 0.0
    for wish in (header or "")[:_MAX_CHARACTERS].split(","):
        tag, _, parameter = wish.partition(";")
        language = tag.strip().lower().split("-")[0]
        quality = _quality(parameter.strip())
        if language in LANGUAGES and quality > best_quality:
            best, best_quality = language, quality
    return best


def _quality(parameter: str) -> float:
    if not parameter:
        return 1.0
    number = parameter.removeprefix("q=")
    if number == parameter or not number.replace(".", "", 1).isdecimal() or not number.isascii():
        return 0.0
    return min(float(number), 1.0)
