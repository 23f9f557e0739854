"""Signing in: away to the provider and back, each answer once and only in the browser that asked.

Spec: OIDC Core 1.0 §3.1, RFC 7636 (S256), RFC 9207, RFC 9700 §2.1.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from portadoc.errors import Refused, Untrusted
from portadoc.openid_connect.id_tokens import CODE
from portadoc.openid_connect.providers import Provider
from portadoc.portal.login.installation import PortalInstallation
from portadoc.portal.login.proved import Proved, lacks_strong_login, proved_by
from portadoc.portal.login.settings import LoginSettings, ProviderSettings
from portadoc.portal.store import session_store
from portadoc.portal.store.session_store import SignIn
from portadoc.storage.installation import digest

CALLBACK: Final = "/portal/callback"
HOME: Final = "/portal/"
_OWN_PATH: Final = re.compile(r"/portal/(?:[A-Za-z0-9_.=?&%-]+/)*[A-Za-z0-9_.=?&%-]*", re.ASCII)
_MAX_PATH: Final = 512


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and the secret that it keeps until it comes back."""

    location: str
    browser_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a sign-in proved and where the person wanted to go."""

    proved: Proved
    destination: str


class SignIns:
    """Begins and ends sign-ins at the providers of the settings."""

    def __init__(
        self, installation: PortalInstallation, settings: LoginSettings, providers: Mapping[str, Provider]
    ) -> None:
        self._installation = installation
        self._settings = settings
        self._providers = providers

    def begin(self, provider_id: str, *, destination: str, staff: bool) -> Begun:
        """Return where the browser goes to sign in; ``destination`` is unverified, a path that is not ours is
        replaced by the first page.

        Raises Refused[not_found] for an unknown provider, Unavailable[provider_unusable].
        """
        provider, settings = self._provider(provider_id)
        here = self._installation
        state, browser_secret, nonce, verifier = (here.new_secret() for _ in range(4))
        sign_in = SignIn(
            state_digest=digest(state),
            browser_digest=digest(browser_secret),
            provider=provider_id,
            nonce=nonce,
            verifier=verifier,
            destination=own_path(destination),
            staff=staff,
            expires_at=here.clock.now() + self._settings.sign_in_s,
        )
        location = provider.sign_in_address(
            redirect_uri=self.redirect_uri,
            state=state,
            nonce=nonce,
            verifier=verifier,
            acr_values=settings.staff_acr if staff else None,
        )
        with here.database.transaction() as connection:
            session_store.insert_sign_in(connection, sign_in, now=here.clock.now())
        return Begun(location, browser_secret)

    def finish(self, answer: Mapping[str, str], browser_secret: str) -> SignedIn:
        """Return what the provider proved; ``answer`` holds the unverified parameters of the redirect.

        Raises Untrusted[login_refused] with a reason, Refused[step_up_required], Unavailable[provider_unusable].
        """
        here = self._installation
        # 1. an answer to a question of ours, that was not answered yet
        with here.database.transaction() as connection:
            begun = session_store.take_sign_in(connection, digest(answer.get("state", "")), now=here.clock.now())
        if begun is None:
            raise Untrusted(CODE, spec="RFC 6749 §10.12", reason="state")
        # 2. in the browser that asked: nobody is signed in as somebody else
        if not hmac.compare_digest(begun.browser_digest, digest(browser_secret)):
            raise Untrusted(CODE, spec="RFC 9700 §4.7", reason="browser")
        provider, settings = self._provider(begun.provider)
        # 3. from the provider that was asked, and it is a code
        code = provider.code_in(answer)
        # 4. its token, signed by it, for us, for this sign-in
        person = provider.identify(
            code, verifier=begun.verifier, redirect_uri=self.redirect_uri, nonce=begun.nonce
        )
        proved = proved_by(person.claims, person.sub, settings)
        # 5. strong enough for where it leads
        if begun.staff and lacks_strong_login(proved, settings):
            raise Refused("step_up_required", provider=settings.name)
        return SignedIn(proved, begun.destination)

    @property
    def redirect_uri(self) -> str:
        """The address to which providers send browsers back."""
        return f"{self._installation.settings.base_url}{CALLBACK}"

    def _provider(self, provider_id: str) -> tuple[Provider, ProviderSettings]:
        found, settings = self._providers.get(provider_id), self._settings.provider_by_id.get(provider_id)
        if found is None or settings is None:
            raise Refused("not_found")
        return found, settings


def own_path(wanted: str) -> str:
    """Return a path of this portal: the wanted one, or the first page in place of any other address."""
    fits = len(wanted) <= _MAX_PATH and _OWN_PATH.fullmatch(wanted) and ".." not in wanted
    return wanted if fits else HOME
