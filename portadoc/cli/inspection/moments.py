"""Times that a thing names, as text; and the findings about them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from portadoc.cli.inspection.finding import Finding, Said, refusals
from portadoc.formats.numeric_date import LATEST, check_times

SKEW_S: Final = 60
_SENTENCES: Final = {"iat": "said_made_at", "nbf": "said_usable_from", "exp": "said_usable_until"}


def moment(seconds: object) -> str:
    """Return a time in seconds since the epoch as text in UTC; anything else as it is written."""
    if type(seconds) is not int or not 0 <= seconds <= LATEST:
        return str(seconds)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def said_times(members: Mapping[str, Any]) -> Iterator[Said]:
    """Yield a sentence for each of ``iat``, ``nbf``, ``exp`` that is there."""
    for name, code in _SENTENCES.items():
        if name in members:
            yield Said(code, {"at": moment(members[name])})


def time_findings(members: Mapping[str, Any], now: int) -> tuple[Finding, ...]:
    """Return the finding of a token outside its time, or with a time of the wrong form."""
    return refusals(lambda: check_times(members, now=now, skew_s=SKEW_S))
