"""How the wallet answers a request: with the least, bound and encrypted; and which requests it does not answer."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from portadoc.errors import Error, Refused
from portadoc.formats import jwe, jws, strict_json
from portadoc.formats.dcql.authorities import authorities_of
from portadoc.formats.sd_jwt import PreparedSdJwt, parse, prepare
from portadoc.keys.private_jwk import new_private_jwk, signer_from_private_jwk
from portadoc.schemas.examples import example
from portadoc.wallet_sim.presentation import Preview
from portadoc.wallet_sim.store import HeldCredential

BASE = "http://127.0.0.1:8700"
REQUEST = "/verifier/de-inspection/requests/1"
RESPONSE = "/verifier/de-inspection/responses/1"
PDA1, FULL = "urn:eudi:pda1:1", "eu.we-build.pda1.1"


@pytest.fixture
def holder(wallet: Any, issuer: Any) -> Any:
    """A wallet that holds a PDA1."""
    wallet.accept(issuer.offer("pda1"))
    return wallet


def wanted(vct: str = PDA1, *paths: list[Any], query_id: str = "a1", **changes: Any) -> dict[str, Any]:
    query: dict[str, Any] = {"id": query_id, "format": "dc+sd-jwt", "meta": {"vct_values": [vct]}, **changes}
    if paths:
        query["claims"] = [{"path": path} for path in paths]
    return query


def ask(verifier: Any, *credentials: dict[str, Any], **changes: Any) -> str:
    verifier.claims["dcql_query"] = {"credentials": list(credentials), **changes}
    return str(verifier.link())


def refusal(wallet: Any, link: str) -> Error:
    """Return the error with which the wallet refuses a request, and make sure that nothing went out."""
    before = len(wallet.means.transport._app.paths("POST"))
    with pytest.raises(Error) as caught:
        wallet.present(link)
    assert RESPONSE not in wallet.means.transport._app.paths("POST")[before:]
    return caught.value


def disclosed(outcome: Any) -> list[tuple[str | int, ...]]:
    return [path for shared in outcome.shared for path in shared.disclosed]


def test_the_answer_is_bound_to_verifier_and_nonce_and_carries_the_state(holder: Any, verifier: Any) -> None:
    outcome = holder.present(ask(verifier, wanted(PDA1, ["document_number"])))
    (answer,) = verifier.received
    assert answer["state"] == verifier.claims["state"]
    (text,) = answer["vp_token"]["a1"]
    binding = jws.unverified_claims(parse(text).key_binding_jwt or "")
    assert (binding["aud"], binding["nonce"]) == (verifier.client_id, verifier.claims["nonce"])
    assert binding.keys() == {"aud", "nonce", "iat", "sd_hash"}
    assert (outcome.status, outcome.redirect_uri) == (
        "presented",
        f"{BASE}/verifier/de-inspection/done?response_code=abc",
    )


def test_only_the_claims_asked_for_are_shared(holder: Any, verifier: Any) -> None:
    outcome = holder.present(ask(verifier, wanted(PDA1, ["document_number"], ["ending_date"])))
    (shared,) = outcome.shared
    assert shared.disclosed == (("document_number",),)
    assert "personal_administrative_number" not in shared.claims
    (text,) = verifier.received[0]["vp_token"]["a1"]
    assert len(parse(text).disclosures) == 1


def test_a_query_without_claims_gets_no_disclosure(holder: Any, verifier: Any) -> None:
    assert disclosed(holder.present(ask(verifier, wanted()))) == []


def test_an_object_asked_for_in_part_does_not_bring_the_rest_of_it(
    wallet: Any, issuer: Any, verifier: Any
) -> None:
    wallet.accept(issuer.offer("pda1-webuild"))
    outcome = wallet.present(ask(verifier, wanted(FULL, ["competentInstitution", "institutionName"])))
    assert disclosed(outcome) == [("competentInstitution",)]
    assert "email" not in outcome.shared[0].claims["competentInstitution"]


def test_an_object_asked_for_as_a_whole_brings_all_it_holds(wallet: Any, issuer: Any, verifier: Any) -> None:
    wallet.accept(issuer.offer("pda1-webuild"))
    outcome = wallet.present(ask(verifier, wanted(FULL, ["competentInstitution"])))
    assert ("competentInstitution", "email") in disclosed(outcome)


def test_an_index_counts_the_elements_of_the_credential_and_no_decoy(wallet: Any, verifier: Any) -> None:
    claims = {"vct": FULL, "places": ["first", "second"]}
    random_bytes = wallet.means.random_bytes
    hidden = prepare(claims, disclosable=[("places", 0), ("places", 1)], random_bytes=random_bytes)
    payload = {**hidden.payload, "places": [{"...": "decoy"}, *hidden.payload["places"]]}
    private_jwk = new_private_jwk("ES256", random_bytes=random_bytes)
    signer = signer_from_private_jwk(private_jwk)
    shuffled = PreparedSdJwt(payload, strict_json.dumps(payload), hidden.tail).sign({"typ": "dc+sd-jwt"}, signer)
    held = HeldCredential(
        id="1",
        configuration_id="full",
        vct=FULL,
        issuer="https://issuer.example",
        sd_jwt=shuffled.text,
        holder_key=private_jwk,
        received_at=1,
    )
    wallet._store.add([held])
    outcome = wallet.present(ask(verifier, wanted(FULL, ["places", 1])))
    assert outcome.shared[0].claims["places"] == ["second"]


def test_a_preview_shows_what_would_be_shared_and_sends_nothing(holder: Any, verifier: Any, peers: Any) -> None:
    before = len(peers.paths("POST"))
    preview = holder.preview(ask(verifier, wanted(PDA1, ["document_number"])))
    (shared,) = preview.shared
    assert (preview.request.verifier_id, preview.request.verifier_country) == ("DE:TEST90", "DE")
    assert (shared.query_id, shared.disclosed) == ("a1", (("document_number",),))
    assert len(peers.paths("POST")) == before
    assert str(example("posted-worker-fr-de").document.number) not in repr(preview)


def test_a_preview_that_the_holder_agreed_to_can_be_presented(holder: Any, verifier: Any) -> None:
    preview = holder.preview(ask(verifier, wanted()))
    assert holder.present(preview).shared == preview.shared


def test_a_holder_who_does_not_agree_declines(holder: Any, verifier: Any) -> None:
    holder.decline(holder.preview(ask(verifier, wanted())))
    assert verifier.errors == [{"error": "access_denied", "state": verifier.claims["state"]}]
    assert verifier.received == []


def test_a_declined_request_without_state_names_none(holder: Any, verifier: Any) -> None:
    verifier.claims["state"] = None
    holder.decline(holder.preview(verifier.link()))
    assert verifier.errors == [{"error": "access_denied"}]


def test_a_missing_credential_means_no_presentation_at_all(holder: Any, verifier: Any) -> None:
    link = ask(verifier, wanted(), wanted("urn:eudi:ehic:1", query_id="card"))
    with pytest.raises(Refused) as caught:
        holder.present(link)
    assert (caught.value.code, caught.value.params["query"]) == ("query_unsatisfied", "card")
    assert (verifier.received, [form["error"] for form in verifier.errors]) == ([], ["access_denied"])


@pytest.mark.parametrize(
    "claim",
    [
        {"path": ["no_such_claim"]},
        {"path": ["document_number"], "values": ["another"]},
        {"path": ["document_number", None]},
    ],
)
def test_a_claim_that_cannot_be_given_means_no_presentation_at_all(
    claim: dict[str, Any], holder: Any, verifier: Any
) -> None:
    with pytest.raises(Refused, match="query_unsatisfied"):
        holder.present(ask(verifier, {**wanted(), "claims": [claim]}))
    assert verifier.received == []


def test_an_optional_set_is_left_out_unless_the_holder_wants_it(wallet: Any, issuer: Any, verifier: Any) -> None:
    wallet.accept(issuer.offer("pda1", "pda1-webuild"))
    sets = [{"options": [["a1"]]}, {"options": [["full"]], "required": False}]
    link = ask(verifier, wanted(), wanted(FULL, query_id="full"), credential_sets=sets)
    wallet.present(link)
    wallet.present(link, optional_sets=True)
    assert [set(answer["vp_token"]) for answer in verifier.received] == [{"a1"}, {"a1", "full"}]


def test_where_nothing_is_required_the_optional_is_the_answer(holder: Any, verifier: Any) -> None:
    sets = [{"options": [["a1"]], "required": False}, {"options": [["card"]], "required": False}]
    holder.present(ask(verifier, wanted(), wanted("urn:eudi:ehic:1", query_id="card"), credential_sets=sets))
    assert set(verifier.received[0]["vp_token"]) == {"a1"}
    link = ask(verifier, wanted("urn:eudi:ehic:1"), credential_sets=[{"options": [["a1"]], "required": False}])
    assert holder.preview(link).missing == ("a1",)


def test_an_optional_set_that_the_wallet_lacks_is_skipped(holder: Any, verifier: Any) -> None:
    sets = [{"options": [["a1"]]}, {"options": [["card"]], "required": False}]
    link = ask(verifier, wanted(), wanted("urn:eudi:ehic:1", query_id="card"), credential_sets=sets)
    holder.present(link, optional_sets=True)
    assert set(verifier.received[0]["vp_token"]) == {"a1"}


def test_a_fresh_copy_goes_first(wallet: Any, issuer: Any, verifier: Any) -> None:
    wallet.accept(issuer.offer("pda1"), copies=2)
    for _ in range(3):
        wallet.present(verifier.link())
    shown = [parse(answer["vp_token"]["a1"][0]).jws_text for answer in verifier.received]
    assert shown[0] == shown[2] != shown[1]
    assert [credential.presented for credential in wallet.credentials()] == [2, 1]


def test_several_presentations_go_where_several_are_wanted(wallet: Any, issuer: Any, verifier: Any) -> None:
    original = issuer.issue_text
    for number in ("A1-TEST-1", "A1-TEST-2"):
        issuer.issue_text = lambda *terms, number=number: original(*terms, document_number=number)
        wallet.accept(issuer.offer("pda1"))
    wallet.present(ask(verifier, wanted(multiple=True)))
    assert len(verifier.received[0]["vp_token"]["a1"]) == 2


@pytest.mark.parametrize(
    ("offered", "used"), [(None, "A128GCM"), (["A256GCM"], "A256GCM"), (["A192GCM", "A128GCM"], "A128GCM")]
)
def test_the_cipher_is_the_verifiers_first_that_the_wallet_has(
    offered: Any, used: str, holder: Any, verifier: Any, peers: Any
) -> None:
    metadata = verifier.claims["client_metadata"]
    if offered is None:
        del metadata["encrypted_response_enc_values_supported"]
    else:
        metadata["encrypted_response_enc_values_supported"] = offered
    holder.present(verifier.link())
    header = _header(peers.asked[-1].form["response"])
    assert (header["enc"], header["alg"], header["kid"]) == (used, "ECDH-ES", verifier.key.kid)


def test_unknown_parameters_and_a_strange_iss_are_ignored(holder: Any, verifier: Any) -> None:
    verifier.claims.update({"iss": "https://somebody.else", "surprise": {"a": 1}, "response_code": None})
    link = verifier.link() + "&" + urlencode({"surprise": "1"})
    assert holder.present(link).status == "presented"


def test_a_request_may_travel_in_the_link_itself(holder: Any, verifier: Any, peers: Any) -> None:
    text = verifier.request_object(peers.asked[0].__class__("GET", REQUEST, {}, b""))[2].decode()
    link = f"openid4vp://?{urlencode({'client_id': verifier.client_id, 'request': text})}"
    assert holder.present(link).status == "presented"


def test_a_request_can_be_fetched_by_post_with_a_nonce_of_the_wallet(
    holder: Any, verifier: Any, peers: Any
) -> None:
    holder.present(verifier.link(request_uri_method="post"))
    (asked,) = [asked for asked in peers.asked if (asked.method, asked.path) == ("POST", REQUEST)]
    assert len(asked.form["wallet_nonce"]) >= 22
    assert json.loads(asked.form["wallet_metadata"])["vp_formats_supported"].keys() == {"dc+sd-jwt"}


def test_an_authority_that_the_verifier_trusts_is_looked_for(holder: Any, verifier: Any, world: Any) -> None:
    (identifier, *_) = sorted(value for _, value in authorities_of(world.credential.chain))
    for values, answers in (([identifier], 1), (["AAAA"], 0)):
        authority = {"type": "aki", "values": values}
        preview = holder.preview(ask(verifier, wanted(trusted_authorities=[authority])))
        assert len(preview.shared) == answers


# H07 to H12 and W-20: the abuse cases of the reference for presentation.


def test_h07_a_request_with_a_bad_signature_gets_no_answer(holder: Any, verifier: Any, peers: Any) -> None:
    good = verifier.request_object

    def altered(asked: Any) -> Any:
        status, headers, body = good(asked)
        return status, headers, body[:-4] + (b"AAAA" if body[-4:] != b"AAAA" else b"BBBA")

    peers.routes["GET", REQUEST] = altered
    caught = refusal(holder, verifier.link())
    assert (caught.code, caught.params["reason"]) == ("request_object_invalid", "signature_invalid")


def test_h07_a_client_id_that_differs_inside_and_outside_gets_no_answer(holder: Any, verifier: Any) -> None:
    caught = refusal(holder, verifier.link(client_id="x509_hash:" + "A" * 43))
    assert caught.params["reason"] == "client_id_mismatch"


def test_h08_a_client_id_that_is_not_the_hash_of_the_certificate_gets_no_answer(
    holder: Any, verifier: Any
) -> None:
    verifier.client_id = verifier.claims["client_id"] = "x509_hash:" + "A" * 43
    assert refusal(holder, verifier.link()).params["reason"] == "x509_hash_mismatch"


@pytest.mark.parametrize(
    ("client_id", "reason"),
    [
        ("https://verifier.example", "client_id_prefix_old"),
        ("origin:https://verifier.example", "client_id_prefix_reserved"),
        ("did:web:verifier.example", "client_id_prefix_old"),
        ("openid_federation:https://verifier.example", "client_id_prefix_unknown"),
        ("redirect_uri:https://a.example", "redirect_uri_signed"),
    ],
)
def test_h08_an_unknown_client_id_prefix_gets_no_answer(
    client_id: str, reason: str, holder: Any, verifier: Any
) -> None:
    verifier.client_id = verifier.claims["client_id"] = client_id
    assert refusal(holder, verifier.link()).params["reason"] == reason


def test_h09_a_verifier_named_by_host_instead_of_certificate_gets_no_answer(holder: Any, verifier: Any) -> None:
    verifier.client_id = verifier.claims["client_id"] = "x509_san_dns:127.0.0.1"
    assert refusal(holder, verifier.link()).params["reason"] == "x509_san_dns_mismatch"


@pytest.mark.parametrize("uri", ["http://10.0.0.1/responses", "http://127.0.0.1:9999/r", "ftp://a.example/r"])
def test_h09_a_response_address_that_the_wallet_may_not_call_gets_no_answer(
    uri: str, holder: Any, verifier: Any
) -> None:
    verifier.claims["response_uri"] = uri
    assert refusal(holder, verifier.link()).code == "fetch_blocked"


def test_h10_a_redirect_uri_beside_the_response_uri_gets_no_answer(holder: Any, verifier: Any) -> None:
    verifier.claims["redirect_uri"] = f"{BASE}/back"
    assert refusal(holder, verifier.link()).params["reason"] == "redirect_uri_present"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_h11_a_redirect_of_the_response_address_is_not_followed(
    status: int, holder: Any, verifier: Any, peers: Any
) -> None:
    verifier.reply = (status, {"location": f"{BASE}/collect"}, b"")
    with pytest.raises(Refused) as caught:
        holder.present(verifier.link())
    assert (caught.value.code, caught.value.params["status"]) == ("peer_redirected", status)
    assert "/collect" not in peers.paths("POST") + peers.paths("GET")


def test_h11_a_redirect_of_the_request_address_is_not_followed(holder: Any, verifier: Any, peers: Any) -> None:
    peers.routes["GET", REQUEST] = lambda _: (302, {"location": f"{BASE}/elsewhere"}, b"")
    assert refusal(holder, verifier.link()).code == "peer_redirected"
    assert "/elsewhere" not in peers.paths("GET")


def test_h12_unusable_encryption_keys_are_passed_over(holder: Any, verifier: Any) -> None:
    good = verifier.key.public_jwk
    without_alg = {name: value for name, value in good.items() if name != "alg"}
    verifier.claims["client_metadata"]["jwks"]["keys"] = [
        {**good, "kid": "for-signatures", "use": "sig"},
        {**without_alg, "kid": "without-alg"},
        {**good, "kid": "off-curve", "x": "A" * 43},
        {"kty": "RSA", "kid": "rsa", "alg": "RSA-OAEP", "n": "AQAB", "e": "AQAB"},
        good,
    ]
    assert holder.present(verifier.link()).status == "presented"


@pytest.mark.parametrize("jwks", [None, {"keys": []}, {"keys": [{"kty": "oct", "k": "AA"}]}, []])
def test_h12_without_a_usable_encryption_key_nothing_is_sent(jwks: Any, holder: Any, verifier: Any) -> None:
    verifier.claims["client_metadata"]["jwks"] = jwks
    caught = refusal(holder, verifier.link())
    assert (caught.code, caught.params["reason"]) == ("encryption_invalid", "no_usable_key")


@pytest.mark.parametrize("offered", [["A192GCM"], [], "A128GCM", [["A128GCM"]]])
def test_h12_without_a_common_cipher_nothing_is_sent(offered: Any, holder: Any, verifier: Any) -> None:
    verifier.claims["client_metadata"]["encrypted_response_enc_values_supported"] = offered
    assert refusal(holder, verifier.link()).params["reason"] == "enc"


@pytest.mark.parametrize("wallet_nonce", ["another", None])
def test_h12_a_wrong_wallet_nonce_gets_no_answer(wallet_nonce: Any, holder: Any, verifier: Any) -> None:
    verifier.claims["wallet_nonce"] = wallet_nonce
    original = verifier.request_object
    verifier.peers.routes["POST", REQUEST] = lambda asked: original(
        asked if wallet_nonce else asked.__class__("GET", asked.path, asked.headers, b"")
    )
    caught = refusal(holder, verifier.link(request_uri_method="post"))
    assert caught.params["reason"] == "wallet_nonce"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nonce": None}, "nonce_form"),
        ({"nonce": "spaces are not allowed"}, "nonce_form"),
        ({"response_uri": None}, "response_uri_missing"),
        ({"response_mode": "fragment"}, "response_mode"),
        ({"response_mode": "dc_api.jwt"}, "response_mode"),
        ({"response_type": "code"}, "response_type"),
        ({"aud": "https://another.example"}, "aud"),
        ({"exp": 1_600_000_000}, "expired"),
        ({"dcql_query": None}, "query_form"),
        ({"dcql_query": '{"credentials":[]}'}, "query_form"),
        ({"dcql_query": {"credentials": []}}, "query_malformed"),
        ({"client_metadata": None}, "client_metadata_missing"),
        ({"transaction_data": ["eyJ0eXBlIjoidW5rbm93biJ9"]}, "transaction_data_invalid"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_w20_a_request_of_the_wrong_form_gets_no_answer(
    changes: dict[str, Any], reason: str, holder: Any, verifier: Any
) -> None:
    verifier.claims.update(changes)
    caught = refusal(holder, verifier.link())
    assert (caught.code, caught.params["reason"]) == ("request_object_invalid", reason)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"typ": "JWT"}, "typ_mismatch"),
        ({"jwk": {"kty": "EC"}}, "header_param_forbidden"),
        ({"x5c": []}, "malformed_token"),
    ],
    ids=["typ", "jwk", "x5c"],
)
def test_w20_a_request_with_the_wrong_header_gets_no_answer(
    header: dict[str, Any], reason: str, holder: Any, verifier: Any
) -> None:
    verifier.header = header
    assert refusal(holder, verifier.link()).params["reason"] == reason


def test_w20_a_request_under_an_unknown_root_gets_no_answer(holder: Any, verifier: Any, world: Any) -> None:
    verifier.signer = world.stranger
    assert refusal(holder, verifier.link()).code in ("chain_invalid", "issuer_untrusted")


def test_w20_a_request_under_a_credential_certificate_gets_no_answer(
    holder: Any, verifier: Any, world: Any
) -> None:
    verifier.signer = world.credential
    caught = refusal(holder, verifier.link())
    assert (caught.code, caught.params["reason"]) == ("chain_invalid", "extended_key_usage")


def test_w20_a_request_of_another_media_type_gets_no_answer(holder: Any, verifier: Any, peers: Any) -> None:
    good = verifier.request_object
    peers.routes["GET", REQUEST] = lambda asked: (200, {"content-type": "text/html"}, good(asked)[2])
    assert refusal(holder, verifier.link()).code == "peer_answer_invalid"


@pytest.mark.parametrize(
    "link",
    [
        "openid4vp://?request=b",
        "openid4vp://?request_uri=https%3A%2F%2Fa.example",
        "openid4vp://?client_id=a&request=b&request_uri=https%3A%2F%2Fa.example",
        "openid4vp://?client_id=a&request_uri=https%3A%2F%2Fa.example&request_uri_method=put",
        "openid4vp://?client_id=a&client_id=b&request_uri=https%3A%2F%2Fa.example",
        "mdoc://?client_id=a&request=b",
    ],
)
def test_a_link_that_is_no_request_is_refused(link: str, holder: Any) -> None:
    assert refusal(holder, link).code in ("message_invalid", "link_invalid")


def test_a_request_on_a_private_network_is_not_fetched(holder: Any, verifier: Any, peers: Any) -> None:
    before = len(peers.asked)
    assert refusal(holder, verifier.link(request_uri="http://10.0.0.1/requests/1")).code == "fetch_blocked"
    assert len(peers.asked) == before


@pytest.mark.parametrize(
    ("status", "body", "code", "word"),
    [
        (
            400,
            '{"error":"invalid_request","error_description":"kb_invalid"}',
            "presentation_refused",
            "kb_invalid",
        ),
        (400, '{"error":"invalid_request","error_description":"No, <b>!"}', "presentation_refused", "unnamed"),
        (400, '{"error":"invalid_request"}', "presentation_refused", "unnamed"),
        (400, '{"error":"invalid_request","error_description":"request_answered"}', "request_closed", None),
        (410, "", "request_closed", None),
        (400, '{"error":"other_word"}', "peer_refused", "other_word"),
        (403, '{"error":"invalid_request"}', "peer_refused", "invalid_request"),
    ],
)
def test_a_refusing_verifier_is_told_in_its_own_word_and_has_seen_the_copy(
    status: int, body: str, code: str, word: str | None, holder: Any, verifier: Any
) -> None:
    verifier.reply = (status, {"content-type": "application/json"}, body.encode())
    with pytest.raises(Refused) as caught:
        holder.present(verifier.link())
    assert caught.value.code == code
    assert word is None or word in caught.value.params.values()
    assert [credential.presented for credential in holder.credentials()] == [1]


@pytest.mark.parametrize("status", [404, 410])
def test_a_request_that_is_gone_is_closed(status: int, holder: Any, peers: Any, verifier: Any) -> None:
    link = verifier.link()
    peers.routes = {
        place: (lambda _: (status, {"content-type": "application/problem+json"}, b"{}")) for place in peers.routes
    }
    assert refusal(holder, link).code == "request_closed"


def test_an_answer_that_could_not_be_sent_leaves_nothing_readable_on_the_wire(
    holder: Any, verifier: Any, peers: Any
) -> None:
    holder.present(ask(verifier, wanted(PDA1, ["document_number"])))
    sent = peers.asked[-1]
    assert sent.form.keys() == {"response"}
    assert sent.form["response"].count(".") == 4
    opened = jwe.decrypt(
        sent.form["response"], verifier.key, allowed_enc=frozenset({"A128GCM"}), max_plaintext=100_000
    )
    assert set(json.loads(opened)) == {"vp_token", "state"}


def test_previews_compare_by_value(holder: Any, verifier: Any) -> None:
    first, second = holder.preview(verifier.link()), holder.preview(verifier.link())
    assert isinstance(first, Preview)
    assert first.shared == second.shared


def _header(token: str) -> dict[str, Any]:
    segment = token.split(".")[0]
    return dict(json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))))
