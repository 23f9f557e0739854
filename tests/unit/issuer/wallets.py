"""A wallet that its provider vouches for, at the authorization server: it can send anything in its headers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.oauth.dpop import token_hash
from portadoc.formats.oauth.pkce import code_challenge
from portadoc.issuer.entitlements import entitlement
from portadoc.keys.key_ring import KeyPurpose
from portadoc.keys.signer import LocalSigner
from portadoc.randomness import system_random_bytes
from portadoc.wallet_sim.transport import TransportResponse

WALLET_PROVIDER: Final = "wallet-provider"
CLIENT_ID: Final = "https://wallet.example"
CALLBACK: Final = "https://wallet.example/callback?app=1"
VERIFIER: Final = "v" * 43
FORM: Final = "application/x-www-form-urlencoded"
BROWSER: Final = "browser-secret"


class AttestedWallet:
    """One instance of a wallet: its attested key, the key of its tokens, and the proofs that it makes."""

    def __init__(
        self,
        rig: Any,
        institution: str = "fr-demo",
        client_id: str = CLIENT_ID,
        *,
        provider: str = WALLET_PROVIDER,
    ) -> None:
        self.rig = rig
        self.institution = institution
        self.client_id = client_id
        self.origin: str = rig.issuer.settings.base_url
        self.issuer_id = f"{self.origin}/issuer/{institution}"
        self.instance: LocalSigner = rig.new_key()
        self.dpop_key: LocalSigner = rig.new_key()
        self.provider = rig.key_ring.signer(provider, KeyPurpose.CLIENT_ATTESTATION)

    def attestation(self, *, signer: Any = None, header: Mapping[str, Any] | None = None, **changes: Any) -> str:
        """Return an attestation of draft -10; None as a value takes a claim out."""
        now = self.rig.clock.now()
        claims = {
            "sub": self.client_id,
            "iat": now,
            "exp": now + 3600,
            "cnf": {"jwk": dict(self.instance.public_jwk)},
            "wallet_name": "Wallet (test)",
            **changes,
        }
        signer = signer or self.provider
        head = {**signing_header("oauth-client-attestation+jwt", signer), **(header or {})}
        return jws.sign(head, _kept(claims), signer)

    def pop(self, *, signer: Any = None, header: Mapping[str, Any] | None = None, **changes: Any) -> str:
        """Return a proof of the attested key under a fresh challenge."""
        claims = {"aud": self.issuer_id, "iat": self.rig.clock.now(), "jti": self.new_jti(), **changes}
        if "challenge" not in changes:
            claims["challenge"] = self.challenge()
        return jws.sign(
            {"typ": "oauth-client-attestation-pop+jwt", **(header or {})}, _kept(claims), signer or self.instance
        )

    def dpop(
        self,
        path: str,
        *,
        token: str | None = None,
        signer: LocalSigner | None = None,
        header: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """Return a DPoP proof for a POST to a path under a fresh nonce."""
        signer = signer or self.dpop_key
        claims = {"jti": self.new_jti(), "htm": "POST", "htu": f"{self.origin}{path}", "iat": self.rig.clock.now()}
        if token is not None:
            claims["ath"] = token_hash(token)
        if "nonce" not in changes:
            claims["nonce"] = self.nonce()
        head = {"typ": "dpop+jwt", "jwk": dict(signer.public_jwk), **(header or {})}
        return jws.sign(_kept(head), _kept({**claims, **changes}), signer)

    def challenge(self) -> str:
        """Return a fresh challenge for proofs of attestations."""
        return str(self.rig.transport.request("POST", self.path("challenge")).json()["attestation_challenge"])

    def nonce(self) -> str:
        """Return a fresh nonce for DPoP proofs."""
        return str(self.rig.transport.request("POST", self.path("nonce")).headers["dpop-nonce"])

    def new_jti(self) -> str:
        """Return an identifier that nobody has used."""
        return system_random_bytes(16).hex()

    def path(self, endpoint: str) -> str:
        """Return the path of an endpoint of the institution."""
        return f"/issuer/{self.institution}/{endpoint}"

    def client_headers(self) -> dict[str, str]:
        """Return what authenticates one request of this wallet."""
        return {"OAuth-Client-Attestation": self.attestation(), "OAuth-Client-Attestation-PoP": self.pop()}

    def headers(self, endpoint: str) -> dict[str, str]:
        """Return what authenticates one request, and shows the key of the tokens."""
        return {**self.client_headers(), "DPoP": self.dpop(self.path(endpoint))}

    def send(
        self, endpoint: str, form: Mapping[str, str | None], headers: Mapping[str, str] | None = None
    ) -> TransportResponse:
        """POST a form; members that are None are left out."""
        body = urlencode({name: value for name, value in form.items() if value is not None}).encode()
        sent = self.headers(endpoint) if headers is None else headers
        response: TransportResponse = self.rig.post(self.path(endpoint), body, FORM, sent)
        return response

    def push(self, headers: Mapping[str, str] | None = None, **changes: str | None) -> TransportResponse:
        """Push an authorization request, changed as said."""
        form = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "code_challenge": code_challenge(VERIFIER),
            "code_challenge_method": "S256",
            "scope": "pda1",
            "state": "state-1",
            **changes,
        }
        return self.send("par", form, headers)

    def pushed(self, **changes: str | None) -> str:
        """Return the request_uri of a request that was taken."""
        response = self.push(**changes)
        assert response.status == 201, response.body
        return str(response.json()["request_uri"])

    def entitled(self, request_uri: str, records: Sequence[tuple[str, str]]) -> Any:
        """Return the authorization of somebody who can obtain records (with their configurations)."""
        authorizations = self.rig.issuer.authorizations
        begun = authorizations.begin(
            self.institution, client_id=self.client_id, request_uri=request_uri, browser_secret=BROWSER
        )
        known = authorizations.identified(begun, {"family_name": "Test"})
        return authorizations.entitle(known, [entitlement(*each) for each in records])

    def code(self, **changes: str | None) -> str:
        """Return a code for a fresh example record."""
        return self.code_for(self.pushed(**changes))

    def code_for(self, request_uri: str, records: Sequence[tuple[str, str]] | None = None) -> str:
        """Return the code for a pushed request."""
        entitled = self.entitled(request_uri, records or [(self.rig.record(institution=self.institution), "pda1")])
        location = self.rig.issuer.authorizations.approve(entitled)
        return answer_of(location)["code"]

    def redeem(
        self, code: str, headers: Mapping[str, str] | None = None, **changes: str | None
    ) -> TransportResponse:
        """Send a token request for a code, changed as said."""
        form = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            **changes,
        }
        return self.send("token", form, headers)

    def refresh(
        self, token: str, headers: Mapping[str, str] | None = None, **changes: str | None
    ) -> TransportResponse:
        """Send a token request for a refresh token."""
        form = {"grant_type": "refresh_token", "client_id": self.client_id, "refresh_token": token, **changes}
        return self.send("token", form, headers)

    def tokens(self, **changes: str | None) -> dict[str, Any]:
        """Return a token response for a fresh example record."""
        response = self.redeem(self.code(**changes))
        assert response.status == 200, response.body
        content: dict[str, Any] = response.json()
        return content

    def obtain(self, token: str, headers: Mapping[str, str] | None = None, **changes: Any) -> TransportResponse:
        """Ask for a copy of a pda1 with an access token, by DPoP unless ``headers`` say otherwise."""
        path = self.path("credential")
        sent = {"Authorization": f"DPoP {token}", "DPoP": self.dpop(path, token=token)}
        proof = self.rig.proof(institution=self.institution, payload={"iss": self.client_id})
        content = {"credential_configuration_id": "pda1", "proofs": {"jwt": [proof]}, **changes}
        response: TransportResponse = self.rig.transport.post_json(path, content, headers=headers or sent)
        return response


def answer_of(location: str) -> dict[str, str]:
    """Return the parameters of an authorization response."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def _kept(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
