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
"""The sign for which no machine decides: who is named is not whom the register knows by that number."""
OVERLAPS: Final = "certificate_overlaps"
"""Another certificate of ours covers part of the days: a person decides which of both stands."""
EXTENDED: Final = "extended_afterwards"
"""The certificate was extended since, and its own days are to be others."""
PREDECESSOR_ENDED: Final = "predecessor_ended"
"""What is followed has ended or is about to, or another certificate takes its place."""
NOT_REGISTERED: Final = "not_registered_here"
"""The register does not know the person as one who works for this employer when the work begins."""
FOR_A_PERSON: Final = frozenset({OVERLAPS, EXTENDED, PREDECESSOR_ENDED, NOT_REGISTERED})
"""The signs with which no certificate is made by the rules alone."""
_WEIGHTS: Final = {
    **{each.code: each.points for each in RISK_POINTS},
    CONTRADICTED: 60,
    OVERLAPS: 40,
    EXTENDED: 40,
    PREDECESSOR_ENDED: 40,
    NOT_REGISTERED: 40,
}


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


def is_registered(
    person: Mapping[str, Json] | None, employer_id: str | None, first_day: date | None, *, complete: bool
) -> bool:
    """Tell whether a register knows the person as working for the employer on the first day of the work.

    ``complete`` says whether everybody who is insured here is in the register, so that who is not is a doubt.
    Somebody without an employer only has to be known. Employment that begins later does not count yet.
    """
    if person is None:
        return not complete
    if employer_id is None:
        return True
    day = "" if first_day is None else first_day.isoformat()
    return any(
        each["employer"] == employer_id
        and (not day or each["since"] <= day)
        and (each["until"] is None or (day and day <= each["until"]))
        for each in person.get("covers") or ()
    )


def _names(*texts: Json) -> frozenset[str]:
    """Return the single names in texts, in one case and without accents."""
    apart = unicodedata.normalize("NFKD", " ".join(str(each) for each in texts if each)).casefold()
    plain = "".join(each if each.isalnum() else " " for each in apart if not unicodedata.combining(each))
    return frozenset(plain.split())


def risk_score(codes: tuple[str, ...]) -> int:
    """Return what signs weigh together, 100 at most."""
    return min(sum(_WEIGHTS.get(code, 0) for code in codes), 100)
