"""Write the facts that the rules read, from what was answered and what is known. Nothing is assumed.

What nobody said is null; a member that the form of facts may leave out is left out.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from portadoc.portal.questions.flows import case_of
from portadoc.portal.questions.form import Case, Known
from portadoc.portal.questions.law_states import in_codes_of_rules, is_coordinated, nationality_class, regime_of
from portadoc.portal.questions.parties import asks_for_self, has_employer
from portadoc.portal.questions.posting import is_posting
from portadoc.portal.questions.work import activities_of, aircrew_of, mariner_of, telework_of
from portadoc.rules.law import law_at
from portadoc.schemas.claims import Json, JsonObject

_KINDS: Final = {
    "posting": "posting",
    "several_states": "multi_state",
    "telework": "telework_framework",
    "public_service": "single_state",
    "vessel": "vessel",
    "aircrew": "aircrew",
}
_OWN: Final = "E1"


def facts_of(answers: Mapping[str, Json], known: Known, *, request_date: date) -> JsonObject:
    """Return the facts of a case, with every member that the rules expect; unknown is null.

    Dates are texts of ISO 8601, shares are percent. A withdrawal has no facts: it is not determined.
    """
    case = case_of(answers, known)
    period = period_of(case)
    regime = _regime(case, period[0] or request_date.isoformat())
    facts = {
        "applicant_kind": _applicant_kind(case),
        "regime": regime,
        "request": _request(case, period, request_date),
        "person": _person(case, period[1], request_date),
        "employers": _employers(case),
        "activities": activities_of(case, period),
        "posting": _posting(case, period),
        "previous_postings": _previous_postings(case),
        "self_employed_home": _self_employed_home(case),
        "mariner": mariner_of(case),
        "aircrew": aircrew_of(case, period),
        "telework": telework_of(case, request_date=request_date),
        "contract_staff": None,
        "existing_a1": _existing_a1(case),
        "exception": None,
        "incoming": None,
        "procedure": None,
        "notes": [],
        **_bilateral(case, regime),
    }
    return dict(in_codes_of_rules(facts))


def period_of(case: Case) -> tuple[str | None, str | None]:
    """Return the first and last day asked for; an extension begins the day after the earlier period."""
    if case.known.request == "extension":
        last = case.part("earlier_period", "end")
        start = None if last is None else (date.fromisoformat(last) + timedelta(days=1)).isoformat()
        return start, case.get("new_end")
    return case.part("period", "start"), case.part("period", "end")


def _applicant_kind(case: Case) -> str:
    situation = case.get("situation")
    if situation == "vessel":
        return "mariner"
    if situation == "aircrew":
        return "aircrew"
    if situation == "public_service":
        return "civil_servant" if case.says("official", True) else "employee"
    if asks_for_self(case):
        return "self_employed"
    kinds = {row["work"] for row in case.rows("shares_by_work")}
    if "civil_servant" in kinds:
        return "civil_servant"
    return "employed_and_self_employed" if "self_employed" in kinds else "employee"


def _regime(case: Case, first_day: str) -> str:
    """Return the regime; whether an agreement exists with a state outside, the table of the first day knows."""
    host = case.get("host_state")
    if case.known.certificate == "maintenance" and (host is None or is_coordinated(host)):
        return "NONE"
    states = {case.part("residence", "country"), case.part("employer", "country")}
    states |= {row["state"] for row in (*case.rows("shares"), *case.rows("shares_by_work"))}
    states |= {row["country"] for row in case.rows("other_employers")}
    states |= {case.part("vessel", "flag_state"), case.part("vessel", "remunerator_state")}
    states |= {row["state"] for row in case.rows("home_bases")}
    involved = {each for each in states if each is not None and is_coordinated(each)}
    return regime_of(
        case.known.asked_state,
        involved if host is None else involved | {host},
        withdrawal_agreement=case.get("withdrawal_agreement"),
        partners=law_at(date.fromisoformat(first_day)).partners(case.known.asked_state),
    )


def _bilateral(case: Case, regime: str) -> JsonObject:
    if regime != "BILATERAL":
        return {}
    return {"bilateral": {"agreement": f"{case.known.asked_state}-{case.get('host_state')}"}}


def _request(case: Case, period: tuple[str | None, str | None], request_date: date) -> JsonObject:
    is_extension = case.known.request == "extension"
    request: JsonObject = {
        "asked_state": case.known.asked_state,
        "requested_legislation": _requested_legislation(case),
        "kind": "extension" if is_extension else _KINDS[case.get("situation")],
        "request_date": request_date.isoformat(),
        "period_start": period[0],
        "period_end": period[1],
    }
    only_this_work = case.part("link", "only_this_work")
    if only_this_work is None:
        only_this_work = case.part("own_business", "only_this_work")
    if only_this_work is not None:
        request["regular_pattern"] = not only_this_work
    return request


def _requested_legislation(case: Case) -> str | None:
    if case.get("situation") in ("posting", "telework"):
        return _home_state(case)
    return None


def _home_state(case: Case) -> str | None:
    if asks_for_self(case):
        state: str | None = case.part("own_seat", "country")
        return state
    seat: str | None = case.part("employer", "country")
    return seat


def _person(case: Case, last_day: str | None, request_date: date) -> JsonObject:
    nationalities = [row["country"] for row in case.rows("nationalities")]
    return {
        "nationality_class": nationality_class(nationalities),
        "nationality_states": nationalities,
        "residence_state": case.part("residence", "country"),
        "legally_resident": case.get("legally_resident"),
        "deceased": _deceased(case, last_day, request_date),
        "withdrawal_agreement": case.get("withdrawal_agreement"),
    }


def _deceased(case: Case, last_day: str | None, request_date: date) -> Json:
    """Return what a register says; else whoever states that a person is still to work says that they live."""
    told = case.get("deceased")
    if told is None and (last_day is None or last_day >= request_date.isoformat()):
        return False
    return told


def _employers(case: Case) -> list[Json]:
    if not has_employer(case):
        return []
    own = {
        "ref": _OWN,
        "seat_state": case.part("employer", "country"),
        "registered_state": case.part("employer", "registered_state"),
        "kind": case.get("employer_kind"),
        "seat_clear": case.get("seat_clear"),
        "home_activity": {
            "turnover_share": case.get("turnover_share"),
            "admin_staff_only": case.part("admin_staff", "admin_only"),
            "admin_staff_share": case.part("admin_staff", "admin_share"),
            "home_assignments_share": case.get("home_assignments_share"),
            "months_active": case.get("months_active"),
        },
    }
    return [own, *(_other_employer(index, row) for index, row in enumerate(case.rows("other_employers")))]


def _other_employer(index: int, row: dict[str, Json]) -> JsonObject:
    unknown = (
        "turnover_share",
        "admin_staff_only",
        "admin_staff_share",
        "home_assignments_share",
        "months_active",
    )
    return {
        "ref": f"E{index + 2}",
        "seat_state": row["country"],
        "registered_state": None,
        "kind": row["kind"],
        "seat_clear": row["seat_clear"],
        "home_activity": dict.fromkeys(unknown),
    }


def _posting(case: Case, period: tuple[str | None, str | None]) -> Json:
    if not is_posting(case):
        return None
    posting: JsonObject = {
        "home_state": _home_state(case),
        "host_state": case.get("host_state"),
        "host_undertakings": [row["name"] for row in case.rows("workplaces")],
        "start": period[0],
        "end": period[1],
        "replaces": case.get("replaces") if has_employer(case) else "none",
        "replaced_posting": _replaced(case),
        "prior_cover": _prior_cover(case, period[0]),
        "recruited_for_posting": case.get("recruited_for_posting"),
        "direct_relationship": case.part("link", "direct_relationship"),
        "group_company": case.get("group_company"),
        "paid_by": case.part("link", "paid_by"),
        "hired_out_onward": case.part("link", "hired_out_onward"),
    }
    if case.get("worked_at_home") is not None:
        posting["worked_in_home_state_before"] = case.get("worked_at_home")
    return posting


def _replaced(case: Case) -> Json:
    value = case.get("replaced_posting")
    if value is None:
        return None
    return {
        "start": value["start"],
        "end": value["end"],
        "employer_same": case.get("replaces") == "posted_same_employer",
        "ended_early": value["ended_early"],
    }


def _prior_cover(case: Case, start: str | None) -> Json:
    """Return the cover before the work: as a register tells it, else as it was answered."""
    told = case.get("cover")
    if told is not None:
        gap = _gap_days(told.get("until"), start)
        return _cover(told["basis"], told.get("since"), gap, start)
    basis, since = case.get("cover_basis"), case.get("cover_since")
    if basis is None:
        return None
    if since is None:
        return {"basis": basis, "since": None, "gap_days_before_start": None, "days": None}
    return _cover(basis, since["since"], since["gap_days"], start)


def _cover(basis: str, since: str | None, gap: int | None, start: str | None) -> JsonObject:
    days = None
    if since is not None and start is not None and gap is not None:
        days = max((date.fromisoformat(start) - date.fromisoformat(since)).days - gap, 0)
    return {"basis": basis, "since": since, "gap_days_before_start": gap, "days": days}


def _gap_days(until: str | None, start: str | None) -> int | None:
    """Return the days without cover before the start; a register that names no end says that it goes on."""
    if start is None:
        return None
    if until is None:
        return 0
    return max((date.fromisoformat(start) - date.fromisoformat(until)).days - 1, 0)


def _previous_postings(case: Case) -> list[Json]:
    host = case.get("host_state")
    answered = [
        {
            "host_state": host,
            "start": row["start"],
            "end": row["end"],
            "same_undertakings": row["same_undertakings"],
            "relation": row["relation"],
        }
        for row in case.rows("earlier_postings")
    ]
    return [*case.rows("postings_on_record"), *answered]


def _existing_a1(case: Case) -> list[Json]:
    answered = [
        {
            "state": row["state"],
            "article": None,
            "start": row["start"],
            "end": row["end"],
            "status": "valid",
            "employer_same": None,
            "host_state": None,
        }
        for row in case.rows("other_certificates")
    ]
    return [*case.rows("certificates_on_record"), *answered]


def _self_employed_home(case: Case) -> Json:
    if not (asks_for_self(case) and is_posting(case)):
        return None
    months = case.get("months_active")
    prior = case.get("prior_status")
    home: JsonObject = {
        "months_active_before": months,
        "keeps_means": case.part("own_business", "keeps_means"),
        "similar_activity": case.part("own_business", "similar_activity"),
        "prior_status": "self_employed" if prior is None and months is not None else prior,
    }
    if case.part("own_business", "real_activity") is not None:
        home["real_home_activity"] = case.part("own_business", "real_activity")
    return home
