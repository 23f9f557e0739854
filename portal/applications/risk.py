"""Why a person should look at a case closely: explained points, so that officers see the most doubtful first.

Points order work; they never decide anything, and nobody is refused for them. A number that the register knows as
somebody else's goes to a person.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from portadoc.schemas.claims import Json, JsonObject

_YOUNG_COMPANY_MONTHS: Final = 6
_LOW_TURNOVER_PERCENT: Final = 40
_SHORT_COVER_DAYS: Final = 90
_LATE_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """One sign: its code (a text key below ``risk.``) and how much it weighs."""

    code: str
    points: int
    holds: Callable[[JsonObject], bool]


def _posting(facts: Mapping[str, Json]) -> Mapping[str, Any]:
    return facts.get("posting") or {}


def _home(facts: Mapping[str, Json]) -> Mapping[str, Any]:
    employers = facts.get("employers") or ()
    return (employers[0].get("home_activity") or {}) if employers else {}


def _began_long_ago(facts: JsonObject) -> bool:
    request = facts.get("request") or {}
    start, asked = request.get("period_start"), request.get("request_date")
    if start is None or asked is None:
        return False
    return (date.fromisoformat(asked) - date.fromisoformat(start)).days > _LATE_DAYS


def _under(value: Json, limit: int) -> bool:
    return value is not None and value < limit


RISK_POINTS: Final = (
    RiskPoint("replaces_posted_person", 30, lambda f: str(_posting(f).get("replaces")).startswith("posted_")),
    RiskPoint("recruited_to_be_posted", 20, lambda f: _posting(f).get("recruited_for_posting") is True),
    RiskPoint("hired_out_onward", 40, lambda f: _posting(f).get("hired_out_onward") is True),
    RiskPoint("paid_by_host", 20, lambda f: _posting(f).get("paid_by") == "host"),
    RiskPoint("young_company", 20, lambda f: _under(_home(f).get("months_active"), _YOUNG_COMPANY_MONTHS)),
    RiskPoint("low_home_turnover", 20, lambda f: _under(_home(f).get("turnover_share"), _LOW_TURNOVER_PERCENT)),
    RiskPoint(
        "short_prior_cover",
        15,
        lambda f: _under((_posting(f).get("prior_cover") or {}).get("days"), _SHORT_COVER_DAYS),
    ),
    RiskPoint("began_long_ago", 10, _began_long_ago),
    RiskPoint("posted_before", 10, lambda f: bool(f.get("previous_postings"))),
    RiskPoint("other_certificate", 15, lambda f: bool(f.get("existing_a1"))),
    RiskPoint(
        "temporary_agency", 10, lambda f: any(e.get("kind") == "temp_agency" for e in f.get("employers") or ())
    ),
)
CONTRADICTED: Final = "register_contradicts"
"""The one sign for which no machine decides: who is named is not whom the register knows by that number."""
_WEIGHTS: Final = {**{each.code: each.points for each in RISK_POINTS}, CONTRADICTED: 60}


def risk_of(facts: JsonObject) -> tuple[str, ...]:
    """Return the codes of the signs that hold in the facts."""
    return tuple(each.code for each in RISK_POINTS if each.holds(facts))


def contradicts(worker: Mapping[str, Json], person: Mapping[str, Json] | None) -> bool:
    """Tell whether what was typed of a person is not what the register knows under the same number.

    One name in common is enough: people have several, and marry. ``person`` is None where no register knows the
    number.
    """
    if person is None:
        return False
    families = _names(person.get("family_name"), person.get("family_name_at_birth"))
    return (
        bool(person.get("deceased"))
        or worker.get("birth_date") != person.get("birth_date")
        or _names(worker.get("given_name")).isdisjoint(_names(person.get("given_name")))
        or _names(worker.get("family_name")).isdisjoint(families)
    )


def _names(*texts: Json) -> frozenset[str]:
    """Return the single names in texts, in one case and without accents."""
    apart = unicodedata.normalize("NFKD", " ".join(str(each) for each in texts if each)).casefold()
    plain = "".join(each if each.isalnum() else " " for each in apart if not unicodedata.combining(each))
    return frozenset(plain.split())


def risk_score(codes: tuple[str, ...]) -> int:
    """Return what signs weigh together, 100 at most."""
    return min(sum(_WEIGHTS.get(code, 0) for code in codes), 100)
