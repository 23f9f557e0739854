"""The part of the facts that says where, for whom and how much somebody works."""

from datetime import date

from portadoc.portal.questions.form import Case
from portadoc.portal.questions.parties import asks_for_self
from portadoc.portal.questions.posting import is_posting
from portadoc.portal.questions.several_states import OWN_WORK, is_telework
from portadoc.rules.law import law_at
from portadoc.schemas.claims import Json, JsonObject
from portadoc.schemas.codes import PDA1_STATES

Period = tuple[str | None, str | None]
_WHOLE = 100.0
_OWN = "E1"


def activities_of(case: Case, period: Period) -> list[Json]:
    """Return the activities: one of the posting, or one a row of the table of shares."""
    if is_posting(case) or case.get("situation") == "public_service":
        return [_one_activity(case, case.get("host_state"), period)]
    if case.get("situation") == "vessel":
        return [{**_one_activity(case, case.part("vessel", "flag_state"), (None, None)), "place": "vessel"}]
    return [_activity_of_row(case, row) for row in (*case.rows("shares"), *case.rows("shares_by_work"))]


def aircrew_of(case: Case, period: Period) -> Json:
    """Return the home bases; a base without days is one for the whole period, as the form says."""
    if case.get("situation") != "aircrew":
        return None
    bases = [
        {"state": row["state"], "start": row["start"] or period[0], "end": row["end"] or period[1]}
        for row in case.rows("home_bases")
    ]
    return {"home_bases": bases, "commercial_air_services": case.get("commercial_air_services")}


def mariner_of(case: Case) -> Json:
    """Return the ship."""
    value = case.get("vessel")
    if value is None:
        return None
    return {name: value[name] for name in ("flag_state", "remunerator_state", "waters")}


def telework_of(case: Case, *, request_date: date) -> Json:
    """Return the telework; which states have signed the framework agreement, the law of the day knows."""
    value = case.get("telework")
    if value is None or not is_telework(case):
        return None
    residence, seat = case.part("residence", "country"), case.part("employer", "country")
    return {
        "share_in_residence": _time_in(case, residence),
        "digital_link": value["digital_link"],
        "other_state_share": _time_outside(case, {residence, seat}),
        "other_activity_in_residence": value["other_activity"],
        "joint_consent": value["joint_consent"],
        "residence_signatory": _has_signed(residence, request_date),
        "seat_signatory": _has_signed(seat, request_date),
    }


def _has_signed(state: str | None, on: date) -> bool | None:
    return None if state is None else law_at(on).first_day(f"telework_signatory.{state}") is not None


def _time_in(case: Case, state: str | None) -> float:
    return float(sum(row["time"] for row in case.rows("shares") if row["state"] == state))


def _time_outside(case: Case, states: set[str | None]) -> float:
    return float(sum(row["time"] for row in case.rows("shares") if row["state"] not in states))


def _one_activity(case: Case, state: str | None, period: Period) -> JsonObject:
    """Return the only activity; its share is whole only if the applicant says that there is no other work."""
    share = _WHOLE if _is_only_work(case) else None
    own = asks_for_self(case)
    kind = "self_employed" if own else "employed"
    return {
        "state": state,
        "kind": "civil_servant" if case.get("official") is True else kind,
        "share_of_time": share,
        "share_of_pay": share,
        "employer": None if own else _OWN,
        "start": period[0],
        "end": period[1],
        "regular": True if share is not None else None,
    }


def _is_only_work(case: Case) -> bool:
    told = [case.part(name, "only_this_work") for name in ("link", "own_business")]
    return True in (*told, case.get("only_this_work"))


def _activity_of_row(case: Case, row: dict[str, Json]) -> JsonObject:
    work = row.get("work", "self_employed" if asks_for_self(case) else _OWN)
    activity: JsonObject = {
        "state": row["state"],
        "kind": work if work in OWN_WORK else "employed",
        "share_of_time": row["time"],
        "share_of_pay": row["pay"],
        "employer": None if work in OWN_WORK else work,
        "start": None,
        "end": None,
        "regular": case.part("pattern", "regular"),
    }
    return {**activity, **_optional(case, row["state"], work)}


def _optional(case: Case, state: str, work: str) -> JsonObject:
    found: JsonObject = {}
    if state not in PDA1_STATES:
        found["third_state"] = True
    if is_telework(case):
        found |= {"telework": state == case.part("residence", "country"), "regular": True}
    least_most = case.get("residence_range")
    if least_most is not None and state == case.part("residence", "country"):
        found |= {"share_min": least_most["least"], "share_max": least_most["most"]}
    for own in case.rows("own_turnover") if work == "self_employed" else []:
        if own["state"] == state:
            found |= {"turnover_share": own["turnover"], "fixed_place": own["fixed_place"]}
    return found
