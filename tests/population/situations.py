"""Legal situations and the requests that people in them would file: TEST DATA with their truth.

Every builder starts from an answer that the law gives (or from the reason why it gives none) and makes a case
around it, so the truth is known without deciding anything. Nothing of the engine or of the checker is used here.
"""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random  # noqa: TID251 - the same in every run
from typing import Any

Case = dict[str, Any]

EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split(" ")  # noqa: SIM905
EFTA = ("IS", "LI", "NO")
# Issuers and receivers of 2024 as domain.md section 6 gives them; the rest is spread evenly.
SENDERS = (*("DE",) * 37, *("PL",) * 15, *("IT",) * 7, *"FR BE ES SI SK PT RO AT NL CZ HU LT LU".split() * 2)  # noqa: SIM905
HOSTS = (*("DE",) * 20, *("FR",) * 11, *("BE",) * 8, *"AT NL CH ES IT LU SE DK NO PL CZ UK FI IE".split() * 3)  # noqa: SIM905
TELEWORK_FOUNDERS = "AT BE CZ DE ES FI FR HR LU MT NL PL PT SE SK".split()  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class Grant:
    """What a certificate has to say."""

    state: str
    article: str
    code: str | None
    action: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Truth:
    """What the law gives: a grant, or the outcomes that are right without one. ``why`` names the situation."""

    why: str
    grant: Grant | None = None
    outcomes: frozenset[str] = frozenset()


Built = tuple[Case, Truth]
Situation = Callable[[Random], Built]


def months_later(day: date, months: int) -> date:
    """Count on by the calendar, held at the end of the month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def regime_between(*states: str) -> str:
    """Name the regime between two states or more of one family."""
    those = set(states)
    if "UK" in those:
        return "EFTA_UK" if those & set(EFTA) else "UK_TCA"
    if "CH" in those:
        return "EFTA" if those & set(EFTA) else "CH"
    return "EEA" if those & set(EFTA) else "EU"


def case(
    random: Random, *, applicant: str, kind: str, asked: str, residence: str, regime: str, start: date
) -> Case:
    """Make a case with every member of the schema and nothing in it yet."""
    nation = {"CH": random.choice(("EU", "CH")), "EFTA": "EEA_EFTA"}.get(regime, "EU")
    filed = start - timedelta(random.choice((1, 3, 10, 20, 30, 45, 90, 200)))
    return {
        "applicant_kind": applicant,
        "regime": regime,
        "request": {
            "asked_state": asked,
            "requested_legislation": None,
            "kind": kind,
            "request_date": str(filed),
            "period_start": str(start),
            "period_end": None,
        },
        "person": {
            "nationality_class": nation,
            "nationality_states": [],
            "residence_state": residence,
            "legally_resident": True,
            "deceased": False,
            "withdrawal_agreement": False,
        },
        "employers": [],
        "activities": [],
        "posting": None,
        "previous_postings": [],
        "self_employed_home": None,
        "mariner": None,
        "aircrew": None,
        "telework": None,
        "contract_staff": None,
        "existing_a1": [],
        "exception": None,
        "incoming": None,
        "procedure": None,
        "notes": [],
    }


def employer(ref: str, seat: str, **changed: Any) -> Case:
    """Make an undertaking with real business at its seat."""
    home = {
        "turnover_share": 62.5,
        "admin_staff_only": False,
        "admin_staff_share": 12.0,
        "home_assignments_share": None,
        "months_active": 84,
    }
    home |= {name: changed.pop(name) for name in tuple(changed) if name in home}
    plain = {"ref": ref, "seat_state": seat, "registered_state": seat, "kind": "private", "seat_clear": True}
    return plain | changed | {"home_activity": home}


def work(state: str, share: float, pay: float | None = None, **changed: Any) -> Case:
    """Make one activity; pay follows time unless given."""
    plain = {
        "state": state,
        "kind": "employed",
        "share_of_time": share,
        "share_of_pay": share if pay is None else pay,
        "employer": "E1",
        "start": None,
        "end": None,
        "regular": True,
    }
    return plain | changed


def a_start(random: Random) -> date:
    return date(2026, 3, 1) + timedelta(random.randrange(600))


def a_length(random: Random) -> int:
    """Return the days of a posting: 94 in the mean, as long as the law lets it be at the tail."""
    return min(700, 1 + int(random.expovariate(1 / 93)))


def two_states(random: Random, *, family: str = "any") -> tuple[str, str]:
    """Pick where people come from and where they work."""
    while True:
        home, host = random.choice(SENDERS), random.choice(HOSTS if family == "any" else EU)
        if home != host:
            return home, host


def posted(
    random: Random, *, states: tuple[str, str] | None = None, days: int | None = None, **employed: Any
) -> Case:
    """Make a plain posting of an employee, with nothing against it."""
    home, host = states or two_states(random)
    start = a_start(random)
    end = start + timedelta((days or a_length(random)) - 1)
    made = case(
        random,
        applicant="employee",
        kind="posting",
        asked=home,
        residence=home,
        regime=regime_between(home, host),
        start=start,
    )
    made["request"] |= {"requested_legislation": home, "period_end": str(end)}
    made["employers"] = [employer("E1", home, **employed)]
    made["activities"] = [work(host, 100.0, start=str(start), end=str(end))]
    since = start - timedelta(random.randrange(62, 4000))
    made["posting"] = {
        "home_state": home,
        "host_state": host,
        "host_undertakings": ["H1"],
        "start": str(start),
        "end": str(end),
        "replaces": "none",
        "replaced_posting": None,
        "prior_cover": {
            "basis": "employment",
            "since": str(since),
            "gap_days_before_start": 0,
            "days": (start - since).days,
        },
        "recruited_for_posting": False,
        "direct_relationship": True,
        "group_company": False,
        "paid_by": "employer",
        "hired_out_onward": False,
    }
    return made


def own_business(random: Random, **changed: Any) -> Case:
    """Make a plain posting of a self-employed person."""
    made = posted(random)
    made["applicant_kind"] = "self_employed"
    made["employers"] = []
    for activity in made["activities"]:
        activity |= {"kind": "self_employed", "employer": None}
    made["posting"] |= {"prior_cover": None, "direct_relationship": None, "paid_by": None, "group_company": None}
    made["self_employed_home"] = {
        "months_active_before": random.randrange(3, 200),
        "keeps_means": True,
        "similar_activity": True,
        "prior_status": "self_employed",
    } | changed
    return made


def several(random: Random, residence: str, activities: list[Case], employers: list[Case], **changed: Any) -> Case:
    """Make a request of somebody who works in several states, to the institution of residence."""
    start = a_start(random)
    states = [row["state"] for row in activities if row["state"] not in ("US", "RS")]
    seats = [row["seat_state"] for row in employers if row["seat_state"] not in ("US", "JP")]
    made = case(
        random,
        applicant=changed.get("applicant", "employee"),
        kind="multi_state",
        asked=residence,
        residence=residence,
        regime=regime_between(residence, *states, *seats),
        start=start,
    )
    made["request"]["period_end"] = str(months_later(start, random.choice((12, 12, 12, 6, 24))) - timedelta(1))
    made["activities"], made["employers"] = activities, employers
    return made


def posting_grant(made: Case, why: str) -> Built:
    """Say that this posting is certified for the days asked for."""
    self_employed = made["applicant_kind"] == "self_employed"
    article = {
        ("UK_TCA", False): "SSC.11(1)(a)",
        ("UK_TCA", True): "SSC.11(1)(b)",
        ("EFTA_UK", False): "14(1)",
        ("EFTA_UK", True): "14(2)",
    }.get((made["regime"], self_employed), "12(2)" if self_employed else "12(1)")
    request = made["request"]
    code = "03" if self_employed else "01"
    home = request["asked_state"]
    return made, Truth(why, Grant(home, article, code, "ISSUE_A1", request["period_start"], request["period_end"]))


def state_grant(made: Case, why: str, state: str, article: str, code: str | None) -> Built:
    """Say that the legislation of ``state`` applies for the days asked for."""
    request = made["request"]
    if made["regime"] == "UK_TCA":
        head, _, tail = article.partition("(")
        article = {"11": "SSC.10", "13": "SSC.12"}[head] + ("(4)" if tail.startswith("4") else "(" + tail)
    action = "ISSUE_A1" if state == request["asked_state"] else "DETERMINE_AND_NOTIFY"
    if code is None:
        action = "ISSUE_OTHER"
    return made, Truth(why, Grant(state, article, code, action, request["period_start"], request["period_end"]))


def no_grant(made: Case, why: str, *outcomes: str) -> Built:
    return made, Truth(why, None, frozenset(outcomes))
