"""Tokens of others: whatever the bytes are, they are refused in our words or were signed by the key."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey

from portadoc import base64url
from portadoc.errors import Malformed, Untrusted
from portadoc.openid_connect.signed_tokens import parse_token, public_key, usable_keys, verified_claims

KEY = ECKey.generate_key("P-256", {"kid": "one"})
SOUND = jwt.encode({"alg": "ES256", "kid": "one"}, {"sub": "a"}, KEY, algorithms=["ES256"])
CODE = "login_refused"


def read(text: str) -> dict[str, object]:
    return verified_claims(parse_token(text, algorithms=("ES256", "RS256"), code=CODE), KEY, code=CODE)


@given(st.text() | st.lists(st.text(alphabet="AZaz09-_.", max_size=40), min_size=3, max_size=3).map(".".join))
def test_any_text_is_refused_in_our_words(text: str) -> None:
    with pytest.raises(Untrusted) as caught:
        read(text)
    assert caught.value.code == CODE


def test_the_last_letter_has_one_spelling() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    accepted = []
    for letter in letters:
        try:
            read(SOUND[:-1] + letter)
        except Untrusted:
            continue
        accepted.append(letter)
    assert accepted == [SOUND[-1]]


@given(st.integers(0, len(SOUND) - 1), st.sampled_from("AZaz09-_.= "))
def test_no_character_can_be_changed(place: int, character: str) -> None:
    changed = SOUND[:place] + character + SOUND[place + 1 :]
    if changed == SOUND:
        assert read(changed) == {"sub": "a"}
        return
    with pytest.raises(Untrusted):
        read(changed)


@given(
    st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk"]), st.none() | st.text(max_size=8))
)
def test_no_header_of_somebody_else_passes(header: dict[str, object]) -> None:
    head = base64url.encode(json.dumps(header).encode())
    with pytest.raises(Untrusted):
        read(".".join([head, *SOUND.split(".")[1:]]))


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "EC", "crv": "P-256"},
        {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "n": 7, "e": "AQAB"},
        OctKey.import_key("a secret that is long enough").as_dict(),
        OKPKey.generate_key("Ed25519").as_dict(private=False),
        KEY.as_dict(private=True),
        {**KEY.as_dict(private=False), "use": "enc"},
    ],
)
def test_a_key_that_is_none_for_us_is_refused_and_passed_over_in_a_set(jwk: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        public_key(jwk, code="provider_unusable")
    kept = usable_keys({"keys": [jwk, "no key", KEY.as_dict(private=False)]}, code="provider_unusable")
    assert list(kept) == ["one"]


@pytest.mark.parametrize("document", [{}, {"keys": {}}, {"keys": [{}] * 65}])
def test_a_set_that_is_none_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        usable_keys(document, code="provider_unusable")


def test_a_key_for_one_algorithm_serves_no_other() -> None:
    bound = ECKey.import_key({**KEY.as_dict(private=False), "alg": "ES384"})
    with pytest.raises(Untrusted) as caught:
        verified_claims(parse_token(SOUND, algorithms=("ES256",), code=CODE), bound, code=CODE)
    assert caught.value.params["reason"] == "algorithm"
