"""A client of one provider, without any network: what the provider says is given, and each lie is refused."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from portadoc.clock import FixedClock
from portadoc.errors import Malformed, Unavailable, Untrusted
from portadoc.fetch import Fetched
from portadoc.openid_connect.providers import MAX_BYTES, TIMEOUT_S, Provider
from portadoc.openid_connect.registration import Registration

NOW = 1_795_343_400
ISSUER = "https://id.example"
KEY = ECKey.generate_key("P-256", {"kid": "one"})
BACK = "https://issuer.example/back"
METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize?tenant=1",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
    "authorization_response_iss_parameter_supported": True,
}


def registration(**changes: Any) -> Registration:
    sound: dict[str, Any] = {
        "id": "demo",
        "issuer": ISSUER,
        "client_id": "us",
        "client_secret": None,
        "scopes": ("openid", "profile"),
        "algorithms": ("ES256",),
    }
    return Registration(**{**sound, **changes})


class Web:
    """What the provider answers, by path, and the forms it was sent."""

    def __init__(self, **changes: Any) -> None:
        self.answers = {
            "/.well-known/openid-configuration": METADATA,
            "/keys": {"keys": [KEY.as_dict(private=False)]},
            "/token": {"id_token": token()},
            **changes,
        }
        self.forms: list[dict[str, str]] = []
        self.headers: list[Mapping[str, str]] = []

    def get(
        self, url: str, *, accept: tuple[str, ...], max_bytes: int, timeout_s: float, redirects: int
    ) -> Fetched:
        assert redirects == 0
        return self._answer(url)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        max_bytes: int = MAX_BYTES,
        timeout_s: float = TIMEOUT_S,
    ) -> Fetched:
        if urlsplit(url).path != "/userinfo":
            assert method == "POST"
            self.forms.append(dict(parse_qsl((body or b"").decode())))
        self.headers.append(headers or {})
        return self._answer(url)

    def _answer(self, url: str) -> Fetched:
        told = self.answers[urlsplit(url).path]
        if isinstance(told, Exception):
            raise told
        if isinstance(told, str):
            return Fetched(url, 200, "application/jwt", {}, told.encode())
        status, content = told if isinstance(told, tuple) else (200, told)
        return Fetched(url, status, "application/json", {}, json.dumps(content).encode())


def token(**changes: Any) -> str:
    sound = {"iss": ISSUER, "aud": "us", "sub": "somebody", "nonce": "n-1", "iat": NOW, "exp": NOW + 300}
    claims = {name: value for name, value in {**sound, **changes}.items() if value is not None}
    return jwt.encode({"alg": "ES256", "kid": "one"}, claims, KEY, algorithms=["ES256"])


def provider(web: Web | None = None, **changes: Any) -> Provider:
    return Provider(registration(**changes), outbound=web or Web(), clock=FixedClock(NOW))


def identified(web: Web, **changes: Any) -> str:
    known = provider(web, **changes)
    return known.identify("c-1", verifier="v-1", redirect_uri=BACK, nonce="n-1").sub


def test_a_browser_is_sent_with_everything_that_ties_the_answer_to_it() -> None:
    address = provider().sign_in_address(redirect_uri=BACK, state="s-1", nonce="n-1", verifier="v-1")
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{ISSUER}/authorize"
    digest = hashlib.sha256(b"v-1").digest()
    assert {name: value for name, (value,) in parse_qs(parts.query).items()} == {
        "tenant": "1",
        "response_type": "code",
        "client_id": "us",
        "redirect_uri": BACK,
        "scope": "openid profile",
        "state": "s-1",
        "nonce": "n-1",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }


def test_a_stronger_sign_in_is_asked_for_anew() -> None:
    address = provider().sign_in_address(
        redirect_uri=BACK, state="s", nonce="n", verifier="v", acr_values=("high", "substantial")
    )
    asked = parse_qs(urlsplit(address).query)
    assert (asked["acr_values"], asked["prompt"]) == (["high substantial"], ["login"])


def test_a_code_names_a_person() -> None:
    web = Web()
    assert identified(web) == "somebody"
    assert web.forms == [
        {
            "grant_type": "authorization_code",
            "code": "c-1",
            "redirect_uri": BACK,
            "code_verifier": "v-1",
            "client_id": "us",
        }
    ]


def test_a_client_with_a_secret_shows_it_in_the_header_only() -> None:
    web = Web()
    assert identified(web, client_secret=b"a:b") == "somebody"
    assert web.headers[0]["Authorization"] == f"Basic {base64.b64encode(b'us:a%3Ab').decode()}"
    assert "client_id" not in web.forms[0]
    assert "a:b" not in repr(registration(client_secret=b"a:b"))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"code": "c", "iss": "https://other.example"}, "issuer"),
        ({"code": "c"}, "issuer"),
        ({"error": "access_denied", "iss": ISSUER}, "provider"),
        ({"iss": ISSUER}, "code"),
        ({"code": "", "iss": ISSUER}, "code"),
    ],
)
def test_j19_an_answer_without_a_code_of_this_provider_is_refused(answer: dict[str, str], reason: str) -> None:
    with pytest.raises(Untrusted) as caught:
        provider().code_in(answer)
    assert (caught.value.code, caught.value.params["reason"]) == ("login_refused", reason)
    assert provider().code_in({"code": "c", "iss": ISSUER}) == "c"


def test_a_provider_that_does_not_name_itself_need_not() -> None:
    web = Web(
        **{
            "/.well-known/openid-configuration": {
                **METADATA,
                "authorization_response_iss_parameter_supported": False,
            }
        }
    )
    assert provider(web).code_in({"code": "c"}) == "c"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://other.example"}, "issuer"),
        ({"aud": "others"}, "audience"),
        ({"aud": ["us", "others"]}, "audience"),
        ({"azp": "others"}, "azp"),
        ({"nonce": "n-2"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"exp": NOW - 60}, "expired"),
        ({"iat": NOW - 601}, "issued_at"),
        ({"nbf": NOW + 61}, "issued_at"),
        ({"sub": ""}, "claims"),
        ({"exp": None}, "claims"),
    ],
)
def test_j19_a_token_that_does_not_hold_names_nobody(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Untrusted) as caught:
        identified(Web(**{"/token": {"id_token": token(**changes)}}))
    assert (caught.value.code, caught.value.params["reason"]) == ("login_refused", reason)


def test_j19_an_algorithm_that_was_not_agreed_is_refused() -> None:
    with pytest.raises(Untrusted) as caught:
        identified(Web(), algorithms=("PS256",))
    assert caught.value.params["reason"] == "algorithm"


def test_j19_a_key_that_the_provider_does_not_publish_signs_nothing() -> None:
    other = ECKey.generate_key("P-256", {"kid": "two"})
    with pytest.raises(Untrusted) as caught:
        identified(Web(**{"/keys": {"keys": [other.as_dict(private=False)]}}))
    assert caught.value.params["reason"] == "key"


def test_j19_a_code_that_the_provider_refuses_names_nobody() -> None:
    with pytest.raises(Untrusted) as caught:
        identified(Web(**{"/token": (400, {"error": "invalid_grant"})}))
    assert caught.value.params["reason"] == "code"


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"/token": (500, {})}, "token"),
        ({"/token": {"access_token": "a"}}, "token"),
        ({"/keys": {"keys": 7}}, "keys"),
        ({"/keys": ["a"]}, "json"),
        ({"/keys": Malformed("address_invalid", reason="origin")}, "origin"),
        ({"/.well-known/openid-configuration": {**METADATA, "issuer": ISSUER + "/"}}, "issuer"),
        ({"/.well-known/openid-configuration": {**METADATA, "token_endpoint": "http://id.example/t"}}, "metadata"),
    ],
)
def test_a_provider_that_cannot_be_used_says_so(answers: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unavailable) as caught:
        identified(Web(**answers))
    assert (caught.value.code, caught.value.params) == (
        "provider_unusable",
        {"provider": "demo", "reason": reason},
    )


TELLING = {**METADATA, "userinfo_endpoint": f"{ISSUER}/userinfo"}


def told(
    userinfo: object, *, metadata: Mapping[str, Any] = TELLING, access_token: object = "at-1"
) -> dict[str, Any]:
    """Return the claims of a person of whom the provider tells at its UserInfo endpoint."""
    answers = {
        "/.well-known/openid-configuration": metadata,
        "/token": {"id_token": token(acr="eidas2"), "access_token": access_token},
        "/userinfo": userinfo,
    }
    known = provider(Web(**answers), with_userinfo=True)
    return known.identify("c-1", verifier="v-1", redirect_uri=BACK, nonce="n-1").claims


def signed_userinfo(**changes: Any) -> str:
    sound = {"iss": ISSUER, "aud": "us", "sub": "somebody", "family_name": "Testelin"}
    claims = {name: value for name, value in {**sound, **changes}.items() if value is not None}
    return jwt.encode({"alg": "ES256", "kid": "one"}, claims, KEY, algorithms=["ES256"])


@pytest.mark.parametrize("userinfo", [{"sub": "somebody", "family_name": "Testelin"}, signed_userinfo()], ids=type)
def test_userinfo_adds_what_the_token_does_not_say(userinfo: object) -> None:
    assert told(userinfo)["family_name"] == "Testelin"
    assert told({"sub": "somebody", "acr": "eidas3", "nonce": "x"})["acr"] == "eidas2"


@pytest.mark.parametrize(
    ("userinfo", "reason"),
    [
        ({"sub": "somebody-else", "family_name": "Other"}, "userinfo"),
        ({"family_name": "Other"}, "userinfo"),
        (signed_userinfo(sub="somebody-else"), "userinfo"),
        (signed_userinfo(iss="https://other.example"), "userinfo"),
        (signed_userinfo(aud="others"), "userinfo"),
        (signed_userinfo(aud=None), "userinfo"),
        (signed_userinfo()[:-8] + "AAAAAAAA", "signature"),
        ("é", "form"),
    ],
)
def test_j19_userinfo_of_somebody_else_names_nobody(userinfo: object, reason: str) -> None:
    with pytest.raises(Untrusted) as caught:
        told(userinfo)
    assert (caught.value.code, caught.value.params["reason"]) == ("login_refused", reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"metadata": METADATA}, "metadata"),
        ({"metadata": {**TELLING, "userinfo_endpoint": "http://id.example/u"}}, "metadata"),
        ({"access_token": None}, "userinfo"),
        ({"access_token": "a\r\nHost: b"}, "userinfo"),
        ({"userinfo": (401, {})}, "userinfo"),
    ],
)
def test_a_provider_that_does_not_tell_cannot_be_used(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unavailable) as caught:
        told(**{"userinfo": {"sub": "somebody"}, **changes})
    assert caught.value.params["reason"] == reason
