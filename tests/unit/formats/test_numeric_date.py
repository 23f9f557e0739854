"""Dates of tokens: whole seconds only, and the boundaries are exact."""

from typing import Any

import pytest

from portadoc.errors import Conflict, Malformed
from portadoc.formats.numeric_date import LATEST, check_times, numeric_date

NOW = 1_790_000_000


@pytest.mark.parametrize("value", ["1795000000", 1.5, 1795000000.0, True, None, -1, LATEST + 1, [1]])
def test_anything_but_whole_seconds_is_invalid(value: object) -> None:
    with pytest.raises(Malformed) as refusal:
        numeric_date({"exp": value}, "exp", required=False)
    assert (refusal.value.code, refusal.value.params) == ("claim_invalid", {"claim": "exp"})


@pytest.mark.parametrize("value", [0, NOW, LATEST])
def test_whole_seconds_are_returned(value: int) -> None:
    assert numeric_date({"exp": value}, "exp", required=True) == value


def test_absence_is_refused_only_where_the_date_is_required() -> None:
    assert numeric_date({}, "exp", required=False) is None
    with pytest.raises(Malformed) as refusal:
        numeric_date({}, "exp", required=True)
    assert refusal.value.code == "claim_missing"


@pytest.mark.parametrize(
    "payload",
    [{}, {"exp": NOW + 1}, {"nbf": NOW}, {"iat": NOW}, {"exp": NOW + 1, "nbf": NOW, "iat": NOW}],
)
def test_a_token_within_its_time_passes(payload: dict[str, Any]) -> None:
    check_times(payload, now=NOW, skew_s=0)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"exp": NOW}, "expired"),
        ({"exp": NOW - 1}, "expired"),
        ({"nbf": NOW + 1}, "not_yet_valid"),
        ({"iat": NOW + 1}, "not_yet_valid"),
    ],
)
def test_a_token_outside_its_time_is_refused(payload: dict[str, Any], code: str) -> None:
    with pytest.raises(Conflict) as refusal:
        check_times(payload, now=NOW, skew_s=0)
    assert refusal.value.code == code


def test_skew_is_forgiven_to_the_second() -> None:
    check_times({"exp": NOW - 29, "nbf": NOW + 30, "iat": NOW + 30}, now=NOW, skew_s=30)
    with pytest.raises(Conflict):
        check_times({"exp": NOW - 30}, now=NOW, skew_s=30)
    with pytest.raises(Conflict):
        check_times({"nbf": NOW + 31}, now=NOW, skew_s=30)
