"""The list of withdrawals: what is written is read again, and nothing that is not in order is believed."""

from datetime import date
from typing import Any

import pytest

from portadoc.errors import Error, Malformed, Untrusted
from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.withdrawal_list import (
    MAX_AGE_S,
    MAX_RECORDS,
    VerifiedWithdrawalList,
    WithdrawalCause,
    WithdrawalRecord,
    make_withdrawal_list,
    parse_withdrawal_list,
    verify_withdrawal_list,
)
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.keys.signer import LocalSigner
from portadoc.randomness import system_random_bytes

NOW = 1_795_349_600
URI = "https://issuer.example/status/1"
RECORD = WithdrawalRecord(date(2026, 11, 1), WithdrawalCause.FACTS_CHANGED, NOW - 100)
ENTRY = {"idx": 7, "effective_from": "2026-11-01", "cause": "facts_changed", "recorded_at": NOW - 100}

SIGNER = LocalSigner(new_private_key("ES256", system_random_bytes))
STRANGER = LocalSigner(new_private_key("ES256", system_random_bytes))


def read(text: str, *, now: int = NOW, uri: str = URI) -> VerifiedWithdrawalList:
    key = public_key_from_jwk(SIGNER.public_jwk, allowed_algs={"ES256"})
    unverified = parse_withdrawal_list(text, allowed_algs=frozenset({"ES256"}))
    assert unverified.unverified_chain == ()
    return verify_withdrawal_list(unverified, key=key, uri=uri, now=now, skew_s=60)


def signed(payload: Any, *, signer: LocalSigner = SIGNER, typ: str = "withdrawals+jwt") -> str:
    return jws.sign(signing_header(typ, signer), payload, signer)


def payload(**changes: Any) -> dict[str, Any]:
    full = {"sub": URI, "iat": NOW - 60, "exp": NOW + 3600, "withdrawals": [ENTRY], **changes}
    return {name: value for name, value in full.items() if value is not None}


def refusal(text: str, **terms: Any) -> str:
    with pytest.raises(Error) as caught:
        read(text, **terms)
    assert caught.value.code in ("withdrawals_invalid", "limit_exceeded")
    return str(caught.value.params.get("reason", caught.value.code))


def test_what_is_written_is_read_again() -> None:
    records = {
        9: WithdrawalRecord(date(2024, 2, 29), WithdrawalCause.REPLACED, 0, "a1b2:3/4_5.6-7"),
        7: RECORD,
        0: WithdrawalRecord(date(2026, 11, 22), WithdrawalCause.OTHER, NOW),
    }
    text = make_withdrawal_list(records, uri=URI, iat=NOW, exp=NOW + 60, signer=SIGNER)
    assert read(text) == VerifiedWithdrawalList(URI, records, NOW, NOW + 60)
    assert list(read(text).withdrawals) == [0, 7, 9]


def test_an_empty_list_is_a_list() -> None:
    text = make_withdrawal_list({}, uri=URI, iat=NOW, exp=NOW + 60, signer=SIGNER)
    assert dict(read(text).withdrawals) == {}


def test_members_that_nobody_here_knows_are_passed_over_in_the_envelope() -> None:
    assert dict(read(signed(payload(iss="x", ttl=300))).withdrawals) == {7: RECORD}


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("sub_mismatch", {"sub": URI + "/"}),
        ("sub_mismatch", {"sub": None}),
        ("claim_missing", {"iat": None}),
        ("claim_missing", {"exp": None}),
        ("claim_invalid", {"iat": 1.5}),
        ("expired", {"exp": NOW - 61}),
        ("expired", {"iat": NOW - MAX_AGE_S - 61}),
        ("not_yet_valid", {"iat": NOW + 61}),
        ("withdrawals_form", {"withdrawals": None}),
        ("withdrawals_form", {"withdrawals": {"7": ENTRY}}),
        ("index_twice", {"withdrawals": [ENTRY, {**ENTRY, "cause": "other"}]}),
        ("record_form", {"withdrawals": [7]}),
        ("record_form", {"withdrawals": [{**ENTRY, "note": "free text"}]}),
        ("record_form", {"withdrawals": [{"idx": 7}]}),
        ("index_form", {"withdrawals": [{**ENTRY, "idx": -1}]}),
        ("index_form", {"withdrawals": [{**ENTRY, "idx": True}]}),
        ("index_form", {"withdrawals": [{**ENTRY, "idx": "7"}]}),
        ("index_form", {"withdrawals": [{**ENTRY, "idx": 2**53}]}),
        ("recorded_at", {"withdrawals": [{**ENTRY, "recorded_at": NOW}]}),
        ("recorded_at", {"withdrawals": [{**ENTRY, "recorded_at": -1}]}),
        ("recorded_at", {"withdrawals": [{**ENTRY, "recorded_at": True}]}),
        ("cause", {"withdrawals": [{**ENTRY, "cause": "fraud"}]}),
        ("cause", {"withdrawals": [{**ENTRY, "cause": ["other"]}]}),
        ("successor", {"withdrawals": [{**ENTRY, "successor": "Ada Example"}]}),
        ("successor", {"withdrawals": [{**ENTRY, "successor": ""}]}),
        ("successor", {"withdrawals": [{**ENTRY, "successor": None}]}),
        ("effective_from", {"withdrawals": [{**ENTRY, "effective_from": "2026-02-30"}]}),
        ("effective_from", {"withdrawals": [{**ENTRY, "effective_from": "20261101"}]}),
        ("effective_from", {"withdrawals": [{**ENTRY, "effective_from": 20261101}]}),
    ],
)
def test_one_fault_refuses_the_list(reason: str, changes: dict[str, Any]) -> None:
    assert refusal(signed(payload(**changes))) == reason


def test_who_signed_and_what_it_is_have_to_be_right() -> None:
    assert refusal(signed(payload(), signer=STRANGER)) == "signature_invalid"
    assert refusal(signed(payload(), typ="statuslist+jwt")) == "typ_mismatch"
    assert refusal("hello") == "malformed_token"
    assert refusal(signed(payload()), uri=URI + "2") == "sub_mismatch"


def test_it_is_bounded() -> None:
    entries = [{**ENTRY, "idx": idx} for idx in range(MAX_RECORDS + 1)]
    assert refusal(signed(payload(withdrawals=entries))) == "too_many"
    with pytest.raises(Malformed, match="limit_exceeded"):
        parse_withdrawal_list("A" * (4 * 1024 * 1024 + 1), allowed_algs=frozenset({"ES256"}))


def test_of_too_many_records_the_latest_are_kept_and_what_fits_can_be_read() -> None:
    records = {
        idx: WithdrawalRecord(date(2026, 1, 1), WithdrawalCause.ISSUED_IN_ERROR, NOW - idx, "s" * 64)
        for idx in range(MAX_RECORDS + 5)
    }
    text = make_withdrawal_list(records, uri=URI, iat=NOW, exp=NOW + 60, signer=SIGNER)
    assert set(read(text).withdrawals) == set(range(MAX_RECORDS))


def test_nothing_is_signed_that_a_reader_would_refuse() -> None:
    with pytest.raises(Untrusted, match=r"times"):
        make_withdrawal_list({}, uri=URI, iat=NOW, exp=NOW, signer=SIGNER)
    wrong = WithdrawalRecord(date(2026, 1, 1), WithdrawalCause.OTHER, NOW + 1)
    with pytest.raises(Untrusted, match=r"recorded_at"):
        make_withdrawal_list({1: wrong}, uri=URI, iat=NOW, exp=NOW + 60, signer=SIGNER)
