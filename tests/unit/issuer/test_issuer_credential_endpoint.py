"""The credential endpoint: the rows E01 to E24 of the abuse catalogue that concern this flow."""

import base64
from typing import Any

import pytest

from portadoc.issuer import WithdrawalReason
from portadoc.issuer.deployment import NOBODY
from portadoc.storage import outbox
from tests.unit.issuer.conftest import SETTINGS
from tests.unit.issuer.issuance_workshop import grant_of

CREDENTIAL = "/issuer/fr-demo/credential"
UNAUTHORISED = (401, "invalid_token", "access_token_invalid")
INVALID_PROOF = (400, "invalid_proof", "proof_invalid")


def refused_proof(rig: Any, proof: str) -> tuple[int, str, str]:
    return rig.error_of(rig.obtain(rig.token(), [proof]))


class TestAccessToken:
    @pytest.mark.parametrize("garbage", ["x", "a.b.c", "x" * 512, "===", "x y", "é"])
    def test_e01_garbage_is_unauthorised(self, rig: Any, garbage: str) -> None:
        refused = rig.request(garbage, {})
        assert rig.error_of(refused) == UNAUTHORISED
        assert 'error="invalid_token"' in refused.headers["www-authenticate"]

    def test_e01_without_a_token_only_a_challenge_is_told(self, rig: Any) -> None:
        refused = rig.request(None, {})
        assert rig.error_of(refused) == (401, "invalid_token", "access_token_missing")
        assert refused.headers["www-authenticate"].startswith('Bearer, DPoP algs="ES256 ')

    def test_e01_an_expired_token_is_unauthorised(self, rig: Any) -> None:
        token = rig.token()
        rig.clock.advance(300)
        assert rig.error_of(rig.obtain(token)) == UNAUTHORISED

    def test_e01_a_token_of_another_institution_is_unauthorised(self, rig: Any) -> None:
        token = rig.token(rig.offer("ehic", institution="fr-health"), institution="fr-health")
        assert rig.error_of(rig.obtain(token)) == UNAUTHORISED

    def test_f17_a_code_or_an_altered_token_is_unauthorised(self, rig: Any) -> None:
        assert rig.error_of(rig.obtain(rig.code_of(rig.offer()))) == UNAUTHORISED
        assert rig.error_of(rig.obtain(rig.token() + "A")) == UNAUTHORISED

    @pytest.mark.parametrize("path", [CREDENTIAL, "/issuer/fr-demo/notification"])
    def test_e02_a_token_in_the_address_is_refused(self, rig: Any, path: str) -> None:
        refused = rig.transport.post_json(f"{path}?access_token={rig.token()}", {})
        assert rig.error_of(refused) == (400, "invalid_request", "access_token_in_query")

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
    def test_a_bearer_token_needs_no_proof_and_no_proof_is_looked_at(self, rig: Any, scheme: str) -> None:
        content = {"credential_configuration_id": "pda1", "proofs": {"jwt": [rig.proof()]}}
        assert rig.request(rig.token(), content, scheme=scheme, headers={"dpop": "x"}).status == 200

    @pytest.mark.parametrize("scheme", ["Basic", "", "Bearer  x"])
    def test_another_scheme_is_unauthorised(self, rig: Any, scheme: str) -> None:
        assert rig.error_of(rig.request(rig.token(), {}, scheme=scheme)) == UNAUTHORISED


class TestConfiguration:
    def test_e04_an_unknown_configuration(self, rig: Any) -> None:
        refused = rig.obtain(rig.token(), configuration_id="unheard-of")
        assert rig.error_of(refused) == (
            400,
            "unknown_credential_configuration",
            "credential_configuration_unknown",
        )

    def test_e04_an_unknown_configuration_where_identifiers_were_given_out(self, rig: Any) -> None:
        grant_of(rig, rig.record(), token="identified", identified=True)
        content = {"credential_configuration_id": "unheard-of", "proofs": {"jwt": [rig.proof()]}}
        refused = rig.request("identified", content)
        assert rig.error_of(refused)[:2] == (400, "unknown_credential_configuration")

    def test_e05_an_identifier_that_was_not_given_out(self, rig: Any) -> None:
        refused = rig.request(rig.token(), {"credential_identifier": "pda1", "proofs": {"jwt": [rig.proof()]}})
        assert rig.error_of(refused) == (400, "unknown_credential_identifier", "credential_identifier_unknown")

    def test_e05_an_identifier_of_a_configuration_that_is_issued_no_more(self, make_rig: Any) -> None:
        rig = make_rig()
        grant = grant_of(rig, rig.record(), token="identified", identified=True)
        first, *others = SETTINGS["institutions"]
        left = first.model_copy(update={"configuration_ids": ("pda1-rulebook",)})
        rig = make_rig(institutions=(left, *others))
        content = {"credential_identifier": grant.entitlements[0].credential_identifier}
        refused = rig.request("identified", {**content, "proofs": {"jwt": [rig.proof()]}})
        assert rig.error_of(refused) == (400, "unknown_credential_identifier", "credential_identifier_unknown")

    @pytest.mark.parametrize("names", [{}, {"credential_identifier": "x", "credential_configuration_id": "pda1"}])
    def test_e05_both_kinds_of_name_or_neither(self, rig: Any, names: dict[str, str]) -> None:
        refused = rig.request(rig.token(), {**names, "proofs": {"jwt": [rig.proof()]}})
        assert rig.error_of(refused) == (400, "invalid_credential_request", "message_invalid")

    def test_e06_a_configuration_that_the_token_does_not_cover(self, rig: Any) -> None:
        refused = rig.obtain(rig.token(), configuration_id="pda1-webuild")
        assert rig.error_of(refused) == (400, "credential_request_denied", "configuration_not_granted")

    def test_an_identifier_given_out_must_be_used_and_works(self, rig: Any) -> None:
        details = '[{"type":"openid_credential","credential_configuration_id":"pda1"}]'
        response = rig.redeem(rig.code_of(rig.offer()), authorization_details=details).json()
        token, (detail,) = response["access_token"], response["authorization_details"]
        refused = rig.obtain(token)
        assert rig.error_of(refused) == (400, "invalid_credential_request", "credential_identifier_required")
        named = {"credential_identifier": detail["credential_identifiers"][0], "proofs": {"jwt": [rig.proof()]}}
        assert rig.request(token, named).status == 200
        other = rig.token(rig.offer())
        assert rig.error_of(rig.request(other, named))[1] == "unknown_credential_identifier"

    def test_several_records_come_by_identifiers_of_their_own(self, rig: Any) -> None:
        """A person with two postings: each identifier is one of them, and stays so in every token."""
        records = [rig.record(), rig.record()]
        offers = [rig.issuer.offer_records("fr-demo", {each: ["pda1"] for each in records}) for _ in range(2)]
        first, second = (rig.redeem(rig.code_of(offer)).json() for offer in offers)
        assert first["authorization_details"] == second["authorization_details"]
        (detail,) = first["authorization_details"]
        responses = [
            rig.request(
                first["access_token"], {"credential_identifier": identifier, "proofs": {"jwt": [rig.proof()]}}
            ).json()
            for identifier in detail["credential_identifiers"]
        ]
        assert {row.record_id for row in rig.issuer.credentials("fr-demo")} == set(records)
        assert len({response["notification_id"] for response in responses}) == 2

    def test_unknown_members_are_ignored(self, rig: Any) -> None:
        content = {
            "credential_configuration_id": "pda1",
            "proofs": {"jwt": [rig.proof()]},
            "format": "x",
            "y": [1],
        }
        assert rig.request(rig.token(), content).status == 200


class TestProofs:
    def test_e07_without_proofs(self, rig: Any) -> None:
        refused = rig.request(rig.token(), {"credential_configuration_id": "pda1"})
        assert rig.error_of(refused) == (400, "invalid_proof", "proof_missing")

    @pytest.mark.parametrize(
        "proofs",
        [
            {},
            {"jwt": []},
            {"jwt": ["x"], "attestation": ["x"]},
            {"jwt": "x"},
            {"jwt": [1]},
            [],
            "x",
            {"di_vp": [{}]},
        ],
    )
    def test_e07_proofs_of_no_or_several_types(self, rig: Any, proofs: Any) -> None:
        refused = rig.request(rig.token(), {"credential_configuration_id": "pda1", "proofs": proofs})
        status, error, _ = rig.error_of(refused)
        assert (status, error in ("invalid_credential_request", "invalid_proof")) == (400, True)

    def test_e07_proofs_of_a_type_that_is_not_offered(self, make_rig: Any) -> None:
        rig = make_rig(wallet_trust=NOBODY)
        content = {"credential_configuration_id": "pda1", "proofs": {"attestation": ["x"]}}
        refused = rig.request(rig.token(), content)
        assert rig.error_of(refused) == (400, "invalid_proof", "proof_type_unsupported")

    def test_e07_more_proofs_than_a_batch_has(self, rig: Any) -> None:
        nonce = rig.nonce()
        refused = rig.obtain(rig.token(), [rig.proof(nonce) for _ in range(11)])
        assert rig.error_of(refused) == (400, "invalid_proof", "proof_count")

    def test_e08_a_bad_signature(self, rig: Any) -> None:
        head, body, signature = rig.proof().split(".")
        raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
        raw[10] ^= 1
        changed = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        assert refused_proof(rig, f"{head}.{body}.{changed}") == INVALID_PROOF

    def test_e08_another_key_than_the_signers(self, rig: Any) -> None:
        other = dict(rig.new_key().public_jwk)
        assert refused_proof(rig, rig.proof(header={"jwk": other})) == INVALID_PROOF

    def test_e08_a_private_key_in_the_header(self, rig: Any) -> None:
        key = rig.new_key()
        assert (
            refused_proof(rig, rig.proof(key=key, header={"jwk": {**key.public_jwk, "d": "AA"}})) == INVALID_PROOF
        )

    @pytest.mark.parametrize(
        "header",
        [
            {"kid": "x"},
            {"x5c": ["AA=="]},
            {"jwk": None},
            {"jwk": None, "kid": "did:example:1"},
            {"jwk": "x"},
            {"jku": "https://attacker.example/keys"},
            {"crit": ["exp"]},
            {"typ": "JWT"},
            {"typ": None},
            {"typ": "dc+sd-jwt"},
            {"alg": "none"},
            {"alg": "HS256"},
            {"alg": "RS256"},
            {"alg": "ES384"},
            {"alg": ["ES256"]},
        ],
        ids=str,
    )
    def test_e08_e09_a_header_that_is_not_as_it_must_be(self, rig: Any, header: dict[str, Any]) -> None:
        assert refused_proof(rig, rig.proof(header=header)) == INVALID_PROOF

    @pytest.mark.parametrize(
        "aud",
        [
            "http://127.0.0.1:8700/issuer/fr-health",
            "http://127.0.0.1:8700/issuer/fr-demo/",
            "http://127.0.0.1:8700/issuer/fr-demo/credential",
            ["http://127.0.0.1:8700/issuer/fr-demo"],
            None,
        ],
        ids=str,
    )
    def test_e10_another_audience(self, rig: Any, aud: Any) -> None:
        assert refused_proof(rig, rig.proof(payload={"aud": aud})) == INVALID_PROOF

    def test_e11_without_a_challenge(self, rig: Any) -> None:
        assert refused_proof(rig, rig.proof(payload={"nonce": None})) == INVALID_PROOF

    def test_e14_one_key_twice(self, rig: Any) -> None:
        nonce, key = rig.nonce(), rig.new_key()
        refused = rig.obtain(rig.token(), [rig.proof(nonce, key=key), rig.proof(nonce, key=key)])
        assert rig.error_of(refused) == (400, "invalid_proof", "proof_keys_repeated")

    def test_e15_an_issuer_in_the_proof_of_an_anonymous_wallet(self, rig: Any) -> None:
        assert refused_proof(rig, rig.proof(payload={"iss": "wallet"})) == INVALID_PROOF

    @pytest.mark.parametrize(("iss", "status"), [("wallet", 200), (None, 200), ("other", 400)])
    def test_e15_the_issuer_of_a_proof_is_the_client_that_redeemed(self, rig: Any, iss: str, status: int) -> None:
        token = rig.token(rig.offer(), client_id="wallet")
        assert rig.obtain(token, [rig.proof(payload={"iss": iss})]).status == status

    @pytest.mark.parametrize("age", [-61, 361, 10**6, -(10**9)])
    def test_e16_a_time_outside_the_window(self, rig: Any, age: int) -> None:
        assert refused_proof(rig, rig.proof(payload={"iat": rig.clock.now() - age})) == INVALID_PROOF

    @pytest.mark.parametrize("iat", ["now", 1.5, True, None, 10**18, -1])
    def test_e16_a_time_of_another_form(self, rig: Any, iat: Any) -> None:
        assert refused_proof(rig, rig.proof(payload={"iat": iat})) == INVALID_PROOF

    @pytest.mark.parametrize("proof", ["", "x", "a.b.c", "{}", "é.é.é", "a.b.c.d"])
    def test_a_proof_that_is_no_token(self, rig: Any, proof: str) -> None:
        status, error, _ = rig.error_of(rig.obtain(rig.token(), [proof]))
        assert (status, error in ("invalid_proof", "invalid_credential_request")) == (400, True)

    @pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512", "Ed25519"])
    def test_every_algorithm_of_the_metadata_is_taken(self, rig: Any, alg: str) -> None:
        assert rig.obtain(rig.token(), [rig.proof(key=rig.new_key(alg))]).status == 200


class TestNonce:
    def test_nonces_are_fresh_and_not_kept_by_caches(self, rig: Any) -> None:
        first, second = (rig.transport.request("POST", "/issuer/fr-demo/nonce") for _ in range(2))
        assert first.json()["c_nonce"] != second.json()["c_nonce"]
        assert first.headers["cache-control"] == "no-store"

    @pytest.mark.parametrize("made_up", ["x", "client-made", "A" * 75, "A" * 74, "é", "!" * 40])
    def test_e11_a_challenge_that_nobody_made(self, rig: Any, made_up: str) -> None:
        status, error, _ = rig.error_of(rig.obtain(rig.token(), [rig.proof(payload={"nonce": made_up})]))
        assert (status, error in ("invalid_nonce", "invalid_proof")) == (400, True)

    def test_e11_an_altered_challenge(self, rig: Any) -> None:
        nonce = rig.nonce()
        altered = nonce[:5] + ("A" if nonce[5] != "A" else "B") + nonce[6:]
        refused = rig.obtain(rig.token(), [rig.proof(altered)])
        assert rig.error_of(refused) == (400, "invalid_nonce", "nonce_unknown")

    def test_e11_a_challenge_of_another_institution(self, rig: Any) -> None:
        refused = rig.obtain(rig.token(), [rig.proof(rig.nonce("fr-health"))])
        assert rig.error_of(refused) == (400, "invalid_nonce", "nonce_unknown")

    def test_e11_an_expired_challenge(self, rig: Any) -> None:
        nonce = rig.nonce()
        rig.clock.advance(300)
        assert rig.error_of(rig.obtain(rig.token(), [rig.proof(nonce)])) == (400, "invalid_nonce", "nonce_expired")

    def test_e12_a_challenge_serves_one_request(self, rig: Any) -> None:
        token, nonce = rig.token(), rig.nonce()
        assert rig.obtain(token, [rig.proof(nonce)]).status == 200
        assert rig.error_of(rig.obtain(token, [rig.proof(nonce)])) == (400, "invalid_nonce", "nonce_used")

    def test_e12_fifty_requests_at_once_have_one_winner(self, make_rig: Any) -> None:
        rig = make_rig(copies_per_grant=100)
        token, nonce = rig.token(), rig.nonce()
        proofs = iter([rig.proof(nonce) for _ in range(50)])
        answers = rig.at_once(50, lambda: rig.obtain(token, [next(proofs)]))
        assert sorted(answer.status for answer in answers) == [200] + [400] * 49
        assert {rig.error_of(each)[1] for each in answers if each.status == 400} == {"invalid_nonce"}
        assert len(rig.issuer.credentials("fr-demo")) == 1

    def test_e13_one_challenge_serves_every_copy_of_one_request(self, rig: Any) -> None:
        assert len(rig.issued(copies=10)) == 10

    def test_a_refused_request_does_not_use_the_challenge_up(self, rig: Any) -> None:
        token, nonce = rig.token(), rig.nonce()
        assert rig.obtain(token, [rig.proof(nonce)], configuration_id="pda1-webuild").status == 400
        assert rig.obtain(token, [rig.proof(nonce)]).status == 200

    def test_a_used_challenge_stays_used_until_it_has_expired(self, rig: Any) -> None:
        token, nonce = rig.token(), rig.nonce()
        rig.obtain(token, [rig.proof(nonce)])
        rig.issuer.forget_expired()
        assert rig.error_of(rig.obtain(token, [rig.proof(nonce)]))[2] == "nonce_used"
        rig.clock.advance(300)
        rig.issuer.forget_expired()
        assert rig.error_of(rig.obtain(rig.token(), [rig.proof(nonce)]))[2] == "nonce_expired"

    def test_p14_a_clock_that_leapt_ahead_and_came_back_makes_no_used_challenge_fresh(self, rig: Any) -> None:
        token, nonce = rig.token(), rig.nonce()
        rig.obtain(token, [rig.proof(nonce)])
        rig.clock.advance(3600)
        rig.issuer.forget_expired()
        rig.clock.advance(-3600)
        assert rig.error_of(rig.obtain(rig.token(), [rig.proof(nonce)]))[2] == "nonce_used"

    def test_used_challenges_are_forgotten_in_the_end(self, rig: Any) -> None:
        rig.issued()
        rig.clock.advance(86_400 + 300)
        rig.issuer.forget_expired()
        with rig.database.read() as connection:
            for table in ("issuer_used_once", "issuer_access_tokens"):
                assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 0


class TestBody:
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"[]", "json_malformed"),
            (b"", "json_malformed"),
            (b"{", "json_malformed"),
            (b'{"a":1,"a":2}', "json_malformed"),
            (b'\xef\xbb\xbf{"a":1}', "json_malformed"),
            (b'{"a":"\\ud800"}', "json_malformed"),
            (b'{"a":NaN}', "json_malformed"),
        ],
    )
    def test_e19_a_body_with_no_or_two_readings(self, rig: Any, body: bytes, code: str) -> None:
        refused = rig.post(CREDENTIAL, body, "application/json", {"authorization": f"Bearer {rig.token()}"})
        assert rig.error_of(refused) == (400, "invalid_credential_request", code)

    @pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
    def test_e19_another_content_type(self, rig: Any, content_type: str) -> None:
        refused = rig.post(CREDENTIAL, b"{}", content_type, {"authorization": f"Bearer {rig.token()}"})
        assert rig.error_of(refused) == (400, "invalid_credential_request", "content_type_unsupported")

    @pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 40 + b"1" + b"}" * 40])
    def test_e19_a_deep_body(self, rig: Any, body: bytes) -> None:
        refused = rig.post(CREDENTIAL, body, "application/json", {"authorization": f"Bearer {rig.token()}"})
        assert rig.error_of(refused) == (413, "invalid_credential_request", "limit_exceeded")

    def test_e19_ten_megabytes(self, rig: Any) -> None:
        assert rig.post(CREDENTIAL, b" " * 10_000_000, "application/json").status == 413

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_another_method(self, rig: Any, method: str) -> None:
        assert rig.transport.request(method, CREDENTIAL).status == 405


class TestRecord:
    def test_e24_withdrawn_between_token_and_request(self, rig: Any) -> None:
        token = rig.token()
        rig.issuer.withdraw("fr-demo", rig.last_record, reason=WithdrawalReason.ISSUED_IN_ERROR)
        assert rig.error_of(rig.obtain(token)) == (400, "credential_request_denied", "record_withdrawn")
        assert rig.issuer.credentials("fr-demo") == ()

    def test_a_token_obtains_a_bounded_number_of_copies(self, make_rig: Any) -> None:
        rig = make_rig(copies_per_grant=12)
        token = rig.token()
        for copies, status in ((10, 200), (3, 400), (2, 200), (1, 400)):
            nonce = rig.nonce()
            response = rig.obtain(token, [rig.proof(nonce) for _ in range(copies)])
            assert response.status == status
        assert rig.error_of(response) == (400, "credential_request_denied", "copies_used_up")


class TestNotification:
    def test_it_is_taken_once_and_again(self, rig: Any) -> None:
        token = rig.token()
        told = {"notification_id": rig.obtain(token).json()["notification_id"], "event": "credential_accepted"}
        for _ in range(2):
            assert notify(rig, token, {**told, "unheard_of": 1}).status == 204
        (row,) = rig.issuer.credentials("fr-demo")
        assert row.notified == "credential_accepted"

    def test_what_became_of_a_credential_is_told_twice_at_most(self, rig: Any) -> None:
        """It was accepted, then it is gone; whoever repeats the two for ever fills no table."""
        token = rig.token()
        identifier = rig.obtain(token).json()["notification_id"]
        for event in ("credential_accepted", "credential_deleted") * 5:
            assert notify(rig, token, {"notification_id": identifier, "event": event}).status == 204
        (row,) = rig.issuer.credentials("fr-demo")
        with rig.database.read() as connection:
            stored = outbox.read_after(connection, institution=None, cursor=None)
        told = [each.event.payload["event"] for each in stored if each.event.kind == "credential_notified"]
        assert (row.notified, told) == ("credential_deleted", ["credential_accepted", "credential_deleted"])

    def test_e22_an_unknown_id(self, rig: Any) -> None:
        refused = notify(rig, rig.token(), {"notification_id": "x", "event": "credential_accepted"})
        assert rig.error_of(refused) == (400, "invalid_notification_id", "notification_unknown")

    def test_e22_an_id_of_another_grant(self, rig: Any) -> None:
        identifier = rig.obtain(rig.token()).json()["notification_id"]
        refused = notify(rig, rig.token(), {"notification_id": identifier, "event": "credential_deleted"})
        assert rig.error_of(refused) == (400, "invalid_notification_id", "notification_unknown")

    @pytest.mark.parametrize("told", [{}, {"notification_id": "x"}, {"notification_id": 1, "event": "x"}])
    def test_e22_an_unknown_event_or_a_missing_member(self, rig: Any, told: dict[str, Any]) -> None:
        refused = notify(rig, rig.token(), told)
        assert rig.error_of(refused) == (400, "invalid_notification_request", "message_invalid")

    def test_it_needs_a_token(self, rig: Any) -> None:
        assert rig.error_of(notify(rig, "x", {})) == UNAUTHORISED


def notify(rig: Any, token: str, content: dict[str, Any]) -> Any:
    headers = {"authorization": f"Bearer {token}"}
    return rig.transport.post_json("/issuer/fr-demo/notification", content, headers=headers)
