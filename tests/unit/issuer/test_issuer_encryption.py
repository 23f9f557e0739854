"""Encrypted credential requests and responses. OIDF: fail-unsupported-encryption-algorithm; E17, E18, S-22."""

import base64
from typing import Any

import pytest

from portadoc import base64url
from portadoc.formats import jwe, strict_json
from portadoc.keys.key_ring import KeyRing
from portadoc.randomness import system_random_bytes
from portadoc.schemas.openid4vci import IssuerMetadata, read_message
from tests.unit.issuer.issuance_workshop import (
    asked_encrypted,
    new_wallet_key,
    opened,
    request_keys,
    send_encrypted,
)

WEEK = 7 * 86_400
PARAMETERS = "invalid_encryption_parameters"


def wanted(rig: Any, **more: Any) -> dict[str, Any]:
    return {"credential_configuration_id": "pda1", "proofs": {"jwt": [rig.proof()]}, **more}


@pytest.mark.parametrize("enc", ["A128GCM", "A256GCM"])
def test_request_and_response_are_encrypted_to_the_keys_of_either_side(rig: Any, enc: str) -> None:
    key = new_wallet_key()
    content = wanted(rig, **asked_encrypted(key, enc=enc))
    response = send_encrypted(rig, rig.token(), content, enc=enc)
    assert response.status == 200
    header = strict_json.loads_object(base64url.decode(response.text.split(".")[0], what="header"), what="header")
    assert (header["alg"], header["enc"], header["kid"]) == ("ECDH-ES", enc, key.kid)
    said = opened(response, key)
    assert (len(said["credentials"]), "notification_id" in said) == (1, True)


def test_a_request_may_be_encrypted_alone(rig: Any) -> None:
    response = send_encrypted(rig, rig.token(), wanted(rig))
    assert (response.status, response.headers["content-type"]) == (200, "application/json")


def test_the_metadata_names_keys_that_hide_nothing_and_can_be_named(rig: Any) -> None:
    content = rig.transport.get("/.well-known/openid-credential-issuer/issuer/fr-demo").json()
    read = read_message(IssuerMetadata, content)
    (key,) = request_keys(rig)
    assert (key["alg"], key["use"], key["kty"], "d" in key, bool(key["kid"])) == (
        "ECDH-ES",
        "enc",
        "EC",
        False,
        True,
    )
    assert read.credential_request_encryption is not None
    assert read.credential_request_encryption.encryption_required is False
    assert read.credential_request_encryption.zip_values_supported is None
    assert content["credential_response_encryption"] == {
        "alg_values_supported": ["ECDH-ES"],
        "enc_values_supported": ["A128GCM", "A256GCM"],
        "encryption_required": False,
    }


class TestRequestKey:
    def test_every_institution_has_its_own(self, rig: Any) -> None:
        assert request_keys(rig)[0]["kid"] != request_keys(rig, "fr-health")[0]["kid"]
        refused = send_encrypted(rig, rig.token(), wanted(rig), jwk=request_keys(rig, "fr-health")[0])
        assert rig.error_of(refused) == (400, PARAMETERS, "encryption_invalid")

    def test_every_process_has_the_same_without_telling_another(self, make_rig: Any, key_ring: KeyRing) -> None:
        one = make_rig()
        other = make_rig(ring=KeyRing.open(key_ring.directory, passphrase=b"test"))
        assert request_keys(one) == request_keys(other)

    def test_it_changes_and_the_one_before_is_still_understood(self, rig: Any) -> None:
        before = request_keys(rig)[0]
        rig.clock.advance(WEEK)
        after = request_keys(rig)[0]
        assert after["kid"] != before["kid"]
        assert send_encrypted(rig, rig.token(), wanted(rig), jwk=before).status == 200
        assert send_encrypted(rig, rig.token(), wanted(rig), jwk=after).status == 200

    def test_a_process_whose_clock_is_late_understands_the_next(self, rig: Any) -> None:
        rig.clock.advance(WEEK)
        ahead = request_keys(rig)[0]
        rig.clock.advance(-WEEK)
        assert send_encrypted(rig, rig.token(), wanted(rig), jwk=ahead).status == 200

    def test_it_is_forgotten_in_the_end(self, rig: Any) -> None:
        old = request_keys(rig)[0]
        rig.clock.advance(2 * WEEK)
        refused = send_encrypted(rig, rig.token(), wanted(rig), jwk=old)
        assert rig.error_of(refused) == (400, PARAMETERS, "encryption_invalid")

    def test_few_keys_are_held_in_memory(self, rig: Any) -> None:
        for _ in range(12):
            request_keys(rig)
            rig.clock.advance(WEEK)
        assert len(rig.issuer.encryption._keys) <= 4


class TestRequired:
    def test_e17_s22_a_request_in_clear(self, make_rig: Any) -> None:
        rig = make_rig(encryption_required=True)
        assert rig.error_of(rig.obtain(rig.token())) == (400, PARAMETERS, "encryption_required")

    def test_e17_s22_a_response_in_clear(self, make_rig: Any) -> None:
        rig = make_rig(encryption_required=True)
        refused = send_encrypted(rig, rig.token(), wanted(rig))
        assert rig.error_of(refused) == (400, PARAMETERS, "encryption_required")

    def test_both_encrypted_and_the_metadata_says_so(self, make_rig: Any) -> None:
        rig = make_rig(encryption_required=True)
        key = new_wallet_key()
        assert opened(send_encrypted(rig, rig.token(), wanted(rig, **asked_encrypted(key))), key)["credentials"]
        content = rig.transport.get("/.well-known/openid-credential-issuer/issuer/fr-demo").json()
        for name in ("credential_request_encryption", "credential_response_encryption"):
            assert content[name]["encryption_required"] is True


class TestResponseKey:
    def test_s22_a_key_that_came_in_clear(self, rig: Any) -> None:
        refused = rig.request(rig.token(), wanted(rig, **asked_encrypted(new_wallet_key())))
        assert rig.error_of(refused) == (400, PARAMETERS, "response_key_in_clear")

    @pytest.mark.parametrize(
        "change",
        [
            {"alg": None},
            {"alg": "RSA-OAEP"},
            {"alg": "ECDH-ES+A256KW"},
            {"crv": "P-384"},
            {"kty": "OKP", "crv": "X25519"},
            {"use": "sig"},
            {"x": "AA"},
            {"x": base64.urlsafe_b64encode(bytes(32)).rstrip(b"=").decode()},
            {"d": "AA"},
            {"kid": 1},
        ],
        ids=str,
    )
    def test_e17_a_key_that_cannot_be_used(self, rig: Any, change: dict[str, Any]) -> None:
        token, nonce = rig.token(), rig.nonce()
        content = {"credential_configuration_id": "pda1", "proofs": {"jwt": [rig.proof(nonce)]}}
        refused = send_encrypted(rig, token, {**content, **asked_encrypted(new_wallet_key(), **change)})
        assert rig.error_of(refused) == (400, PARAMETERS, "encryption_invalid")
        assert rig.obtain(token, [rig.proof(nonce)]).status == 200  # nothing was used up

    @pytest.mark.parametrize("enc", ["A192GCM", "A128CBC-HS256", "none", "x"])
    def test_e17_s22_a_cipher_that_is_not_offered(self, rig: Any, enc: str) -> None:
        refused = send_encrypted(rig, rig.token(), wanted(rig, **asked_encrypted(new_wallet_key(), enc=enc)))
        assert rig.error_of(refused) == (400, PARAMETERS, "encryption_invalid")

    def test_e17_compression(self, rig: Any) -> None:
        asked = asked_encrypted(new_wallet_key())
        asked["credential_response_encryption"]["zip"] = "DEF"
        refused = send_encrypted(rig, rig.token(), wanted(rig, **asked))
        assert rig.error_of(refused) == (400, PARAMETERS, "encryption_invalid")

    def test_an_error_is_never_encrypted(self, rig: Any) -> None:
        content = {"credential_configuration_id": "pda1", **asked_encrypted(new_wallet_key())}
        refused = send_encrypted(rig, rig.token(), content)
        assert refused.headers["content-type"] == "application/json"
        assert rig.error_of(refused) == (400, "invalid_proof", "proof_missing")


class TestHostileRequests:
    @pytest.mark.parametrize("body", [b"", b"{}", b"a.b.c", b"a.b.c.d.e", b"....", b"\xff.a.b.c.d", b"e30.e30.AA"])
    def test_e18_what_is_no_encrypted_message(self, rig: Any, body: bytes) -> None:
        refused = rig.post(
            "/issuer/fr-demo/credential", body, "application/jwt", {"authorization": f"Bearer {rig.token()}"}
        )
        assert rig.error_of(refused) == (400, PARAMETERS, "encryption_invalid")

    @pytest.mark.parametrize(
        "header",
        [
            {"zip": "DEF"},
            {"alg": "dir"},
            {"alg": "RSA1_5"},
            {"alg": "PBES2-HS256+A128KW", "p2c": 10**9},
            {"enc": "A128CBC-HS256"},
            {"crit": ["exp"]},
            {"kid": "x"},
            {"kid": None},
        ],
        ids=str,
    )
    def test_e18_a_header_that_asks_for_other_work(self, rig: Any, header: dict[str, Any]) -> None:
        sealed = jwe.encrypt(b"{}", request_keys(rig)[0], enc="A128GCM", apu=None, apv=None)
        encoded, *rest = sealed.split(".")
        head = {**strict_json.loads_object(base64url.decode(encoded, what="header"), what="header"), **header}
        kept = {name: value for name, value in head.items() if value is not None}
        text = ".".join([base64url.encode(strict_json.dumps(kept)), *rest])
        refused = rig.post(
            "/issuer/fr-demo/credential",
            text.encode(),
            "application/jwt",
            {"authorization": f"Bearer {rig.token()}"},
        )
        assert rig.error_of(refused) == (400, PARAMETERS, "encryption_invalid")

    def test_e18_a_message_that_is_too_long(self, rig: Any) -> None:
        refused = send_encrypted(rig, rig.token(), {"x": "x" * 300_000})
        assert (refused.status, refused.json()["error_description"]) == (413, "limit_exceeded")

    @pytest.mark.parametrize("plaintext", [b"[]", b"{", b'{"a":1,"a":2}', b"\xff"])
    def test_e19_a_plaintext_with_no_or_two_readings(self, rig: Any, plaintext: bytes) -> None:
        text = jwe.encrypt(plaintext, request_keys(rig)[0], enc="A128GCM", apu=None, apv=None)
        headers = {"authorization": f"Bearer {rig.token()}"}
        refused = rig.post("/issuer/fr-demo/credential", text.encode(), "application/jwt", headers)
        assert rig.error_of(refused) == (400, "invalid_credential_request", "json_malformed")

    def test_who_may_not_ask_learns_nothing(self, rig: Any) -> None:
        refused = rig.post("/issuer/fr-demo/credential", b"x", "application/jwt", {"authorization": "Bearer x"})
        assert rig.error_of(refused)[:2] == (401, "invalid_token")

    def test_a_key_of_somebody_else_under_our_name(self, rig: Any) -> None:
        strange = {**jwe.new_encryption_key(system_random_bytes).public_jwk, "kid": request_keys(rig)[0]["kid"]}
        refused = send_encrypted(rig, rig.token(), wanted(rig), jwk=strange)
        assert rig.error_of(refused) == (400, PARAMETERS, "encryption_invalid")
