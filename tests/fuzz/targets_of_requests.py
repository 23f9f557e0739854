"""Readers of what verifiers, wallets and browsers send each other."""

from collections.abc import Mapping
from typing import Final

from portadoc.formats import jws, strict_json
from portadoc.formats.openid4vp.client_identifier import parse_client_identifier, x509_hash_identifier
from portadoc.formats.openid4vp.registration_certificate import (
    RegisteredCredential,
    Registration,
    parse_registration_certificate,
    verify_registration_certificate,
)
from portadoc.formats.openid4vp.request_object import (
    PresentationRequest,
    make_request_object,
    parse_request_object,
    verify_request_object,
)
from portadoc.formats.openid4vp.transaction_data import (
    INSPECTION,
    make_transaction_data,
    read_transaction_data,
)
from portadoc.formats.openid4vp.verifier_attestation import (
    make_verifier_attestation,
    parse_verifier_attestation,
    verify_verifier_attestation,
)
from portadoc.keys.purposes import KeyPurpose
from portadoc.schemas.openid4vci import read_message
from portadoc.schemas.openid4vp import AuthorizationResponse
from portadoc.verification.presets.presets import PRESETS
from tests.fuzz.targets import SKEW_S, FuzzTarget, as_object, as_text
from tests.fuzz.world import ALGS, NONCE, NOW, World

RESPONSE_URI: Final = "https://verifier.example/verifier/de-inspection/responses/1"


def request_targets(world: World) -> Mapping[str, FuzzTarget]:
    """Return the readers of requests and answers."""
    request = _request()
    signer = world.signers[KeyPurpose.REQUEST]
    client = x509_hash_identifier(signer.chain[0])
    sound = make_request_object(request, signer=signer, wallet_nonce=None)

    def read_object(text: str) -> object:
        parsed = parse_request_object(text, allowed_algs=ALGS)
        return verify_request_object(
            parsed,
            key=world.key(KeyPurpose.REQUEST),
            client_id=client.full,
            wallet_nonce=None,
            now=NOW,
            skew_s=SKEW_S,
        )

    def registered(raw: bytes) -> object:
        text = world.token(KeyPurpose.REGISTRATION, "rc-wrp+jwt", raw)
        parsed = parse_registration_certificate(text, allowed_algs=ALGS)
        key = world.key(KeyPurpose.REGISTRATION)
        return verify_registration_certificate(parsed, key=key, now=NOW, skew_s=SKEW_S)

    def attested(raw: bytes) -> object:
        text = world.token(KeyPurpose.REGISTRATION, "verifier-attestation+jwt", raw)
        parsed = parse_verifier_attestation(text, allowed_algs=ALGS)
        return verify_verifier_attestation(
            parsed, key=world.key(KeyPurpose.REGISTRATION), now=NOW, skew_s=SKEW_S, allowed_algs=ALGS
        )

    return {
        "client_identifier": FuzzTarget(
            as_text(parse_client_identifier),
            (client.full.encode(), b"redirect_uri:https://a.example/b", b"x509_san_dns:a.example"),
        ),
        "request_object": FuzzTarget(as_text(read_object), (sound.encode(),)),
        "request_object_behind_the_signature": FuzzTarget(
            lambda raw: read_object(world.token(KeyPurpose.REQUEST, "oauth-authz-req+jwt", raw)),
            (strict_json.dumps(jws.unverified_claims(sound)),),
        ),
        "registration_certificate": FuzzTarget(registered, (_registration(),)),
        "verifier_attestation": FuzzTarget(attested, (_attestation(world),)),
        "transaction_data": FuzzTarget(
            as_text(lambda text: read_transaction_data(text, query_ids={"a1"})), (_transaction(),)
        ),
        "answer": FuzzTarget(
            as_object(lambda value: read_message(AuthorizationResponse, value)),
            (strict_json.dumps({"vp_token": {"a1": ["x~"]}, "state": "s"}), b'{"error":"access_denied"}'),
        ),
    }


def _request() -> PresentationRequest:
    return PresentationRequest(
        nonce=NONCE,
        dcql_query=next(iter(PRESETS.values())).query,
        client_metadata={"vp_formats_supported": {"dc+sd-jwt": {"sd-jwt_alg_values": ["ES256"]}}},
        iat=NOW,
        exp=NOW + 300,
        response_uri=RESPONSE_URI,
        state="state-of-this-session",
    )


def _registration() -> bytes:
    registered = RegisteredCredential("dc+sd-jwt", ("urn:eudi:pda1:1",), (("employer",),))
    registration = Registration(
        sub="DE:TEST90",
        name="Test",
        country="DE",
        registry_uri="https://registry.example",
        entitlements=("https://uri.etsi.org/19475/Entitlement/Service_Provider",),
        credentials=(registered,),
        purposes={"en": "inspection"},
        issued_at=NOW,
        expires_at=NOW + 86_400,
    )
    return strict_json.dumps(registration.to_json())


def _attestation(world: World) -> bytes:
    text = make_verifier_attestation(
        issuer="https://registry.example",
        subject="inspection",
        verifier_jwk=dict(world.holder.public_jwk),
        iat=NOW,
        exp=NOW + 86_400,
        signer=world.signers[KeyPurpose.REGISTRATION],
    )
    return strict_json.dumps(jws.unverified_claims(text))


def _transaction() -> bytes:
    details = {"site": "Testbaustelle", "verifier": "DE:TEST90", "purpose": "inspection"}
    return make_transaction_data(INSPECTION, details, credential_id="a1").encode()
