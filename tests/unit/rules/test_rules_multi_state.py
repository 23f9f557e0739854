"""Rows 30 to 45: every limit from both sides, every point of article 13, and what is not known is asked."""

from typing import Any

import pytest

from portadoc.rules import decision_to_json, determine, law_for, read_facts

Json = dict[str, Any]


def work(state: str, time: float | None, pay: float | None = None, **more: Any) -> Json:
    made = {
        "state": state,
        "kind": "employed",
        "share_of_time": time,
        "share_of_pay": time if pay is None else pay,
        "employer": "E1",
        "start": None,
        "end": None,
        "regular": True,
    }
    return made | more


def own(state: str, time: float, pay: float | None = None, **more: Any) -> Json:
    return work(state, time, pay, kind="self_employed", employer=None, **more)


def seated(*states: str, **more: Any) -> list[Json]:
    return [
        {"ref": f"E{place}", "seat_state": state, "registered_state": state, "kind": "private", "seat_clear": True}
        | more
        for place, state in enumerate(states, 1)
    ]


def decided(
    activities: list[Json], employers: list[Json] | None = None, residence: str | None = "BE", **more: Any
) -> Json:
    request = {
        "asked_state": "BE",
        "requested_legislation": None,
        "kind": "multi_state",
        "request_date": "2026-11-23",
        "period_start": "2027-01-01",
        "period_end": "2027-12-31",
    } | more.pop("request", {})
    facts = {
        "applicant_kind": more.pop("applicant_kind", "employee"),
        "regime": more.pop("regime", "EU"),
        "request": request,
        "existing_a1": [],
        "person": {
            "nationality_class": "EU",
            "nationality_states": [],
            "residence_state": residence,
            "legally_resident": True,
            "deceased": False,
            "withdrawal_agreement": False,
        },
        "employers": seated("NL") if employers is None else employers,
        "activities": activities,
    } | more
    read = read_facts(facts)
    return decision_to_json(determine(read, law=law_for(read)))


def shown(decision: Json) -> tuple[Any, ...]:
    return tuple(decision[name] for name in ("outcome", "competent_state", "article", "status_code", "action"))


@pytest.mark.parametrize(
    ("share", "state", "article"),
    [
        (25.0, "BE", "13(1)(a)"),
        (24.99, "NL", "13(1)(b)(i)"),
        (5.0, "NL", "13(1)(b)(i)"),
        (4.99, "NL", "11(3)(a)"),
    ],
)
def test_the_share_at_home_decides_from_both_sides_of_each_limit(share: float, state: str, article: str) -> None:
    found = decided([work("BE", share), work("NL", 100 - share)])
    assert (found["outcome"], found["competent_state"], found["article"]) == ("GRANT", state, article)
    assert found["provisional"]
    assert found["action"] == ("ISSUE_A1" if state == "BE" else "DETERMINE_AND_NOTIFY")


def test_thirds_of_work_may_be_rounded_but_a_missing_tenth_is_asked() -> None:
    assert decided([work("BE", 33.3), work("NL", 33.3), work("FR", 33.3)])["outcome"] == "GRANT"
    found = decided([work("BE", 30.0), work("NL", 60.0)])
    assert found["reasons"] == ["MISSING_DATA"]
    assert found["questions"][0] == "/activities/0/share_of_time"


def test_work_in_third_states_counts_among_all_work() -> None:
    third = work("XX", 60.0, third_state=True)
    assert decided([work("BE", 30.0), work("NL", 10.0), third])["competent_state"] == "BE"
    assert decided([work("BE", 16.0), work("NL", 16.0), work("US", 68.0)])["article"] == "13(1)(b)(i)"


@pytest.mark.parametrize(
    ("seats", "state", "article"),
    [
        (("NL", "NL"), "NL", "13(1)(b)(ii)"),
        (("BE", "BE"), "BE", "13(1)(b)(ii)"),
        (("BE", "NL"), "NL", "13(1)(b)(iii)"),
        (("NL", "FR"), "BE", "13(1)(b)(iv)"),
    ],
)
def test_several_employers_are_read_by_their_seats(seats: tuple[str, ...], state: str, article: str) -> None:
    found = decided([work("BE", 20.0), work("NL", 80.0, employer="E2")], seated(*seats))
    assert (found["competent_state"], found["article"], found["status_code"]) == (state, article, "02")


def test_three_seats_two_of_them_abroad_lead_to_residence() -> None:
    activities = [work("BE", 10.0), work("NL", 50.0, employer="E2"), work("FR", 40.0, employer="E3")]
    assert decided(activities, seated("BE", "NL", "FR"))["article"] == "13(1)(b)(iv)"


def test_the_employer_of_marginal_work_does_not_count() -> None:
    activities = [work("BE", 20.0), work("NL", 77.0), work("FR", 3.0, employer="E2")]
    found = decided(activities, seated("NL", "FR"))
    assert found["article"] == "13(1)(b)(i)"
    assert "MARGINAL_DISREGARDED" in found["info"]
    assert found["notify_states"] == ["NL", "FR"]


@pytest.mark.parametrize(
    ("activities", "reason"),
    [
        ([work("BE", 20.0, 30.0), work("NL", 80.0, 70.0)], "MIXED_SHARE_INDICATORS"),
        ([work("BE", 4.0, 6.0), work("NL", 96.0, 94.0)], "MARGINAL_INDICATORS_CONFLICT"),
        (
            [
                work("BE", None, share_of_pay=None, share_min=20.0, share_max=25.0),
                work("NL", None, share_of_pay=None, share_min=75.0, share_max=80.0),
            ],
            "FORECAST_UNSTABLE",
        ),
        (
            [
                work("BE", None, share_of_pay=None, share_min=4.0, share_max=6.0),
                work("NL", None, share_of_pay=None, share_min=94.0, share_max=96.0),
            ],
            "FORECAST_UNSTABLE",
        ),
    ],
)
def test_figures_on_both_sides_of_a_limit_go_to_a_person(activities: list[Json], reason: str) -> None:
    found = decided(activities)
    assert (found["outcome"], found["reasons"]) == ("REVIEW", [reason])


def test_a_range_on_one_side_of_the_limit_is_decided() -> None:
    ranges = [
        work("BE", None, share_of_pay=None, share_min=25.0, share_max=40.0),
        work("NL", None, share_of_pay=None, share_min=60.0, share_max=75.0),
    ]
    assert decided(ranges)["article"] == "13(1)(a)"


def test_unplanned_work_beside_one_state_is_left_out_unless_it_is_substantial() -> None:
    found = decided([work("BE", 6.5, regular=False), work("NL", 93.5)])
    assert shown(found)[:4] == ("GRANT", "NL", "11(3)(a)", "12")
    assert found["reasons"] == ["NOT_NORMALLY_MULTI_STATE"]
    assert decided([work("BE", 26.0, regular=False), work("NL", 74.0)])["outcome"] == "REVIEW"
    assert decided([work("BE", 26.0, regular=None), work("NL", 74.0)])["questions"] == ["/activities/0/regular"]


def test_one_state_of_work_is_not_article_13() -> None:
    found = decided([work("NL", 100.0)])
    assert shown(found) == ("REFUSE", "NL", "11(3)(a)", None, "NONE")
    assert found["reasons"] == ["NOT_NORMALLY_MULTI_STATE"]


def test_one_limited_stay_for_the_same_employer_is_a_posting() -> None:
    stay = work("FR", 15.0, start="2027-03-01", end="2027-04-15")
    assert decided([work("BE", 85.0), stay], seated("BE"))["reasons"] == ["POSTING_NOT_MULTI_STATE"]
    other = work("FR", 15.0, start="2027-03-01", end="2027-04-15", employer="E2")
    assert decided([work("BE", 85.0), other], seated("BE", "FR"))["article"] == "13(1)(a)"


@pytest.mark.parametrize(
    ("first_end", "second_start", "outcome"),
    [("2027-12-31", "2028-01-01", "REFUSE"), ("2027-12-30", "2027-12-31", "REVIEW")],
)
def test_stretches_of_twelve_months_are_single_state_work(first_end: str, second_start: str, outcome: str) -> None:
    activities = [
        work("BE", 50.0, start="2027-01-01", end=first_end),
        work("NL", 50.0, start=second_start, end="2028-12-31"),
    ]
    assert decided(activities, request={"period_end": "2028-12-31"})["outcome"] == outcome


def test_short_stretches_are_alternation_when_they_come_back_or_the_request_says_so() -> None:
    spring = work("BE", 50.0, start="2027-01-01", end="2027-06-30")
    autumn = work("NL", 50.0, start="2027-07-01", end="2027-12-31")
    assert decided([spring, autumn])["reasons"] == ["NOT_NORMALLY_MULTI_STATE"]
    assert decided([spring, autumn], request={"regular_pattern": True})["outcome"] == "GRANT"
    back = [
        work("BE", 30.0, start="2027-01-01", end="2027-03-31"),
        work("NL", 50.0, start="2027-04-01", end="2027-09-30"),
        work("BE", 20.0, start="2027-10-01", end="2027-12-31"),
    ]
    assert decided(back)["outcome"] == "GRANT"


def test_another_institution_forwards_to_residence_with_the_likely_result() -> None:
    found = decided([work("BE", 30.0), work("NL", 70.0)], request={"asked_state": "NL"})
    assert shown(found) == ("REFUSE", "BE", "13(1)(a)", None, "FORWARD")
    assert (found["redirect_state"], found["reasons"]) == ("BE", ["NOT_COMPETENT"])


def test_a_wish_for_another_legislation_is_refused_with_the_right_one() -> None:
    found = decided([work("BE", 30.0), work("NL", 70.0)], request={"requested_legislation": "NL"})
    assert shown(found)[:3] == ("REFUSE", "BE", "13(1)(a)")
    assert found["reasons"] == ["REQUESTED_LEGISLATION_NOT_APPLICABLE"]


def test_a_residence_outside_has_no_institution_of_residence() -> None:
    assert decided([work("BE", 30.0), work("NL", 70.0)], residence="US")["reasons"] == [
        "CENTRE_OF_INTEREST_UNCLEAR"
    ]


def test_employers_outside_the_union() -> None:
    abroad = seated("JP", kind="outside_eu")
    assert decided([work("FR", 70.0), work("NL", 30.0)], abroad)["article"] == "14(11)"
    assert decided([work("BE", 25.0), work("NL", 75.0)], abroad)["article"] == "13(1)(a)"
    mixed = [*seated("NL"), *seated("JP", kind="outside_eu")]
    mixed[1]["ref"] = "E2"
    activities = [work("NL", 70.0), work("FR", 30.0, employer="E2")]
    assert decided(activities, mixed)["reasons"] == ["NON_EU_EMPLOYER_MIX"]


@pytest.mark.parametrize("kind", ["eu_institution", "outside_eu"])
def test_an_employer_whose_kind_contradicts_its_seat_is_looked_at(kind: str) -> None:
    assert decided([work("FR", 70.0), work("NL", 30.0)], seated("NL", kind=kind))["reasons"] == ["SEAT_UNCLEAR"]


@pytest.mark.parametrize("name", ["seat_state", "seat_clear", "kind"])
def test_what_is_not_known_of_the_seat_is_asked(name: str) -> None:
    found = decided([work("FR", 70.0), work("NL", 30.0)], seated("NL", **{name: None}))
    assert (found["reasons"], found["questions"]) == (["MISSING_DATA"], [f"/employers/0/{name}"])


def test_a_self_employed_person_is_read_by_three_indicators() -> None:
    kind = {"applicant_kind": "self_employed", "employers": []}
    assert decided([own("BE", 25.0), own("NL", 75.0)], **kind)["article"] == "13(2)(a)"
    turnover = [own("BE", 30.0, turnover_share=10.0), own("NL", 70.0, turnover_share=90.0)]
    assert decided(turnover, **kind)["reasons"] == ["MIXED_SHARE_INDICATORS"]
    fixed = decided([own("BE", 10.0), own("NL", 90.0, fixed_place=True)], **kind)
    assert shown(fixed)[:4] == ("GRANT", "NL", "13(2)(b)", "04")
    for activities in (
        [own("BE", 10.0), own("NL", 90.0)],
        [own("BE", 10.0), own("NL", 40.0, fixed_place=True), own("FR", 50.0)],
        [own("BE", 10.0), own("NL", 50.0, fixed_place=True), own("FR", 40.0, fixed_place=True)],
        [own("BE", 10.0), own("NL", 40.0, fixed_place=True), own("US", 50.0)],
    ):
        assert decided(activities, **kind)["reasons"] == ["CENTRE_OF_INTEREST_UNCLEAR"]


def test_turnover_that_is_given_for_one_state_only_is_asked_for_at_home() -> None:
    activities = [own("BE", 30.0), own("NL", 70.0, turnover_share=90.0)]
    found = decided(activities, employers=[], applicant_kind="self_employed")
    assert found["questions"] == ["/activities/0/turnover_share"]


def test_employment_prevails_over_self_employment() -> None:
    found = decided([own("BE", 94.0), work("NL", 6.0)])
    assert shown(found)[:4] == ("GRANT", "NL", "13(3)", "08")
    left_out = decided([own("BE", 96.0), work("NL", 4.0)])
    assert shown(left_out)[:4] == ("GRANT", "BE", "11(3)(a)", "12")


@pytest.mark.parametrize(
    ("employed_at_home", "employed_abroad", "own_abroad", "outcome"),
    [(50.0, 30.0, 20.0, "GRANT"), (20.0, 30.0, 50.0, "REVIEW"), (10.0, 70.0, 20.0, "GRANT")],
)
def test_employment_in_several_states_is_granted_only_when_every_basis_agrees(
    employed_at_home: float, employed_abroad: float, own_abroad: float, outcome: str
) -> None:
    activities = [work("BE", employed_at_home), work("NL", employed_abroad), own("FR", own_abroad)]
    found = decided(activities)
    assert found["outcome"] == outcome
    assert found["article"] == ("13(3)" if outcome == "GRANT" else None)
    assert outcome == "GRANT" or found["reasons"] == ["EMPLOYED_SHARE_BASIS_UNCLEAR"]


def test_civil_servants_follow_their_administration() -> None:
    official = work("FR", 60.0, kind="civil_servant")
    administration, private = seated("FR", kind="public")[0], seated("NL", "NL")[1]
    found = decided([official, work("NL", 40.0, employer="E2")], [administration, private])
    assert shown(found) == ("GRANT", "FR", "13(4)", "09", "DETERMINE_AND_NOTIFY")
    alone = decided([official | {"share_of_time": 97.0, "share_of_pay": 97.0}, own("NL", 3.0)], [administration])
    assert shown(alone)[:4] == ("GRANT", "FR", "11(3)(b)", "05")
    two = seated("FR", "NL", kind="public")
    both = [official, work("NL", 40.0, kind="civil_servant", employer="E2")]
    assert decided(both, two)["reasons"] == ["TWO_CIVIL_SERVICES"]
    assert decided([official, own("NL", 40.0)], seated("FR"))["reasons"] == ["CIVIL_SERVANT_STATUS_UNCLEAR"]


def test_the_protocol_with_the_united_kingdom_has_articles_of_its_own() -> None:
    found = decided([work("BE", 10.0), work("UK", 90.0)], seated("UK"), regime="UK_TCA")
    assert (found["article"], found["instrument"]) == ("SSC.12(1)(b)(i)", "EU-UK TCA")
    outside = decided([work("FR", 70.0), work("UK", 30.0)], seated("JP", kind="outside_eu"), regime="UK_TCA")
    assert outside["reasons"] == ["REGIME_TABLE_UNVERIFIED"]


@pytest.mark.parametrize("name", ["state", "kind", "share_of_time", "share_of_pay"])
def test_a_share_that_nobody_gave_is_asked_and_never_zero(name: str) -> None:
    activities = [work("BE", 40.0), work("NL", 60.0) | {name: None}]
    found = decided(activities)
    assert (found["outcome"], found["questions"]) == ("REVIEW", [f"/activities/1/{name}"])


def test_unplanned_work_among_three_states_must_not_change_the_answer() -> None:
    three = [work("BE", 30.0, regular=False), work("NL", 40.0), work("FR", 30.0)]
    assert decided(three)["reasons"] == ["NOT_NORMALLY_MULTI_STATE"]
    harmless = [work("BE", 50.0), work("NL", 40.0), work("FR", 10.0, regular=False)]
    assert decided(harmless)["article"] == "13(1)(a)"


def test_an_employer_counts_although_its_work_is_in_a_third_state() -> None:
    activities = [work("BE", 10.0), work("NL", 40.0), work("US", 50.0, employer="E2")]
    assert decided(activities, seated("NL", "FR"))["article"] == "13(1)(b)(iv)"
    activities[2]["share_of_time"] = activities[2]["share_of_pay"] = 4.0
    activities[1]["share_of_time"] = activities[1]["share_of_pay"] = 86.0
    assert decided(activities, seated("NL", "FR"))["article"] == "13(1)(b)(i)"


def test_an_official_in_a_third_state_and_a_third_state_inside_are_not_decided() -> None:
    official = work("US", 60.0, kind="civil_servant")
    both = [official, work("BE", 10.0, employer="E2"), work("NL", 30.0, employer="E2")]
    assert decided(both, seated("FR", "NL"))["reasons"] == ["CIVIL_SERVANT_STATUS_UNCLEAR"]
    found = decided([work("BE", 40.0), work("NL", 60.0, third_state=True)])
    assert found["questions"] == ["/activities/1/third_state"]
