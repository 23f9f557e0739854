"""One OpenID provider: its metadata and keys, fetched when needed by one thread, and codes redeemed there.

Spec: OIDC Discovery 1.0 §4, OIDC Core 1.0 §3.1.3, RFC 7636, RFC 9700.
"""

import re
from base64 import b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, Protocol
from urllib.parse import quote_plus, urlencode

from portadoc.clock import Clock
from portadoc.errors import Error, Malformed, Refused, Unavailable, Untrusted
from portadoc.fetch import Fetched
from portadoc.formats import strict_json
from portadoc.openid_connect.id_tokens import CODE, check_id_token
from portadoc.openid_connect.registration import Registration, sign_in_address
from portadoc.openid_connect.signed_tokens import (
    PublicKey,
    UnverifiedToken,
    parse_token,
    usable_keys,
    verified_claims,
)
from portadoc.schemas.claims import JsonObject

MAX_AGE_S: Final = 3600
"""Seconds that metadata and keys are kept."""
CALM_S: Final = 30
"""Seconds between two fetches of the keys for the sake of a key id that is unknown."""
MAX_BYTES: Final = 128 * 1024
TIMEOUT_S: Final = 5.0
_JSON: Final = "application/json"
_JWT: Final = "application/jwt"
_KEY_SET: Final = "application/jwk-set+json"
_ACCESS_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]{1,8192}=*")
_REFUSED: Final = frozenset({400, 401, 403})
_OF_THE_SIGN_IN: Final = frozenset({"acr", "amr", "auth_time"})
"""What the ID token alone says: UserInfo tells of a person, not of how they signed in. Spec: OIDC Core 1.0 §2."""


class Outbound(Protocol):
    """The one way out (``portadoc.fetch``)."""

    def get(
        self, url: str, *, accept: tuple[str, ...], max_bytes: int, timeout_s: float, redirects: int
    ) -> Fetched: ...

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        max_bytes: int = MAX_BYTES,
        timeout_s: float = TIMEOUT_S,
    ) -> Fetched: ...


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where a provider answers, and whether it names itself in what it sends back."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    names_itself: bool
    userinfo_endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Identified:
    """A person as the provider knows them; ``claims`` are verified, and worth what a setting says."""

    sub: str
    claims: JsonObject = field(repr=False)


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a provider gives for a code, both unverified."""

    id_token: str = field(repr=False)
    access_token: str | None = field(repr=False)


class Provider:
    """One provider; threads share it."""

    def __init__(self, registration: Registration, *, outbound: Outbound, clock: Clock) -> None:
        self.registration = registration
        self._outbound, self._clock = outbound, clock
        self._lock = Lock()
        self._metadata: tuple[int, Metadata] | None = None
        self._keys: tuple[int, dict[str | None, PublicKey]] | None = None

    def metadata(self) -> Metadata:
        """Return the provider's metadata, an hour old at most. Raises Unavailable[provider_unusable]."""
        with self._lock:
            return self._metadata_at(self._clock.now())

    def sign_in_address(
        self,
        *,
        redirect_uri: str,
        state: str,
        nonce: str,
        verifier: str,
        acr_values: Collection[str] | None = None,
    ) -> str:
        """Return where a browser goes to sign in. Raises Unavailable[provider_unusable].

        The caller keeps the four values, and ties ``state`` to the browser. Spec: RFC 9700 §2.1.
        """
        return sign_in_address(
            self.metadata().authorization_endpoint,
            self.registration,
            redirect_uri=redirect_uri,
            state=state,
            nonce=nonce,
            verifier=verifier,
            acr_values=acr_values,
        )

    def code_in(self, answer: Mapping[str, str]) -> str:
        """Return the code among the unverified parameters that a browser brought back.

        Raises Untrusted[login_refused] (reason issuer, provider, code), Unavailable[provider_unusable].
        """
        told = answer.get("iss")
        if told != self.registration.issuer and (told is not None or self.metadata().names_itself):
            raise Untrusted(CODE, spec="RFC 9207 §2.4", reason="issuer")
        if "error" in answer:
            raise Untrusted(CODE, spec="OIDC Core §3.1.2.6", reason="provider")
        if not answer.get("code"):
            raise Untrusted(CODE, spec="OIDC Core §3.1.2.5", reason="code")
        return answer["code"]

    def identify(self, code: str, *, verifier: str, redirect_uri: str, nonce: str) -> Identified:
        """Return whom the provider identified by a code: its token is signed by it, for us, for this sign-in.

        What UserInfo adds is about the same person, and changes nothing that the token says.
        Raises Untrusted[login_refused] with a reason, Unavailable[provider_unusable].
        """
        known = self.registration
        redeemed = self.redeem(code, verifier=verifier, redirect_uri=redirect_uri)
        token = parse_token(redeemed.id_token, algorithms=known.algorithms, code=CODE)
        claims = verified_claims(token, self.key_for(token), code=CODE)
        sub = check_id_token(
            claims, issuer=known.issuer, client_id=known.client_id, nonce=nonce, now=self._clock.now()
        )
        more = self.userinfo(redeemed.access_token, sub=sub) if known.with_userinfo else {}
        told = {name: value for name, value in more.items() if name not in _OF_THE_SIGN_IN}
        return Identified(sub, {**told, **claims})

    def userinfo(self, access_token: str | None, *, sub: str) -> JsonObject:
        """Return what the provider tells of a person beside the token, signed or not. Spec: OIDC Core 1.0 §5.3.

        Raises Untrusted[login_refused] with a reason, Unavailable[provider_unusable].
        """
        address = self.metadata().userinfo_endpoint
        if address is None or access_token is None:
            raise self._unusable("userinfo")
        headers = {"Authorization": f"Bearer {access_token}", "Accept": f"{_JSON}, {_JWT}"}
        answer = self._asked(lambda: self._outbound.send("GET", address, headers=headers))
        if answer.status != 200 or answer.content_type not in (_JSON, _JWT):
            raise self._unusable("userinfo")
        told = self._object(answer) if answer.content_type == _JSON else self._signed(answer)
        if told.get("sub") != sub:  # another person's, put in the place of this one's
            raise Untrusted(CODE, spec="OIDC Core §5.3.2", reason="userinfo")
        return told

    def _signed(self, answer: Fetched) -> JsonObject:
        """Return the claims of a signed answer that this provider made for us. Spec: OIDC Core 1.0 §5.3.2."""
        known = self.registration
        text = answer.body.decode("ascii", "replace").strip()
        token = parse_token(text, algorithms=known.algorithms, code=CODE)
        told = verified_claims(token, self.key_for(token), code=CODE)
        if told.get("iss") != known.issuer or told.get("aud") not in (known.client_id, [known.client_id]):
            raise Untrusted(CODE, spec="OIDC Core §5.3.2", reason="userinfo")
        return told

    def key_for(self, token: UnverifiedToken) -> PublicKey:
        """Return the key that a token names; a name that is unknown makes the keys be fetched again, once.

        Raises Untrusted[login_refused] (reason key), Unavailable[provider_unusable].
        """
        with self._lock:  # whoever waits here finds the keys that the first one has fetched
            now = self._clock.now()
            kept = self._keys
            if kept is None or now - kept[0] >= MAX_AGE_S:
                kept = self._fetch_keys(now)
            if (key := _named(kept[1], token.key_id)) is None and now - kept[0] >= CALM_S:
                key = _named(self._fetch_keys(now)[1], token.key_id)
        if key is None:
            raise Untrusted(CODE, spec="OIDC Core §10.1", reason="key")
        return key

    def redeem(self, code: str, *, verifier: str, redirect_uri: str) -> Redeemed:
        """Return the tokens for an authorization code.

        Raises Untrusted[login_refused] (reason code), Unavailable[provider_unusable].
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            **({} if self.registration.client_secret else {"client_id": self.registration.client_id}),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": _JSON, **self._authentication()}
        address = self.metadata().token_endpoint
        answer = self._asked(lambda: self._outbound.send("POST", address, headers=headers, body=_encoded(form)))
        if answer.status in _REFUSED:
            raise Untrusted(CODE, spec="OIDC Core §3.1.3.4", reason="code")
        if answer.status != 200 or answer.content_type != _JSON:
            raise self._unusable("token")
        given = self._object(answer)
        id_token, access_token = given.get("id_token"), given.get("access_token")
        if not isinstance(id_token, str):
            raise self._unusable("token")
        usable = isinstance(access_token, str) and _ACCESS_TOKEN.fullmatch(access_token)
        return Redeemed(id_token, str(access_token) if usable else None)

    def _authentication(self) -> dict[str, str]:
        """Return the header with our secret, if we have one. Spec: RFC 6749 §2.3.1."""
        known = self.registration
        if not known.client_secret:
            return {}
        pair = f"{quote_plus(known.client_id)}:{quote_plus(known.client_secret)}"
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}

    def _metadata_at(self, now: int) -> Metadata:
        if self._metadata is None or now - self._metadata[0] >= MAX_AGE_S:
            address = f"{self.registration.issuer.rstrip('/')}/.well-known/openid-configuration"
            self._metadata = now, self._read_metadata(self._fetched(address, _JSON))
        return self._metadata[1]

    def _read_metadata(self, document: JsonObject) -> Metadata:
        if document.get("issuer") != self.registration.issuer:
            raise self._unusable("issuer")
        names: tuple[str, ...] = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if self.registration.with_userinfo:
            names += ("userinfo_endpoint",)
        named = {name: document.get(name) for name in names}
        for address in named.values():
            # nobody is sent from https to plain http
            if not isinstance(address, str) or not address.startswith(
                self.registration.issuer.partition("//")[0] + "//"
            ):
                raise self._unusable("metadata")
        return Metadata(
            authorization_endpoint=str(named["authorization_endpoint"]),
            token_endpoint=str(named["token_endpoint"]),
            jwks_uri=str(named["jwks_uri"]),
            names_itself=document.get("authorization_response_iss_parameter_supported") is True,
            userinfo_endpoint=str(named["userinfo_endpoint"]) if "userinfo_endpoint" in named else None,
        )

    def _fetch_keys(self, now: int) -> tuple[int, dict[str | None, PublicKey]]:
        document = self._fetched(self._metadata_at(now).jwks_uri, _JSON, _KEY_SET)
        try:
            self._keys = now, usable_keys(document, code="provider_unusable")
        except Malformed as exc:
            raise self._unusable("keys") from exc
        return self._keys

    def _fetched(self, address: str, *accept: str) -> JsonObject:
        return self._object(
            self._asked(
                lambda: self._outbound.get(
                    address, accept=accept, max_bytes=MAX_BYTES, timeout_s=TIMEOUT_S, redirects=0
                )
            )
        )

    def _asked(self, ask: "Ask") -> Fetched:
        try:
            return ask()
        except (Unavailable, Refused, Malformed) as exc:
            raise self._unusable(str(exc.params.get("reason", exc.code))) from exc

    def _object(self, answer: Fetched) -> JsonObject:
        try:
            return strict_json.loads_object(answer.body, what="provider", max_bytes=MAX_BYTES)
        except Error as exc:
            raise self._unusable("json") from exc

    def _unusable(self, reason: str) -> Unavailable:
        return Unavailable("provider_unusable", provider=self.registration.id, reason=reason)


class Ask(Protocol):
    """One request to the provider."""

    def __call__(self) -> Fetched: ...


def _named(keys: Mapping[str | None, PublicKey], key_id: str | None) -> PublicKey | None:
    """Return the key with an id; a token without one is signed by the only key. Spec: OIDC Core §10.1."""
    if key_id is None and len(keys) == 1:
        return next(iter(keys.values()))
    return None if key_id is None else keys.get(key_id)


def _encoded(form: Mapping[str, str]) -> bytes:
    return urlencode(form).encode("ascii")
