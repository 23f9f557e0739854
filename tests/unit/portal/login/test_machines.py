"""Machines sign in with a signed assertion and do only what their mandates list."""

from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from portadoc.errors import Malformed, Misconfigured
from portadoc.openid_connect.signed_tokens import public_key

NOW = 1_795_343_400
Opened = Callable[..., Any]
KEY = ECKey.generate_key("P-256", {"kid": "machine"})
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def machine(**changes: Any) -> dict[str, Any]:
    mandate = {
        "employer": "TEST12345",
        "actions": ["start", "view", "submit"],
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
    }
    return {"client_id": "payroll", "jwk": KEY.as_dict(private=False), "mandates": [mandate], **changes}


def claims(base_url: str, **changes: Any) -> dict[str, Any]:
    sound = {"iss": "payroll", "sub": "payroll", "aud": f"{base_url}/portal/token", "jti": "1", "exp": NOW + 300}
    return {name: value for name, value in {**sound, **changes}.items() if value is not None}


def form(assertion: str, **changes: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": TYPE,
        "client_assertion": assertion,
        **changes,
    }


def signed(told: dict[str, Any], *, key: Any = KEY, alg: str = "ES256") -> str:
    return jwt.encode({"alg": alg, "kid": "machine"}, told, key, algorithms=[alg])


def nobody(base_url: str) -> tuple[()]:
    return ()


def test_a_machine_gets_a_token_of_five_minutes_and_is_who_its_mandates_say(open_portal: Opened) -> None:
    with open_portal(nobody, machines=[machine()]) as portal, portal.browser() as client:
        made = client.post("/portal/token", data=form(signed(claims(portal.base_url)))).json()
        assert (made["token_type"], made["expires_in"]) == ("Bearer", 300)
        bearer = {"authorization": f"Bearer {made['access_token']}"}
        told = client.get("/portal/whoami", headers=bearer).json()
        assert (told["id"], told["kind"], told["roles"]) == ("m-payroll", "machine", ["integrator"])
        assert (told["mandates"], told["employers"], told["institution"]) == (["TEST12345"], [], None)
        assert client.post("/portal/whoami", headers=bearer).status_code == 200  # no cookie, so nothing to forge
        portal.clock.advance(300)
        answer = client.get("/portal/whoami", headers=bearer)
        assert (answer.status_code, answer.json()["code"]) == (401, "portal_token_refused")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": "https://other.example/token"}, "audience"),
        ({"aud": ["https://other.example", "x"]}, "audience"),
        ({"iss": "somebody"}, "client"),
        ({"sub": "stranger", "iss": "stranger"}, "client"),
        ({"sub": None}, "client"),
        ({"exp": NOW - 60}, "expired"),
        ({"exp": NOW + 361}, "too_long"),
        ({"exp": None}, "claims"),
        ({"nbf": NOW + 61}, "not_begun"),
        ({"iat": NOW + 61}, "not_begun"),
        ({"jti": None}, "claims"),
        ({"jti": ""}, "claims"),
    ],
)
def test_j19_an_assertion_that_does_not_hold_gives_no_token(
    changes: dict[str, Any], reason: str, open_portal: Opened
) -> None:
    with open_portal(nobody, machines=[machine()]) as portal, portal.browser() as client:
        answer = client.post("/portal/token", data=form(signed(claims(portal.base_url, **changes))))
        assert (answer.status_code, answer.json()) == (
            401,
            {"error": "invalid_client", "error_description": "client_assertion_refused"},
        )
        with pytest.raises(Exception, match=f"reason={reason}"):
            portal.login.machines.token(form(signed(claims(portal.base_url, **changes))))


def test_an_assertion_counts_once_for_each_client(open_portal: Opened) -> None:
    other = ECKey.generate_key("P-256")
    machines = [machine(), machine(client_id="other", jwk=other.as_dict(private=False))]
    with open_portal(nobody, machines=machines) as portal, portal.browser() as client:
        assertion = signed(claims(portal.base_url))
        assert client.post("/portal/token", data=form(assertion)).status_code == 200
        assert client.post("/portal/token", data=form(assertion)).status_code == 401
        portal.clock.advance(359)  # while it could still be believed, it is remembered
        portal.login.forget()
        assert client.post("/portal/token", data=form(assertion)).status_code == 401
        same_id = claims(portal.base_url, iss="other", sub="other")
        assert client.post("/portal/token", data=form(signed(same_id, key=other))).status_code == 200


def test_only_the_registered_key_and_method_count(open_portal: Opened) -> None:
    with open_portal(nobody, machines=[machine()]) as portal, portal.browser() as client:
        told = claims(portal.base_url)
        stranger = signed(told, key=ECKey.generate_key("P-256"))
        secret = signed(told, key=OctKey.import_key("a secret that is long enough"), alg="HS256")
        for sent in (
            form(stranger),
            form(secret),
            form(signed(told), client_id="other"),
            form(signed(told), client_secret="x"),
            {"grant_type": "client_credentials", "client_id": "payroll", "client_secret": "x"},
        ):
            assert client.post("/portal/token", data=sent).status_code == 401
        wrong = client.post("/portal/token", data=form(signed(told), grant_type="password"))
        assert (wrong.status_code, wrong.json()["error"]) == (400, "unsupported_grant_type")
        assert client.post("/portal/token", content=b"{}").json()["error"] == "invalid_request"
        for header in ("Bearer", "Basic abc", "Bearer unknown", "Bearer a b"):
            assert client.get("/portal/whoami", headers={"authorization": header}).status_code == 401


def test_j04_the_token_of_a_machine_that_left_the_settings_is_worth_nothing(open_portal: Opened) -> None:
    with open_portal(nobody, machines=[machine()]) as portal, portal.browser() as client:
        made = client.post("/portal/token", data=form(signed(claims(portal.base_url)))).json()
        left = portal.restarted(portal.login.settings.__class__())
        with pytest.raises(Exception, match="portal_token_refused"):
            left.machine(made["access_token"])


def test_a_machine_with_a_key_that_proves_nothing_is_a_fault_of_the_operator(open_portal: Opened) -> None:
    for jwk in (
        KEY.as_dict(private=True),
        OctKey.import_key("a secret that is long enough").as_dict(),
        {"kty": "EC"},
    ):
        with pytest.raises(Misconfigured) as caught, open_portal(nobody, machines=[machine(jwk=dict(jwk))]):
            pass
        assert caught.value.code == "machine_key_unusable"
    with pytest.raises(Malformed):
        public_key({"kty": "RSA", "n": "AQAB" * 40, "e": "AQAB"}, code="machine_key_unusable")


def test_unknown_identifiers_are_counted_and_then_everybody_from_there_waits(open_portal: Opened) -> None:
    with open_portal(nobody, misses_per_hour=3) as portal:
        throttle = portal.login.throttle
        for _ in range(3):
            throttle.require_calm("subject-1", "192.0.2.1")
            throttle.miss("subject-1", "192.0.2.1")
        for who in (("subject-1",), ("other", "192.0.2.1")):
            with pytest.raises(Exception, match="identifiers_throttled") as caught:
                throttle.require_calm(*who)
            assert caught.value.retry_after_s == 3600
        throttle.require_calm("other", "192.0.2.2")
        portal.clock.advance(3600)
        throttle.require_calm("subject-1", "192.0.2.1")
