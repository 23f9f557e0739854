"""A small world for the wallet: a certified institution, an issuer and a verifier that tests may turn bad."""

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest

from portadoc.clock import FixedClock
from portadoc.formats import jwe, jws, strict_json
from portadoc.formats.headers import signing_header
from portadoc.formats.key_proof import verify_key_proof
from portadoc.formats.openid4vp.client_identifier import x509_hash_identifier
from portadoc.formats.openid4vp.registration_certificate import (
    SERVICE_PROVIDER,
    RegisteredCredential,
    Registration,
)
from portadoc.formats.sd_jwt import issue
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.development_chain import (
    CertifiedInstitution,
    issue_leaf,
    make_institution_authority,
    make_root,
)
from portadoc.keys.purposes import KeyPurpose, TrustDomain
from portadoc.keys.signer import LocalSigner, Signer
from portadoc.keys.trust.trust_store import Authorisation, TrustAnchor, TrustStore
from portadoc.randomness import RandomBytes, UnsafeSeededBytes
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.schemas.profiles import DEFAULT_PROFILE
from portadoc.wallet_sim.store import MemoryStore
from portadoc.wallet_sim.transport import AsgiTransport
from portadoc.wallet_sim.wallet import Wallet

NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
BASE = "http://127.0.0.1:8700"
ISSUER = f"{BASE}/issuer/fr-demo"
VERIFIER = f"{BASE}/verifier/de-inspection"
BY_NAME = "http://localhost:8700"
REGISTRAR = f"{BASE}/registrar/de-register"
TRUST_LIST = "https://lists.example/attestations"
PDA1, FULL = CREDENTIAL_TYPES["pda1"], CREDENTIAL_TYPES["pda1-webuild"]
PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"


def seeded(seed: bytes) -> RandomBytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return UnsafeSeededBytes(seed)


def certified(
    institution: CertifiedInstitution, domain: TrustDomain, purposes: tuple[KeyPurpose, ...], seed: bytes
) -> tuple[bytes, dict[KeyPurpose, LocalSigner]]:
    """Return the root (DER) of a fresh chain and one signer for each purpose under it."""
    random_bytes = seeded(seed)
    root = make_root(domain, now=NOW, random_bytes=random_bytes)
    authority = make_institution_authority(institution, root=root, now=NOW, random_bytes=random_bytes)
    signers = {}
    for purpose in purposes:
        key = new_private_key("ES256", random_bytes)
        leaf = issue_leaf(
            institution,
            key.public_key(),
            purpose=purpose,
            authority=authority,
            now=NOW,
            random_bytes=random_bytes,
        )
        signers[purpose] = LocalSigner(key, chain=(leaf, authority.der))
    return root.der, signers


@dataclass(frozen=True)
class World:
    """Keys and trust: ``stranger`` signs under a root that nobody trusts."""

    credential: Signer
    metadata: Signer
    request: Signer
    registrar: Signer
    stranger: Signer
    trust: TrustStore


@pytest.fixture(scope="session")
def world() -> World:
    french = CertifiedInstitution("FR:TEST01", "FR", "Caisse de test", (ISSUER,))
    german = CertifiedInstitution("DE:TEST90", "DE", "Prüfstelle Test", (VERIFIER, f"{BY_NAME}/verifier"))
    register = CertifiedInstitution("DE:TEST80", "DE", "Register Test", (REGISTRAR,))
    attestation_root, credential = certified(
        french, TrustDomain.ATTESTATION, (KeyPurpose.CREDENTIAL,), b"attestation"
    )
    metadata_root, metadata = certified(french, TrustDomain.ACCESS, (KeyPurpose.METADATA,), b"metadata")
    access_root, request = certified(german, TrustDomain.ACCESS, (KeyPurpose.REQUEST,), b"access")
    register_root, registrar = certified(register, TrustDomain.ACCESS, (KeyPurpose.REGISTRATION,), b"register")
    _, stranger = certified(
        french, TrustDomain.ATTESTATION, (KeyPurpose.CREDENTIAL, KeyPurpose.REQUEST), b"stranger"
    )
    trust = TrustStore(
        anchors=(
            TrustAnchor("attestation", attestation_root, frozenset({KeyPurpose.CREDENTIAL})),
            TrustAnchor("metadata", metadata_root, frozenset({KeyPurpose.METADATA})),
            TrustAnchor("access", access_root, frozenset({KeyPurpose.REQUEST})),
            TrustAnchor("register", register_root, frozenset({KeyPurpose.REGISTRATION})),
        ),
        authorisations=(
            authorisation(french, frozenset({KeyPurpose.CREDENTIAL, KeyPurpose.METADATA})),
            authorisation(german, frozenset({KeyPurpose.REQUEST})),
            authorisation(register, frozenset({KeyPurpose.REGISTRATION})),
        ),
    )
    return World(
        credential[KeyPurpose.CREDENTIAL],
        metadata[KeyPurpose.METADATA],
        request[KeyPurpose.REQUEST],
        registrar[KeyPurpose.REGISTRATION],
        stranger[KeyPurpose.CREDENTIAL],
        trust,
    )


def authorisation(institution: CertifiedInstitution, purposes: frozenset[KeyPurpose]) -> Authorisation:
    return Authorisation(
        institution=institution.id,
        name=institution.name,
        country=institution.country,
        issuers=frozenset(institution.urls),
        purposes=purposes,
        credential_types=frozenset({PDA1.vct, FULL.vct}),
        valid_from=NOW - 86_400,
    )


@dataclass(frozen=True)
class Asked:
    """One request as a peer saw it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Reply = tuple[int, Mapping[str, str], bytes]


def json_reply(value: object, status: int = 200) -> Reply:
    return status, {"content-type": "application/json"}, json.dumps(value).encode()


def text_reply(text: str, content_type: str, status: int = 200) -> Reply:
    return status, {"content-type": content_type}, text.encode()


@dataclass
class Peers:
    """An ASGI application made of routes; ``asked`` lists every request in order."""

    routes: dict[tuple[str, str], Callable[[Asked], Reply]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        asked = Asked(scope["method"], scope["path"], headers, body)
        self.asked.append(asked)
        route = self.routes.get((asked.method, asked.path), lambda _: json_reply({"error": "not_found"}, 404))
        status, sent, content = route(asked)
        pairs = [(name.encode(), value.encode()) for name, value in sent.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": content})

    def paths(self, method: str) -> list[str]:
        return [asked.path for asked in self.asked if asked.method == method]


class IssuerPeer:
    """An issuer of PDA1 in two layouts by the pre-authorised code flow; its parts may be replaced by a test."""

    def __init__(self, peers: Peers, world: World) -> None:
        self.world = world
        self.peers = peers
        self.random_bytes = seeded(b"issuer")
        self.nonces: list[str] = []
        self.stale_nonces = 0
        self.notified: list[dict[str, str]] = []
        self.tx_code: str | None = None
        self.metadata: dict[str, Any] = {
            "credential_issuer": ISSUER,
            "credential_endpoint": f"{ISSUER}/credential",
            "nonce_endpoint": f"{ISSUER}/nonce",
            "notification_endpoint": f"{ISSUER}/notification",
            "batch_credential_issuance": {"batch_size": 5},
            "credential_configurations_supported": {"pda1": _configured(PDA1), "pda1-webuild": _configured(FULL)},
        }
        self.server_metadata: dict[str, Any] = {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token"}
        self.token: dict[str, Any] = {"access_token": "access-1", "token_type": "Bearer", "expires_in": 300}
        self.issue_text: Callable[[str, dict[str, str]], str] = self.good_credential
        peers.routes.update(
            {
                ("GET", "/.well-known/openid-credential-issuer/issuer/fr-demo"): lambda _: json_reply(
                    self.metadata
                ),
                ("GET", "/.well-known/oauth-authorization-server/issuer/fr-demo"): lambda _: json_reply(
                    self.server_metadata
                ),
                ("POST", "/issuer/fr-demo/token"): self.redeem,
                ("POST", "/issuer/fr-demo/nonce"): self.nonce,
                ("POST", "/issuer/fr-demo/credential"): self.credential,
                ("POST", "/issuer/fr-demo/notification"): self.notification,
            }
        )

    def offer(self, *ids: str, **changes: Any) -> str:
        """Return an offer link by value."""
        content = json.dumps(self.offer_json(*ids, **changes))
        return f"openid-credential-offer://?{urlencode({'credential_offer': content})}"

    def offer_json(self, *ids: str, **changes: Any) -> dict[str, Any]:
        grant: dict[str, Any] = {"pre-authorized_code": "code-1"}
        if self.tx_code is not None:
            grant["tx_code"] = {"input_mode": "numeric", "length": len(self.tx_code)}
        offer = {
            "credential_issuer": ISSUER,
            "credential_configuration_ids": list(ids or ("pda1",)),
            "grants": {PRE_AUTHORIZED: grant},
        }
        return {**offer, **changes}

    def redeem(self, asked: Asked) -> Reply:
        expected = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": "code-1"}
        if self.tx_code is not None:
            expected["tx_code"] = self.tx_code
        return json_reply(self.token) if asked.form == expected else json_reply({"error": "invalid_grant"}, 400)

    def nonce(self, _: Asked) -> Reply:
        self.nonces.append(f"nonce-{len(self.nonces)}")
        return json_reply({"c_nonce": self.nonces[-1]})

    def credential(self, asked: Asked) -> Reply:
        assert asked.headers["authorization"] == "Bearer access-1"
        if self.stale_nonces > 0:
            self.stale_nonces -= 1
            return json_reply({"error": "invalid_nonce"}, 400)
        configuration_id = asked.json.get("credential_configuration_id") or asked.json["credential_identifier"]
        proofs = [
            verify_key_proof(
                text,
                audience=ISSUER,
                client_id=None,
                now=NOW,
                max_age_s=60,
                skew_s=0,
                allowed_algs=frozenset({"ES256"}),
            )
            for text in asked.json["proofs"]["jwt"]
        ]
        assert {proof.nonce for proof in proofs} == {self.nonces[-1]}
        texts = [self.issue_text(configuration_id, dict(proof.holder_jwk)) for proof in proofs]
        return json_reply({"credentials": [{"credential": text} for text in texts], "notification_id": "note-1"})

    def notification(self, asked: Asked) -> Reply:
        self.notified.append(asked.json)
        return 204, {}, b""

    def good_credential(self, configuration_id: str, holder_jwk: dict[str, str], **changes: Any) -> str:
        """Return a credential as an honest issuer makes it, but for ``changes`` of its envelope."""
        signer = changes.pop("signer", self.world.credential)
        header = {**signing_header("dc+sd-jwt", signer), **changes.pop("header", {})}
        configuration = CREDENTIAL_TYPES[configuration_id]
        subject = configuration.projection.project(example("posted-worker-fr-de"))
        envelope = {
            "iss": ISSUER,
            "iat": NOW - 60,
            "exp": NOW + 86_400,
            "vct": configuration.vct,
            "cnf": {"jwk": holder_jwk},
            "status": {"status_list": {"idx": 7, "uri": f"{BASE}/status/1"}},
        }
        claims = {name: value for name, value in {**subject, **envelope, **changes}.items() if value is not None}
        issued = issue(
            claims,
            disclosable=configuration.projection.disclosable(subject),
            header=header,
            signer=signer,
            random_bytes=self.random_bytes,
        )
        return issued.text


def _configured(configuration: Any) -> dict[str, Any]:
    return {
        "format": "dc+sd-jwt",
        "vct": configuration.vct,
        "scope": configuration.scope,
        "cryptographic_binding_methods_supported": ["jwk"],
        "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": ["ES256"]}},
    }


class VerifierPeer:
    """A verifier that asks for ``query`` and keeps what it gets; its parts may be replaced by a test."""

    def __init__(self, peers: Peers, world: World) -> None:
        self.world = world
        self.peers = peers
        self.key = jwe.new_encryption_key(seeded(b"verifier"))
        self.signer: Signer = world.request
        self.header: dict[str, Any] = {}
        self.received: list[dict[str, Any]] = []
        self.errors: list[dict[str, str]] = []
        self.reply: Reply = json_reply({"redirect_uri": f"{VERIFIER}/done?response_code=abc"})
        self.client_id = x509_hash_identifier(world.request.chain[0]).full
        self.claims: dict[str, Any] = {
            "client_id": self.client_id,
            "aud": "https://self-issued.me/v2",
            "response_type": "vp_token",
            "response_mode": "direct_post.jwt",
            "response_uri": f"{VERIFIER}/responses/1",
            "nonce": "n-0S6_WzA2MjExOTQ4",
            "state": "s-" + "x" * 62,
            "dcql_query": pda1_query(),
            "client_metadata": {
                "jwks": {"keys": [self.key.public_jwk]},
                "encrypted_response_enc_values_supported": ["A128GCM", "A256GCM"],
                "vp_formats_supported": {"dc+sd-jwt": {}},
            },
            "iat": NOW,
            "exp": NOW + 300,
        }
        peers.routes.update(
            {
                ("GET", "/verifier/de-inspection/requests/1"): self.request_object,
                ("POST", "/verifier/de-inspection/requests/1"): self.request_object,
                ("POST", "/verifier/de-inspection/responses/1"): self.response,
            }
        )

    def link(self, **changes: str) -> str:
        parameters = {"client_id": self.client_id, "request_uri": f"{VERIFIER}/requests/1", **changes}
        return f"openid4vp://?{urlencode(parameters, quote_via=quote)}"

    def request_object(self, asked: Asked) -> Reply:
        claims = {name: value for name, value in self.claims.items() if value is not None}
        if asked.method == "POST":
            claims = {"wallet_nonce": asked.form["wallet_nonce"], **claims}
        header = {**signing_header("oauth-authz-req+jwt", self.signer), **self.header}
        return text_reply(jws.sign(header, claims, self.signer), "application/oauth-authz-req+jwt")

    def response(self, asked: Asked) -> Reply:
        if "error" in asked.form:
            self.errors.append(asked.form)
            return json_reply({})
        if "vp_token" in asked.form:
            self.received.append({**asked.form, "vp_token": json.loads(asked.form["vp_token"])})
            return self.reply
        plain = jwe.decrypt(
            asked.form["response"],
            self.key,
            allowed_enc=frozenset({"A128GCM", "A256GCM"}),
            max_plaintext=500_000,
        )
        self.received.append(strict_json.loads_object(plain, what="answer"))
        return self.reply


def registration(*paths: tuple[str | int | None, ...], **changes: Any) -> Registration:
    """Return what the verifier has registered: questions for these claims of a PDA1."""
    terms: dict[str, Any] = {
        "sub": "DE:TEST90",
        "name": "Prüfstelle Test",
        "country": "DE",
        "registry_uri": REGISTRAR,
        "entitlements": (SERVICE_PROVIDER,),
        "credentials": (RegisteredCredential("dc+sd-jwt", (PDA1.vct,), paths),),
        "purposes": {"en": "Inspection of posted work"},
        "issued_at": NOW - 60,
        "expires_at": NOW + 86_400,
    }
    return Registration(**terms | changes)


def pda1_query(*claims: Any, **changes: Any) -> dict[str, Any]:
    """Return a query for a PDA1; without claims only what is in clear."""
    credential = {"id": "a1", "format": "dc+sd-jwt", "meta": {"vct_values": [PDA1.vct]}}
    if claims:
        credential["claims"] = list(claims)
    return {"credentials": [{**credential, **changes}]}


@pytest.fixture
def peers() -> Peers:
    return Peers()


@pytest.fixture
def issuer(peers: Peers, world: World) -> IssuerPeer:
    return IssuerPeer(peers, world)


@pytest.fixture
def verifier(peers: Peers, world: World) -> VerifierPeer:
    return VerifierPeer(peers, world)


@pytest.fixture
def wallet(peers: Peers, world: World) -> Wallet:
    return Wallet(
        MemoryStore(),
        transport=AsgiTransport(peers, BASE),
        trust=world.trust,
        clock=FixedClock(NOW),
        random_bytes=seeded(b"wallet"),
        profile=DEFAULT_PROFILE,
    )
