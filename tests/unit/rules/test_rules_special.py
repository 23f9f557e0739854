"""Vessels, aircrew, contract staff, voluntary insurance, notices and clocks between institutions."""

from typing import Any

import pytest

from portadoc.rules import decision_to_json, determine, law_for, read_facts

Json = dict[str, Any]


def decided(kind: str, applicant: str, residence: str | None, asked: str, **members: Any) -> Json:
    request = {
        "asked_state": asked,
        "requested_legislation": members.pop("wanted", None),
        "kind": kind,
        "request_date": "2026-11-23",
        "period_start": "2027-01-01",
        "period_end": "2027-12-31",
    } | members.pop("request", {})
    person = {
        "nationality_class": "EU",
        "nationality_states": [],
        "residence_state": residence,
        "legally_resident": True,
        "deceased": False,
        "withdrawal_agreement": False,
    }
    facts = {"applicant_kind": applicant, "regime": "EU", "request": request, "person": person, "existing_a1": []}
    facts |= members
    read = read_facts(facts)
    return decision_to_json(determine(read, law=law_for(read)))


def vessel(residence: str | None = "PL", asked: str = "MT", wanted: str | None = None, **mariner: Any) -> Json:
    given = {"flag_state": "MT", "flag_states": [], "remunerator_state": "DE", "waters": "sea"} | mariner
    return decided("vessel", "mariner", residence, asked, wanted=wanted, mariner=given)


def test_the_flag_decides_unless_the_payer_is_where_the_person_lives() -> None:
    assert (vessel()["competent_state"], vessel()["article"]) == ("MT", "11(4)(1)")
    paid_at_home = vessel("DE", "DE")
    assert (paid_at_home["outcome"], paid_at_home["competent_state"], paid_at_home["article"]) == (
        "GRANT",
        "DE",
        "11(4)(2)",
    )
    flag_is_home = vessel("MT", "MT", remunerator_state="MT")
    assert flag_is_home["article"] == "11(4)(1)"
    assert vessel(asked="DE", wanted="DE")["reasons"][0] == "FLAG_STATE_APPLIES"
    assert vessel("DE", "MT")["reasons"] == ["NOT_COMPETENT"]


def test_a_flag_outside_leads_to_residence() -> None:
    found = vessel("LV", "LV", flag_state="BS", remunerator_state="NL")
    assert (found["outcome"], found["competent_state"], found["status_code"]) == ("GRANT", "LV", None)
    assert found["action"] == "ISSUE_OTHER"
    assert vessel("LV", "NL", "NL", flag_state="BS")["outcome"] == "REFUSE"
    assert vessel("US", "MT", flag_state="BS")["outcome"] == "REVIEW"


@pytest.mark.parametrize(
    ("mariner", "reason"),
    [
        ({"flag_states": ["DK", "MT"], "flag_state": None}, "SEVERAL_FLAGS"),
        ({"waters": "territorial"}, "NOT_AT_SEA"),
    ],
)
def test_several_flags_and_work_near_the_shore_go_to_a_person(mariner: Json, reason: str) -> None:
    assert vessel(**mariner)["reasons"] == [reason]


@pytest.mark.parametrize("name", ["flag_state", "waters", "remunerator_state"])
def test_what_is_not_known_of_the_ship_is_asked(name: str) -> None:
    assert vessel(**{name: None})["questions"] == [f"/mariner/{name}"]


def crew(
    *bases: tuple[str, str | None, str | None], asked: str = "PT", services: bool | None = True, **more: Any
) -> Json:
    homes = [{"state": state, "start": start, "end": end} for state, start, end in bases]
    return decided(
        "aircrew",
        "aircrew",
        "PT",
        asked,
        aircrew={"home_bases": homes, "commercial_air_services": services},
        **more,
    )


def test_the_home_base_decides() -> None:
    assert (crew(("PT", None, None))["article"], crew(("PT", None, None))["status_code"]) == ("11(5)", "10")
    assert crew(("DE", None, None))["reasons"] == ["HOME_BASE_ELSEWHERE", "NOT_COMPETENT"]
    earlier = crew(("DE", "2020-01-01", "2026-12-31"), ("PT", "2027-01-01", None))
    assert earlier["outcome"] == "GRANT"
    two_in_one_state = crew(("PT", "2027-01-01", "2027-05-31"), ("PT", "2027-06-01", None))
    assert two_in_one_state["outcome"] == "GRANT"


@pytest.mark.parametrize(
    ("bases", "reason"),
    [
        ((("PT", None, None), ("DE", None, None)), "SEVERAL_HOME_BASES"),
        ((("PT", None, "2027-05-31"), ("DE", "2027-06-01", None)), "HOME_BASE_CHANGES"),
        ((("PT", None, "2027-12-30"),), "HOME_BASE_CHANGES"),
        ((("AE", None, None),), "HOME_BASE_OUTSIDE"),
    ],
)
def test_a_base_that_does_not_settle_it_goes_to_a_person(bases: tuple[Any, ...], reason: str) -> None:
    assert crew(*bases)["reasons"] == [reason]


def test_no_base_and_unknown_services_are_asked() -> None:
    assert crew()["questions"] == ["/aircrew/home_bases"]
    assert crew(("PT", None, None), services=None)["questions"] == ["/aircrew/commercial_air_services"]
    assert crew(("PT", None, None), services=False)["reasons"] == ["AIR_SERVICE_SCOPE"]


def staff(**more: Any) -> Json:
    given = {
        "employed_state": "BE",
        "last_subject_state": "PL",
        "nationality_states": ["IT"],
        "option_state": "PL",
        "option_used_before": False,
        "exercised_at_contract": True,
    } | more
    asked = given["option_state"] or "PL"
    return decided("eu_contract_staff", "contract_staff", "BE", asked, contract_staff=given)


@pytest.mark.parametrize("state", ["BE", "PL", "IT"])
def test_contract_staff_choose_among_three_legislations(state: str) -> None:
    found = staff(option_state=state)
    assert (found["outcome"], found["competent_state"], found["status_code"]) == ("GRANT", state, "06")


def test_the_choice_is_made_once_in_time_and_among_the_three() -> None:
    assert staff(option_used_before=True)["reasons"] == ["OPTION_ALREADY_USED"]
    assert staff(exercised_at_contract=False)["reasons"] == ["OPTION_TOO_LATE"]
    assert staff(option_state="FR")["reasons"] == ["OPTION_STATE_NOT_ALLOWED"]
    assert staff(option_state="FR", last_subject_state=None)["questions"] == ["/contract_staff/last_subject_state"]


def voluntary(**more: Any) -> Json:
    given = {
        "branch": "old_age",
        "state": "FR",
        "compulsory_state": "LU",
        "earlier_activity_in_state": True,
        "national_law_allows": True,
    } | more
    return decided("voluntary_insurance", "employee", "FR", "FR", wanted="FR", voluntary=given)


def test_voluntary_insurance_beside_compulsory_insurance_is_for_pensions_only() -> None:
    found = voluntary()
    assert (found["outcome"], found["article"], found["status_code"], found["action"]) == (
        "GRANT",
        "14(3)",
        None,
        "NONE",
    )
    assert voluntary(branch="sickness")["reasons"] == ["COMPULSORY_ELSEWHERE"]
    assert voluntary(earlier_activity_in_state=False)["reasons"] == ["NO_EARLIER_ACTIVITY"]
    assert voluntary(national_law_allows=False)["reasons"] == ["COMPULSORY_ELSEWHERE"]
    assert voluntary(national_law_allows=None)["questions"] == ["/voluntary/national_law_allows"]


def notice(request: Json | None = None, **more: Any) -> Json:
    given = {
        "sed": "A009",
        "receiving_state": "NO",
        "legislation_state": "DE",
        "article": "12_1",
        "nationalities": ["SE"],
        "sender_state": "DE",
        "workplaces": ["NO"],
    } | more
    return decided("incoming", "employee", "SE", "NO", request=request or {}, incoming=given)


def test_a_notice_in_order_is_recorded() -> None:
    found = notice()
    assert (found["outcome"], found["action"], found["competent_state"]) == ("GRANT", "RECORD", "DE")


@pytest.mark.parametrize(
    ("end", "reasons"), [("2029-01-01", []), ("2029-01-02", ["DURATION_OVER_24M"]), (None, ["END_DATE_REQUIRED"])]
)
def test_a_posting_notice_may_last_two_years_and_its_last_day(end: str | None, reasons: list[str]) -> None:
    assert notice({"period_end": end})["reasons"] == reasons


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"legislation_state": "NO"}, "OWN_STATE_NAMED"),
        ({"nationalities": ["US"], "sender_state": "PL"}, "TCN_NOT_COVERED_EEA"),
        ({"workplaces": ["NO", "SJ"]}, "WORKPLACE_OUTSIDE_EEA"),
        ({"resident_in_receiving": True}, "RESIDENT_IN_RECEIVING_STATE"),
        ({"benefits_paid": True}, "BENEFITS_PAID_IN_PERIOD"),
        ({"existing_membership": {"start": "2026-01-01", "end": "2027-01-02"}}, "OVERLAP_OTHER_LEGISLATION"),
        ({"sed": "A001", "article": "16_1"}, "EXCEPTION_PENDING"),
        ({"sed": "A099"}, "NOTICE_UNKNOWN"),
    ],
)
def test_a_doubtful_notice_is_looked_at_and_never_refused(given: Json, reason: str) -> None:
    found = notice(**given)
    assert (found["outcome"], found["reasons"]) == ("REVIEW", [reason])


def procedure(**given: Any) -> Json:
    return decided("procedure", "employee", "BE", "BE", procedure=given)


@pytest.mark.parametrize(
    ("today", "objection", "reason", "provisional"),
    [
        ("2028-02-29", None, "STILL_PROVISIONAL", True),
        ("2028-03-01", None, "DEFINITIVE", False),
        ("2028-03-01", "2028-02-29", "DISPUTED", True),
        ("2028-03-05", "2028-03-01", "DEFINITIVE", False),
    ],
)
def test_a_determination_is_final_after_two_months_without_objection(
    today: str, objection: str | None, reason: str, provisional: bool
) -> None:
    found = procedure(kind="art16_finality", informed_on="2027-12-31", objection_on=objection, evaluated_on=today)
    assert (found["reasons"], found["provisional"]) == ([reason], provisional)


@pytest.mark.parametrize(
    ("states", "lives", "article", "covered"),
    [
        (["DE"], "FR", "6(1)(a)", "DE"),
        (["DE", "FR"], "FR", "6(1)(b)", "FR"),
        ([], "FR", "6(1)(b)", "FR"),
        (["DE", "AT"], "FR", "6(1)(c)", "AT"),
    ],
)
def test_somebody_covers_while_institutions_disagree(
    states: list[str], lives: str, article: str, covered: str
) -> None:
    found = procedure(kind="provisional_priority", work_states=states, residence_state=lives, first_requested="AT")
    assert (found["article"], found["competent_state"]) == (article, covered)


@pytest.mark.parametrize(("today", "outcome"), [("2027-02-14", "REFUSE"), ("2027-02-15", "GRANT")])
def test_a_dispute_waits_a_month_for_the_administrative_commission(today: str, outcome: str) -> None:
    found = procedure(kind="ac_referral", review_requested_on="2027-01-15", evaluated_on=today)
    assert found["outcome"] == outcome


def test_the_only_other_day_is_that_of_the_request_for_review() -> None:
    found = procedure(kind="ac_referral", issuer_asked_on="2027-01-15", evaluated_on="2027-03-01")
    assert found["reasons"] == ["AC_REFERRAL_ALLOWED"]
    found = procedure(kind="ac_referral", one="2027-01-15", another="2027-02-15", evaluated_on="2027-03-01")
    assert found["reasons"] == ["MISSING_DATA"]


def test_a_valid_certificate_binds_the_host() -> None:
    binding = procedure(kind="host_disregard", a1_issuer="SK", a1_status="valid", host="AT", doubt=True)
    assert (binding["outcome"], binding["action"]) == ("REFUSE", "REQUEST_REVIEW")
    assert procedure(kind="host_disregard", a1_issuer="SK", a1_status="withdrawn")["outcome"] == "GRANT"
    assert procedure(kind="host_disregard", a1_issuer="SK")["questions"] == ["/procedure/a1_status"]
    assert procedure(kind="other")["reasons"] == ["NOTICE_UNKNOWN"]
