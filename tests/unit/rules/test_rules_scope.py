"""Persons, instruments and other certificates: what is looked at for every request."""

from typing import Any

import pytest


def posted(make: Any, home: str, host: str, **put: Any) -> dict[str, Any]:
    states = {
        "/request/asked_state": home,
        "/posting/home_state": home,
        "/posting/host_state": host,
        "/person/residence_state": home,
        "/employers/0/seat_state": home,
    }
    case: dict[str, Any] = make(put=states | {f"/person/{name}": value for name, value in put.items()})
    return case


@pytest.mark.parametrize(
    ("regime", "home", "host", "nationality", "outcome", "reasons"),
    [
        ("EU", "DE", "FR", "EU", "GRANT", []),
        ("EU", "DE", "FR", "EEA_EFTA", "GRANT", []),
        ("EU", "DE", "FR", "STATELESS", "GRANT", []),
        ("EU", "DE", "FR", "REFUGEE", "GRANT", []),
        ("EU", "DE", "FR", "TCN", "GRANT", []),
        ("EU", "DE", "FR", "UK", "GRANT", []),
        ("EU", "DE", "IE", "TCN", "GRANT", []),
        ("EU", "DE", "DK", "TCN", "REVIEW", ["TCN_NOT_COVERED_DK"]),
        ("EU", "DK", "DE", "TCN", "REVIEW", ["TCN_NOT_COVERED_DK"]),
        ("EEA", "DE", "NO", "TCN", "REVIEW", ["TCN_NOT_COVERED_EEA"]),
        ("CH", "DE", "CH", "TCN", "REVIEW", ["TCN_NOT_COVERED_CH"]),
        ("CH", "DE", "CH", "UK", "REVIEW", ["TCN_NOT_COVERED_CH"]),
        ("CH", "DE", "CH", "EU", "GRANT", []),
        ("CH", "CH", "DE", "CH", "GRANT", []),
        ("CH", "DE", "CH", "EEA_EFTA", "REVIEW", ["TRIANGULAR_CH_EEA"]),
        ("EEA", "DE", "NO", "CH", "REVIEW", ["TRIANGULAR_CH_EEA"]),
        ("EEA", "DE", "NO", "EU", "GRANT", []),
        ("EFTA", "NO", "CH", "EEA_EFTA", "GRANT", []),
        ("EFTA", "NO", "CH", "CH", "GRANT", []),
        ("EFTA", "NO", "CH", "EU", "REVIEW", ["TRIANGULAR_CH_EEA"]),
        ("EFTA", "NO", "CH", "TCN", "REVIEW", ["TCN_NOT_COVERED_CH", "TCN_NOT_COVERED_EEA"]),
    ],
)
def test_persons_are_covered_leg_by_leg(
    make: Any, decide: Any, regime: str, home: str, host: str, nationality: str, outcome: str, reasons: list[str]
) -> None:
    got = decide(posted(make, home, host, nationality_class=nationality) | {"regime": regime})
    assert (got["outcome"], got["reasons"]) == (outcome, reasons)
    assert ("TCN_1231_2010" in got["info"]) == (outcome == "GRANT" and nationality in ("TCN", "UK"))


@pytest.mark.parametrize(
    ("resident", "outcome", "reasons"),
    [(True, "GRANT", []), (False, "REFUSE", ["NOT_LEGALLY_RESIDENT"]), (None, "REVIEW", ["MISSING_DATA"])],
)
@pytest.mark.parametrize(("regime", "host", "nationality"), [("EU", "FR", "TCN"), ("UK_TCA", "UK", "EU")])
def test_lawful_residence_is_looked_at_where_it_matters(
    make: Any,
    decide: Any,
    regime: str,
    host: str,
    nationality: str,
    resident: Any,
    outcome: str,
    reasons: list[str],
) -> None:
    case = posted(make, "DE", host, nationality_class=nationality, legally_resident=resident)
    got = decide(case | {"regime": regime})
    assert (got["outcome"], got["reasons"]) == (outcome, reasons)


def test_lawful_residence_of_a_citizen_of_the_union_is_not_asked_for(make: Any, decide: Any) -> None:
    assert decide(make(put={"/person/legally_resident": None}))["outcome"] == "GRANT"


def test_a_refugee_who_lives_outside_goes_to_a_person(make: Any, decide: Any) -> None:
    case = make(put={"/person/nationality_class": "REFUGEE", "/person/residence_state": "RS"})
    assert decide(case)["reasons"] == ["NOT_LEGALLY_RESIDENT"]


def other(state: str, start: Any, end: Any, **change: Any) -> dict[str, Any]:
    return {
        "state": state,
        "article": "13(1)(a)",
        "start": start,
        "end": end,
        "status": "valid",
        "employer_same": False,
        "host_state": None,
    } | change


@pytest.mark.parametrize(
    ("certificate", "outcome", "reasons", "info"),
    [
        (other("NL", "2026-01-01", "2027-02-28"), "GRANT", [], []),
        (other("NL", "2026-01-01", "2027-03-01"), "GRANT", [], ["OVERLAP_ONE_DAY"]),
        (other("NL", "2026-01-01", "2027-03-02"), "REVIEW", ["OVERLAP_OTHER_LEGISLATION"], []),
        (other("NL", "2027-11-30", None), "GRANT", [], ["OVERLAP_ONE_DAY"]),
        (other("NL", "2027-11-29", None), "REVIEW", ["OVERLAP_OTHER_LEGISLATION"], []),
        (other("NL", None, None), "REVIEW", ["OVERLAP_OTHER_LEGISLATION"], []),
        (other("NL", "2027-01-01", "2027-12-31", status="withdrawn"), "GRANT", [], []),
        (other("NL", "2027-01-01", "2027-12-31", status=None), "REVIEW", ["MISSING_DATA"], []),
        (other("DE", "2027-01-01", "2027-12-31"), "GRANT", [], []),
        (other("DE", "2027-01-01", "2027-12-31", employer_same=True), "GRANT", [], ["SUPERSEDES"]),
    ],
)
def test_another_states_certificate_binds_until_it_is_withdrawn(
    make: Any, decide: Any, certificate: dict[str, Any], outcome: str, reasons: list[str], info: list[str]
) -> None:
    got = decide(make(existing_a1=[certificate]))
    assert (got["outcome"], got["reasons"], got["info"]) == (outcome, reasons, info)


@pytest.mark.parametrize(
    ("regime", "home", "host", "start", "reasons"),
    [
        ("UK_TCA", "DE", "UK", "2020-12-31", ["REGIME_NOT_IN_FORCE"]),
        ("UK_TCA", "DE", "UK", "2021-01-01", []),
        ("EFTA_UK", "NO", "UK", "2023-12-31", ["REGIME_NOT_IN_FORCE"]),
        ("EFTA_UK", "NO", "UK", "2024-01-01", []),
        ("CH_UK", "CH", "UK", "2021-10-31", ["REGIME_NOT_IN_FORCE"]),
        ("CH_UK", "CH", "UK", "2021-11-01", ["REGIME_TABLE_UNVERIFIED"]),
        ("EU", "DE", "FR", "2012-06-27", ["REGIME_NOT_IN_FORCE"]),
        ("EU", "DE", "FR", "2012-06-28", []),
        ("EU", "DE", "UK", "2020-06-01", []),
    ],
)
def test_an_instrument_applies_from_its_day(
    make: Any, decide: Any, regime: str, home: str, host: str, start: str, reasons: list[str]
) -> None:
    case = posted(make, home, host) | {"regime": regime}
    end = f"{int(start[:4]) + 1}-01-31"
    case["request"] |= {"request_date": start, "period_start": start, "period_end": end}
    case["posting"] |= {"start": start, "end": end}
    case["posting"]["prior_cover"] |= {"since": "2000-01-01"}
    got = decide(case)
    assert got["reasons"] == reasons
    assert got["outcome"] == ("REVIEW" if reasons else "GRANT")


@pytest.mark.parametrize(
    ("put", "reasons"),
    [
        ({"/regime": "UK_TCA", "/person/withdrawal_agreement": True}, ["REGIME_DOES_NOT_FIT"]),
        ({"/regime": "UK_WA", "/person/withdrawal_agreement": False}, ["REGIME_DOES_NOT_FIT"]),
        ({"/regime": "UK_WA", "/person/withdrawal_agreement": None}, ["MISSING_DATA"]),
        ({"/regime": "UK_TCA", "/posting/host_state": "FR"}, ["REGIME_DOES_NOT_FIT"]),
        ({"/regime": "EFTA_UK"}, ["REGIME_DOES_NOT_FIT"]),
    ],
)
def test_a_regime_that_does_not_fit_the_case_goes_to_a_person(
    make: Any, decide: Any, put: dict[str, Any], reasons: list[str]
) -> None:
    got = decide(make(put={"/posting/host_state": "UK"} | put))
    assert (got["outcome"], got["reasons"]) == ("REVIEW", reasons)
