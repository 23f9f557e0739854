"""Article 16: telework, single exceptions, pensioners; limits from both sides."""

from typing import Any

import pytest

from portadoc.rules import decision_to_json, determine, law_for, read_facts

Json = dict[str, Any]


def case(
    kind: str, applicant: str = "employee", residence: str = "FR", regime: str = "EU", **members: Any
) -> Json:
    request = {
        "asked_state": "LU",
        "requested_legislation": "LU",
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
    common = {"applicant_kind": applicant, "regime": regime, "request": request, "person": person}
    return common | {"existing_a1": []} | members


def decided(facts: Json) -> Json:
    read = read_facts(facts)
    return decision_to_json(determine(read, law=law_for(read)))


def employer(state: str, ref: str = "E1") -> Json:
    return {"ref": ref, "seat_state": state, "registered_state": state, "kind": "private", "seat_clear": True}


def telework(share: float = 40.0, residence: str = "FR", seat: str = "LU", **more: Any) -> Json:
    given = {
        "share_in_residence": share,
        "digital_link": True,
        "other_state_share": 0.0,
        "other_activity_in_residence": False,
        "joint_consent": True,
        "residence_signatory": True,
        "seat_signatory": True,
    } | more.pop("telework", {})
    activities = [
        {
            "state": state,
            "kind": "employed",
            "share_of_time": part,
            "share_of_pay": part,
            "employer": "E1",
            "regular": True,
        }
        for state, part in ((residence, share), (seat, 100 - share))
        if part
    ]
    members = {"employers": [employer(seat)], "activities": activities, "telework": given} | more
    return case("telework_framework", residence=residence, **members)


@pytest.mark.parametrize(
    ("share", "outcome", "reason"),
    [
        (24.9, "REFUSE", "FA_NOT_NEEDED_UNDER_25"),
        (25.0, "GRANT", None),
        (49.9, "GRANT", None),
        (50.0, "REFUSE", "TELEWORK_50_OR_MORE"),
    ],
)
def test_telework_is_agreed_between_a_quarter_and_a_half(share: float, outcome: str, reason: str | None) -> None:
    found = decided(telework(share))
    assert (found["outcome"], found["reasons"]) == (outcome, [reason] if reason else [])
    if outcome == "GRANT":
        assert (found["competent_state"], found["article"], found["status_code"]) == ("LU", "16(1)", "11")
    else:
        assert (found["action"], found["redirect_state"]) == ("FORWARD", "FR")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("digital_link", False, "FA_NO_DIGITAL_LINK"),
        ("other_activity_in_residence", True, "FA_OTHER_ACTIVITY_IN_RESIDENCE"),
        ("other_state_share", 5.0, "FA_THIRD_STATE_WORK"),
        ("residence_signatory", False, "FA_NON_SIGNATORY"),
        ("seat_signatory", False, "FA_NON_SIGNATORY"),
    ],
)
def test_a_condition_that_fails_is_told_and_residence_decides(name: str, value: Any, reason: str) -> None:
    found = decided(telework(telework={name: value}))
    assert (found["outcome"], found["reasons"]) == ("REFUSE", [reason])
    assert (found["competent_state"], found["article"]) == ("FR", "13(1)(a)")


@pytest.mark.parametrize(
    "name",
    [
        "share_in_residence",
        "digital_link",
        "other_state_share",
        "other_activity_in_residence",
        "joint_consent",
        "residence_signatory",
        "seat_signatory",
    ],
)
def test_a_condition_that_nobody_answered_is_asked(name: str) -> None:
    found = decided(telework(telework={name: None}))
    assert found["outcome"] == "REVIEW"
    assert f"/telework/{name}" in found["questions"]


def test_telework_that_contradicts_the_other_shares_is_asked_again() -> None:
    facts = telework(60.0, telework={"share_in_residence": 40.0})
    assert decided(facts)["questions"] == ["/telework/share_in_residence"]


def test_work_elsewhere_counts_although_it_is_declared_as_none() -> None:
    facts = telework(40.0)
    facts["activities"][1]["share_of_time"] = 50.0
    facts["activities"].append(facts["activities"][1] | {"state": "DE", "share_of_time": 10.0})
    assert "FA_THIRD_STATE_WORK" in decided(facts)["reasons"]


@pytest.mark.parametrize(("start", "outcome"), [("2023-12-31", "REVIEW"), ("2024-01-01", "GRANT")])
def test_both_states_are_bound_on_the_day(start: str, outcome: str) -> None:
    request = {"request_date": "2024-01-15", "period_start": start, "period_end": "2024-12-31"}
    found = decided(telework(residence="IT", request=request))
    assert found["outcome"] == outcome
    assert outcome == "GRANT" or found["reasons"] == ["FA_NOT_IN_FORCE_BEFORE"]


@pytest.mark.parametrize(
    ("filed", "start", "reasons"),
    [
        ("2027-04-01", "2027-01-01", []),
        ("2027-04-02", "2027-01-01", ["FA_RETRO_OVER_3M"]),
        ("2024-06-30", "2023-07-01", []),
        ("2024-07-01", "2023-07-01", ["FA_RETRO_OVER_3M"]),
    ],
)
def test_a_request_reaches_back_three_months(filed: str, start: str, reasons: list[str]) -> None:
    facts = telework(request={"request_date": filed, "period_start": start, "period_end": "2027-12-31"})
    assert decided(facts)["reasons"] == reasons


def test_one_request_covers_three_years() -> None:
    found = decided(telework(request={"period_end": "2030-01-01"}))
    assert found["validity_end"] == "2029-12-31"
    assert "FA_CAPPED_36M" in found["info"]
    assert decided(telework(request={"period_end": "2029-12-31"}))["info"] == ["TELEWORK_FRAMEWORK"]


def test_telework_goes_to_the_state_of_the_seat() -> None:
    found = decided(telework(request={"asked_state": "FR"}))
    assert (found["outcome"], found["redirect_state"], found["article"]) == ("REFUSE", "LU", "16(1)")
    several = telework(employers=[employer("LU"), employer("DE", "E2")])
    assert decided(several)["reasons"] == ["FA_EMPLOYERS_IN_SEVERAL_STATES"]


def exception(**more: Any) -> Json:
    given = {"other_state": "PT", "reply": None, "agreed_period": None, "grounds": []} | more.pop("exception", {})
    return case("exception", exception=given, residence="LU", **more)


@pytest.mark.parametrize(
    ("end", "outcome", "reason"),
    [
        ("2028-12-31", "EXCEPTION_ROUTE", None),
        ("2029-01-01", "EXCEPTION_ROUTE", "DURATION_OVER_24M"),
        ("2031-12-31", "EXCEPTION_ROUTE", "DURATION_OVER_24M"),
        ("2032-01-01", "REFUSE", "EXCEPTION_OVER_5Y"),
    ],
)
def test_an_exception_is_asked_for_up_to_five_years(end: str, outcome: str, reason: str | None) -> None:
    found = decided(exception(request={"period_end": end}))
    assert (found["outcome"], found["reasons"]) == (outcome, [reason] if reason else [])


@pytest.mark.parametrize(("filed", "outcome"), [("2028-01-01", "EXCEPTION_ROUTE"), ("2028-01-02", "REFUSE")])
def test_a_late_exception_is_refused_as_policy(filed: str, outcome: str) -> None:
    assert decided(exception(request={"request_date": filed, "period_end": "2028-12-31"}))["outcome"] == outcome


def test_the_answer_of_the_other_state_decides() -> None:
    agreed = {"start": "2027-02-01", "end": "2027-06-30"}
    for reply in ("A011", "A002_partial"):
        found = decided(exception(exception={"reply": reply, "agreed_period": agreed}))
        assert (found["outcome"], found["validity_start"], found["validity_end"]) == (
            "GRANT",
            "2027-02-01",
            "2027-06-30",
        )
        assert "AGREED_PERIOD_SHORTER" in found["info"]
        missing = decided(exception(exception={"reply": reply}))
        assert missing["questions"] == ["/exception/agreed_period"]
    refused = decided(exception(exception={"reply": "A002_refusal"}))
    assert (refused["competent_state"], refused["article"]) == ("PT", "11(3)(a)")
    assert decided(exception(exception={"reply": "pending"}))["action"] == "AWAIT_REPLY"


def test_the_protocol_with_the_united_kingdom_has_no_exceptions() -> None:
    found = decided(exception(exception={"other_state": "UK"}, regime="UK_TCA"))
    assert found["outcome"] == "REFUSE"
    assert found["info"] == ["UK_TCA_NO_EXCEPTION"]


def pensioner(**more: Any) -> Json:
    request = {"asked_state": "ES", "requested_legislation": None} | more.pop("request", {})
    members = {"pension_states": ["NL"], "activities": []} | more
    return case("exemption_pensioner", "pensioner", "ES", request=request, **members)


def test_a_pensioner_is_exempted_unless_something_ties_to_the_residence() -> None:
    found = decided(pensioner())
    assert (found["outcome"], found["competent_state"], found["article"]) == ("GRANT", "NL", "16(2)")
    work = {"state": "ES", "kind": "employed", "share_of_time": 5.0, "share_of_pay": 5.0}
    assert decided(pensioner(activities=[work]))["reasons"] == ["PENSIONER_WORKS_IN_RESIDENCE"]
    assert decided(pensioner(activities=[work | {"state": "PT"}]))["outcome"] == "REVIEW"
    assert decided(pensioner(pension_states=["NL", "ES"]))["outcome"] == "REFUSE"
    assert decided(pensioner(pension_states=[]))["questions"] == ["/pension_states"]
    assert decided(pensioner(pension_states=["NL", "DE"]))["questions"] == ["/request/requested_legislation"]
    assert decided(pensioner(request={"asked_state": "PT"}))["redirect_state"] == "ES"
