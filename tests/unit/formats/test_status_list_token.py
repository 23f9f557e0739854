"""Signed status lists: what is made reads back, and each fault is refused for its own reason."""

import zlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from portadoc import base64url
from portadoc.errors import Malformed, Untrusted
from portadoc.formats import jws
from portadoc.formats.status_list.jwt_form import (
    StatusListLimits,
    VerifiedStatusList,
    make_status_list_token,
    parse_status_list_token,
    read_status_list_token,
    verify_status_list_token,
)
from portadoc.formats.status_list.statuses import StatusList
from portadoc.keys.jwk import verification_key
from portadoc.keys.signer import LocalSigner

NOW = 1_790_000_000
URI = "https://status.example/lists/1"
LIMITS = StatusListLimits(max_inflated=4096)
STATUSES = StatusList.of(64, bits=1).with_status([5], 1)
PRIVATE = ec.derive_private_key(11, ec.SECP256R1())
KEY = verification_key(PRIVATE.public_key())
SIGNER = LocalSigner(PRIVATE, chain=(b"leaf", b"intermediate"))
OTHER = verification_key(ec.derive_private_key(12, ec.SECP256R1()).public_key())


def read(text: str, key: Any = KEY, now: int = NOW) -> VerifiedStatusList:
    return read_status_list_token(text, key=key, uri=URI, now=now, skew_s=60, limits=LIMITS)


def token(header: dict[str, Any] | None = None, drop: tuple[str, ...] = (), **changes: Any) -> str:
    payload: dict[str, Any] = {
        "sub": URI,
        "iat": NOW - 10,
        "exp": NOW + 3600,
        "ttl": 900,
        "status_list": {"bits": 1, "lst": STATUSES.encode_lst()},
    } | changes
    kept = {name: value for name, value in payload.items() if name not in drop}
    return jws.sign({"typ": "statuslist+jwt"} | (header or {}), kept, SIGNER)


def reason_of(text: str, **context: Any) -> str:
    with pytest.raises(Untrusted) as refusal:
        read(text, **context)
    assert refusal.value.code == "status_invalid"
    return str(refusal.value.params["reason"])


def test_what_is_made_reads_back() -> None:
    text = make_status_list_token(STATUSES, uri=URI, iat=NOW, exp=NOW + 86400, ttl=900, signer=SIGNER)
    assert read(text) == VerifiedStatusList(URI, STATUSES, NOW, NOW + 86400, 900)


def test_chain_is_at_hand_before_the_signature_is_checked() -> None:
    text = make_status_list_token(STATUSES, uri=URI, iat=NOW, exp=NOW + 86400, ttl=900, signer=SIGNER)
    unverified = parse_status_list_token(text, allowed_algs=frozenset({"ES256"}))
    assert unverified.unverified_chain == (b"leaf", b"intermediate")
    verified = verify_status_list_token(unverified, key=KEY, uri=URI, now=NOW, skew_s=0, limits=LIMITS)
    assert verified.statuses.get(5) == 1


def test_signer_without_certificate_names_its_key() -> None:
    bare = LocalSigner(PRIVATE)
    text = make_status_list_token(STATUSES, uri=URI, iat=NOW, exp=NOW + 60, ttl=60, signer=bare)
    unverified = parse_status_list_token(text, allowed_algs=frozenset({"ES256"}))
    assert (unverified.unverified_chain, unverified.unverified_jws.header["kid"]) == ((), bare.kid)


@pytest.mark.parametrize(("exp", "ttl"), [(NOW, 1), (NOW - 1, 1), (NOW + 60, 0), (NOW + 60, -1), (NOW + 60, 61)])
def test_impossible_times_are_not_signed(exp: int, ttl: int) -> None:
    with pytest.raises(Untrusted) as refusal:
        make_status_list_token(STATUSES, uri=URI, iat=NOW, exp=exp, ttl=ttl, signer=SIGNER)
    assert refusal.value.params["reason"] == "times"


FAULTS = {
    "typ_mismatch": token({"typ": "JWT"}),
    "header_param_forbidden": token({"jku": "https://keys.example"}),
    "malformed_token": token()[:-1] + "=",
    "sub_mismatch": token(sub=URI + "/"),
    "claim_missing": token(drop=("iat",)),
    "not_yet_valid": token(iat=NOW + 61),
    "expired": token(exp=NOW - 60),
    "claim_invalid": token(exp=float(NOW)),
    "ttl_form": token(ttl=0),
    "status_list_form": token(drop=("status_list",)),
    "bits": token(status_list={"bits": 3, "lst": STATUSES.encode_lst()}),
    "lst_form": token(status_list={"bits": 1}),
    "lst_compression": token(status_list={"bits": 1, "lst": base64url.encode(b"no zlib")}),
}


@pytest.mark.parametrize("reason", FAULTS)
def test_each_fault_has_its_reason(reason: str) -> None:
    assert reason_of(FAULTS[reason]) == reason


@pytest.mark.parametrize("sub", [None, "", URI.upper(), "https://status.example/lists/2", 7])
def test_list_of_another_uri_is_refused(sub: object) -> None:
    assert reason_of(token(sub=sub)) == "sub_mismatch"


@pytest.mark.parametrize("ttl", [-1, "900", 900.0, True, None])
def test_ttl_that_is_no_positive_whole_number_is_refused(ttl: object) -> None:
    assert reason_of(token(ttl=ttl)) == "ttl_form"


def test_signature_of_another_institution_is_refused() -> None:
    assert reason_of(token(), key=OTHER) == "signature_invalid"


def test_expiry_and_future_have_the_skew_as_leeway() -> None:
    assert read(token(exp=NOW - 59)).exp == NOW - 59
    assert read(token(iat=NOW + 60)).iat == NOW + 60


def test_inflation_bomb_is_a_limit_of_its_own() -> None:
    bomb = base64url.encode(zlib.compress(bytes(20_000_000), 9))
    with pytest.raises(Malformed) as refusal:
        read(token(status_list={"bits": 1, "lst": bomb}))
    assert refusal.value.code == "limit_exceeded"


def test_list_larger_than_ordinary_tokens_is_read() -> None:
    noise = b"".join(n.to_bytes(4, "big") for n in range(120_000))
    large = StatusList(1, bytes(a ^ b for a, b in zip(noise, noise[7:] + noise[:7], strict=True)))
    text = make_status_list_token(large, uri=URI, iat=NOW, exp=NOW + 60, ttl=60, signer=SIGNER)
    limits = StatusListLimits(max_inflated=1024 * 1024)
    assert len(text) > 300_000
    assert read_status_list_token(text, key=KEY, uri=URI, now=NOW, skew_s=0, limits=limits).statuses == large


@pytest.mark.parametrize(("ttl", "clamped"), [(1, 60), (900, 900), (10**12, 43200)])
def test_ttl_is_clamped(ttl: int, clamped: int) -> None:
    assert read(token(ttl=ttl)).ttl == clamped


def test_absent_ttl_and_exp_get_the_readers_bounds() -> None:
    verified = read(token(drop=("ttl", "exp")))
    assert (verified.ttl, verified.exp) == (LIMITS.default_ttl_s, NOW - 10 + LIMITS.max_age_s)


def test_century_long_expiry_is_cut_to_the_readers_bound() -> None:
    assert read(token(exp=NOW + 100 * 366 * 86400)).exp == NOW - 10 + LIMITS.max_age_s
    assert reason_of(token(iat=NOW - LIMITS.max_age_s - 60, exp=NOW + 100)) == "expired"


@given(st.text() | st.lists(st.text("abcABC019_-=", max_size=9), min_size=3, max_size=3).map(".".join))
def test_arbitrary_text_is_refused_by_code(text: str) -> None:
    with pytest.raises(Untrusted) as refusal:
        parse_status_list_token(text, allowed_algs=frozenset({"ES256"}))
    assert refusal.value.code == "status_invalid"
