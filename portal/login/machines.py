"""Machines: they sign an assertion with their registered key and get an access token of a few minutes.

Spec: RFC 7523 §2.2, §3; RFC 7521 §4.2; OIDC Core 1.0 §9 (private_key_jwt).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from portadoc.access import Role, Subject, SubjectKind
from portadoc.errors import Malformed, Untrusted
from portadoc.openid_connect.client_assertions import CODE, check_client_assertion, registered_key
from portadoc.portal.login.installation import PortalInstallation
from portadoc.portal.login.proved import mandate_of
from portadoc.portal.login.settings import LoginSettings
from portadoc.portal.store import session_store
from portadoc.storage.installation import digest

MACHINES_PATH: Final = "/portal/token"


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
        self._keys = {each.client_id: registered_key(each.client_id, each.jwk) for each in settings.machines}

    def token(self, form: Mapping[str, str]) -> MachineToken:
        """Return a new access token for the unverified parameters of a token request.

        Raises Untrusted[client_assertion_refused] with a reason, Malformed[grant_type_unsupported].
        """
        here = self._installation
        if form.get("grant_type") != "client_credentials":
            raise Malformed("grant_type_unsupported")
        # 1. from a machine that we know, for us, now, not for long
        proved = check_client_assertion(form, keys=self._keys, audiences=self._audiences, now=here.clock.now())
        # 2. not used before; only now is a token made
        access_token = here.new_secret()
        lifetime = self._settings.access_token_s
        with here.database.transaction() as connection:
            fresh = session_store.use_assertion(
                connection, proved.client_id, digest(proved.jti), expires_at=proved.keep_until
            )
            if fresh:
                session_store.insert_token(
                    connection, digest(access_token), proved.client_id, expires_at=here.clock.now() + lifetime
                )
        if not fresh:
            raise Untrusted(CODE, spec="RFC 7523 §3 (7)", reason="replayed")
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

    @property
    def _audiences(self) -> tuple[str, str]:
        base_url = self._installation.settings.base_url
        return f"{base_url}{MACHINES_PATH}", f"{base_url}/portal"
