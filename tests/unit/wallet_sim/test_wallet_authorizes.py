"""How the wallet obtains credentials by the authorization code flow, as HAIP asks, and what makes it stop."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from portadoc.clock import FixedClock
from portadoc.errors import Error, Unavailable
from portadoc.formats import jws
from portadoc.schemas.profiles import profile
from portadoc.wallet_sim.store import FileStore, MemoryStore, PendingIssuance
from portadoc.wallet_sim.transport import AsgiTransport
from portadoc.wallet_sim.wallet import Wallet

from .authorizing_issuer import BASE, CALLBACK, CLIENT, ISSUER, NOW, PATH, AuthorizingIssuer, wallet_identity


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def haip(issuer: Any, clock: FixedClock) -> AuthorizingIssuer:
    issuer.token_changes = {}
    return AuthorizingIssuer(issuer, clock)


@pytest.fixture
def make_wallet(peers: Any, world: Any, clock: FixedClock, wallet: Any) -> Any:
    def made(*, store: Any = None, profile_id: str = "haip-1.0", **changes: Any) -> Wallet:
        return Wallet(
            store or MemoryStore(),
            transport=AsgiTransport(peers, BASE),
            trust=world.trust,
            clock=clock,
            random_bytes=wallet.means.random_bytes,
            profile=profile(profile_id),
            identity=changes.pop("identity", None) or wallet_identity(**changes),
        )

    return made


def refusal(wallet: Any, haip: AuthorizingIssuer, **arguments: Any) -> Error:
    """Return the error with which the wallet refuses an offer, and make sure that it kept nothing."""
    with pytest.raises(Error) as caught:
        wallet.accept(haip.offer(), browser=haip.browser, **arguments)
    assert wallet.credentials() == ()
    return caught.value


def test_an_offer_is_accepted_as_haip_asks(haip: AuthorizingIssuer, make_wallet: Any, issuer: Any) -> None:
    wallet = make_wallet()
    held = wallet.accept(haip.offer(), browser=haip.browser)
    assert [each.configuration_id for each in held] == ["pda1", "pda1"]
    assert wallet.credentials() == held
    assert issuer.notified == [{"notification_id": "note-1", "event": "credential_accepted"}] * 2
    assert {each.client_id for each in haip.attested} == {CLIENT}


def test_what_is_pushed_is_what_is_wanted_and_the_issuers_state_is_echoed(
    haip: AuthorizingIssuer, make_wallet: Any
) -> None:
    make_wallet().accept(haip.offer(), browser=haip.browser)
    (pushed,) = haip.pushed
    assert pushed["issuer_state"] == "state-of-the-issuer"
    assert json.loads(pushed["authorization_details"]) == [
        {"type": "openid_credential", "credential_configuration_id": "pda1", "locations": [ISSUER]}
    ]
    assert "scope" not in pushed
    assert len(pushed["state"]) >= 43


def test_a_server_without_authorization_details_is_asked_by_scope(
    haip: AuthorizingIssuer, make_wallet: Any, issuer: Any
) -> None:
    del haip.server["authorization_details_types_supported"]
    haip.identifiers = []
    held = make_wallet().accept(haip.offer(), browser=haip.browser)
    assert (len(held), len(haip.requests)) == (1, 1)
    assert haip.requests[0]["credential_configuration_id"] == "pda1"
    assert haip.pushed[0]["scope"] == haip.metadata["credential_configurations_supported"]["pda1"]["scope"]
    assert haip.pushed[0]["resource"] == ISSUER
    assert "authorization_details" not in haip.pushed[0]


def test_locations_are_left_out_where_the_issuer_names_no_servers(
    haip: AuthorizingIssuer, make_wallet: Any
) -> None:
    del haip.metadata["authorization_servers"]
    make_wallet().accept(haip.offer(), browser=haip.browser)
    assert "locations" not in json.loads(haip.pushed[0]["authorization_details"])[0]


def test_every_identifier_of_a_configuration_is_asked_for(haip: AuthorizingIssuer, make_wallet: Any) -> None:
    make_wallet().accept(haip.offer(), browser=haip.browser)
    assert [each["credential_identifier"] for each in haip.requests] == haip.identifiers
    assert all("credential_configuration_id" not in each for each in haip.requests)


def test_the_wallet_asks_by_itself_without_an_offer(haip: AuthorizingIssuer, make_wallet: Any) -> None:
    held = make_wallet().ask(ISSUER, ["pda1"], browser=haip.browser)
    assert len(held) == 2
    assert "issuer_state" not in haip.pushed[0]


def test_an_offer_that_leaves_the_grant_open_is_accepted_through_the_browser(
    haip: AuthorizingIssuer, make_wallet: Any, issuer: Any
) -> None:
    content = issuer.offer_json("pda1")
    del content["grants"]
    link = f"openid-credential-offer://?{urlencode({'credential_offer': json.dumps(content)})}"
    assert len(make_wallet().accept(link, browser=haip.browser)) == 2


@pytest.mark.parametrize("kind", ["jwt", "attestation"])
def test_a_batch_is_proven_by_one_attestation_of_all_keys(
    kind: str, haip: AuthorizingIssuer, make_wallet: Any
) -> None:
    haip.identifiers = ["pda1-of-anna"]
    held = make_wallet(preferred_proof=kind).accept(haip.offer(), browser=haip.browser, copies=4)
    assert len({each.holder_key["x"] for each in held}) == 4
    (request,) = haip.requests
    assert [(name, len(proofs)) for name, proofs in request["proofs"].items()] == [(kind, 1)]


def test_the_one_proof_type_that_the_issuer_takes_is_used(haip: AuthorizingIssuer, make_wallet: Any) -> None:
    haip.require_key_attestation("attestation")
    make_wallet(preferred_proof="jwt").accept(haip.offer(), browser=haip.browser)
    assert list(haip.requests[0]["proofs"]) == ["attestation"]


def test_keys_that_are_kept_less_well_than_the_issuer_asks_are_not_offered(
    haip: AuthorizingIssuer, make_wallet: Any, peers: Any
) -> None:
    caught = refusal(make_wallet(key_storage=("iso_18045_basic",)), haip)
    assert (caught.code, caught.params["reason"]) == ("configuration_unsupported", "key_attestation")
    assert peers.paths("POST") == []


# F13 and the rest of the redirect: the answer that the browser brings is believed by nobody.


@pytest.mark.parametrize("iss", [None, "https://another.example", f"{ISSUER}/"])
def test_f13_an_answer_without_the_servers_own_name_is_refused_and_no_code_leaves(
    iss: str | None, haip: AuthorizingIssuer, make_wallet: Any
) -> None:
    haip.answer = {"iss": iss}
    caught = refusal(make_wallet(), haip)
    reason = "iss_missing" if iss is None else "iss"
    assert (caught.code, caught.params["reason"], haip.tokens) == ("authorization_response_invalid", reason, [])


def test_f13_a_name_that_was_promised_is_missed_outside_haip_too(
    haip: AuthorizingIssuer, make_wallet: Any
) -> None:
    haip.answer = {"iss": None}
    assert refusal(make_wallet(profile_id="ietf-latest"), haip).params["reason"] == "iss_missing"
    haip.server["authorization_response_iss_parameter_supported"] = False
    assert len(make_wallet(profile_id="ietf-latest").accept(haip.offer(), browser=haip.browser)) == 2


def test_f13_an_error_of_another_server_is_no_answer_either(haip: AuthorizingIssuer, make_wallet: Any) -> None:
    haip.answer = {"code": None, "error": "access_denied", "iss": "https://another.example"}
    assert refusal(make_wallet(), haip).code == "authorization_response_invalid"


@pytest.mark.parametrize("state", [None, "", "another", "é"])
def test_an_answer_to_another_request_is_refused(
    state: str | None, haip: AuthorizingIssuer, make_wallet: Any
) -> None:
    haip.answer = {"state": state}
    caught = refusal(make_wallet(), haip)
    assert (caught.code, caught.params["reason"], haip.tokens) == ("authorization_response_invalid", "state", [])


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/callback?app=1&", "https://wallet.example/callback/x?app=1&", f"{CALLBACK[:-1]}2&"],
)
def test_an_answer_at_another_address_is_refused(address: str, haip: AuthorizingIssuer, make_wallet: Any) -> None:
    def elsewhere(url: str) -> str:
        return haip.browser(url).replace(f"{CALLBACK}&", address)

    with pytest.raises(Error) as caught:
        make_wallet().accept(haip.offer(), browser=elsewhere)
    assert (caught.value.code, caught.value.params["reason"]) == ("authorization_response_invalid", "redirect_uri")


@pytest.mark.parametrize(
    ("addition", "code"),
    [("&code=other", "link_invalid"), ("&x", "link_invalid"), ("#f", "authorization_response_invalid")],
)
def test_an_answer_that_can_be_read_in_two_ways_is_refused(
    addition: str, code: str, haip: AuthorizingIssuer, make_wallet: Any
) -> None:
    with pytest.raises(Error) as caught:
        make_wallet().accept(haip.offer(), browser=lambda url: haip.browser(url) + addition)
    assert (caught.value.code, haip.tokens) == (code, [])


@pytest.mark.parametrize(("error", "told"), [("access_denied", "access_denied"), ("<b>", "unnamed")])
def test_a_refusal_of_the_holder_or_the_server_is_told(
    error: str, told: str, haip: AuthorizingIssuer, make_wallet: Any
) -> None:
    haip.answer = {"code": None, "error": error}
    caught = refusal(make_wallet(), haip)
    assert (caught.code, caught.params["error"]) == ("authorization_refused", told)


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ("pushed_authorization_request_endpoint", "pushed_requests"),
        ("code_challenge_methods_supported", "code_challenge_method"),
        ("authorization_endpoint", "authorization_endpoint"),
        ("token_endpoint_auth_methods_supported", "client_attestation"),
        ("dpop_signing_alg_values_supported", "dpop"),
    ],
)
def test_a_server_below_the_profile_is_refused_before_the_holder_is_sent_there(
    member: str, reason: str, haip: AuthorizingIssuer, make_wallet: Any, peers: Any
) -> None:
    del haip.server[member]
    caught = refusal(make_wallet(), haip)
    assert (caught.code, caught.params["reason"]) == ("authorization_server_unsuitable", reason)
    assert peers.paths("POST") == []


def test_a_server_without_pushed_requests_gets_the_request_by_the_browser_outside_haip(
    haip: AuthorizingIssuer, make_wallet: Any, peers: Any
) -> None:
    del haip.server["pushed_authorization_request_endpoint"]
    del haip.server["require_pushed_authorization_requests"]
    went: list[dict[str, str]] = []

    def browser(url: str) -> str:
        went.append(dict(parse_qsl(urlsplit(url).query)))
        haip.pushed.append(went[-1])
        return haip.browser(url)

    assert len(make_wallet(profile_id="ietf-latest").accept(haip.offer(), browser=browser)) == 2
    assert went[0]["code_challenge_method"] == "S256"
    assert f"{PATH}/par" not in peers.paths("POST")


def test_the_browser_is_not_sent_to_an_address_without_https(haip: AuthorizingIssuer, make_wallet: Any) -> None:
    haip.server["authorization_endpoint"] = "http://evil.example/authorize"
    assert refusal(make_wallet(), haip).code == "fetch_blocked"


def test_an_anonymous_wallet_has_no_way_to_go(haip: AuthorizingIssuer, wallet: Any) -> None:
    assert refusal(wallet, haip).code == "grant_unsupported"


# DPoP and client attestation.


def test_a_server_that_never_is_content_with_the_nonce_is_asked_twice(
    haip: AuthorizingIssuer, make_wallet: Any, peers: Any
) -> None:
    def never(asked: Any) -> Any:
        haip._client(asked)
        return 400, {"content-type": "application/json", "dpop-nonce": "n"}, b'{"error":"use_dpop_nonce"}'

    peers.routes["POST", f"{PATH}/token"] = never
    caught = refusal(make_wallet(), haip)
    assert (caught.code, caught.params["error"]) == ("peer_refused", "use_dpop_nonce")
    assert peers.paths("POST").count(f"{PATH}/token") == 2


def test_a_challenge_that_comes_with_a_refusal_is_answered_once(
    haip: AuthorizingIssuer, make_wallet: Any, peers: Any
) -> None:
    del haip.server["challenge_endpoint"]
    assert len(make_wallet().accept(haip.offer(), browser=haip.browser)) == 2
    assert peers.paths("POST").count(f"{PATH}/par") == 2
    assert f"{PATH}/challenge" not in peers.paths("POST")


def test_f14_each_request_has_a_proof_of_its_own(haip: AuthorizingIssuer, make_wallet: Any, peers: Any) -> None:
    make_wallet().accept(haip.offer(), browser=haip.browser)
    proofs = [jws.unverified_claims(asked.headers["dpop"]) for asked in peers.asked if "dpop" in asked.headers]
    assert len({proof["jti"] for proof in proofs}) == len(proofs)
    assert all("access_token" not in asked.path for asked in peers.asked)
    assert {"dpop"} <= next(each for each in peers.asked if each.path == f"{PATH}/notification").headers.keys()


def test_the_attestation_is_that_of_draft_07_or_of_the_current_one(
    haip: AuthorizingIssuer, make_wallet: Any, peers: Any
) -> None:
    for issuer_name in (CLIENT, None):
        make_wallet(issuer=issuer_name).accept(haip.offer(), browser=haip.browser)
        last = [asked for asked in peers.asked if asked.path == f"{PATH}/par"][-1]
        for header in ("oauth-client-attestation", "oauth-client-attestation-pop"):
            assert jws.unverified_claims(last.headers[header]).get("iss") == issuer_name


def test_a_bearer_token_for_a_wallet_that_showed_a_key_is_refused(
    haip: AuthorizingIssuer, make_wallet: Any, issuer: Any
) -> None:
    issuer.token_changes = {"token_type": "Bearer"}
    assert refusal(make_wallet(), haip).code == "token_type_unsupported"


def test_details_that_were_asked_for_have_to_be_answered(haip: AuthorizingIssuer, make_wallet: Any) -> None:
    haip.identifiers = []
    caught = refusal(make_wallet(), haip)
    assert (caught.code, caught.params["reason"]) == ("peer_answer_invalid", "authorization_details")


def test_nothing_granted_is_told(haip: AuthorizingIssuer, make_wallet: Any, issuer: Any) -> None:
    detail = {"type": "openid_credential", "credential_configuration_id": "other", "credential_identifiers": ["a"]}
    issuer.token_changes = {"authorization_details": [detail]}
    assert refusal(make_wallet(), haip).code == "nothing_granted"


# Encryption.


def test_request_and_answer_are_encrypted_where_the_issuer_offers_it(
    haip: AuthorizingIssuer, make_wallet: Any, peers: Any
) -> None:
    for name in ("credential_request_encryption", "credential_response_encryption"):
        haip.metadata[name]["encryption_required"] = False
    make_wallet().accept(haip.offer(), browser=haip.browser)
    sent = [asked for asked in peers.asked if asked.path == f"{PATH}/credential"]
    assert {asked.headers["content-type"] for asked in sent} == {"application/jwt"}
    keys = [request["credential_response_encryption"]["jwk"]["kid"] for request in haip.requests]
    assert len(set(keys)) == len(keys) == 2


def test_an_anonymous_wallet_encrypts_when_it_has_to(
    issuer: Any, wallet: Any, clock: FixedClock, haip: AuthorizingIssuer, peers: Any
) -> None:
    peers.routes["POST", f"{PATH}/token"] = issuer.redeem
    haip.metadata["credential_configurations_supported"]["pda1"]["proof_types_supported"] = {
        "jwt": {"proof_signing_alg_values_supported": ["ES256"]}
    }
    peers.routes["POST", f"{PATH}/credential"] = lambda asked: haip._sealed(
        haip._opened(asked), {"credentials": [{"credential": "a.b.c~"}]}
    )
    assert refusal_of_offer(wallet, issuer.offer("pda1")).code == "malformed_token"


def refusal_of_offer(wallet: Any, link: str) -> Error:
    with pytest.raises(Error) as caught:
        wallet.accept(link)
    return caught.value


def test_a_plain_answer_to_a_wallet_that_asked_for_an_encrypted_one_is_refused(
    haip: AuthorizingIssuer, make_wallet: Any
) -> None:
    haip._sealed = lambda request, answer, status=200: (  # type: ignore[method-assign]
        status,
        {"content-type": "application/json"},
        json.dumps(answer).encode(),
    )
    caught = refusal(make_wallet(), haip)
    assert (caught.code, caught.params["reason"]) == ("peer_answer_invalid", "not_encrypted")


def test_an_answer_encrypted_to_another_key_is_refused(haip: AuthorizingIssuer, make_wallet: Any) -> None:
    sealed = haip._sealed
    other = {"jwk": haip.key.public_jwk, "enc": "A256GCM"}
    haip._sealed = lambda request, answer, status=200: sealed(  # type: ignore[method-assign]
        {"credential_response_encryption": other}, answer, status
    )
    assert refusal(make_wallet(), haip).code == "encryption_invalid"


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("credential_request_encryption", {"enc_values_supported": ["A128CBC-HS256"]}, "request_encryption"),
        ("credential_response_encryption", {"alg_values_supported": ["RSA-OAEP-256"]}, "response_encryption"),
    ],
)
def test_an_encryption_that_the_wallet_does_not_have_is_refused(
    name: str, changes: dict[str, Any], reason: str, haip: AuthorizingIssuer, make_wallet: Any
) -> None:
    haip.metadata[name] |= changes
    caught = refusal(make_wallet(), haip)
    assert (caught.code, caught.params["reason"]) == ("configuration_unsupported", reason)


# Later, and again.


def test_what_comes_later_is_asked_for_when_its_time_has_come(
    haip: AuthorizingIssuer, make_wallet: Any, clock: FixedClock, issuer: Any, tmp_path: Any, peers: Any
) -> None:
    haip.identifiers, haip.later = ["pda1-of-anna"], 2
    path, identity = tmp_path / "wallet.json", wallet_identity()
    wallet = make_wallet(store=FileStore(path), identity=identity)
    with pytest.raises(Unavailable) as caught:
        wallet.accept(haip.offer(), browser=haip.browser, copies=2)
    assert (caught.value.code, caught.value.retry_after_s) == ("issuance_deferred", 30)
    assert (wallet.resume(), f"{PATH}/deferred" in peers.paths("POST")) == ((), False)
    clock.advance(30)
    wallet = make_wallet(store=FileStore(path), identity=identity)
    assert (wallet.resume(), len(wallet.pending())) == ((), 1)
    clock.advance(59)
    assert wallet.resume() == ()
    clock.advance(1)
    held = wallet.resume()
    assert (len(held), wallet.pending(), wallet.credentials()) == (2, (), held)
    assert issuer.notified == [{"notification_id": "note-1", "event": "credential_accepted"}]


def deferred(haip: AuthorizingIssuer, wallet: Any, clock: FixedClock) -> None:
    """Let an issuer put off what the wallet accepts, and the time come to ask."""
    haip.identifiers, haip.later = ["pda1-of-anna"], 1
    with pytest.raises(Unavailable):
        wallet.accept(haip.offer(), browser=haip.browser)
    clock.advance(30)


def test_a_key_that_was_exchanged_in_the_meantime_is_noticed(
    haip: AuthorizingIssuer, make_wallet: Any, clock: FixedClock, issuer: Any
) -> None:
    wallet = make_wallet()
    deferred(haip, wallet, clock)
    other = wallet_identity().instance.public_jwk
    text = issuer.good_credential("pda1", dict(other))
    haip.transaction["ready"]["credentials"] = [{"credential": text}]
    with pytest.raises(Error) as caught:
        wallet.resume()
    assert caught.value.code == "holder_key_mismatch"
    assert (wallet.credentials(), wallet.pending()) == ((), ())
    assert [note["event"] for note in issuer.notified] == ["credential_failure"]


def test_another_transaction_is_no_answer(haip: AuthorizingIssuer, make_wallet: Any, clock: FixedClock) -> None:
    wallet = make_wallet()
    deferred(haip, wallet, clock)
    sealed = haip._sealed
    haip._sealed = lambda request, answer, status=200: sealed(  # type: ignore[method-assign]
        request, {"transaction_id": "other", "interval": 5}, 202
    )
    with pytest.raises(Error) as caught:
        wallet.resume()
    assert (caught.value.code, len(wallet.pending())) == ("transaction_changed", 1)


@pytest.mark.parametrize("word", ["invalid_transaction_id", "credential_request_denied"])
def test_a_final_refusal_ends_the_waiting(
    word: str, haip: AuthorizingIssuer, make_wallet: Any, clock: FixedClock, peers: Any
) -> None:
    wallet = make_wallet()
    deferred(haip, wallet, clock)
    body = json.dumps({"error": word}).encode()
    peers.routes["POST", f"{PATH}/deferred"] = lambda _: (400, {"content-type": "application/json"}, body)
    with pytest.raises(Error) as caught:
        wallet.resume()
    assert (caught.value.code, caught.value.params["error"], wallet.pending()) == ("issuance_refused", word, ())


def test_a_token_that_ran_out_while_waiting_is_refreshed(
    haip: AuthorizingIssuer, make_wallet: Any, clock: FixedClock
) -> None:
    wallet = make_wallet()
    haip.refresh_token = "refresh-0"
    deferred(haip, wallet, clock)
    clock.advance(3600)
    assert len(wallet.resume()) == 1
    assert [form["grant_type"] for form in haip.tokens] == ["authorization_code", "refresh_token"]
    assert haip.tokens[-1]["refresh_token"] == "refresh-1"


def test_a_token_that_the_issuer_ended_early_is_refreshed_once(
    haip: AuthorizingIssuer, make_wallet: Any, clock: FixedClock
) -> None:
    wallet = make_wallet()
    haip.refresh_token = "refresh-0"
    deferred(haip, wallet, clock)
    haip.access_token = "another"
    assert len(wallet.resume()) == 1
    assert len(haip.tokens) == 2


def test_without_refresh_token_an_access_ends(
    haip: AuthorizingIssuer, make_wallet: Any, clock: FixedClock
) -> None:
    wallet = make_wallet()
    deferred(haip, wallet, clock)
    clock.advance(3600)
    with pytest.raises(Error) as caught:
        wallet.resume()
    assert (caught.value.code, wallet.pending(), wallet._store.accesses()) == ("access_ended", (), ())


def test_one_that_fails_keeps_no_other_from_coming(
    haip: AuthorizingIssuer, make_wallet: Any, clock: FixedClock
) -> None:
    store = MemoryStore()
    lost = PendingIssuance(
        id="lost",
        access_id="gone",
        configuration_id="pda1",
        vct="urn:eudi:pda1:1",
        transaction_id="other",
        ask_at=NOW,
        holder_keys=[],
    )
    store.keep_pending(lost)
    wallet = make_wallet(store=store)
    deferred(haip, wallet, clock)
    with pytest.raises(Error) as caught:
        wallet.resume()
    assert caught.value.code == "access_ended"
    assert (len(wallet.credentials()), wallet.pending()) == (1, ())


def test_fresh_copies_come_under_the_rotated_refresh_token(
    haip: AuthorizingIssuer, make_wallet: Any, clock: FixedClock
) -> None:
    wallet = make_wallet()
    haip.refresh_token, haip.identifiers = "refresh-0", ["pda1-of-anna"]
    wallet.accept(haip.offer(), browser=haip.browser)
    for _ in range(2):
        clock.advance(3600)
        assert len(wallet.renew("pda1", copies=3)) == 3
    assert [form.get("refresh_token") for form in haip.tokens] == [None, "refresh-1", "refresh-2"]
    assert {each["credential_identifier"] for each in haip.requests} == {"pda1-of-anna"}
    haip.refresh_token = "revoked"
    clock.advance(3600)
    with pytest.raises(Error) as caught:
        wallet.renew("pda1")
    assert caught.value.code == "access_ended"


def test_what_was_never_granted_cannot_be_renewed(make_wallet: Any, haip: AuthorizingIssuer) -> None:
    with pytest.raises(Error) as caught:
        make_wallet().renew("pda1")
    assert caught.value.code == "access_ended"


def test_an_access_is_used_only_as_the_client_that_obtained_it(
    haip: AuthorizingIssuer, make_wallet: Any, clock: FixedClock
) -> None:
    store = MemoryStore()
    haip.refresh_token = "refresh-0"
    make_wallet(store=store).accept(haip.offer(), browser=haip.browser)
    other = replace(wallet_identity(), client_id="https://other.example")
    with pytest.raises(Error) as caught:
        make_wallet(store=store, identity=other).renew("pda1")
    assert caught.value.code == "access_of_another"


def test_no_secret_of_an_access_shows(haip: AuthorizingIssuer, make_wallet: Any, clock: FixedClock) -> None:
    store = MemoryStore()
    haip.refresh_token = "refresh-0"
    wallet = make_wallet(store=store)
    deferred(haip, wallet, clock)
    (access,), (pending,) = store.accesses(), wallet.pending()
    assert access.dpop_key is not None
    for secret in ("access-1", "refresh-1", access.dpop_key["d"], "later-1", pending.holder_keys[0]["d"]):
        assert secret not in repr(access) + repr(pending)
