"""Posting, row by row: one fault a case, and both sides of every limit."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc.rules import determine, law_for, read_facts

HOME = "/employers/0/home_activity/"


def test_a_posting_that_meets_everything_is_granted_for_the_days_asked(make: Any, decide: Any) -> None:
    got = decide(make())
    assert got["outcome"] == "GRANT"
    assert (got["competent_state"], got["article"], got["status_code"]) == ("DE", "12(1)", "01")
    assert (got["action"], got["instrument"], got["pack"]) == ("ISSUE_A1", "883/2004", "eu-2012")
    assert (got["validity_start"], got["validity_end"], got["max_months"]) == ("2027-03-01", "2027-11-30", 24)
    assert got["automated"]
    assert not got["simulation"]
    assert [step["rule"] for step in got["derivation"]] == [
        "row-1", "row-2", "row-3", "row-5", "row-7", "row-10", "row-11", "row-12",
        "row-13", "row-14", "row-15", "row-16", "row-17", "row-19", "row-21",
    ]  # fmt: skip
    assert {step["result"] for step in got["derivation"]} == {"met"}


FAULTS: list[tuple[dict[str, Any], str, list[str]]] = [
    ({"/person/deceased": True}, "REFUSE", ["PERSON_DECEASED"]),
    ({"/regime": "NONE"}, "REFUSE", ["HOST_OUTSIDE_COORDINATION"]),
    ({"/regime": "CH_UK"}, "REVIEW", ["REGIME_TABLE_UNVERIFIED"]),
    ({"/request/transitional": True}, "REVIEW", ["TRANSITIONAL_RULE"]),
    ({"/request/asked_state": "FR"}, "REFUSE", ["NOT_COMPETENT"]),
    ({"/posting/host_state": "US"}, "REFUSE", ["HOST_OUTSIDE_COORDINATION"]),
    ({"/posting/host_state": "UK"}, "REVIEW", ["REGIME_DOES_NOT_FIT"]),
    ({"/request/requested_legislation": "FR"}, "REFUSE", ["REQUESTED_LEGISLATION_NOT_APPLICABLE"]),
    ({"/request/regular_pattern": True}, "REVIEW", ["MULTI_STATE_NOT_POSTING"]),
    ({"/applicant_kind": "employed_and_self_employed"}, "REVIEW", ["MULTI_STATE_NOT_POSTING"]),
    ({"/applicant_kind": "pensioner"}, "REVIEW", ["REQUEST_KIND_UNSUITED"]),
    ({"/request/auto_renewing": True}, "REFUSE", ["NOT_LIMITED_IN_TIME"]),
    ({"/posting/end": "2027-12-31"}, "REVIEW", ["PERIOD_ERROR"]),
    ({"/posting/hired_out_onward": True}, "REFUSE", ["ONWARD_HIRE"]),
    ({"/posting/direct_relationship": False}, "REFUSE", ["NO_DIRECT_RELATIONSHIP"]),
    (
        {"/posting/direct_relationship": False, "/posting/group_company": True},
        "EXCEPTION_ROUTE",
        ["NO_DIRECT_RELATIONSHIP"],
    ),
    ({"/posting/paid_by": "host"}, "REVIEW", ["NO_DIRECT_RELATIONSHIP"]),
    ({"/employers/0/seat_state": "AT"}, "REVIEW", ["HOME_ACTIVITY_UNKNOWN"]),
    ({"/employers/0/seat_clear": False}, "REVIEW", ["SEAT_UNCLEAR"]),
    ({"/employers/0/kind": "outside_eu"}, "REVIEW", ["HOME_ACTIVITY_UNKNOWN"]),
    ({f"{HOME}admin_staff_only": True}, "REFUSE", ["EMPLOYER_ADMIN_ONLY"]),
    ({f"{HOME}turnover_share": 24.99}, "REVIEW", ["TURNOVER_UNDER_25"]),
    ({f"{HOME}turnover_share": 25}, "GRANT", []),
    ({f"{HOME}admin_staff_share": 50}, "GRANT", []),
    ({f"{HOME}admin_staff_share": 50.01}, "REVIEW", ["ADMIN_STAFF_OVER_50"]),
    (
        {f"{HOME}turnover_share": 1, f"{HOME}admin_staff_share": 99},
        "REVIEW",
        ["TURNOVER_UNDER_25", "ADMIN_STAFF_OVER_50"],
    ),
    ({"/employers/0/kind": "public", f"{HOME}turnover_share": None, f"{HOME}admin_staff_only": True}, "GRANT", []),
    (
        {"/employers/0/kind": "temp_agency", f"{HOME}home_assignments_share": 0},
        "REFUSE",
        ["TEMP_AGENCY_NO_HOME_ACTIVITY"],
    ),
    (
        {"/employers/0/kind": "temp_agency", f"{HOME}home_assignments_share": 24.9},
        "REVIEW",
        ["TEMP_AGENCY_LOW_HOME_ACTIVITY"],
    ),
    ({"/employers/0/kind": "temp_agency", f"{HOME}home_assignments_share": 25}, "GRANT", []),
    (
        {
            "/employers/0/kind": "temp_agency",
            f"{HOME}home_assignments_share": 30,
            f"{HOME}turnover_share": 20,
        },
        "REVIEW",
        ["TURNOVER_UNDER_25"],
    ),
    ({"/posting/prior_cover/basis": "none"}, "REFUSE", ["PRIOR_COVER_NONE"]),
    ({"/posting/prior_cover/since": "2027-03-01"}, "REFUSE", ["PRIOR_COVER_NONE"]),
    ({"/posting/prior_cover/since": "2027-02-02"}, "REVIEW", ["PRIOR_COVER_UNDER_1M"]),
    ({"/posting/prior_cover/since": "2027-02-01"}, "GRANT", []),
    ({"/posting/prior_cover/days": 27}, "REVIEW", ["PRIOR_COVER_UNDER_1M"]),
    ({"/posting/prior_cover/gap_days_before_start": 1}, "REVIEW", ["PRIOR_COVER_UNDER_1M"]),
    (
        {"/person/residence_state": "FR", "/posting/worked_in_home_state_before": False},
        "REVIEW",
        ["RESIDENT_IN_HOST", "NO_HOME_WORK"],
    ),
    ({"/person/residence_state": "FR"}, "GRANT", []),
    (
        {"/person/residence_state": "FR", "/posting/recruited_for_posting": True},
        "REVIEW",
        ["MISSING_DATA", "RESIDENT_IN_HOST"],
    ),
    ({"/posting/replaces": "local_worker"}, "GRANT", []),
    ({"/posting/replaces": "posted_same_employer"}, "REFUSE", ["REPLACEMENT"]),
    ({"/posting/replaces": "posted_other_employer"}, "REFUSE", ["REPLACEMENT"]),
]


@pytest.mark.parametrize(("put", "outcome", "reasons"), FAULTS)
def test_each_condition_of_article_12_1(
    make: Any, decide: Any, put: dict[str, Any], outcome: str, reasons: list[str]
) -> None:
    got = decide(make(put=put))
    assert (got["outcome"], got["reasons"]) == (outcome, reasons)


def test_a_refused_posting_names_the_law_of_the_state_of_work(make: Any, decide: Any) -> None:
    got = decide(make(put={"/posting/hired_out_onward": True}))
    assert (got["competent_state"], got["article"], got["action"]) == ("FR", "11(3)(a)", "NONE")


def test_the_wrong_institution_names_the_right_one(make: Any, decide: Any) -> None:
    got = decide(make(put={"/request/asked_state": "FR"}))
    assert (got["redirect_state"], got["competent_state"], got["article"]) == ("DE", "DE", "12(1)")
    assert got["action"] == "FORWARD"


@pytest.mark.parametrize(
    ("start", "end", "outcome"),
    [
        ("2027-01-01", "2028-12-31", "GRANT"),
        ("2027-01-01", "2029-01-01", "EXCEPTION_ROUTE"),
        ("2027-02-28", "2029-02-27", "GRANT"),
        ("2027-02-28", "2029-02-28", "EXCEPTION_ROUTE"),
        ("2027-12-31", "2029-12-30", "GRANT"),
        ("2027-12-31", "2029-12-31", "EXCEPTION_ROUTE"),
        ("2028-02-29", "2030-02-28", "GRANT"),
        ("2028-02-29", "2030-03-01", "EXCEPTION_ROUTE"),
        ("2027-03-01", "2027-03-01", "GRANT"),
    ],
)
def test_24_months_end_the_day_before_the_same_number(
    make: Any, decide: Any, start: str, end: str, outcome: str
) -> None:
    got = decide(make(period=(start, end), put={"/request/request_date": "2027-03-01"}))
    assert got["outcome"] == outcome
    if outcome == "EXCEPTION_ROUTE":
        assert (got["competent_state"], got["article"], got["default_state"]) == ("DE", "16(1)", "FR")
        assert (got["action"], got["reasons"]) == ("SEND_A001", ["DURATION_OVER_24M"])


@pytest.mark.parametrize(
    ("filed", "start", "outcome", "reasons", "info"),
    [
        ("2026-03-01", "2027-03-01", "GRANT", [], []),
        ("2026-02-28", "2027-03-01", "REVIEW", ["TOO_FAR_AHEAD"], []),
        ("2028-02-29", "2029-02-28", "GRANT", [], []),
        ("2028-02-29", "2029-03-01", "REVIEW", ["TOO_FAR_AHEAD"], []),
        ("2027-02-27", "2027-03-01", "GRANT", [], ["URGENT"]),
        ("2027-02-26", "2027-03-01", "GRANT", [], []),
        ("2027-03-01", "2027-03-01", "GRANT", [], ["URGENT"]),
        ("2027-03-02", "2027-03-01", "GRANT", [], ["RETROACTIVE"]),
        ("2030-03-01", "2027-03-01", "GRANT", [], ["RETROACTIVE"]),
        ("2030-03-02", "2027-03-01", "REVIEW", ["OLD_PERIOD"], []),
    ],
)
def test_the_day_of_the_request(
    make: Any, decide: Any, filed: str, start: str, outcome: str, reasons: list[str], info: list[str]
) -> None:
    end = (date.fromisoformat(start) + timedelta(days=30)).isoformat()
    got = decide(make(period=(start, end), put={"/request/request_date": filed}))
    assert (got["outcome"], got["reasons"]) == (outcome, reasons)
    assert outcome != "GRANT" or got["info"] == info


@pytest.mark.parametrize(
    ("period", "reasons", "action"),
    [
        ((None, "2027-11-30"), ["PERIOD_ERROR"], "REQUEST_INFO"),
        (("2027-03-01", "2027-02-28"), ["PERIOD_ERROR"], "REQUEST_INFO"),
        (("2027-03-01", None), ["END_DATE_REQUIRED"], "NONE"),
    ],
)
def test_a_posting_has_a_start_and_an_end(
    make: Any, decide: Any, period: tuple[Any, Any], reasons: list[str], action: str
) -> None:
    got = decide(make(period=period))
    assert (got["outcome"], got["reasons"], got["action"]) == ("REFUSE", reasons, action)


@pytest.mark.parametrize(
    "pointer",
    [
        "/person/deceased",
        "/person/nationality_class",
        "/person/residence_state",
        "/request/request_date",
        "/request/asked_state",
        "/existing_a1",
        "/previous_postings",
        "/posting",
        "/posting/home_state",
        "/posting/host_state",
        "/posting/hired_out_onward",
        "/posting/direct_relationship",
        "/posting/paid_by",
        "/posting/prior_cover/basis",
        "/posting/prior_cover/since",
        "/posting/prior_cover/gap_days_before_start",
        "/posting/replaces",
        "/employers/0/kind",
        "/employers/0/seat_state",
        "/employers/0/seat_clear",
        f"{HOME}turnover_share",
        f"{HOME}admin_staff_only",
        f"{HOME}admin_staff_share",
    ],
)
def test_a_fact_that_nobody_gave_is_asked_for(make: Any, decide: Any, pointer: str) -> None:
    got = decide(make(put={pointer: None}))
    assert got["outcome"] == "REVIEW"
    assert "MISSING_DATA" in got["reasons"]
    assert got["questions"] == [pointer]
    assert got["action"] == "REQUEST_INFO"


def test_facts_that_are_missing_are_asked_for_all_at_once(make: Any, decide: Any) -> None:
    missing = ["/posting/paid_by", f"{HOME}turnover_share", "/person/residence_state", "/posting/replaces"]
    got = decide(make(put=dict.fromkeys(missing)))
    assert got["questions"] == missing


def test_without_an_employer_the_employer_is_asked_for(make: Any, decide: Any) -> None:
    assert decide(make(employers=[]))["questions"] == ["/employers"]


def test_two_employers_go_to_a_person(make: Any, decide: Any) -> None:
    case = make()
    case["employers"].append({**case["employers"][0], "ref": "E2"})
    assert decide(case)["reasons"] == ["ONE_EMPLOYER_ONLY"]


@pytest.mark.parametrize(
    ("activity", "outcome"),
    [
        ({"state": "FR", "kind": "employed"}, "GRANT"),
        ({"state": "FR", "kind": "self_employed"}, "REVIEW"),
        ({"state": "FR", "kind": "employed", "employer": "E1"}, "GRANT"),
        ({"state": "FR", "kind": "employed", "employer": "E2"}, "REVIEW"),
        ({"state": "DE", "kind": "employed", "share_of_time": 50}, "REVIEW"),
        ({"state": "DE", "kind": "employed", "share_of_time": 0, "share_of_pay": 0}, "REVIEW"),
        ({"state": "DE", "kind": "employed", "end": "2027-02-28"}, "GRANT"),
        ({"state": "DE", "kind": "employed", "end": "2027-03-01"}, "REVIEW"),
        ({"state": "DE", "kind": "employed", "start": "2027-12-01"}, "GRANT"),
    ],
)
def test_other_work_in_the_period_is_not_posting(
    make: Any, decide: Any, activity: dict[str, Any], outcome: str
) -> None:
    assert decide(make(activities=[activity]))["outcome"] == outcome


def test_an_official_keeps_the_law_of_the_administration(make: Any, decide: Any) -> None:
    case = make(applicant_kind="civil_servant", put={"/employers/0/kind": "public"})
    got = decide(case)
    assert (got["outcome"], got["article"], got["status_code"]) == ("GRANT", "11(3)(b)", "05")


@pytest.mark.parametrize(
    ("replaced", "outcome", "reasons"),
    [
        (("2026-01-01", "2027-02-28", True), "REVIEW", ["REPLACEMENT_EARLY_END"]),
        (("2025-12-01", "2027-02-28", True), "REVIEW", ["REPLACEMENT_EARLY_END"]),
        (("2025-11-30", "2027-02-28", True), "REFUSE", ["REPLACEMENT"]),
        (("2026-01-01", "2027-02-28", False), "REFUSE", ["REPLACEMENT"]),
        (("2026-01-01", "2027-02-28", None), "REVIEW", ["MISSING_DATA", "REPLACEMENT"]),
        ((None, "2027-02-28", True), "REVIEW", ["MISSING_DATA", "REPLACEMENT"]),
        (("2025-11-30", "2027-02-28", None), "REFUSE", ["REPLACEMENT"]),
    ],
)
def test_after_an_early_end_the_joint_span_decides(
    make: Any, decide: Any, replaced: tuple[Any, Any, Any], outcome: str, reasons: list[str]
) -> None:
    start, end, early = replaced
    put = {
        "/posting/replaces": "posted_other_employer",
        "/posting/replaced_posting": {"start": start, "end": end, "employer_same": False, "ended_early": early},
    }
    got = decide(make(put=put))
    assert (got["outcome"], got["reasons"]) == (outcome, reasons)


SELF_EMPLOYED: list[tuple[dict[str, Any], str, list[str]]] = [
    ({}, "GRANT", []),
    ({"similar_activity": False}, "REFUSE", ["ACTIVITY_NOT_SIMILAR"]),
    ({"similar_activity": None}, "REVIEW", ["MISSING_DATA", "ACTIVITY_NOT_SIMILAR"]),
    ({"prior_status": "employee"}, "EXCEPTION_ROUTE", ["NOT_HABITUALLY_SELF_EMPLOYED"]),
    ({"prior_status": "student"}, "REVIEW", ["NOT_HABITUALLY_SELF_EMPLOYED"]),
    ({"prior_status": None}, "REVIEW", ["MISSING_DATA"]),
    ({"keeps_means": False}, "REFUSE", ["SELF_EMPLOYED_MEANS_NOT_KEPT"]),
    ({"keeps_means": None}, "REVIEW", ["MISSING_DATA"]),
    ({"business_suspended": True}, "REFUSE", ["SELF_EMPLOYED_MEANS_NOT_KEPT"]),
    ({"real_home_activity": False}, "REFUSE", ["SELF_EMPLOYED_NO_HOME_ACTIVITY"]),
    ({"months_active_before": 1.9}, "REVIEW", ["SELF_EMPLOYED_PRIOR_UNDER_2M"]),
    ({"months_active_before": 2}, "GRANT", []),
    ({"months_active_before": None}, "REVIEW", ["MISSING_DATA"]),
]


@pytest.mark.parametrize(("home", "outcome", "reasons"), SELF_EMPLOYED)
def test_each_condition_of_article_12_2(
    self_employed: Any, decide: Any, home: dict[str, Any], outcome: str, reasons: list[str]
) -> None:
    got = decide(self_employed(put={f"/self_employed_home/{name}": value for name, value in home.items()}))
    assert (got["outcome"], got["reasons"]) == (outcome, reasons)
    if outcome == "GRANT":
        assert (got["article"], got["status_code"]) == ("12(2)", "03")


def test_a_self_employed_person_may_take_a_posted_persons_place(self_employed: Any, decide: Any) -> None:
    assert decide(self_employed(put={"/posting/replaces": "posted_other_employer"}))["outcome"] == "GRANT"


def test_what_the_host_calls_the_work_does_not_matter(self_employed: Any, decide: Any) -> None:
    case = self_employed()
    case["activities"] = [{"state": "FR", "kind": "self_employed", "host_classification": "employed"}]
    assert decide(case)["outcome"] == "GRANT"


@given(length=st.integers(0, 1200), start=st.dates(date(2027, 1, 1), date(2027, 12, 31)))
def test_a_longer_posting_is_never_easier(length: int, start: date) -> None:
    """Once the days are too many, one day more does not make them fit."""
    outcomes = [_outcome(start, start + timedelta(days=length + more)) for more in (0, 1)]
    assert outcomes != ["EXCEPTION_ROUTE", "GRANT"]
    assert set(outcomes) <= {"GRANT", "EXCEPTION_ROUTE"}


def _outcome(start: date, end: date) -> str:
    facts = read_facts(
        {
            "applicant_kind": "self_employed",
            "regime": "EU",
            "request": {
                "asked_state": "DE",
                "kind": "posting",
                "request_date": "2027-01-01",
                "period_start": start.isoformat(),
                "period_end": end.isoformat(),
            },
            "person": {"nationality_class": "EU", "residence_state": "DE", "deceased": False},
            "posting": {"home_state": "DE", "host_state": "FR"},
            "previous_postings": [],
            "existing_a1": [],
            "self_employed_home": {
                "months_active_before": 9,
                "keeps_means": True,
                "similar_activity": True,
                "prior_status": "self_employed",
            },
        }
    )
    return determine(facts, law=law_for(facts)).outcome.value
