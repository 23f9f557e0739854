"""Transaction data: known types only, every member in order, and a hash over the text as it travelled."""

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portadoc import base64url
from portadoc.errors import Malformed, Untrusted
from portadoc.formats.openid4vp.transaction_data import (
    INSPECTION,
    assign,
    make_transaction_data,
    read_all,
    read_transaction_data,
)
from portadoc.formats.sd_jwt import bind, issue, parse, verify_key_binding
from portadoc.keys.jwk import verification_key
from portadoc.keys.signer import LocalSigner


def transaction_hash(text: str) -> str:
    return base64url.encode(hashlib.sha256(text.encode("ascii")).digest())


NOW = 1_790_000_000
DETAILS = {"site": "Construction site 4", "verifier": "Prüfdienst (Test)", "purpose": "Posted work"}
IDS = ("a1", "pid")


def encoded(**changes: Any) -> str:
    item = {"type": INSPECTION, "credential_ids": ["a1"], **DETAILS, **changes}
    return base64url.encode(
        json.dumps({name: value for name, value in item.items() if value is not None}).encode()
    )


def reason_of(text: object) -> object:
    with pytest.raises(Untrusted) as refusal:
        read_transaction_data(text, query_ids=IDS)
    assert refusal.value.code == "transaction_data_invalid"
    return refusal.value.params["reason"]


def test_what_is_made_is_understood() -> None:
    text = make_transaction_data(INSPECTION, {**DETAILS, "reference": "R-1"}, credential_id="a1")
    (item,) = read_all([text], query_ids=IDS)
    assert (item.text, item.type, item.credential_ids) == (text, INSPECTION, ("a1",))
    assert item.details == {**DETAILS, "reference": "R-1"}
    assert json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))["credential_ids"] == ["a1"]


def test_c18_the_hash_is_over_the_text_and_not_over_what_it_says() -> None:
    text = encoded()
    expected = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    assert transaction_hash(text) == expected


FAULTS: dict[str, tuple[object, str]] = {
    "number": (1, "form"),
    "padding": (encoded() + "=", "form"),
    "not json": (base64url.encode(b"{"), "form"),
    "array": (base64url.encode(b"[]"), "form"),
    "member twice": (base64url.encode(b'{"type":"a","type":"b"}'), "form"),
    "type absent": (encoded(type=None), "type_unknown"),
    "type number": (encoded(type=1), "type_unknown"),
    "type unknown": (encoded(type="urn:example:payment"), "type_unknown"),
    "member unknown": (encoded(amount="5"), "member_unknown"),
    "member missing": (encoded(purpose=None), "member_missing"),
    "member number": (encoded(site=4), "member_form"),
    "member empty": (encoded(site=""), "member_form"),
    "member long": (encoded(site="x" * 201), "member_form"),
    "member with a line break": (encoded(site="a\nb"), "member_form"),
    "ids absent": (encoded(credential_ids=None), "credential_ids"),
    "ids empty": (encoded(credential_ids=[]), "credential_ids"),
    "ids text": (encoded(credential_ids="a1"), "credential_ids"),
    "id not asked for": (encoded(credential_ids=["a1", "other"]), "credential_ids"),
    "hash algs text": (encoded(transaction_data_hashes_alg="sha-256"), "hash_alg"),
    "hash algs without the common one": (encoded(transaction_data_hashes_alg=["sha-512"]), "hash_alg"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_w20_each_fault_of_an_item_has_its_reason(name: str) -> None:
    text, reason = FAULTS[name]
    assert reason_of(text) == reason


@pytest.mark.parametrize("texts", [None, {}, [], "text"])
def test_w20_transaction_data_is_a_list_of_one_or_more(texts: object) -> None:
    with pytest.raises(Untrusted) as refusal:
        read_all(texts, query_ids=IDS)
    assert refusal.value.params["reason"] == "form"


@pytest.mark.parametrize("texts", [[encoded()] * 9, ["A" * 8193]])
def test_too_much_of_it_keeps_its_own_code(texts: list[str]) -> None:
    with pytest.raises(Malformed, match="limit_exceeded"):
        read_all(texts, query_ids=IDS)


def test_what_no_wallet_would_accept_is_not_made() -> None:
    with pytest.raises(Untrusted):
        make_transaction_data(INSPECTION, {"site": "only"}, credential_id="a1")
    with pytest.raises(Untrusted):
        make_transaction_data("urn:example:payment", DETAILS, credential_id="a1")


def test_every_item_is_acknowledged_by_the_first_of_its_credentials_that_is_shown() -> None:
    first, second, either = (
        encoded(),
        encoded(credential_ids=["pid"]),
        encoded(credential_ids=["pid", "a1"], reference="either"),
    )
    items = read_all([first, second, either], query_ids=IDS)
    assert assign(items, {"a1", "pid"}) == {"a1": (first,), "pid": (second, either)}
    assert assign((items[0], items[2]), {"a1"}) == {"a1": (first, either)}
    assert assign((), {"a1"}) == {}
    with pytest.raises(Untrusted) as refusal:
        assign(items, {"a1"})
    assert refusal.value.params["reason"] == "credential_not_presented"


HOLDER_KEY = ec.derive_private_key(51, ec.SECP256R1())


def acknowledged(*asked: str, verified_for: tuple[str, ...]) -> dict[str, Any]:
    """Bind a presentation over ``asked`` and verify it for ``verified_for``."""
    signer = LocalSigner(ec.derive_private_key(52, ec.SECP256R1()))
    credential = issue(
        {"vct": "urn:test"}, disclosable=[], header={"typ": "dc+sd-jwt"}, signer=signer, random_bytes=bytes
    )
    bound = parse(
        bind(
            credential.text,
            audience="x509_hash:A",
            nonce="n",
            now=NOW,
            signer=LocalSigner(HOLDER_KEY),
            transaction_data=asked,
        )
    )
    return verify_key_binding(
        bound.key_binding_jwt or "",
        presented_text=credential.text,
        holder_key=verification_key(HOLDER_KEY.public_key()),
        audience="x509_hash:A",
        nonce="n",
        now=NOW,
        max_age_s=60,
        skew_s=0,
        hash_alg="sha-256",
        transaction_data=verified_for,
    )


def test_v28_the_key_binding_acknowledges_what_the_request_named() -> None:
    item = make_transaction_data(INSPECTION, DETAILS, credential_id="a1")
    payload = acknowledged(item, verified_for=(item,))
    assert payload["transaction_data_hashes"] == [transaction_hash(item)]
    assert payload["transaction_data_hashes_alg"] == "sha-256"


@pytest.mark.parametrize(
    ("asked", "verified_for"),
    [
        ((), (encoded(),)),
        ((encoded(),), ()),
        ((encoded(site="another"),), (encoded(),)),
        ((encoded(), encoded(site="another")), (encoded(site="another"), encoded())),
        ((encoded(),), (encoded(), encoded())),
    ],
    ids=["V-28 missing", "V-28 unasked", "V-28 of another item", "V-28 in another order", "V-28 one for two"],
)
def test_c18_an_acknowledgement_of_anything_else_is_refused(
    asked: tuple[str, ...], verified_for: tuple[str, ...]
) -> None:
    with pytest.raises(Untrusted) as refusal:
        acknowledged(*asked, verified_for=verified_for)
    assert (refusal.value.code, refusal.value.params["reason"]) == ("kb_invalid", "txdata")


def test_an_item_that_offers_more_functions_than_the_common_one_is_read() -> None:
    (item,) = read_all([encoded(transaction_data_hashes_alg=["sha-512", "sha-256"])], query_ids=IDS)
    assert item.type == INSPECTION
