"""Credential requests as the kit makes them: nonce, proofs, encryption, and what came.

Spec: OpenID4VCI 1.0 §7 to §11.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from portadoc.conformance.conversation.client import PLAIN, Client, Post, Twists
from portadoc.conformance.conversation.drafts import Draft, Twist, as_it_is
from portadoc.conformance.conversation.published import Published, attestation_required, object_of, proof_types
from portadoc.conformance.wire import JSON_TYPE, JWT_TYPE, MAX_ANSWER_BYTES, Answer
from portadoc.errors import Error
from portadoc.formats import jwe, strict_json
from portadoc.formats.jwe import EncryptionKey
from portadoc.formats.key_proof import make_key_proof
from portadoc.keys.signer import LocalSigner
from portadoc.schemas.claims import JsonObject
from portadoc.wallet_sim.identity import WalletProvider

ENCS: Final = ("A256GCM", "A128GCM")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a token response gave: a token, and what it is good for. ``identifiers`` by configuration."""

    client: Client
    answer: Answer
    token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: int | None
    by_details: bool
    identifiers: Mapping[str, tuple[str, ...]]
    configuration_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One credential request in the making.

    ``nonce`` None asks for a fresh one; ``proofs`` None makes the ordinary ones for ``keys``; ``members`` go into
    the request in place of what would stand there, None leaves one out.
    """

    configuration_id: str
    keys: tuple[LocalSigner, ...]
    identifier: str | None = None
    nonce: str | None = None
    proof: Twist = as_it_is
    key_attestation: Twist = as_it_is
    provider: WalletProvider | None = None
    kind: str | None = None
    proofs: Any = None
    members: Mapping[str, Any] = field(default_factory=dict)
    encrypted: bool | None = None
    plain: bool = False
    """Whether nothing is encrypted, whatever the issuer requires."""
    note: str = ""
    token: str | None = None
    query: str = ""
    """What is put behind the address of the endpoint."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The keys of one exchange: the issuer's for the request, ours for the answer; None where it is plain."""

    request: JsonObject | None
    enc: str
    answer: EncryptionKey | None

    def asked(self) -> JsonObject:
        """Return what the request says about its answer."""
        if self.answer is None:
            return {}
        return {"credential_response_encryption": {"jwk": self.answer.public_jwk, "enc": self.enc}}

    def seal(self, content: JsonObject) -> tuple[bytes, str]:
        """Return body and media type of a request."""
        plain = strict_json.dumps(content)
        if self.request is None:
            return plain, JSON_TYPE
        return jwe.encrypt(plain, self.request, enc=self.enc, apu=None, apv=None).encode("ascii"), JWT_TYPE

    def open(self, answer: Answer) -> JsonObject | None:
        """Return the content of a successful answer, None when it cannot be read as it was asked for."""
        if self.answer is None:
            return answer.json
        try:
            plain = jwe.decrypt(
                answer.text.strip(),
                self.answer,
                allowed_enc=frozenset({self.enc}),
                max_plaintext=MAX_ANSWER_BYTES,
            )
            return strict_json.loads_object(plain, what="credential answer")
        except Error:
            return None


@dataclass(frozen=True, slots=True)
class Delivered:
    """The answer to a credential request, and its content where it could be read."""

    answer: Answer
    content: JsonObject | None = field(repr=False)
    envelope: Envelope = field(repr=False)

    @property
    def credentials(self) -> tuple[str, ...]:
        """The credentials that are texts."""
        listed = (self.content or {}).get("credentials")
        found = [object_of(each).get("credential") for each in listed] if isinstance(listed, list) else []
        return tuple(each for each in found if isinstance(each, str))

    def text(self, name: str) -> str:
        """Return a member of the content that is a text, else an empty one."""
        value = (self.content or {}).get(name)
        return value if isinstance(value, str) else ""


def envelope(issuer: Published, client: Client, *, wished: bool) -> Envelope:
    """Return how to encrypt an exchange: where the issuer requires it, and where that is wished."""
    for_request = issuer.object("credential_request_encryption")
    for_answer = issuer.object("credential_response_encryption")
    required = bool(for_answer.get("encryption_required"))
    key = _request_key(for_request)
    encs = [
        each
        for each in ENCS
        if each in (for_answer.get("enc_values_supported") or for_request.get("enc_values_supported") or ())
    ]
    enc = encs[0] if encs else ENCS[0]
    if not (wished or required or for_request.get("encryption_required")) or key is None:
        return Envelope(None, enc, None)
    answer = jwe.new_encryption_key(client.kit.random_bytes) if for_answer else None
    return Envelope(key, enc, answer)


def fetch_nonce(client: Client, issuer: Published) -> Answer:
    """Return what the nonce endpoint answers."""
    return client.send_once(Post(url=issuer.text("nonce_endpoint"), proven=False))


def nonce_of(answer: Answer) -> str:
    """Return the nonce of an answer, an empty text where there is none."""
    value = (answer.json or {}).get("c_nonce")
    return value if isinstance(value, str) else ""


def deliver(access: Access, issuer: Published, order: Order, *, wished: bool, twists: Twists = PLAIN) -> Delivered:
    """Send a credential request and return what came."""
    client = access.client
    if order.nonce is None and issuer.text("nonce_endpoint"):
        order = replace(order, nonce=nonce_of(fetch_nonce(client, issuer)))
    wrapped = envelope(issuer, client, wished=wished if order.encrypted is None else order.encrypted)
    if order.plain:
        wrapped = Envelope(None, wrapped.enc, None)
    content: dict[str, Any] = {
        **_named(access, order),
        "proofs": made_proofs(access, issuer, order) if order.proofs is None else order.proofs,
        **wrapped.asked(),
        **order.members,
    }
    body, media_type = wrapped.seal({name: each for name, each in content.items() if each is not None})
    post = Post(
        url=issuer.text("credential_endpoint") + order.query,
        body=body,
        content_type=media_type,
        token=access.token if order.token is None else order.token or None,
        note=order.note,
    )
    answer = client.send(post, twists)
    return Delivered(answer, wrapped.open(answer) if answer.ok else answer.json, wrapped)


def made_proofs(access: Access, issuer: Published, order: Order) -> JsonObject:
    """Return the proofs of an order, of the type and with the attestation that the metadata ask for."""
    configuration = issuer.configurations.get(order.configuration_id, {})
    offered = proof_types(configuration)
    kind = order.kind or ("jwt" if "jwt" in offered or not offered else next(iter(offered)))
    provider = order.provider or access.client.kit.provider
    needed = kind == "attestation" or attestation_required(configuration, kind) or order.provider is not None
    attestation = _attested(access, order, provider) if needed else None
    if kind == "attestation":
        return {"attestation": [attestation]}
    signers = order.keys[:1] if attestation else order.keys
    return {"jwt": [_proof(access, issuer, order, each, attestation) for each in signers]}


def _attested(access: Access, order: Order, provider: WalletProvider) -> str | None:
    now = access.client.kit.clock.now()
    made = provider.vouch_for_keys(
        [dict(each.public_jwk) for each in order.keys], nonce=order.nonce or "", now=now
    )
    draft = order.key_attestation(Draft.of(made, provider.key_attestation))
    return draft.text() if draft else None


def _proof(access: Access, issuer: Published, order: Order, key: LocalSigner, attestation: str | None) -> str:
    made = make_key_proof(
        audience=issuer.text("credential_issuer"),
        nonce=order.nonce or "",
        iat=access.client.kit.clock.now(),
        signer=key,
        client_id=access.client.client_id,
        key_attestation=attestation,
    )
    draft = order.proof(Draft.of(made, key))
    return draft.text() if draft else ""


def _named(access: Access, order: Order) -> JsonObject:
    """Return by what the credential is asked for. Spec: OpenID4VCI 1.0 §8.2."""
    known = access.identifiers.get(order.configuration_id, ())
    identifier = order.identifier or (known[0] if known else None)
    if identifier is not None:
        return {"credential_identifier": identifier}
    return {"credential_configuration_id": order.configuration_id}


def _request_key(offered: JsonObject) -> JsonObject | None:
    try:
        return jwe.choose_encryption_key(object_of(offered.get("jwks")))
    except Error:
        return None
