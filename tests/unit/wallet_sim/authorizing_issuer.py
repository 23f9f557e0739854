"""An issuer as HAIP wants it, strict about everything that a wallet has to show; its parts may be replaced."""

import json
import warnings
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from portadoc.clock import FixedClock
from portadoc.formats import jwe, strict_json
from portadoc.formats.key_proof import verify_key_proof
from portadoc.formats.oauth.client_attestation import AttestationTerms, verify_client_attestation
from portadoc.formats.oauth.dpop import VerifiedDpopProof, verify_dpop_proof
from portadoc.formats.oauth.pkce import require_challenge, require_verifier
from portadoc.formats.oauth.wallet_facts import WalletFacts
from portadoc.formats.openid4vci.key_attestation import AttestationPolicy, verify_attestation_proof
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.development_chain import (
    CertifiedInstitution,
    issue_leaf,
    make_institution_authority,
    make_root,
)
from portadoc.keys.purposes import KeyPurpose, TrustDomain
from portadoc.keys.signer import LocalSigner
from portadoc.keys.trust.trust_store import Authorisation, TrustAnchor, TrustStore
from portadoc.randomness import UnsafeSeededBytes
from portadoc.wallet_sim.identity import WalletIdentity, WalletProvider

BASE: Final = "http://127.0.0.1:8700"
PATH: Final = "/issuer/fr-demo"
ISSUER: Final = f"{BASE}{PATH}"
NOW: Final = 1_795_348_800
CLIENT: Final = "https://wallet.example"
CALLBACK: Final = "https://wallet.example/callback?app=1"
ALGS: Final = frozenset({"ES256"})
ENCS: Final = frozenset({"A128GCM", "A256GCM"})
WALLET_PURPOSES: Final = frozenset({KeyPurpose.CLIENT_ATTESTATION, KeyPurpose.KEY_ATTESTATION})
PROVIDER: Final = CertifiedInstitution("FR:TEST98", "FR", "Wallet provider (test)", (CLIENT,))
ATTACK: Final = "iso_18045_moderate"

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    _RANDOM_BYTES = UnsafeSeededBytes(b"wallet provider of the wallet's tests")

ROOT: Final = make_root(TrustDomain.WALLET, now=NOW, random_bytes=_RANDOM_BYTES)
_AUTHORITY: Final = make_institution_authority(PROVIDER, root=ROOT, now=NOW, random_bytes=_RANDOM_BYTES)
_AUTHORISED: Final = Authorisation(
    institution=PROVIDER.id,
    name=PROVIDER.name,
    country=PROVIDER.country,
    issuers=frozenset(PROVIDER.urls),
    purposes=WALLET_PURPOSES,
    credential_types=frozenset(),
    valid_from=NOW - 86_400,
)
WALLET_TRUST: Final = TrustStore((TrustAnchor("wallets", ROOT.der, WALLET_PURPOSES),), (_AUTHORISED,))


def vouching_signer(purpose: KeyPurpose) -> LocalSigner:
    """Return a wallet provider's certified signer."""
    key = new_private_key("ES256", _RANDOM_BYTES)
    leaf = issue_leaf(
        PROVIDER, key.public_key(), purpose=purpose, authority=_AUTHORITY, now=NOW, random_bytes=_RANDOM_BYTES
    )
    return LocalSigner(key, chain=(leaf, _AUTHORITY.der))


def wallet_identity(**changes: Any) -> WalletIdentity:
    """Return a wallet instance that its provider vouches for, but for ``changes`` of what the provider says."""
    said: dict[str, Any] = {
        "client_attestation": vouching_signer(KeyPurpose.CLIENT_ATTESTATION),
        "key_attestation": vouching_signer(KeyPurpose.KEY_ATTESTATION),
        "issuer": CLIENT,
        "facts": WalletFacts(name="Wallet (test)", version="1"),
        "key_storage": ("iso_18045_high",),
        "user_authentication": ("iso_18045_high",),
    }
    instance = LocalSigner(new_private_key("ES256", _RANDOM_BYTES))
    provider = WalletProvider(**said | changes)
    return WalletIdentity(client_id=CLIENT, redirect_uri=CALLBACK, instance=instance, provider=provider)


def _reply(value: object, status: int = 200, **headers: str) -> Any:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return status, {"content-type": "application/json", **named}, json.dumps(value).encode()


class AuthorizingIssuer:
    """An authorization server and issuer in the place of ``issuer``, whose credentials it hands out.

    Every nonce and challenge works once. ``pushed``, ``tokens`` and ``deferred`` show what came.
    """

    def __init__(self, issuer: Any, clock: FixedClock) -> None:
        self.issuer, self.clock = issuer, clock
        self.key = jwe.new_encryption_key(issuer.random_bytes)
        self.dpop_nonce, self.given_challenge, self._count = "", "", 0
        self.seen_jti: set[str] = set()
        self.pushed: list[dict[str, str]] = []
        self.tokens: list[dict[str, str]] = []
        self.requests: list[dict[str, Any]] = []
        self.attested: list[Any] = []
        self.refresh_token: str | None = None
        self.access_token, self.jkt = "access-0", ""
        self.answer: dict[str, str | None] = {}
        self.identifiers = ["pda1-of-anna", "pda1-of-anna-2"]
        self.later = 0
        self.transaction: dict[str, Any] = {}
        self.server = issuer.server_metadata
        self.server |= {
            "authorization_endpoint": f"{ISSUER}/authorize?ui=1",
            "pushed_authorization_request_endpoint": f"{ISSUER}/par",
            "challenge_endpoint": f"{ISSUER}/challenge",
            "require_pushed_authorization_requests": True,
            "authorization_response_iss_parameter_supported": True,
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["attest_jwt_client_auth"],
            "dpop_signing_alg_values_supported": ["ES256"],
            "authorization_details_types_supported": ["openid_credential"],
        }
        self.metadata = issuer.metadata
        self.metadata |= {
            "authorization_servers": [ISSUER],
            "deferred_credential_endpoint": f"{ISSUER}/deferred",
            "credential_request_encryption": {
                "jwks": {"keys": [self.key.public_jwk]},
                "enc_values_supported": sorted(ENCS),
                "encryption_required": True,
            },
            "credential_response_encryption": {
                "alg_values_supported": ["ECDH-ES"],
                "enc_values_supported": sorted(ENCS),
                "encryption_required": True,
            },
        }
        self.require_key_attestation("jwt", "attestation")
        for name in ("par", "challenge", "token", "nonce", "credential", "deferred", "notification"):
            issuer.peers.routes["POST", f"{PATH}/{name}"] = getattr(self, name)

    def require_key_attestation(self, *kinds: str) -> None:
        """Publish proof types, all with key attestation."""
        needs = {"key_storage": [ATTACK], "user_authentication": [ATTACK]}
        proof_type = {"proof_signing_alg_values_supported": ["ES256"], "key_attestations_required": needs}
        for configuration in self.metadata["credential_configurations_supported"].values():
            configuration["proof_types_supported"] = dict.fromkeys(kinds, proof_type)

    def offer(self, **changes: Any) -> str:
        """Return an offer for the authorization code flow."""
        grants = {"authorization_code": {"issuer_state": "state-of-the-issuer"}}
        return str(self.issuer.offer("pda1", **{"grants": grants} | changes))

    def browser(self, url: str) -> str:
        """Agree for the holder, and return where the server sends the browser, but for ``answer``."""
        asked = dict(parse_qsl(urlsplit(url).query))
        assert url.startswith(f"{ISSUER}/authorize?ui=1&")
        pushed = self.pushed[-1] if "request_uri" in asked else asked
        if "request_uri" in asked:
            assert asked == {"ui": "1", "client_id": CLIENT, "request_uri": f"urn:x:{len(self.pushed)}"}
        answer: dict[str, str | None] = {"code": "code-1", "state": pushed["state"], "iss": ISSUER, **self.answer}
        sent = {name: value for name, value in answer.items() if value is not None}
        return f"{pushed['redirect_uri']}&{urlencode(sent)}"

    # What the server does at its endpoints.

    def par(self, asked: Any) -> Any:
        refused = self._client(asked)
        if refused is not None:
            return refused
        form = asked.form
        require_challenge(form["code_challenge"], method=form["code_challenge_method"])
        assert (form["client_id"], form["response_type"], form["redirect_uri"]) == (CLIENT, "code", CALLBACK)
        assert "request_uri" not in form
        self.pushed.append(form)
        return _reply({"request_uri": f"urn:x:{len(self.pushed)}", "expires_in": 60}, 201)

    def token(self, asked: Any) -> Any:
        refused = self._client(asked)
        if refused is not None:
            return refused
        proof = self._dpop(asked, "token", None)
        if proof is None:
            told = {"oauth_client_attestation_challenge": self._new_challenge()}
            return _reply({"error": "use_dpop_nonce"}, 400, dpop_nonce=self._new_dpop_nonce(), **told)
        form = asked.form
        self.tokens.append(form)
        assert form["client_id"] == CLIENT
        if form["grant_type"] == "authorization_code":
            assert (form["code"], form["redirect_uri"]) == ("code-1", CALLBACK)
            require_verifier(form["code_verifier"], challenge=self.pushed[-1]["code_challenge"])
            assert self.pushed[-1]["dpop_jkt"] == proof.thumbprint
            self.jkt = proof.thumbprint
        elif form.get("refresh_token") != self.refresh_token:
            return _reply({"error": "invalid_grant"}, 400)
        assert proof.thumbprint == self.jkt
        self.access_token = f"access-{len(self.tokens)}"
        answer: dict[str, Any] = {"access_token": self.access_token, "token_type": "DPoP", "expires_in": 300}
        if self.identifiers:
            detail = {"type": "openid_credential", "credential_configuration_id": "pda1"}
            answer["authorization_details"] = [detail | {"credential_identifiers": self.identifiers}]
        if self.refresh_token is not None:
            self.refresh_token = answer["refresh_token"] = f"refresh-{len(self.tokens)}"
        return _reply({**answer, **self.issuer.token_changes}, dpop_nonce=self._new_dpop_nonce())

    def challenge(self, asked: Any) -> Any:
        return _reply({"attestation_challenge": self._new_challenge()})

    def nonce(self, asked: Any) -> Any:
        status, headers, body = self.issuer.nonce(asked)
        return status, {**headers, "dpop-nonce": self._new_dpop_nonce()}, body

    def credential(self, asked: Any) -> Any:
        refused = self._resource(asked, "credential")
        if refused is not None:
            return refused
        request = self._opened(asked)
        jwks = self._proven(request["proofs"])
        self.requests.append(request)
        texts = [self.issuer.issue_text("pda1", jwk) for jwk in jwks]
        ready = {"credentials": [{"credential": text} for text in texts], "notification_id": "note-1"}
        if self.later:
            self.transaction["ready"] = ready
            return self._sealed(request, {"transaction_id": "later-1", "interval": 30}, 202)
        return self._sealed(request, ready)

    def deferred(self, asked: Any) -> Any:
        refused = self._resource(asked, "deferred")
        if refused is not None:
            return refused
        request = self._opened(asked)
        if request["transaction_id"] != "later-1" or not self.transaction:
            return _reply({"error": "invalid_transaction_id"}, 400)
        self.later -= 1
        if self.later > 0:
            return self._sealed(request, {"transaction_id": "later-1", "interval": 60}, 202)
        return self._sealed(request, self.transaction.pop("ready"))

    def notification(self, asked: Any) -> Any:
        return self._resource(asked, "notification") or self.issuer.notification(asked)

    # What it asks of a wallet.

    def _client(self, asked: Any) -> Any:
        terms = AttestationTerms(
            audience=ISSUER, trust=WALLET_TRUST, max_age_s=60, skew_s=0, max_life_s=86_400, allowed_algs=ALGS
        )
        verified = verify_client_attestation(
            [asked.headers["oauth-client-attestation"]],
            [asked.headers["oauth-client-attestation-pop"]],
            dpop=None,
            client_id=asked.form.get("client_id"),
            terms=terms,
            now=self.clock.now(),
        )
        self._once(verified.jti)
        challenge, self.given_challenge = self.given_challenge, ""
        if verified.challenge != challenge or not challenge:
            told = {"oauth_client_attestation_challenge": self._new_challenge()}
            return _reply({"error": "use_attestation_challenge"}, 400, **told)
        self.attested.append(verified)
        return None

    def _dpop(self, asked: Any, endpoint: str, token: str | None) -> VerifiedDpopProof | None:
        verified = verify_dpop_proof(
            asked.headers["dpop"],
            method="POST",
            uri=f"{ISSUER}/{endpoint}",
            access_token=token,
            now=self.clock.now(),
            max_age_s=60,
            skew_s=0,
            allowed_algs=ALGS,
        )
        self._once(verified.jti)
        nonce, self.dpop_nonce = self.dpop_nonce, ""
        return verified if nonce and verified.nonce == nonce else None

    def _resource(self, asked: Any, endpoint: str) -> Any:
        if asked.headers["authorization"] != f"DPoP {self.access_token}":
            return _reply({}, 401, www_authenticate='DPoP error="invalid_token"')
        proof = self._dpop(asked, endpoint, self.access_token)
        if proof is None:
            named = {"www_authenticate": 'DPoP error="use_dpop_nonce", algs="ES256"'}
            return _reply({}, 401, dpop_nonce=self._new_dpop_nonce(), **named)
        assert proof.thumbprint == self.jkt
        return None

    def _proven(self, proofs: dict[str, list[str]]) -> list[dict[str, str]]:
        policy = AttestationPolicy(
            trust=WALLET_TRUST,
            key_storage=frozenset({ATTACK}),
            user_authentication=frozenset({ATTACK}),
            first_key_signs=True,
            own_nonce=True,
            required=True,
        )
        now = self.clock.now()
        if "attestation" in proofs:
            (text,) = proofs["attestation"]
            attestation, nonce = verify_attestation_proof(
                text, policy=policy, now=now, skew_s=0, allowed_algs=ALGS
            )
        else:
            (text,) = proofs["jwt"]
            proof = verify_key_proof(
                text,
                audience=ISSUER,
                client_id=CLIENT,
                now=now,
                max_age_s=60,
                skew_s=0,
                allowed_algs=ALGS,
                attestations=policy,
            )
            assert proof.attestation is not None
            attestation, nonce = proof.attestation, proof.nonce
        assert nonce == self.issuer.nonces[-1]
        return [dict(jwk) for jwk in attestation.holder_jwks]

    def _opened(self, asked: Any) -> dict[str, Any]:
        if asked.headers["content-type"] == "application/json":
            return dict(asked.json)
        assert asked.headers["content-type"] == "application/jwt"
        plain = jwe.decrypt(asked.body.decode(), self.key, allowed_enc=ENCS, max_plaintext=100_000)
        return strict_json.loads_object(plain, what="request")

    def _sealed(self, request: dict[str, Any], answer: dict[str, Any], status: int = 200) -> Any:
        asked = request.get("credential_response_encryption")
        headers = {"dpop_nonce": self._new_dpop_nonce()}
        if asked is None:
            return _reply(answer, status, **headers)
        text = jwe.encrypt(json.dumps(answer).encode(), asked["jwk"], enc=asked["enc"], apu=None, apv=None)
        return status, {"content-type": "application/jwt", "dpop-nonce": headers["dpop_nonce"]}, text.encode()

    def _once(self, jti: str | None) -> None:
        assert jti is not None
        assert jti not in self.seen_jti
        self.seen_jti.add(jti)

    def _new_dpop_nonce(self) -> str:
        self._count += 1
        self.dpop_nonce = f"dpop-{self._count}"
        return self.dpop_nonce

    def _new_challenge(self) -> str:
        self._count += 1
        self.given_challenge = f"challenge-{self._count}"
        return self.given_challenge
