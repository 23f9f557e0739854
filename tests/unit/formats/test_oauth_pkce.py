"""PKCE: the verifier fits its challenge, and no weaker way is taken."""

import pytest

from portadoc import base64url
from portadoc.errors import Malformed, Untrusted
from portadoc.formats.oauth.pkce import code_challenge, require_challenge, require_verifier

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_example_of_the_rfc_holds() -> None:
    assert code_challenge(VERIFIER) == CHALLENGE
    assert require_challenge(CHALLENGE, method="S256") == CHALLENGE
    require_verifier(VERIFIER, challenge=CHALLENGE)


@pytest.mark.parametrize("verifier", ["a" * 43, "~" * 128, "-._~" * 11], ids=["shortest", "longest", "marks"])
def test_every_verifier_of_the_form_is_taken(verifier: str) -> None:
    require_verifier(verifier, challenge=code_challenge(verifier))


@pytest.mark.parametrize(
    "verifier",
    ["", "a" * 42, "a" * 129, "a" * 42 + "+", "a" * 42 + " ", "a" * 43 + "\n", "a" * 42 + "é", "a" * 42 + "٣"],
    ids=["empty", "short", "long", "plus", "space", "line-break", "letter", "digit"],
)
def test_f09_a_verifier_of_another_form_is_refused(verifier: str) -> None:
    with pytest.raises(Malformed) as refusal:
        require_verifier(verifier, challenge=CHALLENGE)
    assert (refusal.value.code, refusal.value.params["reason"]) == ("pkce_malformed", "verifier_form")


def test_f09_a_missing_verifier_is_refused() -> None:
    with pytest.raises(Malformed) as refusal:
        require_verifier(None, challenge=CHALLENGE)
    assert (refusal.value.code, refusal.value.params["reason"]) == ("pkce_malformed", "verifier_missing")


@pytest.mark.parametrize("verifier", ["a" * 43, CHALLENGE], ids=["other", "plain"])
def test_f09_a_wrong_verifier_is_refused(verifier: str) -> None:
    with pytest.raises(Untrusted, match="pkce_mismatch"):
        require_verifier(verifier, challenge=CHALLENGE)


@pytest.mark.parametrize(
    ("challenge", "method", "reason"),
    [
        (None, "S256", "challenge_missing"),
        (CHALLENGE, "plain", "method_unsupported"),
        (CHALLENGE, "s256", "method_unsupported"),
        (CHALLENGE, None, "method_unsupported"),
        (CHALLENGE + "=", "S256", "challenge_form"),
        (CHALLENGE[:-1] + "N", "S256", "challenge_form"),
        (base64url.encode(b"a" * 31), "S256", "challenge_form"),
        (base64url.encode(b"a" * 33), "S256", "challenge_form"),
        ("", "S256", "challenge_form"),
    ],
    ids=["none", "plain", "case", "no-method", "padded", "idle-bits", "short", "long", "empty"],
)
def test_s30_a_request_without_a_challenge_of_s256_is_refused(
    challenge: str | None, method: str | None, reason: str
) -> None:
    with pytest.raises(Malformed) as refusal:
        require_challenge(challenge, method=method)
    assert (refusal.value.code, refusal.value.params["reason"]) == ("pkce_malformed", reason)
