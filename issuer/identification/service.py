"""From the browser that a wallet opened to the certificates that its person approves or refuses."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field

from portadoc.config import read_secret
from portadoc.errors import Conflict, Refused, Untrusted
from portadoc.fetch import Fetch
from portadoc.formats import strict_json
from portadoc.issuer.authorization.sessions import Authorization, Authorizations
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.identification import attempt_store
from portadoc.issuer.identification.attempt_store import Attempt
from portadoc.issuer.identification.certificates import Certificate, Certificates
from portadoc.issuer.identification.identity import Identity
from portadoc.issuer.identification.matching import MatchResult
from portadoc.issuer.identification.pid_presentation import Asked, PidPresentations
from portadoc.issuer.identification.pid_status import FetchedStatuses
from portadoc.issuer.identification.provider_login import ProviderLogins, ProviderOffer
from portadoc.issuer.identification.settings import IdentityProviderSettings
from portadoc.openid_connect.providers import Outbound, Provider
from portadoc.openid_connect.registration import Registration
from portadoc.storage import Connection
from portadoc.storage.installation import digest
from portadoc.verification.answers import TrustAnswers


@dataclass(frozen=True, slots=True)
class Begun:
    """An authorization that a browser has begun, and the secret that this browser keeps."""

    authorization: Authorization
    browser_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ways:
    """How a person can identify here."""

    pid: bool
    providers: tuple[ProviderOffer, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the page of an authorization shows: nobody known yet, or a person and their certificates."""

    authorization: Authorization
    identity: Identity | None
    certificates: tuple[Certificate, ...]

    @property
    def seen(self) -> str:
        """Return what the page shows as one word, which the yes of its reader brings back."""
        shown = {
            "identity": self.authorization.identity,
            "entitlements": [astuple(one) for each in self.certificates for one in each.entitlements],
        }
        return digest(strict_json.dumps(shown).decode())


class Identification:
    """What a browser before an authorization can do; every method asks for the secret of that browser."""

    def __init__(
        self,
        deployment: Deployment,
        authorizations: Authorizations,
        certificates: Certificates,
        *,
        pid: PidPresentations,
        logins: ProviderLogins,
    ) -> None:
        self._deployment = deployment
        self._authorizations = authorizations
        self._certificates = certificates
        self.pid = pid
        self._logins = logins

    def begin(self, institution: str, *, client_id: str, request_uri: str) -> Begun:
        """Begin a pushed authorization in a browser, once.

        Raises Refused[not_found], [authorization_request_unknown].
        """
        self._deployment.institution(institution)
        secret = self._deployment.new_secret()
        begun = self._authorizations.begin(
            institution, client_id=client_id, request_uri=request_uri, browser_secret=secret
        )
        return Begun(begun, secret)

    def standing(self, institution: str, authorization_id: str, *, browser_secret: str) -> Standing:
        """Return where an authorization stands, to its browser. Raises Refused[not_found]."""
        authorization = self._of(institution, authorization_id, browser_secret)
        if authorization.identity is None:
            return Standing(authorization, None, ())
        identity = Identity.from_json(authorization.identity)
        certificates = self._certificates.of(
            institution, authorization.entitlements, identity, offered=authorization.offer is not None
        )
        if any(each.match.result is not MatchResult.SAME for each in certificates):
            certificates = ()  # what was found for another person who identified at the same moment
        return Standing(authorization, identity, certificates)

    def ways(self, institution: str) -> Ways:
        """Return how a person can identify to an institution."""
        return Ways(self.pid.offered(institution), self._logins.offers())

    def ask_wallet(self, institution: str, authorization_id: str, *, browser_secret: str) -> Asked:
        """Ask the wallet on this device for a PID. Raises Refused[not_found], [pid_not_asked]."""
        authorization = self._of(institution, authorization_id, browser_secret)
        return self.pid.ask(institution, authorization_id, expires_at=authorization.expires_at)

    def asked(self, institution: str, authorization_id: str, attempt_id: str, *, browser_secret: str) -> str:
        """Return the link that opens the wallet for a request that is open.

        Raises Refused[not_found], [request_unknown], Conflict[request_answered], [request_expired].
        """
        self._of(institution, authorization_id, browser_secret)
        attempt = self.pid.open_attempt(institution, attempt_id)
        if attempt.authorization_id != authorization_id:
            raise Refused("request_unknown")
        return self.pid.link(attempt)

    def came_from_wallet(
        self, institution: str, authorization_id: str, response_code: str, *, browser_secret: str
    ) -> bool:
        """Take what a wallet has shown, now that its person came back; False when it declined.

        Raises Untrusted[response_code_invalid] for a code that is wrong or used; Refused[not_found] in any other
        browser than the one that began: then what was shown is gone. Spec: OpenID4VP 1.0 §13.3, §14.2.
        """
        here = self._deployment
        # 1. the code, once: whoever brings it
        with here.database.transaction() as connection:
            answered = attempt_store.take_answer(
                connection, institution, digest(response_code), now=here.clock.now()
            )
        # 2. the browser that began this authorization
        authorization = self._of(institution, authorization_id, browser_secret)
        # 3. an answer to a request of this very authorization
        if answered is None or answered.authorization_id != authorization_id:
            raise Untrusted("response_code_invalid", spec="OpenID4VP 1.0 §14.2")
        if answered.identity is None:
            return False
        self._identified(authorization, answered.identity)
        return True

    def go_to_provider(
        self, institution: str, authorization_id: str, provider_id: str, *, browser_secret: str
    ) -> str:
        """Return where the browser goes to sign in. Raises Refused[not_found], Unavailable[provider_unusable]."""
        authorization = self._of(institution, authorization_id, browser_secret)
        return self._logins.begin(institution, authorization_id, provider_id, expires_at=authorization.expires_at)

    def came_from_provider(
        self, institution: str, answer: Mapping[str, str], *, browser_secret: Callable[[str], str]
    ) -> Authorization:
        """Take the provider's answer; ``answer`` holds the unverified parameters of the redirect.

        ``browser_secret`` returns the secret that this browser has for an authorization.

        Raises Untrusted[login_refused] with a reason, Refused[not_found] in another browser than the one that
        began: then the sign-in is over; Unavailable[provider_unusable].
        """
        attempt: Attempt = self._logins.attempt_of(institution, answer)
        try:
            authorization = self._of(
                institution, attempt.authorization_id, browser_secret(attempt.authorization_id)
            )
        except Refused:
            self._logins.give_up(attempt)
            raise
        return self._identified(authorization, self._logins.finish(attempt, answer))

    def approve(self, institution: str, authorization_id: str, *, seen: str, browser_secret: str) -> str | None:
        """Return where the browser takes the code to; None when ``seen`` is not what the page shows by now.

        A yes is to what its reader has seen: not to what somebody else in this browser was found to hold since.
        Raises Refused[not_found], Conflict[authorization_over].
        """
        standing = self.standing(institution, authorization_id, browser_secret=browser_secret)
        if not standing.certificates:
            raise Conflict("authorization_over", spec="RFC 6749 §4.1.1")
        if not hmac.compare_digest(seen.encode(), standing.seen.encode()):
            return None
        return self._authorizations.approve(standing.authorization)

    def refuse(self, institution: str, authorization_id: str, *, browser_secret: str) -> str:
        """Return where the browser takes the refusal to.

        Raises Refused[not_found], Conflict[authorization_over].
        """
        return self._authorizations.refuse(
            self._of(institution, authorization_id, browser_secret), "access_denied"
        )

    def _of(self, institution: str, authorization_id: str, browser_secret: str) -> Authorization:
        return self._authorizations.of_browser(institution, authorization_id, browser_secret=browser_secret)

    def _identified(self, authorization: Authorization, identity: Identity) -> Authorization:
        """Note who it is and what this person can get; whoever was known before is forgotten."""
        known = self._authorizations.identified(authorization, identity.to_json())
        institution, wanted = known.institution, known.configuration_ids
        if known.offer is None:
            found = self._certificates.held(institution, wanted, identity)
        else:
            found = self._certificates.offered(institution, known.offer.entitlements, wanted, identity)
        entitlements = tuple(one for each in found for one in each.entitlements)
        return self._authorizations.entitle(known, entitlements) if entitlements else known


class Identifying:
    """What an issuer gives to whoever identifies people before its authorizations."""

    def __init__(self, deployment: Deployment, authorizations: Authorizations, certificates: Certificates) -> None:
        self._deployment = deployment
        self._authorizations = authorizations
        self.certificates = certificates

    def by(
        self,
        *,
        trust: Callable[[], TrustAnswers],
        lists: Fetch,
        outbound: Outbound,
        environment: Mapping[str, str],
    ) -> Identification:
        """Return identification by PID and by the providers of the settings.

        ``trust`` says whose PID count, ``lists`` is the way to their status lists, ``outbound`` that to providers.
        Raises Misconfigured as ``read_secret`` does.
        """
        here = self._deployment
        providers = {
            each.id: Provider(_registration(each, environment), outbound=outbound, clock=here.clock)
            for each in here.settings.identity_providers
        }
        statuses = FetchedStatuses(lists, trust, here.clock, skew_s=here.settings.clock_skew_s)
        return Identification(
            here,
            self._authorizations,
            self.certificates,
            pid=PidPresentations(here, trust=trust, statuses=statuses),
            logins=ProviderLogins(here, providers),
        )

    @staticmethod
    def forget(connection: Connection, *, now: int, before: int) -> None:
        """Forget whom tries that have expired have shown, and delete those that expired before a time."""
        attempt_store.forget_attempts(connection, now=now, before=before)


def _registration(settings: IdentityProviderSettings, environment: Mapping[str, str]) -> Registration:
    secret = settings.client_secret
    return Registration(
        id=settings.id,
        issuer=settings.issuer,
        client_id=settings.client_id,
        client_secret=read_secret(secret, environment=dict(environment)) if secret else None,
        scopes=settings.scopes,
        algorithms=settings.algorithms,
        with_userinfo=settings.userinfo,
    )
