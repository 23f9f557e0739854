"""Statuses of wallets and key stores: where they stand and until when, or the reason why that is not said."""

from typing import Any

import pytest

from portadoc.errors import Malformed, Untrusted
from portadoc.formats.status_list.maintained import MaintainedStatus, maintained_status
from portadoc.formats.status_list.statuses import StatusReference

STATUS = MaintainedStatus(StatusReference("https://wallet.example/status/1", 7), 1_790_000_000)


def test_what_is_written_is_read() -> None:
    assert maintained_status({"client_status": STATUS.to_claim()}, "client_status") == STATUS
    assert STATUS.to_claim() == {
        "status": {"status_list": {"idx": 7, "uri": "https://wallet.example/status/1"}},
        "exp": 1_790_000_000,
    }


def test_no_claim_is_no_status() -> None:
    assert maintained_status({"client_status": STATUS.to_claim()}, "key_storage_status") is None


FAULTS: dict[str, tuple[Any, str]] = {
    "null": (None, "claim_invalid"),
    "array": ([], "claim_invalid"),
    "empty": ({}, "claim_missing"),
    "no end": ({"status": STATUS.reference.to_claim()}, "claim_missing"),
    "end as text": ({"status": STATUS.reference.to_claim(), "exp": "1"}, "claim_invalid"),
    "no status": ({"exp": 1}, "claim_missing"),
    "other mechanism": ({"status": {"identifier_list": {}}, "exp": 1}, "status_invalid"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_any_other_form_is_refused(name: str) -> None:
    value, code = FAULTS[name]
    with pytest.raises((Malformed, Untrusted)) as refusal:
        maintained_status({"client_status": value}, "client_status")
    assert refusal.value.code == code
