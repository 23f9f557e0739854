"""The instruments beside the regulation: the United Kingdom, and agreements with one State."""

from typing import Any

import pytest

TWO_YEARS = ("2027-03-15", "2029-03-14")
A_DAY_MORE = ("2027-03-15", "2029-03-15")


@pytest.mark.parametrize(
    ("regime", "period", "outcome", "article", "competent", "reasons"),
    [
        ("UK_TCA", TWO_YEARS, "GRANT", "SSC.11(1)(a)", "NO", []),
        ("UK_TCA", A_DAY_MORE, "REFUSE", "SSC.10(3)(a)", "UK", ["UK_TCA_OVER_24M"]),
        ("EFTA_UK", TWO_YEARS, "GRANT", "14(1)", "NO", []),
        ("EFTA_UK", A_DAY_MORE, "EXCEPTION_ROUTE", "18(1)", "NO", ["DURATION_OVER_24M"]),
        ("UK_WA", TWO_YEARS, "GRANT", "12(1)", "NO", []),
        ("UK_WA", A_DAY_MORE, "EXCEPTION_ROUTE", "16(1)", "NO", ["DURATION_OVER_24M"]),
    ],
)
def test_each_instrument_has_its_articles_and_its_way_out(
    make: Any,
    decide: Any,
    regime: str,
    period: Any,
    outcome: str,
    article: str,
    competent: str,
    reasons: list[str],
) -> None:
    home = "NO" if regime == "EFTA_UK" else "DE"
    put = {
        "/posting/host_state": "UK",
        "/posting/home_state": home,
        "/request/asked_state": home,
        "/employers/0/seat_state": home,
        "/person/withdrawal_agreement": regime == "UK_WA",
    }
    got = decide(make(period=period, put=put, regime=regime))
    assert (got["outcome"], got["article"], got["reasons"]) == (outcome, article, reasons)
    assert got["competent_state"] == (home if competent == "NO" else competent)


@pytest.mark.parametrize(
    ("end", "outcome", "reasons"),
    [
        ("2028-12-31", "GRANT", []),
        ("2029-01-01", "REFUSE", ["UK_TCA_NO_EXTENSION", "UK_TCA_OVER_24M"]),
    ],
)
def test_with_the_kingdom_nothing_is_extended_over_two_years(
    make: Any, decide: Any, end: str, outcome: str, reasons: list[str]
) -> None:
    case = make(
        kind="extension",
        regime="UK_TCA",
        period=("2028-06-01", end),
        put={"/posting/host_state": "UK", "/request/request_date": "2028-03-01"},
    )
    case["previous_postings"] = [
        {
            "host_state": "UK",
            "start": "2027-01-01",
            "end": "2028-05-31",
            "same_undertakings": True,
            "relation": "extension_of_same_posting",
        }
    ]
    got = decide(case)
    assert (got["outcome"], got["reasons"]) == (outcome, reasons)


def bilateral(make: Any, host: str, period: tuple[str, str], **put: Any) -> dict[str, Any]:
    states = {
        "/posting/host_state": host,
        "/posting/home_state": "NO",
        "/request/asked_state": "NO",
        "/employers/0/seat_state": "NO",
        "/person/residence_state": "NO",
    }
    case: dict[str, Any] = make(period=period, regime="BILATERAL", bilateral={"agreement": f"NO-{host}"})
    for pointer, value in (states | put).items():
        *parents, last = pointer.removeprefix("/").split("/")
        place: Any = case
        for part in parents:
            place = place[int(part)] if isinstance(place, list) else place[part]
        place[last] = value
    return case


@pytest.mark.parametrize(
    ("host", "end", "outcome", "article"),
    [
        ("US", "2032-03-14", "GRANT", "5(2)"),
        ("US", "2032-03-15", "REFUSE", None),
        ("CA", "2032-03-14", "GRANT", "7"),
        ("CA", "2032-03-15", "REFUSE", None),
        ("AU", "2030-03-14", "GRANT", "9(3)"),
        ("AU", "2030-03-15", "REFUSE", None),
    ],
)
def test_an_agreement_has_its_own_longest_stay_and_never_an_a1(
    make: Any, decide: Any, host: str, end: str, outcome: str, article: str | None
) -> None:
    got = decide(bilateral(make, host, ("2027-03-15", end)))
    assert (got["outcome"], got["article"], got["status_code"]) == (outcome, article, None)
    if outcome == "GRANT":
        assert (got["action"], got["instrument"], got["info"]) == (
            "ISSUE_OTHER",
            f"NO-{host} agreement",
            ["BILATERAL"],
        )
    else:
        assert (got["competent_state"], got["reasons"]) == (host, ["BILATERAL_MAX_EXCEEDED"])


@pytest.mark.parametrize(
    ("put", "reasons"),
    [
        ({"/posting/host_state": "JP", "/bilateral": None}, ["BILATERAL_TABLE_MISSING"]),
        ({"/bilateral": {"agreement": "NO-CA"}}, ["BILATERAL_TABLE_MISSING"]),
        ({"/posting/prior_cover": None}, ["MISSING_DATA"]),
        ({"/posting/replaces": "posted_same_employer"}, ["REPLACEMENT"]),
    ],
)
def test_what_the_table_does_not_hold_goes_to_a_person(
    make: Any, decide: Any, put: dict[str, Any], reasons: list[str]
) -> None:
    got = decide(bilateral(make, "US", ("2027-03-15", "2027-12-31"), **put))
    assert (got["outcome"], got["reasons"]) == ("REVIEW", reasons)


@pytest.mark.parametrize(("end", "outcome"), [("2026-03-14", "GRANT"), ("2026-03-15", "REVIEW")])
def test_a_fresh_stay_in_america_needs_twelve_months(make: Any, decide: Any, end: str, outcome: str) -> None:
    case = bilateral(make, "US", ("2027-03-15", "2027-12-31"))
    case["previous_postings"] = [
        {
            "host_state": "US",
            "start": "2025-01-01",
            "end": end,
            "same_undertakings": True,
            "relation": "separate_assignment",
        }
    ]
    got = decide(case)
    assert got["outcome"] == outcome
    assert got["reasons"] == ([] if outcome == "GRANT" else ["BILATERAL_GAP_UNDER_12M"])


@pytest.mark.parametrize(
    ("start", "end", "outcome"), [("2024-01-01", "2026-12-31", "REFUSE"), ("2025-01-01", "2027-02-28", "GRANT")]
)
def test_an_extension_counts_towards_the_longest_stay(
    make: Any, decide: Any, start: str, end: str, outcome: str
) -> None:
    case = bilateral(make, "US", ("2027-03-01", "2029-12-31"))
    case["previous_postings"] = [
        {
            "host_state": "US",
            "start": start,
            "end": end,
            "same_undertakings": True,
            "relation": "extension_of_same_posting",
        }
    ]
    assert decide(case)["outcome"] == outcome
