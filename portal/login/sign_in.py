"""Signing in: away to the provider and back, each answer once and only in the browser that asked.

Spec: OIDC Core 1.0 §3.1, RFC 7636 (S256), RFC 9207, RFC 9700 §2.1.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from portadoc import base64url
from portadoc.errors import Refused, Untrusted
from portadoc.portal.login.id_tokens import CODE, check_id_token
from portadoc.portal.login.installation import PortalInstallation
from portadoc.portal.login.proved import Proved, lacks_strong_login, proved_by
from portadoc.portal.login.providers import Provider
from portadoc.portal.login.signed_tokens import parse_token, verified_claims
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
        self, installation: PortalInstallation, providers: Mapping[str, Provider], *, sign_in_s: int
    ) -> None:
        self._installation = installation
        self._providers = providers
        self._sign_in_s = sign_in_s

    def begin(self, provider_id: str, *, destination: str, staff: bool) -> Begun:
        """Return where the browser goes to sign in; ``destination`` is unverified, a path that is not ours is
        replaced by the first page.

        Raises Refused[not_found] for an unknown provider, Unavailable[provider_unusable].
        """
        provider = self._provider(provider_id)
        metadata = provider.metadata()
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
            expires_at=here.clock.now() + self._sign_in_s,
        )
        with here.database.transaction() as connection:
            session_store.insert_sign_in(connection, sign_in, now=here.clock.now())
        query = {
            "response_type": "code",
            "client_id": provider.settings.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": " ".join(provider.settings.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": base64url.encode(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
            **({"acr_values": " ".join(provider.settings.staff_acr), "prompt": "login"} if staff else {}),
        }
        separator = "&" if "?" in metadata.authorization_endpoint else "?"
        return Begun(f"{metadata.authorization_endpoint}{separator}{urlencode(query)}", browser_secret)

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
        provider = self._provider(begun.provider)
        # 3. from the provider that was asked, and it is a code
        code = self._code(answer, provider)
        # 4. its token, signed by it, for us, for this sign-in
        text = provider.redeem(code, verifier=begun.verifier, redirect_uri=self.redirect_uri)
        proved = self._proved(text, provider, begun.nonce)
        # 5. strong enough for where it leads
        if begun.staff and lacks_strong_login(proved, provider.settings):
            raise Refused("step_up_required", provider=provider.settings.name)
        return SignedIn(proved, begun.destination)

    @property
    def redirect_uri(self) -> str:
        """The address to which providers send browsers back."""
        return f"{self._installation.settings.base_url}{CALLBACK}"

    def _proved(self, text: str, provider: Provider, nonce: str) -> Proved:
        settings = provider.settings
        token = parse_token(text, algorithms=settings.algorithms, code=CODE)
        claims = verified_claims(token, provider.key_for(token), code=CODE)
        now = self._installation.clock.now()
        sub = check_id_token(claims, issuer=settings.issuer, client_id=settings.client_id, nonce=nonce, now=now)
        return proved_by(claims, sub, settings)

    def _code(self, answer: Mapping[str, str], provider: Provider) -> str:
        told = answer.get("iss")
        if told != provider.settings.issuer and (told is not None or provider.metadata().names_itself):
            raise Untrusted(CODE, spec="RFC 9207 §2.4", reason="issuer")
        if "error" in answer:
            raise Untrusted(CODE, spec="OIDC Core §3.1.2.6", reason="provider")
        if not answer.get("code"):
            raise Untrusted(CODE, spec="OIDC Core §3.1.2.5", reason="code")
        return answer["code"]

    def _provider(self, provider_id: str) -> Provider:
        found = self._providers.get(provider_id)
        if found is None:
            raise Refused("not_found")
        return found


def own_path(wanted: str) -> str:
    """Return a path of this portal: the wanted one, or the first page in place of any other address."""
    fits = len(wanted) <= _MAX_PATH and _OWN_PATH.fullmatch(wanted) and ".." not in wanted
    return wanted if fits else HOME
