"""Status lists in both forms, JWT and CWT: one judgement, the same refusals."""

import gzip
import random  # noqa: TID251 - a list that is the same in every run
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from portadoc import base64url
from portadoc.errors import Error, Untrusted
from portadoc.formats import jws
from portadoc.formats.cose import cose_sign1, strict_cbor
from portadoc.formats.status_list.claims import (
    FORM_OF_MEDIA_TYPE,
    StatusListForm,
    StatusListLimits,
    StatusListTerms,
    VerifiedStatusList,
)
from portadoc.formats.status_list.cwt_form import (
    parse_status_list_cwt,
    read_status_list_cwt,
    sign_status_list_cwt,
    unverified_cwt_claims,
    verify_status_list_cwt,
)
from portadoc.formats.status_list.jwt_form import read_status_list_token, sign_status_list_jwt
from portadoc.formats.status_list.statuses import StatusList, inflate_lst
from portadoc.keys.jwk import verification_key
from portadoc.keys.signer import LocalSigner

NOW = 1_790_000_000
URI = "https://status.example/lists/1"
LIMITS = StatusListLimits(max_inflated=4096)
STATUSES = StatusList.of(64, bits=1).with_status([5], 1)
PRIVATE = ec.derive_private_key(11, ec.SECP256R1())
KEY = verification_key(PRIVATE.public_key())
OTHER = verification_key(ec.derive_private_key(12, ec.SECP256R1()).public_key())
SIGNER = LocalSigner(PRIVATE, chain=(b"leaf", b"intermediate"))
LABELS: dict[str, int] = {"sub": 2, "exp": 4, "nbf": 5, "iat": 6, "status_list": 65533, "ttl": 65534}
JWT, CWT = StatusListForm.JWT, StatusListForm.CWT
BOTH = [JWT, CWT]
ABSENT = object()


def signed(form: StatusListForm, typ: str | None = None, **changes: Any) -> str | bytes:
    """Return a token with claims changed; ABSENT takes one away. ``lst`` is given as bytes in both forms."""
    claims: dict[str, Any] = {
        "sub": URI,
        "iat": NOW - 10,
        "exp": NOW + 3600,
        "ttl": 900,
        "status_list": {"bits": 1, "lst": STATUSES.compressed()},
    } | changes
    claims = {name: value for name, value in claims.items() if value is not ABSENT}
    if form is CWT:
        labelled = {LABELS.get(name, name): value for name, value in claims.items()}
        return cose_sign1.sign(labelled, typ=typ or "application/statuslist+cwt", signer=SIGNER)
    content = claims.get("status_list")
    if isinstance(content, dict) and isinstance(content.get("lst"), bytes):
        claims["status_list"] = {**content, "lst": base64url.encode(content["lst"])}
    return jws.sign({"typ": typ or "statuslist+jwt"}, claims, SIGNER)


def read(token: str | bytes, *, now: int = NOW, key: Any = KEY, skew_s: int = 60) -> VerifiedStatusList:
    terms: dict[str, Any] = {"key": key, "uri": URI, "now": now, "skew_s": skew_s, "limits": LIMITS}
    if isinstance(token, bytes):
        return read_status_list_cwt(token, **terms)
    return read_status_list_token(token, **terms)


def reason_of(token: str | bytes, **context: Any) -> str:
    with pytest.raises(Error) as refusal:
        read(token, **context)
    error = refusal.value
    return str(error.params["reason"]) if error.code == "status_invalid" else error.code


def listed(lst: Any, bits: Any = 1) -> dict[str, Any]:
    return {"status_list": {"bits": bits, "lst": lst}}


@pytest.mark.parametrize("form", BOTH)
def test_what_is_made_reads_back(form: StatusListForm) -> None:
    terms = StatusListTerms(
        uri=URI,
        iat=NOW,
        exp=NOW + 86_400,
        ttl=900,
        withdrawals_uri=f"{URI}/withdrawals",
        aggregation_uri="https://status.example/lists",
    )
    sign: Callable[..., str | bytes] = sign_status_list_cwt if form is CWT else sign_status_list_jwt
    assert read(sign(STATUSES, terms, signer=SIGNER)) == VerifiedStatusList(
        uri=URI,
        statuses=STATUSES,
        iat=NOW,
        exp=NOW + 86_400,
        ttl=900,
        form=form,
        withdrawals_uri=f"{URI}/withdrawals",
        aggregation_uri="https://status.example/lists",
    )


@pytest.mark.parametrize("form", BOTH)
def test_what_is_not_said_is_not_there(form: StatusListForm) -> None:
    held = read(signed(form, exp=ABSENT, ttl=ABSENT))
    assert (held.withdrawals_uri, held.aggregation_uri) == (None, None)
    assert (held.ttl, held.exp) == (LIMITS.default_ttl_s, NOW - 10 + LIMITS.max_age_s)


def test_each_form_has_its_media_type() -> None:
    assert FORM_OF_MEDIA_TYPE == {"application/statuslist+jwt": JWT, "application/statuslist+cwt": CWT}


def test_the_chain_of_a_cwt_is_at_hand_before_its_signature_is_checked() -> None:
    token = signed(CWT)
    assert isinstance(token, bytes)
    unverified = parse_status_list_cwt(token, allowed_algs=frozenset({"ES256"}))
    assert unverified.unverified_chain == (b"leaf", b"intermediate")
    assert unverified_cwt_claims(token)["sub"] == URI
    verified = verify_status_list_cwt(unverified, key=KEY, uri=URI, now=NOW, skew_s=0, limits=LIMITS)
    assert verified.statuses.get(5) == 1


def test_a_claim_by_its_name_does_not_stand_beside_its_label() -> None:
    claims = {2: "https://other.example", "sub": URI, 6: NOW, 65533: {"bits": 1, "lst": STATUSES.compressed()}}
    token = cose_sign1.sign(claims, typ="application/statuslist+cwt", signer=SIGNER)
    assert reason_of(token) == "claim_label"


RAW_DEFLATE = zlib.compressobj(9, zlib.DEFLATED, -15)
DEFLATED = RAW_DEFLATE.compress(STATUSES.packed) + RAW_DEFLATE.flush()
CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "V-42 D07 sub with a slash": ({"sub": URI + "/"}, "sub_mismatch"),
    "V-42 D07 sub in capitals": ({"sub": URI.upper()}, "sub_mismatch"),
    "V-42 D07 sub of another list": ({"sub": "https://status.example/lists/2"}, "sub_mismatch"),
    "V-42 sub missing": ({"sub": ABSENT}, "sub_mismatch"),
    "V-42 sub a number": ({"sub": 7}, "sub_mismatch"),
    "V-42 D11 iat missing": ({"iat": ABSENT}, "claim_missing"),
    "V-42 D11 iat in the future": ({"iat": NOW + 61}, "not_yet_valid"),
    "V-42 iat a truth value": ({"iat": True}, "claim_invalid"),
    "V-42 iat a text": ({"iat": str(NOW)}, "claim_invalid"),
    "V-42 iat beyond the calendar": ({"iat": 2**62}, "claim_invalid"),
    "V-42 D11 exp passed": ({"exp": NOW - 60}, "expired"),
    "V-42 exp negative": ({"exp": -1}, "claim_invalid"),
    "V-42 nbf in the future": ({"nbf": NOW + 61}, "not_yet_valid"),
    "V-42 status_list missing": ({"status_list": ABSENT}, "status_list_form"),
    "V-42 status_list an array": ({"status_list": [1]}, "status_list_form"),
    "V-42 D14 ttl zero": ({"ttl": 0}, "ttl_form"),
    "V-42 D14 ttl negative": ({"ttl": -1}, "ttl_form"),
    "V-42 D14 ttl a text": ({"ttl": "900"}, "ttl_form"),
    "V-42 D14 ttl a truth value": ({"ttl": True}, "ttl_form"),
    "V-43 D08 bits 0": (listed(STATUSES.compressed(), 0), "bits"),
    "V-43 D08 bits 3": (listed(STATUSES.compressed(), 3), "bits"),
    "V-43 D08 bits 16": (listed(STATUSES.compressed(), 16), "bits"),
    "V-43 D08 bits a text": (listed(STATUSES.compressed(), "1"), "bits"),
    "V-43 D08 bits a truth value": (listed(STATUSES.compressed(), True), "bits"),
    "V-43 D08 bits missing": ({"status_list": {"lst": STATUSES.compressed()}}, "bits"),
    "V-43 lst missing": ({"status_list": {"bits": 1}}, "lst_form"),
    "V-43 lst a number": (listed(7), "lst_form"),
    "V-43 D08 lst raw deflate": (listed(DEFLATED), "lst_compression"),
    "V-43 D08 lst gzip": (listed(gzip.compress(STATUSES.packed)), "lst_compression"),
    "V-43 D08 lst truncated": (listed(STATUSES.compressed()[:-1]), "lst_compression"),
    "V-43 D08 lst with trailing bytes": (listed(STATUSES.compressed() + b"\x00"), "lst_compression"),
    "V-43 D08 lst two streams": (listed(STATUSES.compressed() * 2), "lst_compression"),
    "V-43 lst of nothing": (listed(zlib.compress(b"")), "list_empty"),
    "V-43 D05 lst inflates beyond the limit": (listed(zlib.compress(bytes(4097))), "limit_exceeded"),
    "withdrawals_uri with a blank": ({"withdrawals_uri": "https://x y"}, "uri_form"),
    "withdrawals_uri a number": ({"withdrawals_uri": 7}, "uri_form"),
    "withdrawals_uri null": ({"withdrawals_uri": None}, "uri_form"),
    "aggregation_uri empty": (
        {"status_list": {"bits": 1, "lst": STATUSES.compressed(), "aggregation_uri": ""}},
        "uri_form",
    ),
}


@pytest.mark.parametrize("form", BOTH)
@pytest.mark.parametrize("case", CHANGES)
def test_each_claim_out_of_order_is_refused_in_both_forms(form: StatusListForm, case: str) -> None:
    changes, reason = CHANGES[case]
    assert reason_of(signed(form, **changes)) == reason


ONLY_JWT: dict[str, tuple[dict[str, Any], str]] = {
    "V-42 iat with a fraction": ({"iat": NOW + 0.5}, "claim_invalid"),
    "V-42 D14 ttl a float": ({"ttl": 900.0}, "ttl_form"),
    "V-43 D08 bits a float": (listed(STATUSES.encode_lst(), 1.0), "bits"),
    "V-43 lst with padding": (listed(STATUSES.encode_lst() + "="), "lst_form"),
    "V-43 D08 lst in standard base64": (listed("eNrbuRgAAhcBXQ+/"), "lst_form"),
    "V-43 lst with white space": (listed(STATUSES.encode_lst() + "\n"), "lst_form"),
}
ONLY_CWT: dict[str, tuple[dict[str, Any], str]] = {
    "V-42 iat with a fraction": ({"iat": NOW + 0.5}, "cbor_malformed"),
    "V-42 D14 ttl a float": ({"ttl": 900.0}, "cbor_malformed"),
    "V-42 D14 ttl beyond 64 bits": ({"ttl": 2**64}, "cbor_malformed"),
    "V-43 D08 bits a float": (listed(STATUSES.compressed(), 1.0), "cbor_malformed"),
    "V-43 lst as base64url text": (listed(STATUSES.encode_lst()), "lst_form"),
}


@pytest.mark.parametrize("case", ONLY_JWT)
def test_what_only_json_can_say_wrong(case: str) -> None:
    changes, reason = ONLY_JWT[case]
    assert reason_of(signed(JWT, **changes)) == reason


@pytest.mark.parametrize("case", ONLY_CWT)
def test_what_only_cbor_can_say_wrong(case: str) -> None:
    changes, reason = ONLY_CWT[case]
    assert reason_of(signed(CWT, **changes)) == reason


@pytest.mark.parametrize("form", BOTH)
def test_v41_d08_the_type_and_the_signature_have_to_be_right(form: StatusListForm) -> None:
    for typ in ("JWT", "application/cwt", "statuslist+cwt", "application/statuslist+jwt", "dc+sd-jwt"):
        assert reason_of(signed(form, typ)) == "typ_mismatch"
    assert reason_of(signed(form), key=OTHER) == "signature_invalid"


def test_v40_one_form_is_never_read_as_the_other() -> None:
    text, message = signed(JWT), signed(CWT)
    assert isinstance(text, str)
    assert isinstance(message, bytes)
    assert reason_of(text.encode()) == "cbor_malformed"
    assert reason_of(message.decode("latin-1")) == "malformed_token"
    assert reason_of(message.hex()) == "malformed_token"
    assert reason_of(message.hex().encode()) == "cbor_malformed"
    assert reason_of(b'{"token":"x"}') == "cbor_malformed"


@pytest.mark.parametrize("form", BOTH)
def test_d14_whatever_a_list_says_of_its_life_is_clamped(form: StatusListForm) -> None:
    assert read(signed(form, ttl=1)).ttl == LIMITS.min_ttl_s
    assert read(signed(form, ttl=10**12)).ttl == LIMITS.max_ttl_s
    assert read(signed(form, exp=NOW + 100 * 366 * 86_400)).exp == NOW - 10 + LIMITS.max_age_s
    assert reason_of(signed(form, iat=NOW - LIMITS.max_age_s - 60, exp=NOW + 100)) == "expired"


@pytest.mark.parametrize("form", BOTH)
def test_v48_d22_an_answer_about_the_past_counts_only_within_its_own_time(form: StatusListForm) -> None:
    """Asked for ``?time=t``, a server that ignores it sends the list of today: refused unless iat <= t <= exp."""
    token = signed(form, iat=NOW, exp=NOW + 600, ttl=300)
    for within in (NOW, NOW + 1, NOW + 599):
        assert read(token, now=within, skew_s=0).iat == NOW
    assert reason_of(token, now=NOW - 1, skew_s=0) == "not_yet_valid"
    assert reason_of(token, now=NOW - 86_400, skew_s=0) == "not_yet_valid"
    assert reason_of(token, now=NOW + 601, skew_s=0) == "expired"


@pytest.mark.parametrize("form", BOTH)
def test_d05_a_hundred_mebibytes_from_a_hundred_kilobytes_are_never_inflated(form: StatusListForm) -> None:
    bomb = zlib.compress(bytes(100 * 1024 * 1024), 9)
    token = signed(form, **listed(bomb))
    assert len(bomb) < 110_000
    tracemalloc.start()
    began = time.monotonic()
    assert reason_of(token) == "limit_exceeded"
    assert time.monotonic() - began < 0.5
    assert tracemalloc.get_traced_memory()[1] < 4 * 1024 * 1024
    tracemalloc.stop()


def test_impossible_times_are_not_signed() -> None:
    for exp, ttl in ((NOW, 1), (NOW - 1, 1), (NOW + 60, 0), (NOW + 60, 61)):
        with pytest.raises(Untrusted, match="times"):
            StatusListTerms(uri=URI, iat=NOW, exp=exp, ttl=ttl)


def test_a_cwt_is_smaller_than_a_jwt_and_holds_the_same() -> None:
    many = StatusList.of(100_000, bits=1).with_status(range(0, 100_000, 97), 1)
    terms = StatusListTerms(uri=URI, iat=NOW, exp=NOW + 3600, ttl=900)
    message = sign_status_list_cwt(many, terms, signer=SIGNER)
    assert len(message) < 0.7 * len(sign_status_list_jwt(many, terms, signer=SIGNER))
    limits = StatusListLimits(max_inflated=12_500)
    held = read_status_list_cwt(message, key=KEY, uri=URI, now=NOW, skew_s=0, limits=limits)
    assert held.statuses == many


@pytest.mark.parametrize(
    ("size", "rate", "kilobytes"),
    [(100_000, 0.001, 0.25), (100_000, 0.01, 1.4), (1_000_000, 0.001, 2.2), (1_000_000, 0.01, 13.7)],
)
def test_lists_are_as_small_as_the_drafts_own_table_says(size: int, rate: float, kilobytes: float) -> None:
    withdrawn = random.Random(7).sample(range(size), int(size * rate))
    compressed = StatusList.of(size, bits=1).with_status(withdrawn, 1).compressed()
    assert len(compressed) == pytest.approx(kilobytes * 1024, rel=0.06)


def test_a_byte_string_inflates_to_the_list() -> None:
    assert inflate_lst(bytes.fromhex("78dadbb918000217015d"), bits=1, max_inflated=2).packed == b"\xb9\xa3"


@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda tail: b"\xd2\x84" + tail))
def test_arbitrary_bytes_are_refused_by_code(raw: bytes) -> None:
    with pytest.raises(Untrusted):
        read(raw)


@given(st.integers(0, 399), st.integers(1, 255))
def test_a_cwt_with_one_byte_changed_is_never_another_list(place: int, change: int) -> None:
    token = signed(CWT)
    assert isinstance(token, bytes)
    bent = bytearray(token)
    bent[place % len(bent)] ^= change
    try:
        assert read(bytes(bent)) == read(token)  # only the unprotected header is not signed
    except Error:
        return


def test_an_unknown_claim_is_ignored() -> None:
    assert read(signed(CWT, note="x")) == read(signed(CWT))
    claims = {2: URI, 6: NOW, 65533: {"bits": 1, "lst": STATUSES.compressed(), "own": 1}, 1: "iss", -70_000: [1]}
    assert read(cose_sign1.sign(claims, typ="application/statuslist+cwt", signer=SIGNER)).statuses == STATUSES
    assert strict_cbor.loads_map(b"\xa0", what="it") == {}
