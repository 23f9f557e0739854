"""What the issuer publishes, under which addresses, and that it promises nothing it does not do."""

from typing import Any

import pytest

from portadoc.formats import jws, strict_json
from portadoc.formats.roles import ISSUER_METADATA
from portadoc.formats.type_metadata import integrity
from portadoc.issuer.issuance.credentials import certified_until
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.keys.key_ring import KeyPurpose
from portadoc.schemas.openid4vci import AuthorizationServerMetadata, IssuerMetadata, read_message

ISSUER = "http://127.0.0.1:8700/issuer/fr-demo"
WELL_KNOWN = "/.well-known/openid-credential-issuer/issuer/fr-demo"


def test_issuer_metadata_names_endpoints_that_answer(rig: Any) -> None:
    response = rig.transport.get(WELL_KNOWN)
    content = response.json()
    assert response.headers["content-type"] == "application/json"
    assert content["credential_issuer"] == ISSUER
    endpoints = {name: url for name, url in content.items() if name.endswith("_endpoint")}
    assert rig.transport.get(endpoints.pop("status_list_aggregation_endpoint")).json() == {"status_lists": []}
    assert set(endpoints) == {
        "credential_endpoint",
        "nonce_endpoint",
        "notification_endpoint",
        "deferred_credential_endpoint",
    }
    assert {rig.transport.request("POST", url).status for url in endpoints.values()} == {200, 401}
    assert read_message(IssuerMetadata, content).batch_credential_issuance.batch_size == 10


def test_nothing_is_promised_that_comes_later(rig: Any) -> None:
    text = rig.transport.get(WELL_KNOWN).text
    server = rig.transport.get("/.well-known/oauth-authorization-server/issuer/fr-demo").text
    for later in ("authorization_servers", "jwks_uri", "private_key_jwt", '"plain"', "urn:ietf:wg:oauth:2.0:oob"):
        assert later not in text + server


def test_each_configuration_has_its_display_and_claims_in_the_place_of_version_1(rig: Any) -> None:
    supported = rig.transport.get(WELL_KNOWN).json()["credential_configurations_supported"]
    assert list(supported) == ["pda1", "pda1-rulebook", "pda1-webuild"]
    for entry in supported.values():
        assert entry["format"] == "dc+sd-jwt"
        assert entry["cryptographic_binding_methods_supported"] == ["jwk"]
        assert "ES256" in entry["proof_types_supported"]["jwt"]["proof_signing_alg_values_supported"]
        assert {each["locale"] for each in entry["credential_metadata"]["display"]} == {"en", "fr"}
        paths = [strict_json.dumps(claim["path"]) for claim in entry["credential_metadata"]["claims"]]
        assert len(paths) == len(set(paths)) > 5


def test_signed_metadata_is_given_to_who_asks_for_it(rig: Any) -> None:
    response = rig.transport.get(WELL_KNOWN, headers={"accept": "application/jwt"})
    assert response.headers["content-type"] == "application/jwt"
    token = jws.split(response.text, ISSUER_METADATA, allowed_algs=frozenset({"ES256"}))
    jwk = rig.key_ring.signer("fr-demo", KeyPurpose.METADATA).public_jwk
    payload = jws.verify(token, public_key_from_jwk(jwk, allowed_algs={"ES256"}))
    plain = rig.transport.get(WELL_KNOWN).json()
    assert payload["sub"] == ISSUER
    assert {name: payload[name] for name in plain} == plain
    assert len(jws.certificate_chain(token)) == 2


@pytest.mark.parametrize(
    "accept",
    ["application/jwt, application/json", "application/json;q=0.5, application/jwt;q=0.6", "Application/JWT"],
)
def test_the_wallets_preference_decides(rig: Any, accept: str) -> None:
    response = rig.transport.get(WELL_KNOWN, headers={"accept": accept})
    assert (response.headers["content-type"], response.headers["vary"]) == ("application/jwt", "Accept")


def test_signed_metadata_is_signed_once_an_hour(rig: Any) -> None:
    def ask() -> bytes:
        return bytes(rig.transport.get(WELL_KNOWN, headers={"accept": "application/jwt"}).body)

    first = ask()
    rig.clock.advance(3599)
    assert ask() == first
    rig.clock.advance(1)
    assert ask() != first


def test_signed_metadata_does_not_outlive_the_certificate_that_signs_it(rig: Any) -> None:
    dead_at = certified_until(rig.key_ring.signer("fr-demo", KeyPurpose.METADATA))
    asks_signed = {"accept": "application/jwt"}
    rig.clock.advance(dead_at - 60 - rig.clock.now())
    assert jws.unverified_claims(rig.transport.get(WELL_KNOWN, headers=asks_signed).text)["exp"] == dead_at
    rig.clock.advance(60)
    assert rig.transport.get(WELL_KNOWN, headers=asks_signed).status == 500
    assert rig.transport.get(WELL_KNOWN).status == 200


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/json",
        "application/json, application/jwt",
        "application/jwt;q=0.1, application/json",
        "application/jwt;q=0",
        "application/jwt;q=many",
        "application/jwtx",
        "a" * 5000,
    ],
)
def test_everyone_else_gets_plain_json(rig: Any, accept: str) -> None:
    response = rig.transport.get(WELL_KNOWN, headers={"accept": accept})
    assert response.headers["content-type"] == "application/json"


def test_the_authorization_server_is_the_issuer_and_open_to_anonymous_wallets(rig: Any) -> None:
    content = rig.transport.get("/.well-known/oauth-authorization-server/issuer/fr-demo").json()
    assert content["issuer"] == ISSUER
    assert content["token_endpoint"] == f"{ISSUER}/token"
    assert "urn:ietf:params:oauth:grant-type:pre-authorized_code" in content["grant_types_supported"]
    assert "none" in content["token_endpoint_auth_methods_supported"]
    assert content["authorization_details_types_supported"] == ["openid_credential"]
    assert content["status_list_aggregation_endpoint"] == f"{ISSUER}/status-lists"
    assert read_message(AuthorizationServerMetadata, content).pre_authorized_grant_anonymous_access_supported


def test_the_keys_of_credentials_are_published_without_private_parts(rig: Any) -> None:
    content = rig.transport.get("/.well-known/jwt-vc-issuer/issuer/fr-demo").json()
    (key,) = content["jwks"]["keys"]
    assert content["issuer"] == ISSUER
    assert set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert key["kid"] == rig.key_ring.signer("fr-demo", KeyPurpose.CREDENTIAL).kid


@pytest.mark.parametrize("document", ["openid-credential-issuer", "oauth-authorization-server", "jwt-vc-issuer"])
@pytest.mark.parametrize("place", ["/.well-known/{}/issuer/nobody", "/issuer/fr-demo/.well-known/{}"])
@pytest.mark.parametrize("accept", ["application/json", "application/jwt"])
def test_there_is_nothing_elsewhere(rig: Any, document: str, place: str, accept: str) -> None:
    assert rig.transport.get(place.format(document), headers={"accept": accept}).status == 404


@pytest.mark.parametrize(("vct", "status"), [("urn:eudi:pda1:1", 200), ("urn%3Aeudi%3Aehic%3A1", 200), ("x", 404)])
def test_type_metadata_is_served_by_type(rig: Any, vct: str, status: int) -> None:
    assert rig.transport.get(f"/types/{vct}").status == status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("urn:eudi:pda1:1/cards/en.svg", 200),
        ("urn%3Aeudi%3Aehic%3A1/cards/fr.svg", 200),
        ("urn:eudi:pda1:1/cards/de.svg", 404),
        ("urn:eudi:pid:1/cards/en.svg", 404),
        ("x/cards/en.svg", 404),
    ],
)
def test_the_card_of_a_type_is_served_by_language(rig: Any, path: str, status: int) -> None:
    assert rig.transport.get(f"/types/{path}").status == status


def test_the_card_that_is_served_is_the_one_that_the_type_carries(rig: Any) -> None:
    answer = rig.transport.get("/types/urn:eudi:pda1:1/cards/fr.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    display = rig.transport.get("/types/urn:eudi:pda1:1").json()["display"]
    (card,) = next(each for each in display if each["locale"] == "fr")["rendering"]["svg_templates"]
    assert card["uri#integrity"] == integrity(answer.body)


@pytest.mark.parametrize(
    "path",
    [
        WELL_KNOWN,
        "/.well-known/oauth-authorization-server/issuer/fr-demo",
        "/.well-known/jwt-vc-issuer/issuer/fr-demo",
        "/types/urn:eudi:pda1:1",
    ],
)
def test_a_document_can_be_looked_at_with_head(rig: Any, path: str) -> None:
    """Spec: RFC 9110 §9.1: every server that knows GET knows HEAD."""
    head, full = rig.transport.request("HEAD", path), rig.transport.get(path)
    assert (head.status, head.headers) == (200, full.headers)


def test_a_name_whose_language_nobody_said_claims_none(make_rig: Any) -> None:
    named = [
        each.model_copy(update={"names": {"und": "Caisse (test)"}})
        for each in make_rig().issuer.settings.institutions
    ]
    content = make_rig(institutions=tuple(named)).transport.get(WELL_KNOWN).json()
    assert content["display"] == [{"name": "Caisse (test)"}]
