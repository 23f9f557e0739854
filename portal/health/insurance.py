"""Whether somebody is insured here on a day: the one question behind a card and a replacement certificate.

Pure: facts as they are recorded go in, a decision with its steps comes out. Unknown is never taken for a yes.
Spec: Regulation (EC) 883/2004 art. 19; Regulation (EC) 987/2009 art. 25; Decisions S1 and S2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from portadoc.rules.dates import add_months
from portadoc.schemas.claims import Json, JsonObject

GRANTED: Final = "GRANT"
IN_DOUBT: Final = "REVIEW"
REPORTED: Final = "holder_request"
"""Why a card ends that its holder reported lost or stolen."""
INSTRUMENT: Final = "883/2004"
ARTICLE: Final = "19"
_PROVISIONS: Final = {
    "person_known": "Decision S1 annex, point 2",
    "alive": "Reg. 883/2004 art. 19(1)",
    "insured_here": "Reg. 987/2009 art. 25(1)",
    "entitled": "Decision S1 point 3",
    "covered": "Reg. 883/2004 art. 19(1)",
    "consent": "Decision S1 point 5",
}
MET, NOT_MET, UNKNOWN = "met", "not_met", "unknown"


class CardCause(StrEnum):
    """Why a card is asked for."""

    FIRST = "first"
    RENEWAL = "renewal"
    LOSS = "loss"
    THEFT = "theft"

    @property
    def is_missing(self) -> bool:
        """Whether somebody else may hold the old card."""
        return self in (CardCause.LOSS, CardCause.THEFT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Who decides, and for how long: ``card_months`` of a card, ``replacement_days`` of a certificate."""

    institution_id: str
    country: str
    card_months: int
    replacement_days: int


def health_facts(extract: Mapping[str, Json] | None, asked: Mapping[str, Json]) -> JsonObject:
    """Return what a decision stands on: what is asked, and what the person register says; None for unknown.

    ``asked`` has ``kind`` (ehic or prc), ``reason``, ``first_day`` (ISO 8601), ``by_representative``, and
    ``consent`` (how it was given; ``own`` where the person asks).
    """
    person = extract or {}
    entitlement = person.get("entitlement") or {}
    return {
        "health": {
            **asked,
            "person": None
            if extract is None
            else {name: person[name] for name in ("pin", "given_name", "family_name", "birth_date")},
            "deceased": person.get("deceased"),
            "insured_with": entitlement.get("institution"),
            "insurer_name": entitlement.get("institution_name"),
            "insured_until": entitlement.get("valid_until"),
            "card_number": asked.get("card_number") or entitlement.get("card_number"),
            "card_expiry": asked.get("card_expiry") or entitlement.get("valid_until"),
            "covers": [{"since": each["since"], "until": each["until"]} for each in person.get("covers") or ()],
        }
    }


def judge_insured(facts: Mapping[str, Json], terms: Terms) -> JsonObject:
    """Return the decision as JSON: granted when every step is met, else for a person to look at."""
    health = facts["health"]
    first = date.fromisoformat(health["first_day"])
    steps = [_step(rule, *found) for rule, found in _found(health, terms, first).items()]
    granted = all(step["result"] == MET for step in steps)
    last = _last_day(health, terms, first) if granted else None
    return {
        "outcome": GRANTED if granted else IN_DOUBT,
        "competent_state": terms.country,
        "article": ARTICLE,
        "instrument": INSTRUMENT,
        "status_code": None,
        "action": "ISSUE_OTHER" if granted else "NONE",
        "validity_start": first.isoformat() if granted else None,
        "validity_end": None if last is None else last.isoformat(),
        "max_months": None,
        "provisional": False,
        "redirect_state": None,
        "default_state": None,
        "notify_states": [],
        "reasons": [step["rule"] for step in steps if step["result"] != MET],
        "info": [],
        "questions": [],
        "derivation": steps,
        "law_version": None,
        "pack": None,
        "simulation": False,
        "automated": True,
    }


def is_within_entitlement(facts: Mapping[str, Json], first: date, last: date) -> bool:
    """Tell, apart from the decision, whether a period lies within what the register says."""
    health = facts["health"]
    until = health["insured_until"]
    return first <= last and until is not None and last.isoformat() <= until and _cover(health, first) is not None


def insured_elsewhere(extract: Mapping[str, Json] | None, institution_id: str) -> str | None:
    """Return the name of the other institution that insures somebody; None where it is this one, or unknown."""
    entitlement = (extract or {}).get("entitlement")
    if entitlement is None or entitlement["institution"] == institution_id:
        return None
    return str(entitlement["institution_name"])


def _found(health: Mapping[str, Json], terms: Terms, first: date) -> dict[str, tuple[str, list[list[Json]]]]:
    """Return what was found by each rule, with the facts that it looked at."""
    until, cover, day = health["insured_until"], _cover(health, first), first.isoformat()
    answers = {
        "person_known": (MET if health["person"] is not None else UNKNOWN, []),
        "alive": (_told(health["deceased"], wanted=False), [["/health/deceased", health["deceased"]]]),
        "insured_here": (
            _told(health["insured_with"], wanted=terms.institution_id),
            [["/health/insurer_name", health["insurer_name"]]],
        ),
        "entitled": (
            UNKNOWN if until is None else MET if day <= until else NOT_MET,
            [["/health/insured_until", until], ["/health/first_day", day]],
        ),
        "covered": (MET if cover is not None else NOT_MET if health["covers"] else UNKNOWN, []),
    }
    if health["kind"] == "prc":
        answers["consent"] = (MET if health["consent"] else NOT_MET, [["/health/consent", health["consent"]]])
    return answers


def _told(value: Json, *, wanted: Json) -> str:
    return UNKNOWN if value is None else MET if value == wanted else NOT_MET


def _step(rule: str, result: str, facts: list[list[Json]]) -> JsonObject:
    return {
        "rule": rule,
        "provision": _PROVISIONS[rule],
        "result": result,
        "facts": facts,
        "parameters": [],
    }


def _cover(health: Mapping[str, Json], day: date) -> Mapping[str, Json] | None:
    """Return the cover of a day that lasts longest, None where there is none."""
    on = day.isoformat()
    fitting = [each for each in health["covers"] if each["since"] <= on and (each["until"] or "9999") >= on]
    return max(fitting, key=lambda each: each["until"] or "9999", default=None)


def _last_day(health: Mapping[str, Json], terms: Terms, first: date) -> date:
    """Return the last day: by the terms, and never beyond the entitlement or the cover."""
    by_terms = (
        add_months(first, terms.card_months) - timedelta(days=1)
        if health["kind"] == "ehic"
        else first + timedelta(days=terms.replacement_days - 1)
    )
    cover = _cover(health, first) or {}
    ends = [health["insured_until"], cover.get("until")]
    return min([by_terms, *(date.fromisoformat(each) for each in ends if each is not None)])
