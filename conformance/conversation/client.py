"""The kit's wallet as a client: attested or public, with a DPoP key, under the nonces that the servers hand out.

Spec: RFC 9449; draft-ietf-oauth-attestation-based-client-auth-07, -10; HAIP 1.0 §4.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode, urlsplit

from portadoc import base64url
from portadoc.conformance.conversation.drafts import Draft, Twist, as_it_is
from portadoc.conformance.conversation.published import Published
from portadoc.conformance.kit import Kit
from portadoc.conformance.wire import FORM_TYPE, JSON_TYPE, JWT_TYPE, Answer, Wire
from portadoc.formats import strict_json
from portadoc.formats.oauth.client_attestation import make_client_attestation_pop
from portadoc.formats.oauth.dpop import make_dpop_proof
from portadoc.keys.signer import LocalSigner
from portadoc.schemas.claims import JsonObject
from portadoc.wallet_sim.identity import WalletIdentity

_NEW_NONCE: Final = "use_dpop_nonce"
_NEW_CHALLENGE: Final = "use_attestation_challenge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Twists:
    """What a module makes of the tokens of a request."""

    attestation: Twist = as_it_is
    pop: Twist = as_it_is
    dpop: Twist = as_it_is
    headers: Mapping[str, str | None] = field(default_factory=dict)
    """Header fields in place of those that would be sent; None leaves one out."""


PLAIN: Final = Twists()


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A POST: ``authenticated`` by client attestation and ``proven`` by DPoP where the client has them."""

    url: str
    body: bytes = b""
    content_type: str | None = None
    authenticated: bool = False
    proven: bool = True
    token: str | None = None
    note: str = ""


def form_post(url: str, form: Mapping[str, str], *, note: str = "", proven: bool = True) -> Post:
    """Return the POST of a form, as an authenticated client."""
    body = urlencode(form).encode("ascii")
    return Post(url=url, body=body, content_type=FORM_TYPE, authenticated=True, proven=proven, note=note)


def json_post(url: str, content: JsonObject, token: str | None, *, note: str = "") -> Post:
    """Return the POST of a JSON object under an access token."""
    return Post(url=url, body=strict_json.dumps(content), content_type=JSON_TYPE, token=token, note=note)


class Client:
    """One wallet at one authorization server. ``identity`` None is an anonymous one, ``dpop`` None has no key."""

    def __init__(
        self,
        wire: Wire,
        kit: Kit,
        server: Published,
        *,
        identity: WalletIdentity | None,
        attested: bool,
        dpop: LocalSigner | None,
    ) -> None:
        self.wire = wire
        self.kit = kit
        self.server = server
        self.identity = identity
        self.attested = attested and identity is not None
        self.dpop = dpop
        self._nonces: dict[str, str] = {}
        self._challenge: str | None = None

    @property
    def client_id(self) -> str | None:
        """The name of the client, None for an anonymous one."""
        return self.identity.client_id if self.identity else None

    def why_refused(self, answer: Answer) -> str:
        """Return what a refusal of the client itself most likely comes of; empty for any other answer."""
        if answer.error != "invalid_client":
            return ""
        if self.attested:
            return "; does the server trust the kit's wallet provider, and was it started again since?"
        return "; the wallet showed no attestation (--public-client): does the server serve such wallets?"

    def send(self, post: Post, twists: Twists = PLAIN) -> Answer:
        """Return the answer; a server that asks for a nonce or challenge of its own gets it, once each."""
        tried: set[str] = set()
        while True:
            answer = self.send_once(post, twists)
            if answer.error not in {_NEW_NONCE, _NEW_CHALLENGE} or answer.error in tried:
                return answer
            tried.add(answer.error)

    def send_once(self, post: Post, twists: Twists = PLAIN) -> Answer:
        """Return the answer to one request."""
        return self.deliver(post, self.headers(post, twists))

    def deliver(self, post: Post, headers: Mapping[str, str]) -> Answer:
        """Send a request with header fields made before; keep the nonces that come with the answer."""
        answer = self.wire.send("POST", post.url, headers=headers, body=post.body, note=post.note)
        if nonce := answer.headers.get("dpop-nonce"):
            self._nonces[_origin(post.url)] = nonce
        if challenge := answer.headers.get("oauth-client-attestation-challenge"):
            self._challenge = challenge
        return answer

    def headers(self, post: Post, twists: Twists = PLAIN) -> dict[str, str]:
        """Return the header fields of a request, made anew."""
        made: dict[str, str | None] = {"accept": f"{JSON_TYPE}, {JWT_TYPE}", "content-type": post.content_type}
        if post.authenticated and self.attested:
            made |= self._attestation(twists)
        if post.token is not None:
            made["authorization"] = f"{'DPoP' if self.dpop else 'Bearer'} {post.token}"
        if post.proven and self.dpop is not None:
            made["dpop"] = _text(twists.dpop(self.dpop_draft(post, self.dpop)))
        made |= twists.headers
        return {name: value for name, value in made.items() if value is not None}

    def dpop_draft(self, post: Post, key: LocalSigner) -> Draft:
        """Return the DPoP proof that a request needs, as a draft."""
        made = make_dpop_proof(
            method="POST",
            uri=post.url,
            iat=self.kit.clock.now(),
            jti=self.secret(),
            nonce=self._nonces.get(_origin(post.url)),
            access_token=post.token,
            signer=key,
        )
        return Draft.of(made, key)

    def challenge(self) -> Answer | None:
        """Return what the challenge endpoint answers, None where the server has none."""
        endpoint = self.server.text("challenge_endpoint")
        return self.wire.send("POST", endpoint, headers={"accept": JSON_TYPE}) if endpoint else None

    def secret(self) -> str:
        """Return 256 fresh bits as text."""
        return base64url.encode(self.kit.random_bytes(32))

    def _attestation(self, twists: Twists) -> dict[str, str | None]:
        identity, now = self.identity, self.kit.clock.now()
        assert identity is not None, "only a client with a name is attested"
        assert identity.provider is not None, "the kit vouches for its wallets"
        attestation = identity.provider.vouch_for_client(
            client_id=identity.client_id, instance_jwk=dict(identity.instance.public_jwk), now=now
        )
        pop = make_client_attestation_pop(
            client_id=identity.client_id,
            audience=self.server.text("issuer") or self.server.url,
            iat=now,
            jti=self.secret(),
            challenge=self._take_challenge(),
            signer=identity.instance,
        )
        signer = identity.provider.client_attestation
        return {
            "oauth-client-attestation": _text(twists.attestation(Draft.of(attestation, signer))),
            "oauth-client-attestation-pop": _text(twists.pop(Draft.of(pop, identity.instance))),
        }

    def _take_challenge(self) -> str | None:
        told, self._challenge = self._challenge, None
        if told is not None:
            return told
        answer = self.challenge()
        value = (answer.json or {}).get("attestation_challenge") if answer else None
        return value if isinstance(value, str) else None


def _text(draft: Draft | None) -> str | None:
    return draft.text() if draft else None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
