"""Signing in as one service: providers, sessions, machines, and who is behind a cookie or a token."""

from collections.abc import Mapping
from dataclasses import dataclass

from portadoc.access import Subject
from portadoc.config import read_secret
from portadoc.errors import Refused
from portadoc.openid_connect.providers import Outbound, Provider
from portadoc.openid_connect.registration import Registration
from portadoc.portal.login.installation import PortalInstallation
from portadoc.portal.login.machines import Machines
from portadoc.portal.login.proved import subject_of_person
from portadoc.portal.login.sessions import Sessions
from portadoc.portal.login.settings import LoginSettings, ProviderSettings
from portadoc.portal.login.sign_in import SignIns
from portadoc.portal.login.throttle import WINDOW_S, Rate, Throttle
from portadoc.portal.registers.register import PersonRegister
from portadoc.portal.store import session_store, session_tables


@dataclass(frozen=True, slots=True)
class SignInOffer:
    """A provider as a page offers it: the button's text and the address behind it."""

    name: str
    address: str


class Login:
    """Who may come in, and who is in."""

    def __init__(
        self,
        installation: PortalInstallation,
        settings: LoginSettings,
        *,
        providers: Mapping[str, Provider],
        persons: PersonRegister,
    ) -> None:
        self.installation = installation
        self.settings = settings
        self.sign_ins = SignIns(installation, settings, providers)
        self.sessions = Sessions(installation, settings)
        self.machines = Machines(installation, settings)
        self.throttle = Throttle(installation, allowed=settings.misses_per_hour)
        self.rate = Rate(installation, allowed=settings.machine_requests_per_minute)
        self.write_rate = Rate(installation, allowed=settings.writes_per_minute)
        self.sign_in_rate = Rate(installation, allowed=settings.sign_ins_per_minute)
        self._persons = persons

    def offers(self) -> tuple[SignInOffer, ...]:
        """Return the ways to sign in."""
        return tuple(
            SignInOffer(each.name, f"/portal/login?provider={each.id}") for each in self.settings.providers
        )

    def person(self, session_secret: str) -> Subject:
        """Return the person of a session. Raises Refused[session_missing], Unavailable[register_unavailable]."""
        proved = self.sessions.proved(session_secret)
        provider = self._provider(proved.provider)
        if provider is None or provider.issuer != proved.issuer:  # nobody stays in by a provider that is gone
            raise Refused("session_missing")
        return subject_of_person(proved, provider, self._persons)

    def machine(self, access_token: str) -> Subject:
        """Return the machine of an access token. Raises Untrusted[portal_token_refused]."""
        return self.machines.subject(access_token)

    def forget(self) -> None:
        """Delete sign-ins, sessions, tokens and counts that are over."""
        now = self.installation.clock.now()
        with self.installation.database.transaction() as connection:
            session_store.forget(
                connection,
                now=now,
                sessions_before=now - self.settings.absolute_s,
                unused_since=now - self.settings.idle_s,
                misses_before=now - WINDOW_S,
            )

    def _provider(self, provider_id: str) -> ProviderSettings | None:
        return self.settings.provider_by_id.get(provider_id)


def build_login(
    installation: PortalInstallation,
    *,
    persons: PersonRegister,
    outbound: Outbound,
    environment: Mapping[str, str],
) -> Login:
    """Return the login of an installation and make its tables.

    Raises Misconfigured[secret_missing] and as ``read_secret`` does, [machine_key_unusable], [storage_newer].
    """
    settings = installation.settings.login
    installation.database.create(session_tables.METADATA)
    providers = {
        each.id: Provider(_registration(each, environment), outbound=outbound, clock=installation.clock)
        for each in settings.providers
    }
    return Login(installation, settings, providers=providers, persons=persons)


def _registration(settings: ProviderSettings, environment: Mapping[str, str]) -> Registration:
    secret = settings.client_secret
    return Registration(
        id=settings.id,
        issuer=settings.issuer,
        client_id=settings.client_id,
        client_secret=read_secret(secret, environment=environment) if secret else None,
        scopes=settings.scopes,
        algorithms=settings.algorithms,
    )
