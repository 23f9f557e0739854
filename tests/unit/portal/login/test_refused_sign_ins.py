"""J19: whatever a provider, or somebody in between, says that does not hold, nobody is signed in."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from portadoc.errors import Untrusted
from portadoc.openid_connect.signed_tokens import parse_token
from portadoc.portal.login.sign_in import HOME, own_path

NOW = 1_795_343_400
Opened = Callable[..., Any]
Change = Callable[[Any, dict[str, str]], str]
REFUSALS: dict[str, tuple[str, Change]] = {}


def query(location: str) -> dict[str, str]:
    return {name: value[0] for name, value in parse_qs(urlsplit(location).query).items()}


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def come_back(browser: httpx.Client, answer: dict[str, str]) -> httpx.Response:
    return browser.get("/portal/callback", params=answer)


@contextmanager
def lying(open_portal: Opened, liar: Any, **settings: Any) -> Iterator[tuple[Any, httpx.Client]]:
    """Run a portal whose one provider is the liar, and a browser in front of it."""
    with (
        open_portal(lambda base_url: (liar.settings(**settings),), foreign=liar.issuer) as portal,
        portal.browser() as browser,
    ):
        yield portal, browser


def attempt(open_portal: Opened, liar: Any, token: Change, **settings: Any) -> httpx.Response:
    """Sign in with the ID token that ``token`` makes for this sign-in and return the last answer."""
    with lying(open_portal, liar, **settings) as (_, browser):
        asked = query(browser.get("/portal/login?for=office").headers["location"])
        liar.id_token = token(liar, asked)
        return come_back(browser, {"state": asked["state"], "code": "code"})


def refusal(name: str, reason: str) -> Callable[[Change], Change]:
    def noted(make: Change) -> Change:
        REFUSALS[name] = (reason, make)
        return make

    return noted


def changed(reason: str, name: str, **changes: Any) -> None:
    REFUSALS[name] = (reason, lambda liar, asked: liar.sign(liar.claims(asked["nonce"], **changes)))


changed("issuer", "another issuer", iss="https://other.example")
changed("issuer", "no issuer", iss=None)
changed("audience", "another audience", aud="somebody-else")
changed("audience", "a second audience", aud=["portal", "somebody-else"], azp="portal")
changed("audience", "no audience", aud=None)
changed("azp", "another party", azp="somebody-else")
changed("nonce", "another nonce", nonce="old")
changed("nonce", "no nonce", nonce=None)
changed("expired", "over", iat=NOW - 300, exp=NOW - 60)
changed("claims", "no end", exp=None)
changed("claims", "an end in words", exp="tomorrow")
changed("claims", "an end that is true", exp=True)
changed("issued_at", "made long ago", iat=NOW - 601)
changed("issued_at", "made tomorrow", iat=NOW + 61)
changed("issued_at", "not valid yet", nbf=NOW + 61)
changed("claims", "nobody", sub="")
changed("claims", "somebody with a number for a name", sub=7)


@refusal("no signature", "algorithm")
def _unsigned(liar: Any, asked: dict[str, str]) -> str:
    parts = [{"alg": "none"}, liar.claims(asked["nonce"])]
    return ".".join(
        [*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), ""]
    )


@refusal("a signature with the public key as a secret", "algorithm")
def _as_secret(liar: Any, asked: dict[str, str]) -> str:
    secret = OctKey.import_key(json.dumps(liar.published[0], separators=(",", ":")))
    return jwt.encode({"alg": "HS256", "kid": "first"}, liar.claims(asked["nonce"]), secret, algorithms=["HS256"])


@refusal("a key of somebody else under the known name", "signature")
def _other_key(liar: Any, asked: dict[str, str]) -> str:
    return liar.sign(liar.claims(asked["nonce"]), key=ECKey.generate_key("P-256", {"kid": "first"}))


@refusal("a key that nobody publishes", "key")
def _unknown_key(liar: Any, asked: dict[str, str]) -> str:
    return liar.sign(liar.claims(asked["nonce"]), key=ECKey.generate_key("P-256", {"kid": "unknown"}))


@refusal("a changed payload", "signature")
def _changed(liar: Any, asked: dict[str, str]) -> str:
    head, _, tail = liar.sign(liar.claims(asked["nonce"])).split(".")
    payload = json.dumps(liar.claims(asked["nonce"], sub="admin")).encode()
    return f"{head}.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.{tail}"


@refusal("a key in the header", "signature")
def _own_key(liar: Any, asked: dict[str, str]) -> str:
    own = ECKey.generate_key("P-256", {"kid": "first"})
    return liar.sign(liar.claims(asked["nonce"]), key=own, jwk=own.as_dict(private=False))


@refusal("a demand that nobody understands", "critical")
def _critical(liar: Any, asked: dict[str, str]) -> str:
    header = {"alg": "ES256", "kid": "first", "crit": ["b64"], "b64": True}
    part = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    return ".".join([part, *liar.sign(liar.claims(asked["nonce"])).split(".")[1:]])


@refusal("a member twice", "form")
def _twice(liar: Any, asked: dict[str, str]) -> str:
    raw = json.dumps(liar.claims(asked["nonce"]))[:-1] + ',"sub":"admin"}'
    head, _, tail = liar.sign(liar.claims(asked["nonce"])).split(".")
    return f"{head}.{base64.urlsafe_b64encode(raw.encode()).decode().rstrip('=')}.{tail}"


@refusal("no token at all", "form")
def _nothing(liar: Any, asked: dict[str, str]) -> str:
    return "not a token"


@pytest.mark.parametrize("name", REFUSALS)
def test_j19_an_id_token_that_does_not_hold_signs_nobody_in(name: str, open_portal: Opened, liar: Any) -> None:
    reason, token = REFUSALS[name]
    answer = attempt(open_portal, liar, token)
    assert (answer.status_code, answer.json()["code"]) == (401, "login_refused")
    assert answer.json()["params"]["reason"] == reason
    assert "portadoc-portal=" not in answer.headers.get("set-cookie", "")


def sound(liar: Any, asked: dict[str, str]) -> str:
    return liar.sign(liar.claims(asked["nonce"]))


def test_j19_the_same_sign_in_with_a_sound_token_succeeds(open_portal: Opened, liar: Any) -> None:
    answer = attempt(open_portal, liar, sound)
    assert answer.headers["location"] == "/portal/"
    assert liar.forms[0]["grant_type"] == "authorization_code"


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_an_id_token_signed_with_rsa_is_accepted_where_it_is_allowed(
    algorithm: str, open_portal: Opened, liar: Any
) -> None:
    key = RSAKey.generate_key(2048, {"kid": "rsa"})
    liar.published.append(key.as_dict(private=False))

    def signed(liar: Any, asked: dict[str, str]) -> str:
        header = {"alg": algorithm, "kid": "rsa"}
        return jwt.encode(header, liar.claims(asked["nonce"]), key, algorithms=[algorithm])

    assert attempt(open_portal, liar, signed).status_code == 303
    refused = attempt(open_portal, liar, signed, algorithms=("ES256",))
    assert refused.json()["params"]["reason"] == "algorithm"


def test_j19_a_group_claim_counts_only_as_the_settings_say(open_portal: Opened, liar: Any) -> None:
    told = {}
    spoofs = {
        "roles": {"groups": None, "roles": ["officer"], "institution": "fr-demo"},
        "pin": {"groups": ["officers"], "pin": "TEST185041201", "companies": ["TEST12345"]},
        "weak": {"groups": ["officers"], "acr": "weak"},
        "nested": {"groups": {"officers": True}},
        "similar": {"groups": ["Officers", "officers "]},
    }
    with open_portal(lambda base_url: (liar.settings(),), foreign=liar.issuer) as portal:
        for name, changes in spoofs.items():
            with portal.browser() as browser:
                asked = query(browser.get("/portal/login").headers["location"])
                liar.id_token = liar.sign(liar.claims(asked["nonce"], **changes))
                assert come_back(browser, {"state": asked["state"], "code": "c"}).status_code == 303
                told[name] = browser.get("/portal/whoami").json()
    assert {name: each["roles"] for name, each in told.items()} == {
        "roles": [],
        "pin": ["officer"],
        "weak": [],
        "nested": [],
        "similar": [],
    }
    assert (told["pin"]["pin"], told["pin"]["employers"]) == (None, [])


def test_an_office_is_entered_only_with_the_stronger_sign_in(open_portal: Opened, liar: Any) -> None:
    answer = attempt(open_portal, liar, lambda liar, asked: liar.sign(liar.claims(asked["nonce"], acr="weak")))
    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")


def test_j19_an_answer_counts_once_and_in_no_other_browser(open_portal: Opened, liar: Any) -> None:
    with lying(open_portal, liar) as (portal, browser), portal.browser() as other:
        asked = query(browser.get("/portal/login").headers["location"])
        liar.id_token = sound(liar, asked)
        answer = {"state": asked["state"], "code": "c"}
        kept = f"portadoc-sign-in={browser.cookies['portadoc-sign-in']}"
        assert come_back(browser, answer).status_code == 303
        again = other.get("/portal/callback", params=answer, headers={"cookie": kept})
        assert again.json()["params"]["reason"] == "state"  # replayed
        assert come_back(browser, {"state": "made-up", "code": "c"}).json()["params"]["reason"] == "state"
        asked = query(browser.get("/portal/login").headers["location"])
        other.get("/portal/login")
        liar.id_token = sound(liar, asked)
        foreign = come_back(other, {"state": asked["state"], "code": "c"})
        assert foreign.json()["params"]["reason"] == "browser"
        late = query(browser.get("/portal/login").headers["location"])
        portal.clock.advance(601)
        assert come_back(browser, {"state": late["state"], "code": "c"}).json()["params"]["reason"] == "state"


def test_j19_a_token_of_an_earlier_sign_in_is_refused(open_portal: Opened, liar: Any) -> None:
    with (
        open_portal(lambda base_url: (liar.settings(),), foreign=liar.issuer) as portal,
        portal.browser() as browser,
    ):
        first = query(browser.get("/portal/login").headers["location"])
        second = query(browser.get("/portal/login").headers["location"])
        liar.id_token = sound(liar, first)
        answer = come_back(browser, {"state": second["state"], "code": "c"})
    assert answer.json()["params"]["reason"] == "nonce"


@pytest.mark.parametrize(
    ("names_itself", "answer", "reason"),
    [
        (False, {"iss": "https://other.example", "code": "c"}, "issuer"),
        (True, {"code": "c"}, "issuer"),
        (False, {"error": "access_denied"}, "provider"),
        (False, {}, "code"),
    ],
)
def test_j19_an_answer_of_another_provider_or_without_a_code_is_refused(
    names_itself: bool, answer: dict[str, str], reason: str, open_portal: Opened, liar: Any
) -> None:
    liar.metadata["authorization_response_iss_parameter_supported"] = names_itself
    with (
        open_portal(lambda base_url: (liar.settings(),), foreign=liar.issuer) as portal,
        portal.browser() as browser,
    ):
        asked = query(browser.get("/portal/login").headers["location"])
        told = come_back(browser, {"state": asked["state"], **answer})
    assert told.json()["params"]["reason"] == reason
    assert "/token" not in liar.asked


def test_the_code_is_redeemed_with_the_verifier_of_the_challenge(open_portal: Opened, liar: Any) -> None:
    with (
        open_portal(lambda base_url: (liar.settings(),), foreign=liar.issuer) as portal,
        portal.browser() as browser,
    ):
        asked = query(browser.get("/portal/login").headers["location"])
        come_back(browser, {"state": asked["state"], "code": "c"})
    digest = hashlib.sha256(liar.forms[0]["code_verifier"].encode()).digest()
    assert asked["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert asked["code_challenge_method"] == "S256"
    assert liar.forms[0]["redirect_uri"] == asked["redirect_uri"]


def test_j19_a_new_key_is_fetched_once_and_unknown_names_make_no_storm(open_portal: Opened, liar: Any) -> None:
    with open_portal(lambda base_url: (liar.settings(),), foreign=liar.issuer) as portal:
        provider = portal.login.sign_ins._providers["liar"]

        def token(key: ECKey) -> Any:
            return parse_token(liar.sign({}, key=key), algorithms=["ES256"], code="login_refused")

        provider.key_for(token(liar.key))
        second = ECKey.generate_key("P-256", {"kid": "second"})
        liar.published = [second.as_dict(private=False)]
        for _ in range(3):  # too soon after the first fetch
            with pytest.raises(Untrusted):
                provider.key_for(token(second))
        assert liar.asked.count("/keys") == 1
        portal.clock.advance(30)
        threads = [threading.Thread(target=provider.key_for, args=(token(second),)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert liar.asked.count("/keys") == 2
        with pytest.raises(Untrusted):  # taken back by the provider
            provider.key_for(token(liar.key))


def test_j19_keys_that_are_too_old_are_fetched_again_or_count_for_nothing(open_portal: Opened, liar: Any) -> None:
    with (
        open_portal(lambda base_url: (liar.settings(),), foreign=liar.issuer) as portal,
        portal.browser() as browser,
    ):
        asked = query(browser.get("/portal/login").headers["location"])
        liar.id_token = sound(liar, asked)
        assert come_back(browser, {"state": asked["state"], "code": "c"}).status_code == 303
        portal.clock.advance(3600)
        asked = query(browser.get("/portal/login").headers["location"])
        liar.id_token = liar.sign(liar.claims(asked["nonce"], iat=NOW + 3600, exp=NOW + 3900))
        liar.published = []
        answer = come_back(browser, {"state": asked["state"], "code": "c"})
    assert answer.json()["params"]["reason"] == "key"


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"issuer": "https://other.example"}, "issuer"),
        ({"token_endpoint": 7}, "metadata"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "metadata"),
        ({"jwks_uri": None}, "metadata"),
    ],
)
def test_a_provider_whose_metadata_does_not_hold_is_not_used(
    metadata: dict[str, Any], reason: str, open_portal: Opened, liar: Any
) -> None:
    liar.metadata = metadata
    with (
        open_portal(lambda base_url: (liar.settings(),), foreign=liar.issuer) as portal,
        portal.browser() as browser,
    ):
        answer = browser.get("/portal/login")
    assert (answer.status_code, answer.json()["code"]) == (503, "provider_unusable")
    assert answer.json()["params"] == {"provider": "liar", "reason": reason}


def test_a_provider_that_is_out_of_reach_or_fails_is_told_apart_from_a_refusal(
    open_portal: Opened, liar: Any
) -> None:
    with open_portal(lambda base_url: (liar.settings(),)) as portal, portal.browser() as browser:
        assert browser.get("/portal/login").json()["params"]["reason"] == "origin"  # not one that may be called
    with (
        open_portal(lambda base_url: (liar.settings(),), foreign=liar.issuer) as portal,
        portal.browser() as browser,
    ):
        for status, code in ((400, 401), (500, 503)):
            asked = query(browser.get("/portal/login").headers["location"])
            liar.status = status
            assert come_back(browser, {"state": asked["state"], "code": "c"}).status_code == code
        assert browser.get("/portal/login?provider=unknown").status_code == 404
        twice = browser.get("/portal/callback?state=a&state=b")
        assert twice.json()["code"] == "form_invalid"


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "/portal//evil.example", "/portal/../x", "/portal/\r\nx", "/x"]
)
def test_f12_nobody_is_led_out_of_the_portal(wanted: str) -> None:
    assert own_path(wanted) == HOME


def test_f12_a_long_way_to_nowhere_is_refused_at_once() -> None:
    began = time.process_time()
    assert own_path("/portal/" + "a" * 490 + "!") == HOME
    assert own_path("/portal/" + "a/" * 240 + "!") == HOME
    assert time.process_time() - began < 1
