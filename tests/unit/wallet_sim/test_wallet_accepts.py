"""How the wallet accepts an offer, and what makes it refuse one."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from portadoc.errors import Error, Malformed, Refused, Unavailable
from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.sd_jwt import bind, parse
from portadoc.keys.private_jwk import new_private_jwk, signer_from_private_jwk

BASE = "http://127.0.0.1:8700"
ISSUER = f"{BASE}/issuer/fr-demo"
METADATA = "/.well-known/openid-credential-issuer/issuer/fr-demo"


def refusal(wallet: Any, link: str, **arguments: Any) -> Error:
    """Return the error with which the wallet refuses an offer, and make sure that it kept nothing."""
    with pytest.raises(Error) as caught:
        wallet.accept(link, **arguments)
    assert wallet.credentials() == ()
    return caught.value


def test_an_offer_by_value_becomes_a_held_credential(wallet: Any, issuer: Any) -> None:
    held = wallet.accept(issuer.offer("pda1"))
    assert wallet.credentials() == held
    (credential,) = held
    assert (credential.configuration_id, credential.vct, credential.issuer) == ("pda1", "urn:eudi:pda1:1", ISSUER)
    assert issuer.notified == [{"notification_id": "note-1", "event": "credential_accepted"}]


def test_an_offer_by_reference_is_fetched_from_where_the_link_says(wallet: Any, issuer: Any, peers: Any) -> None:
    peers.routes["GET", "/offers/1"] = lambda _: _json(issuer.offer_json("pda1-webuild"))
    link = f"haip-vci://?{urlencode({'credential_offer_uri': f'{BASE}/offers/1'})}"
    assert [credential.configuration_id for credential in wallet.accept(link)] == ["pda1-webuild"]


def test_every_type_of_an_offer_is_obtained_with_one_token(wallet: Any, issuer: Any, peers: Any) -> None:
    held = wallet.accept(issuer.offer("pda1", "pda1-webuild"))
    assert [credential.configuration_id for credential in held] == ["pda1", "pda1-webuild"]
    assert peers.paths("POST").count("/issuer/fr-demo/token") == 1


def test_copies_have_distinct_keys_and_ids(wallet: Any, issuer: Any, peers: Any) -> None:
    held = wallet.accept(issuer.offer("pda1"), copies=3)
    assert len({credential.holder_key["x"] for credential in held}) == len({each.id for each in held}) == 3
    assert peers.paths("POST").count("/issuer/fr-demo/credential") == 1


@pytest.mark.parametrize("copies", [0, 6])
def test_more_copies_than_offered_are_refused_before_the_code_is_spent(
    copies: int, wallet: Any, issuer: Any, peers: Any
) -> None:
    assert refusal(wallet, issuer.offer("pda1"), copies=copies).code == "copies_not_offered"
    assert peers.paths("POST") == []


def test_the_transaction_code_goes_along_when_the_offer_asks_for_it(wallet: Any, issuer: Any) -> None:
    issuer.tx_code = "493536"
    assert len(wallet.accept(issuer.offer("pda1"), tx_code="493536")) == 1


def test_a_missing_or_unexpected_transaction_code_is_noticed_before_the_code_is_spent(
    wallet: Any, issuer: Any, peers: Any
) -> None:
    assert refusal(wallet, issuer.offer("pda1"), tx_code="493536").code == "offer_takes_no_tx_code"
    issuer.tx_code = "493536"
    assert refusal(wallet, issuer.offer("pda1")).code == "offer_needs_tx_code"
    assert peers.asked == []


def test_a_wrong_transaction_code_is_told_from_an_offer_that_is_used(wallet: Any, issuer: Any, peers: Any) -> None:
    issuer.tx_code = "493536"
    assert refusal(wallet, issuer.offer("pda1"), tx_code="000000").code == "tx_code_refused"
    used = {"error": "invalid_grant", "error_description": "code_unusable"}
    peers.routes["POST", "/issuer/fr-demo/token"] = lambda _: _json(used, 400)
    assert refusal(wallet, issuer.offer("pda1"), tx_code="493536").code == "offer_not_redeemable"
    issuer.tx_code = None
    peers.routes["POST", "/issuer/fr-demo/token"] = lambda _: _json({"error": "invalid_grant"}, 400)
    assert refusal(wallet, issuer.offer("pda1")).code == "offer_not_redeemable"


def test_the_code_of_a_problem_document_is_the_peers_word(wallet: Any, issuer: Any, peers: Any) -> None:
    problem = (403, {"content-type": "application/problem+json"}, b'{"code":"some_rule"}')
    peers.routes["POST", "/issuer/fr-demo/token"] = lambda _: problem
    caught = refusal(wallet, issuer.offer("pda1"))
    assert (caught.code, caught.params["error"]) == ("peer_refused", "some_rule")


def test_a_stale_nonce_is_renewed_once(wallet: Any, issuer: Any) -> None:
    issuer.stale_nonces = 1
    assert len(wallet.accept(issuer.offer("pda1"))) == 1
    assert issuer.nonces == ["nonce-0", "nonce-1"]


def test_a_nonce_that_is_stale_twice_ends_the_attempt(wallet: Any, issuer: Any) -> None:
    issuer.stale_nonces = 2
    caught = refusal(wallet, issuer.offer("pda1"))
    assert (caught.code, caught.params["error"], len(issuer.nonces)) == ("peer_refused", "invalid_nonce", 2)


def test_credential_identifiers_of_the_token_are_used_in_place_of_the_configuration_id(
    wallet: Any, issuer: Any, peers: Any
) -> None:
    issuer.token["authorization_details"] = [
        {
            "type": "openid_credential",
            "credential_configuration_id": "pda1",
            "credential_identifiers": ["pda1"],
            "locations": [ISSUER],
        }
    ]
    wallet.accept(issuer.offer("pda1"))
    (request,) = [asked.json for asked in peers.asked if asked.path.endswith("/credential")]
    assert (request["credential_identifier"], "credential_configuration_id" in request) == ("pda1", False)


def test_a_key_proof_names_no_client_and_carries_no_private_key(wallet: Any, issuer: Any, peers: Any) -> None:
    wallet.accept(issuer.offer("pda1"))
    (proof,) = next(asked.json for asked in peers.asked if asked.path.endswith("/credential"))["proofs"]["jwt"]
    assert jws.unverified_claims(proof).keys() == {"aud", "nonce", "iat"}
    assert "d" not in json.loads(_decoded(proof.split(".")[0]))["jwk"]


def test_an_issuer_that_cannot_take_the_notification_changes_nothing(wallet: Any, issuer: Any, peers: Any) -> None:
    peers.routes["POST", "/issuer/fr-demo/notification"] = lambda _: (500, {}, b"")
    assert len(wallet.accept(issuer.offer("pda1"))) == 1


def test_unknown_members_anywhere_are_passed_over(wallet: Any, issuer: Any) -> None:
    issuer.metadata["signed_by"] = issuer.server_metadata["new_in_1_1"] = {"x": [1]}
    issuer.token["c_nonce"] = "old"
    assert len(wallet.accept(issuer.offer("pda1", surprise=True))) == 1


# H01 to H06, C15 and W-22: the abuse cases of the reference for issuance.


@pytest.mark.parametrize("issuer_url", ["http://issuer.example", "http://127.0.0.1:8701/issuer/fr-demo"])
def test_h01_an_offer_of_an_issuer_without_https_is_refused_before_any_request(
    issuer_url: str, wallet: Any, issuer: Any, peers: Any
) -> None:
    caught = refusal(wallet, issuer.offer("pda1", credential_issuer=issuer_url))
    assert (caught.code, caught.params["reason"], peers.asked) == ("fetch_blocked", "scheme", [])


@pytest.mark.parametrize("issuer_url", [f"{ISSUER}?a=b", f"{ISSUER}#part", "https://user@issuer.example"])
def test_h01_an_issuer_identifier_has_no_query_fragment_or_user(
    issuer_url: str, wallet: Any, issuer: Any, peers: Any
) -> None:
    assert refusal(wallet, issuer.offer("pda1", credential_issuer=issuer_url)).code == "fetch_blocked"
    assert peers.asked == []


def test_h02_metadata_of_another_issuer_is_refused(wallet: Any, issuer: Any) -> None:
    issuer.metadata["credential_issuer"] = f"{ISSUER}/"
    assert refusal(wallet, issuer.offer("pda1")).code == "issuer_metadata_mismatch"


@pytest.mark.parametrize(
    "address", ["http://10.0.0.1/offer", "http://169.254.169.254/latest", "http://127.0.0.1:9000/o"]
)
def test_h03_an_offer_on_a_private_network_is_not_fetched(address: str, wallet: Any, peers: Any) -> None:
    link = f"openid-credential-offer://?{urlencode({'credential_offer_uri': address})}"
    assert (refusal(wallet, link).code, peers.asked) == ("fetch_blocked", [])


def test_h04_a_credential_bound_to_another_key_is_refused(wallet: Any, issuer: Any) -> None:
    other = new_private_jwk("ES256", random_bytes=wallet.means.random_bytes)
    public = {name: value for name, value in other.items() if name != "d"}
    issuer.issue_text = lambda type_id, _: issuer.good_credential(type_id, public)
    assert refusal(wallet, issuer.offer("pda1")).code == "holder_key_mismatch"
    assert issuer.notified == [
        {
            "notification_id": "note-1",
            "event": "credential_failure",
            "event_description": "holder_key_mismatch",
        }
    ]


def test_h04_copies_bound_to_one_key_are_refused(wallet: Any, issuer: Any) -> None:
    keys: list[dict[str, str]] = []

    def issue_text(type_id: str, holder_jwk: dict[str, str]) -> str:
        keys.append(holder_jwk)
        return str(issuer.good_credential(type_id, keys[0]))

    issuer.issue_text = issue_text
    assert refusal(wallet, issuer.offer("pda1"), copies=2).code == "holder_key_mismatch"


def test_h05_a_credential_of_another_type_is_refused(wallet: Any, issuer: Any) -> None:
    issuer.issue_text = lambda _, holder_jwk: issuer.good_credential("pda1-webuild", holder_jwk)
    assert refusal(wallet, issuer.offer("pda1")).code == "type_not_accepted"


def signed_metadata(issuer: Any, world: Any, *, signer: str = "metadata", **changes: Any) -> None:
    """Let the issuer answer with signed metadata."""
    content = {**issuer.metadata, "sub": ISSUER, "iss": ISSUER, "iat": 1_795_000_000, **changes}
    key = getattr(world, signer)
    text = jws.sign(signing_header("openidvci-issuer-metadata+jwt", key), content, key)
    reply = (200, {"content-type": "application/jwt"}, text.encode())
    issuer.peers.routes["GET", METADATA] = lambda _: reply


def test_signed_metadata_is_read(wallet: Any, issuer: Any, world: Any) -> None:
    signed_metadata(issuer, world)
    assert len(wallet.accept(issuer.offer("pda1"))) == 1


def test_h06_signed_metadata_of_an_untrusted_signer_is_refused(wallet: Any, issuer: Any, world: Any) -> None:
    signed_metadata(issuer, world, signer="credential")
    assert refusal(wallet, issuer.offer("pda1")).code == "chain_invalid"
    signed_metadata(issuer, world, signer="request")
    assert refusal(wallet, issuer.offer("pda1")).code in ("chain_invalid", "issuer_untrusted")


def test_h06_signed_metadata_about_another_issuer_is_refused(wallet: Any, issuer: Any, world: Any) -> None:
    signed_metadata(issuer, world, sub="https://another.example")
    assert refusal(wallet, issuer.offer("pda1")).code == "issuer_metadata_mismatch"


def test_h06_signed_metadata_past_its_time_is_refused(wallet: Any, issuer: Any, world: Any) -> None:
    signed_metadata(issuer, world, exp=1_795_000_001)
    assert refusal(wallet, issuer.offer("pda1")).code == "expired"


def test_c15_a_credential_that_comes_with_a_key_binding_is_refused(wallet: Any, issuer: Any) -> None:
    own = signer_from_private_jwk(new_private_jwk("ES256", random_bytes=wallet.means.random_bytes))

    def issue_text(type_id: str, holder_jwk: dict[str, str]) -> str:
        text = issuer.good_credential(type_id, holder_jwk)
        return bind(text, audience="a", nonce="n", now=wallet.means.clock.now(), signer=own)

    issuer.issue_text = issue_text
    assert refusal(wallet, issuer.offer("pda1")).code == "kb_unexpected"


def test_w22_an_authorization_server_that_the_issuer_does_not_name_is_refused(wallet: Any, issuer: Any) -> None:
    grants = issuer.offer_json("pda1")["grants"]
    (grant,) = grants.values()
    grant["authorization_server"] = f"{BASE}/elsewhere"
    assert refusal(wallet, issuer.offer("pda1", grants=grants)).code == "authorization_server_unknown"
    issuer.metadata["authorization_servers"] = [ISSUER]
    assert refusal(wallet, issuer.offer("pda1", grants=grants)).code == "authorization_server_unknown"


def test_w22_server_metadata_of_another_server_is_refused(wallet: Any, issuer: Any) -> None:
    issuer.server_metadata["issuer"] = f"{BASE}/elsewhere"
    assert refusal(wallet, issuer.offer("pda1")).code == "issuer_metadata_mismatch"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": 1_600_000_000}, "expired"),
        ({"nbf": 2_000_000_000}, "not_yet_valid"),
        ({"cnf": None}, "holder_key_missing"),
        ({"status": {"status_list": {"idx": -1, "uri": f"{BASE}/status/1"}}}, "status_invalid"),
        ({"status": {"other": {}}}, "status_invalid"),
        ({"header": {"typ": "vc+sd-jwt"}}, "typ_mismatch"),
        ({"iss": "https://another.example"}, "issuer_untrusted"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_a_credential_with_a_fault_is_refused_and_the_issuer_told(
    changes: dict[str, Any], code: str, wallet: Any, issuer: Any
) -> None:
    issuer.issue_text = lambda type_id, holder_jwk: issuer.good_credential(type_id, holder_jwk, **changes)
    assert refusal(wallet, issuer.offer("pda1")).code == code
    assert [note["event"] for note in issuer.notified] == ["credential_failure"]


def test_a_credential_of_an_untrusted_issuer_is_refused(wallet: Any, issuer: Any, world: Any) -> None:
    issuer.issue_text = lambda type_id, jwk: issuer.good_credential(type_id, jwk, signer=world.stranger)
    assert refusal(wallet, issuer.offer("pda1")).code == "issuer_untrusted"


def test_an_altered_credential_is_refused(wallet: Any, issuer: Any) -> None:
    def issue_text(type_id: str, holder_jwk: dict[str, str]) -> str:
        parts = parse(issuer.good_credential(type_id, holder_jwk))
        return "~".join((parts.jws_text[:-6] + "AAAAAA"[:5] + "A", *parts.disclosures, ""))

    issuer.issue_text = issue_text
    assert refusal(wallet, issuer.offer("pda1")).code == "signature_invalid"


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("https://wallet.example/?credential_offer=%7B%7D", "scheme"),
        ("openid-credential-offer://?credential_offer", "query"),
        ("openid-credential-offer://?credential_offer=a&credential_offer=b", "parameter_repeated"),
        (f"openid-credential-offer://?credential_offer={'x' * 40_000}", "length"),
        ("openid-credential-offer://?credential_offer=%FF", "query"),
    ],
)
def test_a_link_that_is_no_offer_is_refused(link: str, reason: str, wallet: Any) -> None:
    caught = refusal(wallet, link)
    assert (caught.code, caught.params["reason"]) == ("link_invalid", reason)


def test_an_offer_is_by_value_or_by_reference_and_not_both(wallet: Any, peers: Any) -> None:
    both = urlencode({"credential_offer": "{}", "credential_offer_uri": f"{BASE}/offers/1"})
    for query in (both, "state=1"):
        assert refusal(wallet, f"openid-credential-offer://?{query}").code == "message_invalid"
    assert peers.asked == []


def test_an_offer_with_a_member_twice_is_refused(wallet: Any) -> None:
    text = '{"credential_issuer":"https://a.example","credential_issuer":"https://b.example"}'
    caught = refusal(wallet, f"openid-credential-offer://?{urlencode({'credential_offer': text})}")
    assert (caught.code, caught.params["reason"]) == ("json_malformed", "duplicate_member")


def test_an_offer_without_the_pre_authorised_grant_is_refused(wallet: Any, issuer: Any) -> None:
    assert refusal(wallet, issuer.offer("pda1", grants={"authorization_code": {}})).code == "grant_unsupported"


def test_a_configuration_that_the_issuer_does_not_publish_is_refused(wallet: Any, issuer: Any) -> None:
    assert refusal(wallet, issuer.offer("diploma")).code == "configuration_unknown"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": "mso_mdoc"}, "format"),
        (
            {"proof_types_supported": {"attestation": {"proof_signing_alg_values_supported": ["ES256"]}}},
            "proof_type",
        ),
        ({"proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": ["ES384"]}}}, "proof_type"),
        (
            {
                "proof_types_supported": {
                    "jwt": {"proof_signing_alg_values_supported": ["ES256"], "key_attestations_required": {}}
                }
            },
            "key_attestation",
        ),
    ],
)
def test_a_configuration_that_the_wallet_cannot_satisfy_is_refused(
    changes: dict[str, Any], reason: str, wallet: Any, issuer: Any
) -> None:
    issuer.metadata["credential_configurations_supported"]["pda1"].update(changes)
    caught = refusal(wallet, issuer.offer("pda1"))
    assert (caught.code, caught.params["reason"]) == ("configuration_unsupported", reason)


def test_an_issuer_without_nonce_endpoint_is_refused(wallet: Any, issuer: Any) -> None:
    del issuer.metadata["nonce_endpoint"]
    assert refusal(wallet, issuer.offer("pda1")).params["reason"] == "nonce_endpoint"


def test_a_server_without_token_endpoint_is_refused(wallet: Any, issuer: Any) -> None:
    del issuer.server_metadata["token_endpoint"]
    assert refusal(wallet, issuer.offer("pda1")).code == "grant_unsupported"


def test_a_token_that_needs_a_proof_of_possession_is_refused(wallet: Any, issuer: Any) -> None:
    issuer.token["token_type"] = "DPoP"
    assert refusal(wallet, issuer.offer("pda1")).code == "token_type_unsupported"


@pytest.mark.parametrize("token", ["a b", "é", "a\r\nx: y"])
def test_a_token_that_does_not_fit_a_header_is_refused(token: str, wallet: Any, issuer: Any) -> None:
    issuer.token["access_token"] = token
    assert refusal(wallet, issuer.offer("pda1")).code == "peer_answer_invalid"


def test_an_issuer_without_notifications_is_not_told(wallet: Any, issuer: Any) -> None:
    del issuer.metadata["notification_endpoint"]
    assert len(wallet.accept(issuer.offer("pda1"))) == 1
    assert issuer.notified == []


def test_an_issuer_that_wants_to_be_asked_later_is_unavailable_until_then(
    wallet: Any, issuer: Any, peers: Any
) -> None:
    later = {"transaction_id": "later-1", "interval": 30}
    peers.routes["POST", "/issuer/fr-demo/credential"] = lambda _: _json(later, 202)
    caught = refusal(wallet, issuer.offer("pda1"))
    assert isinstance(caught, Unavailable)
    assert (caught.code, caught.retry_after_s) == ("issuance_deferred", 30)


@pytest.mark.parametrize(
    ("reply", "family", "code"),
    [
        ((302, {"location": "https://elsewhere.example"}, b""), Refused, "peer_redirected"),
        ((503, {}, b""), Unavailable, "peer_unavailable"),
        ((429, {}, b""), Unavailable, "peer_unavailable"),
        ((404, {}, b"<html>"), Refused, "peer_refused"),
        ((200, {"content-type": "text/html"}, b"{}"), Malformed, "peer_answer_invalid"),
        ((200, {"content-type": "application/json"}, b"[]"), Malformed, "json_malformed"),
        ((200, {"content-type": "application/json"}, b"{}"), Malformed, "message_invalid"),
    ],
    ids=["redirect", "unavailable", "too-many", "not-found", "html", "array", "empty"],
)
def test_an_answer_that_is_none_is_refused_for_its_own_reason(
    reply: Any, family: type[Error], code: str, wallet: Any, issuer: Any, peers: Any
) -> None:
    peers.routes["GET", METADATA] = lambda _: reply
    caught = refusal(wallet, issuer.offer("pda1"))
    assert (type(caught), caught.code) == (family, code)


def test_the_peers_error_word_is_repeated_only_when_it_is_one(wallet: Any, issuer: Any, peers: Any) -> None:
    peers.routes["POST", "/issuer/fr-demo/token"] = lambda _: _json({"error": "<b>\n"}, 400)
    assert refusal(wallet, issuer.offer("pda1")).params["error"] == "unnamed"


def test_no_secret_shows_in_the_representation_of_what_the_wallet_holds(wallet: Any, issuer: Any) -> None:
    (held,) = wallet.accept(issuer.offer("pda1"))
    assert held.holder_key["d"] not in repr(held)
    assert held.sd_jwt not in repr(held)


def _json(value: object, status: int = 200) -> tuple[int, dict[str, str], bytes]:
    return status, {"content-type": "application/json"}, json.dumps(value).encode()


def _decoded(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def test_a_credential_of_another_format_is_not_kept(wallet: Any, issuer: Any) -> None:
    issuer.issue_text = lambda configuration, jwk: {"type": ["VerifiableCredential"]}
    refused = refusal(wallet, issuer.offer("pda1"))
    assert (refused.code, refused.params["reason"]) == ("peer_answer_invalid", "format")
    assert wallet.credentials() == ()
