"""Cases made here, and the one way to decide them: by read_facts, determine and decision_to_json."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from portadoc.rules import decision_to_json, determine, law_for, read_facts

Json = dict[str, Any]
Make = Callable[..., Json]
Decide = Callable[..., Json]


def _person() -> Json:
    return {
        "nationality_class": "EU",
        "nationality_states": [],
        "residence_state": "DE",
        "legally_resident": True,
        "deceased": False,
        "withdrawal_agreement": False,
    }


def _employer() -> Json:
    return {
        "ref": "E1",
        "seat_state": "DE",
        "registered_state": "DE",
        "kind": "private",
        "seat_clear": True,
        "home_activity": {
            "turnover_share": 60.0,
            "admin_staff_only": False,
            "admin_staff_share": 15.0,
            "home_assignments_share": None,
            "months_active": 60,
        },
    }


def _posting() -> Json:
    return {
        "home_state": "DE",
        "host_state": "FR",
        "host_undertakings": ["H1"],
        "start": "2027-03-01",
        "end": "2027-11-30",
        "replaces": "none",
        "replaced_posting": None,
        "group_company": False,
        "prior_cover": {"basis": "employment", "since": "2020-01-01", "gap_days_before_start": 0, "days": 2616},
        "recruited_for_posting": False,
        "direct_relationship": True,
        "paid_by": "employer",
        "hired_out_onward": False,
    }


def _facts(kind: str) -> Json:
    return {
        "applicant_kind": "employee",
        "regime": "EU",
        "request": {
            "asked_state": "DE",
            "requested_legislation": None,
            "kind": kind,
            "request_date": "2027-01-10",
            "period_start": "2027-03-01",
            "period_end": "2027-11-30",
        },
        "person": _person(),
        "employers": [_employer()],
        "activities": [],
        "posting": _posting() if kind in ("posting", "extension") else None,
        "previous_postings": [],
        "existing_a1": [],
        "notes": [],
    }


def _put(case: Json, pointer: str, value: Any) -> None:
    """Set the member at a JSON pointer; ``-`` adds to a list."""
    *parents, last = pointer.removeprefix("/").split("/")
    place: Any = case
    for part in parents:
        place = place[int(part)] if isinstance(place, list) else place[part]
    if isinstance(place, list):
        if last == "-":
            place.append(value)
        else:
            place[int(last)] = value
    else:
        place[last] = value


@pytest.fixture
def make() -> Make:
    """Make a posting from Germany to France that is granted, or another kind of request, with changes by pointer.

    ``period`` changes the days of the request and of the posting at once.
    """

    def make_case(kind: str = "posting", *, period: tuple[Any, Any] | None = None, **changes: Any) -> Json:
        case = _facts(kind)
        if period is not None:
            for name, value in zip(("start", "end"), period, strict=True):
                case["request"][f"period_{name}"] = value
                if case["posting"] is not None:
                    case["posting"][name] = value
        for pointer, value in changes.pop("put", {}).items():
            _put(case, pointer, copy.deepcopy(value))
        case.update(changes)
        return case

    return make_case


@pytest.fixture
def self_employed(make: Make) -> Make:
    """Make a posting of a self-employed person that is granted, with changes by pointer."""

    def make_case(**options: Any) -> Json:
        case = make(
            applicant_kind="self_employed",
            employers=[],
            self_employed_home={
                "months_active_before": 36,
                "keeps_means": True,
                "similar_activity": True,
                "prior_status": "self_employed",
            },
        )
        case["posting"] |= {"prior_cover": None, "direct_relationship": None, "paid_by": None}
        for pointer, value in options.get("put", {}).items():
            _put(case, pointer, value)
        return case

    return make_case


@pytest.fixture
def decide() -> Decide:
    """Decide a case as the command line and the portal do."""

    def decide_case(case: Json, pack: str = "eu-2012") -> Json:
        facts = read_facts(case)
        return decision_to_json(determine(facts, law=law_for(facts, pack=pack)))

    return decide_case
