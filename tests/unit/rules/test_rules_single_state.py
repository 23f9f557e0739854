"""Work in one State, officials, and people without work."""

from typing import Any

import pytest

WORK = {"state": "DE", "kind": "employed", "share_of_time": 100.0, "share_of_pay": 100.0, "employer": "E1"}


@pytest.mark.parametrize(
    ("put", "outcome", "state", "article", "code", "reasons"),
    [
        ({}, "GRANT", "DE", "11(3)(a)", "12", []),
        ({"/request/period_end": None}, "GRANT", "DE", "11(3)(a)", "12", []),
        ({"/applicant_kind": "self_employed"}, "GRANT", "DE", "11(3)(a)", "12", []),
        ({"/employers/0/seat_state": "FR"}, "GRANT", "DE", "11(3)(a)", "12", []),
        ({"/request/asked_state": "FR"}, "REFUSE", "DE", "11(3)(a)", None, ["NOT_COMPETENT"]),
        (
            {"/request/requested_legislation": "FR"},
            "REFUSE",
            "DE",
            "11(3)(a)",
            None,
            ["WORK_ONLY_IN_RESIDENCE", "REQUESTED_LEGISLATION_NOT_APPLICABLE"],
        ),
        (
            {"/request/requested_legislation": "FR", "/person/residence_state": "FR"},
            "REFUSE",
            "DE",
            "11(3)(a)",
            None,
            ["REQUESTED_LEGISLATION_NOT_APPLICABLE"],
        ),
        ({"/activities/0/state": None}, "REVIEW", None, None, None, ["MISSING_DATA"]),
        ({"/activities/0/state": "US"}, "REFUSE", None, None, None, ["HOST_OUTSIDE_COORDINATION"]),
        ({"/activities/0/third_state": True}, "REFUSE", None, None, None, ["HOST_OUTSIDE_COORDINATION"]),
        ({"/activities/-": {**WORK, "state": "FR"}}, "REVIEW", None, None, None, ["REQUEST_KIND_UNSUITED"]),
        ({"/activities/0/kind": "civil_servant"}, "REVIEW", None, None, None, ["CIVIL_SERVANT_STATUS_UNCLEAR"]),
        (
            {"/employers/0/kind": "public", "/employers/0/seat_state": "AT"},
            "REVIEW",
            None,
            None,
            None,
            ["CIVIL_SERVANT_STATUS_UNCLEAR"],
        ),
        ({"/employers/0/kind": "public"}, "GRANT", "DE", "11(3)(a)", "12", []),
        ({"/activities": []}, "REVIEW", None, None, None, ["MISSING_DATA", "NO_ACTIVITY"]),
        ({"/applicant_kind": "aircrew"}, "REVIEW", None, None, None, ["REQUEST_KIND_UNSUITED"]),
        ({"/request/asked_state": None}, "REVIEW", None, None, None, ["MISSING_DATA"]),
    ],
)
def test_work_in_one_state_is_under_its_law(
    make: Any,
    decide: Any,
    put: dict[str, Any],
    outcome: str,
    state: Any,
    article: Any,
    code: Any,
    reasons: list[str],
) -> None:
    case = make(kind="single_state", activities=[dict(WORK)])
    for pointer, value in put.items():
        *parents, last = pointer.removeprefix("/").split("/")
        place: Any = case
        for part in parents:
            place = place[int(part)] if isinstance(place, list) else place[part]
        if last == "-":
            place.append(value)
        else:
            place[last] = value
    got = decide(case)
    assert (got["outcome"], got["reasons"]) == (outcome, reasons)
    assert (got["competent_state"], got["article"], got["status_code"]) == (state, article, code)
    if outcome == "REFUSE" and state is not None:
        assert got["redirect_state"] == state


@pytest.mark.parametrize(
    ("put", "outcome", "reasons"),
    [
        ({"/employers/0/kind": "public"}, "GRANT", []),
        ({"/employers/0/kind": "private"}, "REVIEW", ["CIVIL_SERVANT_STATUS_UNCLEAR"]),
        ({"/employers/0/kind": None}, "REVIEW", ["MISSING_DATA"]),
        ({"/employers": []}, "REVIEW", ["MISSING_DATA"]),
        (
            {"/employers/0/kind": "public", "/activities/0/kind": "self_employed"},
            "REVIEW",
            ["CIVIL_SERVANT_STATUS_UNCLEAR"],
        ),
        ({"/employers/0/kind": "public", "/request/asked_state": "IT"}, "REFUSE", ["NOT_COMPETENT"]),
    ],
)
def test_an_official_is_under_the_law_of_the_administration(
    make: Any, decide: Any, put: dict[str, Any], outcome: str, reasons: list[str]
) -> None:
    abroad = {"state": "IT", "kind": "civil_servant", "employer": "E1"}
    case = make(kind="single_state", applicant_kind="civil_servant", activities=[abroad], put={})
    case["request"]["period_end"] = "2040-12-31"
    for pointer, value in put.items():
        *parents, last = pointer.removeprefix("/").split("/")
        place: Any = case
        for part in parents:
            place = place[int(part)] if isinstance(place, list) else place[part]
        place[last] = value
    got = decide(case)
    assert (got["outcome"], got["reasons"]) == (outcome, reasons)
    if outcome == "GRANT":
        assert (got["article"], got["status_code"], got["validity_end"]) == ("11(3)(b)", "05", "2040-12-31")


@pytest.mark.parametrize(
    ("change", "outcome", "article", "action", "reasons"),
    [
        ({"applicant_kind": "inactive"}, "GRANT", "11(3)(e)", "ISSUE_OTHER", []),
        ({"applicant_kind": "pensioner"}, "GRANT", "11(3)(e)", "ISSUE_OTHER", []),
        ({"applicant_kind": "unemployed_art65"}, "GRANT", "11(3)(c)", "ISSUE_OTHER", []),
        ({"applicant_kind": "military"}, "REVIEW", None, "REQUEST_INFO", ["MISSING_DATA"]),
        (
            {"applicant_kind": "unemployed_art65", "activities": [WORK]},
            "REVIEW",
            None,
            "MANUAL_REVIEW",
            ["REQUEST_KIND_UNSUITED"],
        ),
        (
            {"applicant_kind": "inactive", "cash_benefit": {"state": "DE", "kind": "maternity"}},
            "REVIEW",
            None,
            "MANUAL_REVIEW",
            ["REQUEST_KIND_UNSUITED"],
        ),
        (
            {"cash_benefit": {"state": "DE", "kind": "sickness_short_term"}},
            "GRANT",
            "11(3)(a)",
            "ISSUE_A1",
            [],
        ),
        (
            {"cash_benefit": {"state": "DE", "kind": "old_age_pension"}},
            "REVIEW",
            None,
            "MANUAL_REVIEW",
            ["NO_ACTIVITY"],
        ),
        ({"cash_benefit": {"state": "DE", "kind": "lottery"}}, "REVIEW", None, "REQUEST_INFO", ["MISSING_DATA"]),
        ({"cash_benefit": {"state": None, "kind": "maternity"}}, "REVIEW", None, "REQUEST_INFO", ["MISSING_DATA"]),
        (
            {"cash_benefit": {"state": "FR", "kind": "maternity"}},
            "REFUSE",
            "11(3)(a)",
            "FORWARD",
            ["NOT_COMPETENT"],
        ),
    ],
)
def test_people_without_work_are_under_the_law_of_residence_or_of_the_benefit(
    make: Any, decide: Any, change: dict[str, Any], outcome: str, article: Any, action: str, reasons: list[str]
) -> None:
    got = decide(make(kind="single_state", employers=[], **change))
    assert (got["outcome"], got["article"], got["action"], got["reasons"]) == (outcome, article, action, reasons)


@pytest.mark.parametrize(("kind", "reason"), [("pensioner", "PENSION_NOT_ACTIVITY"), ("inactive", "NO_ACTIVITY")])
def test_a_pension_gives_no_choice_of_law(make: Any, decide: Any, kind: str, reason: str) -> None:
    case = make(kind="single_state", employers=[], applicant_kind=kind)
    case["request"]["requested_legislation"] = "FR"
    got = decide(case)
    assert (got["outcome"], got["competent_state"], got["article"]) == ("REFUSE", "DE", "11(3)(e)")
    assert got["reasons"] == [reason]


def test_residence_outside_the_coordination_gives_no_certificate(make: Any, decide: Any) -> None:
    case = make(kind="single_state", employers=[], applicant_kind="inactive")
    for outside in ("US", "UK"):
        case["person"]["residence_state"] = case["request"]["asked_state"] = outside
        assert decide(case)["outcome"] == "REVIEW"


def test_called_up_people_are_under_the_law_that_called_them(make: Any, decide: Any) -> None:
    case = make(kind="single_state", employers=[], applicant_kind="military")
    case["person"]["residence_state"] = "FR"
    case["request"]["requested_legislation"] = "DE"
    got = decide(case)
    assert (got["outcome"], got["competent_state"], got["article"]) == ("GRANT", "DE", "11(3)(d)")


def test_a_certificate_of_our_own_that_names_another_state_stops_the_answer(make: Any, decide: Any) -> None:
    case = make(kind="single_state", activities=[dict(WORK)])
    own = {"state": "DE", "start": "2027-01-01", "end": "2027-12-31", "status": "valid"}
    case["existing_a1"] = [own]
    assert decide(case)["outcome"] == "GRANT"
    case["existing_a1"] = [own | {"state": "FR"}]
    assert decide(case)["reasons"] == ["OVERLAP_OTHER_LEGISLATION"]
