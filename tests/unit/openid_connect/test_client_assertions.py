"""Assertions of machines: each thing that does not hold is refused for its own reason."""

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from portadoc.errors import Misconfigured, Untrusted
from portadoc.openid_connect.client_assertions import (
    ASSERTION_TYPE,
    ClientAssertion,
    check_client_assertion,
    registered_key,
)

NOW = 1_795_343_400
KEY = ECKey.generate_key("P-256", {"kid": "machine"})
KEYS = {"payroll": registered_key("payroll", KEY.as_dict(private=False))}
HERE = ("https://portal.example/token", "https://portal.example")


def assertion(*, key: Any = KEY, alg: str = "ES256", header: dict[str, Any] | None = None, **changes: Any) -> str:
    sound = {"iss": "payroll", "sub": "payroll", "aud": HERE[0], "jti": "1", "exp": NOW + 300}
    claims = {name: value for name, value in {**sound, **changes}.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": "machine", **(header or {})}, claims, key, algorithms=[alg])


def form(text: str, **changes: str) -> dict[str, str]:
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text, **changes}


def checked(sent: dict[str, str]) -> ClientAssertion:
    return check_client_assertion(sent, keys=KEYS, audiences=HERE, now=NOW)


def reason_of(sent: dict[str, str]) -> str:
    with pytest.raises(Untrusted) as caught:
        checked(sent)
    assert caught.value.code == "client_assertion_refused"
    return str(caught.value.params["reason"])


@pytest.mark.parametrize("audience", [*HERE, [HERE[0]]])
@pytest.mark.parametrize("kind", ["JWT", "jwt", "client-authentication+jwt"])
def test_a_machine_is_who_its_key_says(audience: object, kind: str) -> None:
    sent = form(assertion(aud=audience, header={"typ": kind}), client_id="payroll")
    assert checked(sent) == ClientAssertion("payroll", "1", NOW + 360)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": "https://other.example/token"}, "audience"),
        ({"aud": [*HERE]}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": None}, "audience"),
        ({"iss": "somebody"}, "client"),
        ({"sub": "stranger", "iss": "stranger"}, "client"),
        ({"sub": ["payroll"]}, "client"),
        ({"sub": None}, "client"),
        ({"exp": NOW - 60}, "expired"),
        ({"exp": NOW + 361}, "too_long"),
        ({"exp": "tomorrow"}, "claims"),
        ({"exp": None}, "claims"),
        ({"nbf": NOW + 61}, "not_begun"),
        ({"iat": NOW + 61}, "not_begun"),
        ({"jti": None}, "claims"),
        ({"jti": "j" * 256}, "claims"),
        ({"header": {"typ": "at+jwt"}}, "client"),
        ({"key": ECKey.generate_key("P-256")}, "signature"),
        ({"key": OctKey.import_key("a secret that is long enough"), "alg": "HS256"}, "algorithm"),
    ],
)
def test_j19_an_assertion_that_does_not_hold_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert reason_of(form(assertion(**changes))) == reason


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({}, "form"),
        ({"client_assertion_type": ASSERTION_TYPE}, "form"),
        ({"client_assertion_type": "urn:other", "client_assertion": assertion()}, "form"),
        (form(assertion(), client_secret="x"), "form"),
        (form(assertion(), client_id="other"), "client"),
    ],
)
def test_j19_a_form_that_proves_something_else_is_refused(sent: dict[str, str], reason: str) -> None:
    assert reason_of(sent) == reason


@pytest.mark.parametrize("jwk", [KEY.as_dict(private=True), {"kty": "EC"}, {}])
def test_a_key_that_proves_nothing_is_a_fault_of_the_operator(jwk: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured) as caught:
        registered_key("payroll", jwk)
    assert (caught.value.code, caught.value.params["client"]) == ("machine_key_unusable", "payroll")
