"""Earlier postings: what counts together, and the break before a fresh assignment."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc.rules.articles.posting.chain import join
from portadoc.rules.dates import add_months

EXTENSION, SEPARATE = "extension_of_same_posting", "separate_assignment"


def earlier(
    start: Any, end: Any, relation: Any = SEPARATE, *, host: Any = "FR", same: Any = True
) -> dict[str, Any]:
    return {"host_state": host, "start": start, "end": end, "same_undertakings": same, "relation": relation}


@pytest.mark.parametrize(
    ("previous", "period", "outcome", "reasons"),
    [
        ([("2026-01-01", "2027-02-28")], ("2027-03-01", "2027-12-31"), "GRANT", []),
        ([("2026-01-01", "2027-02-28")], ("2027-03-01", "2028-01-01"), "EXCEPTION_ROUTE", ["EXTENSION_OVER_24M"]),
        (
            [("2026-01-01", "2026-06-30"), ("2026-07-01", "2027-02-28")],
            ("2027-03-01", "2027-12-31"),
            "GRANT",
            [],
        ),
        (
            [("2026-07-01", "2027-02-28"), ("2026-01-01", "2026-06-30")],
            ("2027-03-01", "2028-01-01"),
            "EXCEPTION_ROUTE",
            ["EXTENSION_OVER_24M"],
        ),
        # a short gap is no break: the whole span counts
        ([("2026-01-01", "2027-01-31")], ("2027-03-01", "2028-01-01"), "EXCEPTION_ROUTE", ["EXTENSION_OVER_24M"]),
        # after a full break the count begins again
        ([("2025-01-01", "2026-12-31")], ("2027-03-01", "2028-12-31"), "GRANT", []),
        ([("2025-01-01", "2027-01-01")], ("2027-03-01", "2028-12-31"), "EXCEPTION_ROUTE", ["EXTENSION_OVER_24M"]),
    ],
)
def test_an_extension_counts_with_what_went_before(
    make: Any, decide: Any, previous: list[tuple[str, str]], period: Any, outcome: str, reasons: list[str]
) -> None:
    put = {"/request/kind": "extension", "/posting/prior_cover/since": "2020-01-01"}
    case = make(period=period, put=put)
    case["previous_postings"] = [earlier(start, end, EXTENSION) for start, end in previous]
    got = decide(case)
    assert (got["outcome"], got["reasons"]) == (outcome, reasons)
    if outcome == "GRANT":
        assert "EXTENSION" in got["info"]


@pytest.mark.parametrize(
    ("previous", "start", "outcome", "reasons"),
    [
        (("2026-06-01", "2026-12-31"), "2027-02-28", "REVIEW", ["GAP_UNDER_2M"]),
        (("2026-06-01", "2026-12-31"), "2027-03-01", "GRANT", []),
        (("2025-01-01", "2026-12-31"), "2027-02-28", "REFUSE", ["COOLING_OFF_2M"]),
        (("2025-01-01", "2026-12-31"), "2027-03-01", "GRANT", []),
        (("2026-06-01", "2027-04-30"), "2027-06-30", "REVIEW", ["GAP_UNDER_2M"]),
        (("2026-06-01", "2027-04-30"), "2027-07-01", "GRANT", []),
        # joint span of exactly 24 months
        (("2025-12-31", "2027-01-31"), "2027-03-01", "REVIEW", ["GAP_UNDER_2M"]),
        (("2025-11-30", "2027-01-31"), "2027-03-01", "REFUSE", ["COOLING_OFF_2M"]),
        # overlapping assignments
        (("2026-06-01", "2027-06-30"), "2027-03-01", "REVIEW", ["GAP_UNDER_2M"]),
        # a later assignment that is already certified
        (("2028-01-15", "2028-03-31"), "2027-03-01", "REVIEW", ["GAP_UNDER_2M"]),
        (("2028-02-01", "2028-03-31"), "2027-03-01", "GRANT", []),
    ],
)
def test_a_fresh_assignment_needs_two_months(
    make: Any, decide: Any, previous: tuple[str, str], start: str, outcome: str, reasons: list[str]
) -> None:
    case = make(period=(start, "2027-11-30"))
    case["previous_postings"] = [earlier(*previous)]
    got = decide(case)
    assert (got["outcome"], got["reasons"]) == (outcome, reasons)


@pytest.mark.parametrize("change", [{"host": "BE"}, {"same": False}])
def test_another_state_or_other_undertakings_need_no_break(make: Any, decide: Any, change: dict[str, Any]) -> None:
    case = make()
    case["previous_postings"] = [earlier("2025-03-01", "2027-02-28", **change)]
    assert decide(case)["outcome"] == "GRANT"


def test_a_posting_to_another_state_at_the_same_time_is_not_posting(make: Any, decide: Any) -> None:
    case = make()
    case["previous_postings"] = [earlier("2027-01-01", "2027-03-01", host="BE")]
    assert decide(case)["outcome"] == "GRANT"
    case["previous_postings"] = [earlier("2027-01-01", "2027-03-02", host="BE")]
    assert decide(case)["reasons"] == ["MULTI_STATE_NOT_POSTING"]


def test_breaks_are_looked_at_one_by_one(make: Any, decide: Any) -> None:
    case = make()
    case["previous_postings"] = [earlier("2025-06-01", "2026-09-30"), earlier("2026-11-15", "2026-12-31")]
    assert decide(case)["outcome"] == "GRANT"
    case["previous_postings"] = [earlier("2025-06-01", "2026-11-30"), earlier("2026-12-15", "2027-01-15")]
    assert decide(case)["reasons"] == ["COOLING_OFF_2M"]


def test_pauses_do_not_stop_the_clock(make: Any, decide: Any) -> None:
    pause = {"start": "2027-06-01", "end": "2027-08-31", "reason": "illness"}
    got = decide(make(period=("2027-03-01", "2029-03-01"), put={"/posting/pauses": [pause]}))
    assert got["reasons"] == ["DURATION_OVER_24M"]
    assert "PAUSE_COUNTED" in got["info"]


def test_an_extension_of_nothing_asks_what_it_extends(make: Any, decide: Any) -> None:
    got = decide(make(kind="extension"))
    assert (got["outcome"], got["questions"]) == ("REVIEW", ["/previous_postings"])


@pytest.mark.parametrize("name", ["host_state", "start", "end", "same_undertakings", "relation"])
def test_what_is_not_known_of_an_earlier_posting_is_asked_for(make: Any, decide: Any, name: str) -> None:
    case = make()
    case["previous_postings"] = [earlier("2025-01-01", "2025-06-30") | {name: None}]
    assert decide(case)["questions"] == [f"/previous_postings/0/{name}"]


def test_an_extension_for_other_undertakings_is_asked_about(make: Any, decide: Any) -> None:
    case = make(kind="extension")
    case["previous_postings"] = [earlier("2026-06-01", "2027-02-28", EXTENSION, same=False)]
    assert decide(case)["questions"] == ["/previous_postings/0/same_undertakings"]


def certificate(start: str, end: str, **change: Any) -> dict[str, Any]:
    own = {"state": "DE", "article": "12(1)", "status": "valid", "employer_same": True, "host_state": "FR"}
    return own | {"start": start, "end": end} | change


@pytest.mark.parametrize(
    ("other", "outcome", "reasons"),
    [
        (certificate("2027-03-01", "2027-10-31"), "GRANT", []),
        (certificate("2025-06-01", "2027-06-30"), "REVIEW", ["EXTENSION_OVER_24M"]),
        (certificate("2026-06-01", "2027-02-28"), "REVIEW", ["GAP_UNDER_2M"]),
        (certificate("2026-06-01", "2027-02-28", status="withdrawn"), "GRANT", []),
        (certificate("2026-06-01", "2027-02-28", host_state="BE"), "GRANT", []),
        (certificate("2026-06-01", "2027-02-28", employer_same=False), "GRANT", []),
        (certificate("2026-06-01", "2026-12-31"), "GRANT", []),
    ],
)
def test_our_own_certificate_counts_as_an_earlier_posting(
    make: Any, decide: Any, other: dict[str, Any], outcome: str, reasons: list[str]
) -> None:
    got = decide(make(existing_a1=[other]))
    assert (got["outcome"], got["reasons"]) == (outcome, reasons)


DAYS = st.dates(min_value=date(2024, 1, 1), max_value=date(2029, 1, 1))
SPANS = st.tuples(DAYS, st.integers(0, 400)).map(lambda pair: (pair[0], pair[0] + timedelta(days=pair[1])))


@given(SPANS, st.lists(SPANS, max_size=5))
def test_joining_covers_the_span_and_ends_where_breaks_are_full(
    span: tuple[date, date], others: list[tuple[date, date]]
) -> None:
    first, last = join(span, others, 2)
    assert first <= span[0]
    assert last >= span[1]
    for start, end in others:
        inside = first <= start <= end <= last
        assert inside or start > add_months(last, 2) or first > add_months(end, 2)
    assert join(span, reversed(others), 2) == (first, last)


@given(st.integers(0, 120))
def test_a_longer_break_is_never_worse(days: int) -> None:
    last = date(2026, 12, 31)
    gaps = [
        join((last + timedelta(days=days + more), date(2028, 1, 1)), [(date(2026, 1, 1), last)], 2)
        for more in (1, 2)
    ]
    assert not (gaps[0][0] > last and gaps[1][0] <= last)


def test_an_open_posting_elsewhere_is_asked_about(make: Any, decide: Any) -> None:
    case = make()
    case["previous_postings"] = [earlier("2026-06-01", None, host="BE")]
    assert decide(case)["questions"] == ["/previous_postings/0/end"]


def test_what_is_extended_has_begun_before(make: Any, decide: Any) -> None:
    case = make(kind="extension")
    case["previous_postings"] = [earlier("2027-03-01", "2027-04-30", EXTENSION)]
    assert decide(case)["questions"] == ["/previous_postings/0/start"]


def test_steps_of_a_refused_break_do_not_say_that_the_whole_stay_is_short_enough(make: Any, decide: Any) -> None:
    put = {"/request/request_date": "2028-01-20", "/posting/prior_cover/since": "2020-01-01"}
    case = make(period=("2028-03-01", "2028-12-31"), put=put)
    case["previous_postings"] = [earlier("2026-01-01", "2028-01-31")]
    got = decide(case)
    assert got["reasons"] == ["COOLING_OFF_2M"]
    steps = [(each["rule"], each["result"]) for each in got["derivation"] if each["rule"] in ("row-19", "row-20")]
    assert steps == [("row-19", "not_met"), ("row-20", "not_met")]
