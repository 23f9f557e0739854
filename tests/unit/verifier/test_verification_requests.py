"""The request: what it says, that it can be fetched again, when it ends, and what may not be asked."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from portadoc.errors import Conflict, Malformed, Refused
from portadoc.formats.dcql.query import parse_query
from portadoc.formats.jws import unverified_claims
from portadoc.formats.openid4vp.client_identifier import x509_hash
from portadoc.formats.openid4vp.request_object import parse_request_object, verify_request_object
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.randomness import system_random_bytes
from portadoc.verification.presets.presets import PRESETS, Preset
from portadoc.verifier.requests import Phase
from portadoc.verifier.settings import InstitutionSettings

FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_the_request_object_says_what_openid4vp_and_haip_ask_for(world: Any) -> None:
    session = world.ask()
    response = session.fetch()
    assert response.content_type == "application/oauth-authz-req+jwt"
    assert response.headers["cache-control"] == "no-store"
    unverified = parse_request_object(response.text, allowed_algs=ALL_ALGORITHMS)
    signer = world.keys.trust.resolve(
        unverified.unverified_chain,
        purpose=KeyPurpose.REQUEST,
        at=world.NOW,
        credential_type=None,
        issuer=None,
        institution="DE:TEST90",
    )
    verified = verify_request_object(
        unverified, key=signer.key, client_id=session.client_id, wallet_nonce=None, now=world.NOW, skew_s=0
    )
    claims = verified.claims
    assert claims["client_id"] == f"x509_hash:{x509_hash(unverified.unverified_chain[0])}"
    assert claims["aud"] == "https://self-issued.me/v2"
    assert (claims["response_type"], claims["response_mode"]) == ("vp_token", "direct_post.jwt")
    assert claims["response_uri"].startswith(world.BASE_URL)
    assert not claims.keys() & {"redirect_uri", "presentation_definition", "client_id_scheme", "scope"}
    assert parse_query(claims["dcql_query"]) == parse_query(PRESETS["inspector-quick"].query)


def test_the_client_metadata_name_one_key_both_ciphers_and_the_format(world: Any) -> None:
    metadata = world.ask().request["client_metadata"]
    (key,) = metadata["jwks"]["keys"]
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ECDH-ES", "enc")
    assert key["kid"]
    assert "d" not in key
    assert metadata["encrypted_response_enc_values_supported"] == ["A128GCM", "A256GCM"]
    formats = metadata["vp_formats_supported"]["dc+sd-jwt"]
    assert "ES256" in formats["sd-jwt_alg_values"]
    assert "ES256" in formats["kb-jwt_alg_values"]


def test_every_request_has_its_own_nonce_state_key_and_identifiers(world: Any) -> None:
    sessions = [world.ask() for _ in range(5)]
    for name in ("nonce", "state"):
        values = [session.request[name] for session in sessions]
        assert len(set(values)) == 5
        assert all(len(value) >= 43 for value in values)
    assert len({session.encryption_jwk["x"] for session in sessions}) == 5
    told = [(s.created.transaction_id, s.created.session_secret, s.created.request_uri) for s in sessions]
    assert len({part for parts in told for part in parts}) == 15


def test_the_link_names_client_and_request(world: Any) -> None:
    session = world.ask()
    parts = urlsplit(session.created.link)
    assert parts.scheme == "openid4vp"
    assert parse_qs(parts.query) == {
        "client_id": [session.request["client_id"]],
        "request_uri": [session.created.request_uri],
    }


def test_g14_a_request_can_be_fetched_again_and_stays_the_same(world: Any) -> None:
    session = world.ask()
    first = dict(session.request)
    again = world.http.get(session.created.request_uri)
    assert again.status == 200
    del session.request
    assert session.request == first


def test_g14_a_request_that_has_had_its_answer_is_gone(world: Any) -> None:
    session = world.ask()
    session.answer()
    response = session.fetch()
    assert (response.status, response.json()["code"]) == (410, "request_answered")
    posted = world.http.post_form(session.created.request_uri, {"wallet_nonce": "n"})
    assert posted.status == 410


def test_a_request_ends_with_its_time_to_the_second(world: Any) -> None:
    session = world.ask()
    world.clock.advance(world.settings.request_ttl_s - 1)
    assert session.fetch().status == 200
    assert session.view().phase is Phase.OPEN
    world.clock.advance(1)
    response = session.fetch()
    assert (response.status, response.json()["code"]) == (410, "request_expired")
    assert session.view().phase is Phase.EXPIRED


def test_an_unknown_request_and_institution_are_not_found(world: Any) -> None:
    session = world.ask()
    for uri in (
        f"{session.created.request_uri}x",
        session.created.request_uri.replace(world.SLUG, "de-other"),
        session.created.request_uri.replace(world.SLUG, "nobody"),
        session.created.request_uri.replace("/requests/", "/requests/%00"),
    ):
        assert world.http.get(uri).status == 404


def test_g15_a_wallet_nonce_is_echoed_under_the_same_session(world: Any) -> None:
    session = world.ask()
    form = {"wallet_nonce": "nonce-of-the-wallet", "wallet_metadata": '{"vp_formats_supported":{}}'}
    response = world.http.post_form(session.created.request_uri, form)
    assert response.content_type == "application/oauth-authz-req+jwt"
    claims = unverified_claims(response.text)
    assert claims["wallet_nonce"] == "nonce-of-the-wallet"
    assert claims["nonce"] == session.request["nonce"]
    assert "wallet_nonce" not in session.request


def test_g15_a_post_without_parameters_is_answered(world: Any) -> None:
    session = world.ask()
    assert world.http.request("POST", session.created.request_uri, headers=FORM).status == 200


BOMB = '{"a":' * 40 + "1" + "}" * 40
POSTS: dict[str, tuple[dict[str, str], bytes, int, str]] = {
    "nonce too long": (FORM, b"wallet_nonce=" + b"n" * 513, 400, "wallet_nonce_invalid"),
    "nonce not ascii": (FORM, b"wallet_nonce=%C3%A9", 400, "wallet_nonce_invalid"),
    "metadata no json": (FORM, b"wallet_metadata=x", 400, "json_malformed"),
    "metadata too deep": (FORM, b"wallet_metadata=" + BOMB.encode(), 413, "limit_exceeded"),
    "metadata too big": (FORM, b"wallet_metadata=" + b"x" * 40_000, 413, "limit_exceeded"),
    "no form": ({"content-type": "application/json"}, b"{}", 415, "content_type_unsupported"),
    "semicolon": (FORM, b"wallet_nonce=a;b=c", 400, "form_invalid"),
}


@pytest.mark.parametrize("name", POSTS)
def test_g15_what_a_wallet_posts_has_to_be_sound(world: Any, name: str) -> None:
    headers, body, status, code = POSTS[name]
    session = world.ask()
    response = world.http.request("POST", session.created.request_uri, headers=headers, body=body)
    assert (response.status, response.json()["code"]) == (status, code)
    assert world.network.asked == []
    assert session.answer().status == 200


def test_the_method_post_is_announced_where_it_is_set(make_world: Any) -> None:
    session = make_world(request_uri_method="post").ask()
    assert parse_qs(urlsplit(session.created.link).query)["request_uri_method"] == ["post"]


# --- what may not be asked


def query(**credential: Any) -> dict[str, Any]:
    asked = {"id": "a1", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:eudi:pda1:1"]}, **credential}
    return {"credentials": [asked]}


QUESTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "values empty": (query(claims=[{"path": ["a"], "values": []}]), "query_malformed"),
    "path null": (query(claims=[{"path": None}]), "query_malformed"),
    "index negative": (query(claims=[{"path": ["a", -1]}]), "query_malformed"),
    "ten thousand claims": (query(claims=[{"path": ["a"]}] * 10_000), "limit_exceeded"),
    "over 64 KiB": (query(claims=[{"path": ["a" * 1900]}] * 40), "limit_exceeded"),
    "no credentials": ({"credentials": []}, "query_malformed"),
    "no vct": (query(meta={}), "query_malformed"),
    "another format": (query(format="mso_mdoc", meta={"doctype_value": "x"}), "query_unsupported"),
    "without holder binding": (query(require_cryptographic_holder_binding=False), "query_unsupported"),
    "authority by federation": (
        query(trusted_authorities=[{"type": "openid_federation", "values": ["https://federation.example"]}]),
        "query_unsupported",
    ),
    "a type not registered": (query(meta={"vct_values": ["urn:example:other:1"]}), "query_not_registered"),
    "one type of two not registered": (
        query(meta={"vct_values": ["urn:eudi:pda1:1", "urn:example:other:1"]}),
        "query_not_registered",
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_g18_g19_a_question_that_may_not_be_asked_is_refused_at_creation(world: Any, name: str) -> None:
    asked, code = QUESTIONS[name]
    with pytest.raises((Malformed, Refused)) as refusal:
        world.ask(Preset(id="test", query=asked))
    assert refusal.value.code == code


RETURN_URIS = (
    "https://evil.example/",
    "http://127.0.0.1:8701/",
    "http://127.0.0.1:8700@evil.example/",
    "https://127.0.0.1:8700/",
    "//127.0.0.1:8700/",
    "/result",
    "javascript:alert(1)",
    "http://127.0.0.1:8700/#part",
    "http://127.0.0.1:8700/a b",
    "http://127.0.0.1:8700/\\evil",
    "http://127.0.0.1:8700/\r\nx",
    "http://[/",
    "http://127.0.0.1:8700/" + "a" * 3000,
)


@pytest.mark.parametrize("uri", RETURN_URIS, ids=range(len(RETURN_URIS)))
def test_g17_a_page_elsewhere_is_no_page_to_return_to(world: Any, uri: str) -> None:
    with pytest.raises(Malformed) as refusal:
        world.ask(return_uri=uri)
    assert refusal.value.code == "return_uri_invalid"


def test_an_unknown_institution_asks_nothing(world: Any) -> None:
    with pytest.raises(Refused) as refusal:
        world.verifier.create_request("nobody", PRESETS["inspector-quick"])
    assert refusal.value.code == "not_found"


def test_a_past_day_can_be_asked_about(world: Any) -> None:
    session = world.ask(on_date=date(2020, 1, 1))
    session.answer()
    assert session.code in ("coverage_not_started", "document_not_yet_issued")


def test_presets_ask_only_for_registered_types_and_hold_sound_queries(world: Any) -> None:
    for name in PRESETS:
        world.ask(name)


def test_an_open_key_is_needed_for_the_request_object(world: Any) -> None:
    session = world.ask()
    session.answer()
    request_id = session.created.request_uri.rpartition("/")[2]
    with pytest.raises(Conflict) as refusal:
        world.verifier.request_object(world.SLUG, request_id)
    assert refusal.value.code == "request_answered"


def test_a_request_that_a_wallet_has_outlives_a_change_of_the_key(world: Any, tmp_path: Path) -> None:
    fetched, unfetched = world.ask(), world.ask()
    form = {"response": fetched.encrypted(fetched.payload())}
    directory = Path(shutil.copytree(world.keys.ring.directory, tmp_path / "keys"))
    ring = KeyRing.open(directory, passphrase=b"test").new_key(
        world.SLUG, KeyPurpose.REQUEST, now=world.NOW, random_bytes=system_random_bytes
    )
    later = world.another_process(ring=ring)
    ids = [each.created.request_uri.rpartition("/")[2] for each in (fetched, unfetched)]
    assert later.receive_response(world.SLUG, ids[0], form).result.accepted
    with pytest.raises(Conflict) as refusal:
        later.request_object(world.SLUG, ids[1])
    assert refusal.value.code == "request_expired"


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "http://verifier.example"},
        {"base_url": "https://verifier.example/path"},
        {"base_url": "ftp://verifier.example"},
        {"base_url": "http://127.0.0.1:8700", "mode": "production"},
        {"status": {"min_ttl_s": 100, "default_ttl_s": 50}},
        {"status": {"max_ttl_s": 10**6, "max_age_s": 10**5}},
        {"result_kept_s": 60, "request_ttl_s": 300},
        {"request_ttl_s": 0},
        {"unknown_setting": 1},
    ],
    ids=str,
)
def test_settings_refuse_what_does_not_fit_together(make_world: Any, change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        make_world(**change)


def test_two_institutions_cannot_share_a_slug(make_world: Any) -> None:
    one = InstitutionSettings(slug="a", institution_id="DE:1", names={"en": "A"}, registered_types=("x",))
    with pytest.raises(ValueError, match="share one slug"):
        make_world(institutions=(one, one))
