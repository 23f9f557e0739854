"""Machines: they sign an assertion with their registered key and get an access token of a few minutes.

Spec: RFC 7523 §2.2, §3; RFC 7521 §4.2; OIDC Core 1.0 §9 (private_key_jwt).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from portadoc.access import Role, Subject, SubjectKind
from portadoc.errors import Malformed, Misconfigured, Untrusted
from portadoc.portal.login.installation import PortalInstallation
from portadoc.portal.login.proved import mandate_of
from portadoc.portal.login.settings import ALGORITHMS, LoginSettings
from portadoc.portal.login.signed_tokens import (
    SKEW_S,
    PublicKey,
    UnverifiedToken,
    parse_token,
    public_key,
    verified_claims,
    whole_seconds,
)
from portadoc.portal.store import session_store
from portadoc.schemas.claims import JsonObject
from portadoc.storage.installation import digest

MACHINES_PATH: Final = "/portal/token"
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_ASSERTION_S: Final = 300
_CODE: Final = "client_assertion_refused"
_TYPES: Final = frozenset({None, "JWT", "jwt", "client-authentication+jwt"})
_MAX_JTI: Final = 255


@dataclass(frozen=True, slots=True)
class MachineToken:
    """An access token, told once."""

    access_token: str = field(repr=False)
    expires_in: int


class Machines:
    """The machines of the settings. Raises Misconfigured[machine_key_unusable] when made."""

    def __init__(self, installation: PortalInstallation, settings: LoginSettings) -> None:
        self._installation = installation
        self._settings = settings
        self._keys = {each.client_id: _key(each.client_id, each.jwk) for each in settings.machines}

    def token(self, form: Mapping[str, str]) -> MachineToken:
        """Return a new access token for the unverified parameters of a token request.

        Raises Untrusted[client_assertion_refused] with a reason, Malformed[grant_type_unsupported].
        """
        here = self._installation
        if form.get("grant_type") != "client_credentials":
            raise Malformed("grant_type_unsupported")
        if form.get("client_assertion_type") != ASSERTION_TYPE or "client_secret" in form:
            raise Untrusted(_CODE, spec="RFC 7521 §4.2", reason="form")
        # 1. an assertion of a machine that we know, signed with its key
        token = parse_token(form.get("client_assertion", ""), algorithms=ALGORITHMS, code=_CODE)
        client_id, key = self._client(token, form.get("client_id"))
        claims = verified_claims(token, key, code=_CODE)
        # 2. for us, now, not for long
        jti, expires_at = self._checked(claims, now=here.clock.now())
        # 3. not used before; only now is a token made
        access_token = here.new_secret()
        lifetime = self._settings.access_token_s
        with here.database.transaction() as connection:
            fresh = session_store.use_assertion(connection, client_id, digest(jti), expires_at=expires_at + SKEW_S)
            if fresh:
                session_store.insert_token(
                    connection, digest(access_token), client_id, expires_at=here.clock.now() + lifetime
                )
        if not fresh:
            raise Untrusted(_CODE, spec="RFC 7523 §3 (7)", reason="replayed")
        return MachineToken(access_token, lifetime)

    def subject(self, access_token: str) -> Subject:
        """Return the machine behind an access token. Raises Untrusted[portal_token_refused]."""
        here = self._installation
        with here.database.read() as connection:
            client_id = session_store.token_client(connection, digest(access_token), now=here.clock.now())
        machine = self._settings.machine_by_id.get(client_id or "")
        if machine is None:
            raise Untrusted("portal_token_refused", spec="RFC 6750 §3.1")
        return Subject(
            id=f"m-{machine.client_id}",
            kind=SubjectKind.MACHINE,
            roles=frozenset(
                ({Role.INTEGRATOR} if machine.mandates else set())
                | ({Role.CARE_PROVIDER} if machine.care_provider else set())
            ),
            mandates=tuple(map(mandate_of, machine.mandates)),
            name=machine.client_id,
        )

    def _client(self, token: UnverifiedToken, named: str | None) -> tuple[str, PublicKey]:
        client_id = token.unverified_claims.get("sub")
        key = self._keys.get(client_id) if isinstance(client_id, str) else None
        if not isinstance(client_id, str) or key is None or token.type not in _TYPES:
            raise Untrusted(_CODE, spec="RFC 7523 §3 (2)", reason="client")
        if token.unverified_claims.get("iss") != client_id or named not in (None, client_id):
            raise Untrusted(_CODE, spec="RFC 7523 §3 (1)", reason="client")
        return client_id, key

    def _checked(self, claims: JsonObject, *, now: int) -> tuple[str, int]:
        base_url = self._installation.settings.base_url
        audiences = (f"{base_url}{MACHINES_PATH}", f"{base_url}/portal")
        told = claims.get("aud")
        if told not in (*audiences, *([each] for each in audiences)):
            raise Untrusted(_CODE, spec="RFC 7523 §3 (3)", reason="audience")
        expires_at = whole_seconds(claims, "exp", code=_CODE)
        if now >= expires_at + SKEW_S:
            raise Untrusted(_CODE, spec="RFC 7523 §3 (4)", reason="expired")
        if expires_at > now + MAX_ASSERTION_S + SKEW_S:
            raise Untrusted(_CODE, spec="RFC 7523 §3 (4)", reason="too_long")
        for name in ("iat", "nbf"):
            if name in claims and whole_seconds(claims, name, code=_CODE) > now + SKEW_S:
                raise Untrusted(_CODE, spec="RFC 7523 §3 (5)", reason="not_begun")
        jti = claims.get("jti")
        if not isinstance(jti, str) or not 0 < len(jti) <= _MAX_JTI:
            raise Untrusted(_CODE, spec="RFC 7523 §3 (7)", reason="claims")
        return jti, expires_at


def _key(client_id: str, jwk: Mapping[str, object]) -> PublicKey:
    try:
        return public_key(jwk, code="machine_key_unusable")
    except Malformed as exc:
        raise Misconfigured("machine_key_unusable", client=client_id) from exc
