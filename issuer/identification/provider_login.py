"""A person identifies at an OpenID provider of their State, in the browser before an authorization.

Each answer counts once, and only in the browser that began. Spec: OIDC Core 1.0 §3.1, RFC 7636 (S256), RFC 9207,
RFC 9700 §2.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from portadoc.days import read_day
from portadoc.errors import Refused, Untrusted
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.identification import attempt_store
from portadoc.issuer.identification.attempt_store import Attempt, Means
from portadoc.issuer.identification.identity import Identity, IdentityNumber, IdentitySource
from portadoc.issuer.identification.settings import IdentityProviderSettings
from portadoc.openid_connect.id_tokens import CODE
from portadoc.openid_connect.providers import Identified, Provider
from portadoc.openid_connect.signed_tokens import SKEW_S, whole_seconds
from portadoc.schemas.claims import JsonObject

SIGN_IN_S: Final = 600
"""Seconds that signing in at the provider may take."""
_MAX_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class ProviderOffer:
    """A provider as the page offers it."""

    id: str
    name: str


class ProviderLogins:
    """Sends browsers to the providers of the settings, and reads what these prove."""

    def __init__(self, deployment: Deployment, providers: Mapping[str, Provider]) -> None:
        self._deployment = deployment
        self._providers = providers
        self._settings = {each.id: each for each in deployment.settings.identity_providers}

    def offers(self) -> tuple[ProviderOffer, ...]:
        """Return the providers that can be asked."""
        return tuple(ProviderOffer(each.id, each.name) for each in self._settings.values())

    def begin(self, institution: str, authorization_id: str, provider_id: str, *, expires_at: int) -> str:
        """Return where the browser goes; a try before this one takes no answer any more.

        Raises Refused[not_found] for an unknown provider, Unavailable[provider_unusable].
        """
        here = self._deployment
        provider, settings = self._provider(provider_id)
        state, nonce, verifier = (here.new_secret() for _ in range(3))
        now = here.clock.now()
        # asked anew, that strongly: a session that somebody left open in this browser identifies nobody
        location = provider.sign_in_address(
            redirect_uri=self.redirect_uri(institution),
            state=state,
            nonce=nonce,
            verifier=verifier,
            acr_values=tuple(settings.acr),
        )
        attempt = Attempt(
            institution=institution,
            attempt_id=here.new_id(),
            authorization_id=authorization_id,
            means=Means.PROVIDER,
            state=state,
            nonce=nonce,
            created_at=now,
            expires_at=min(now + SIGN_IN_S, expires_at),
            provider=provider_id,
            secret=verifier,
        )
        with here.database.transaction() as connection:
            attempt_store.insert_attempt(connection, attempt)
        return location

    def attempt_of(self, institution: str, answer: Mapping[str, str]) -> Attempt:
        """Return the sign-in that unverified parameters answer; the caller requires its browser before ``finish``.

        Raises Untrusted[login_refused] (reason state).
        """
        with self._deployment.database.read() as connection:
            found = attempt_store.find_attempt(connection, institution, state=answer.get("state", ""))
        if found is None or found.means is not Means.PROVIDER:
            raise Untrusted(CODE, spec="RFC 6749 §10.12", reason="state")
        return found

    def give_up(self, attempt: Attempt) -> None:
        """End a sign-in whose answer came in another browser: its link was slipped to somebody else."""
        here = self._deployment
        with here.database.transaction() as connection:
            attempt_store.end_open(connection, attempt, now=here.clock.now())

    def finish(self, attempt: Attempt, answer: Mapping[str, str]) -> Identity:
        """Return whom the provider identified, once. Raises Untrusted[login_refused] with a reason,
        Unavailable[provider_unusable], Refused[not_found].
        """
        here = self._deployment
        provider, settings = self._provider(attempt.provider or "")
        # 1. an answer to a question of ours, that was not answered yet
        with here.database.transaction() as connection:
            if not attempt_store.end_open(connection, attempt, now=here.clock.now()):
                raise Untrusted(CODE, spec="RFC 6749 §10.12", reason="state")
        # 2. from the provider that was asked, and it is a code
        code = provider.code_in(answer)
        # 3. its token, signed by it, for us, for this sign-in
        person = provider.identify(
            code,
            verifier=attempt.secret or "",
            redirect_uri=self.redirect_uri(attempt.institution),
            nonce=attempt.nonce,
        )
        # 4. signed in for this, strongly enough, and with a name and a date of birth
        _require_signed_in_since(person, attempt.created_at)
        return identity_of(person, settings)

    def redirect_uri(self, institution: str) -> str:
        """Return the address to which providers send browsers back, as it is registered with them."""
        return f"{self._deployment.issuer_id(institution)}/authorize/callback"

    def _provider(self, provider_id: str) -> tuple[Provider, IdentityProviderSettings]:
        found, settings = self._providers.get(provider_id), self._settings.get(provider_id)
        if found is None or settings is None:
            raise Refused("not_found")
        return found, settings


def _require_signed_in_since(person: Identified, begun_at: int) -> None:
    """Refuse a session that somebody left open at the provider; ``prompt`` travels through the browser.

    Raises Untrusted[login_refused] (reason auth_time, claims). Spec: OIDC Core 1.0 §3.1.2.1, §3.1.3.7 (13).
    """
    if "auth_time" not in person.claims:
        return
    if whole_seconds(person.claims, "auth_time", code=CODE) < begun_at - SKEW_S:
        raise Untrusted(CODE, spec="OIDC Core §3.1.3.7 (13)", reason="auth_time")


def identity_of(person: Identified, settings: IdentityProviderSettings) -> Identity:
    """Return the person of verified claims, as far as the settings trust them.

    Raises Untrusted[login_refused] (reason acr, claims).
    """
    claims = person.claims
    assurance = settings.acr.get(_text(claims, "acr") or "")
    if assurance is None:
        raise Untrusted(CODE, spec="OIDC Core §2", reason="acr")
    at_birth = _text(claims, settings.birth_family_name_claim)
    surname = _text(claims, settings.family_name_claim) or at_birth
    forenames, born = _text(claims, settings.given_name_claim), _text(claims, settings.birth_date_claim)
    if surname is None or forenames is None or born is None:
        raise Untrusted(CODE, spec="OIDC Core §5.1", reason="claims")
    number = _text(claims, settings.number_claim)
    try:
        return Identity(
            family_name=surname,
            given_name=forenames,
            birth_date=read_day(born),
            source=IdentitySource.PROVIDER,
            assurance=assurance,
            vouched_by=settings.id,
            birth_family_name=at_birth,
            town_of_birth=_text(claims, settings.town_of_birth_claim),
            numbers=() if number is None else (IdentityNumber(number, settings.numbering),),
        )
    except ValueError as exc:
        raise Untrusted(CODE, spec="OIDC Core §5.1", reason="claims") from exc


def _text(claims: JsonObject, name: str) -> str | None:
    """Return a text that a claim holds; None where no claim is named, or it holds none."""
    value = claims.get(name) if name else None
    return value if isinstance(value, str) and len(value.strip()) > 0 and len(value) <= _MAX_TEXT else None
