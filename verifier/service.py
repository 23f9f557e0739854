"""The verifier role: ask, receive, tell. Adapters, command line and demo call this and nothing below it."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from portadoc.clock import Clock
from portadoc.errors import Conflict, Refused
from portadoc.fetch import Fetch
from portadoc.formats.jwe import new_encryption_key
from portadoc.formats.openid4vp.request_object import client_id_of, make_request_object
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.randomness import RandomBytes
from portadoc.schemas.events import EventKind
from portadoc.storage.engine import Database
from portadoc.storage.installation import digest
from portadoc.verification.policy import KeyBindingRefused, VerificationPolicy
from portadoc.verification.report import VerificationReport
from portadoc.verifier.deployment import Deployment
from portadoc.verifier.presentations import judge_presentation, utc_date
from portadoc.verifier.presets import Preset
from portadoc.verifier.requests import (
    CreatedRequest,
    Phase,
    Terms,
    VerificationRequest,
    check_return_uri,
    check_terms,
    presentation_request,
    request_link,
)
from portadoc.verifier.responses import Received, find_request, receive_response
from portadoc.verifier.results import Result
from portadoc.verifier.settings import VerifierSettings
from portadoc.verifier.status.status_lists import StatusLists
from portadoc.verifier.store import request_store, status_list_store, tables


@dataclass(frozen=True, slots=True)
class SessionView:
    """What the party that asked sees: where the request stands and, once it is answered, its result."""

    phase: Phase
    expires_at: int
    result: Result | None


class Verifier:
    """The services of one verifier installation. ``slug`` names the institution that asks."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._status_lists = StatusLists(deployment)

    @property
    def settings(self) -> VerifierSettings:
        """The settings in force."""
        return self._deployment.settings

    def create_request(
        self, slug: str, preset: Preset, *, on_date: date | None = None, return_uri: str | None = None
    ) -> CreatedRequest:
        """Open a request and return what starts it; the session secret is told here and nowhere else.

        ``on_date`` is the day to judge (the day of the answer when None). ``return_uri`` is a page of this
        verifier to which the wallet sends the holder on; an accepted result then needs the response code that
        comes along.
        Raises: Refused[not_found], Malformed[query_malformed], Malformed[limit_exceeded],
        Refused[query_unsupported], Refused[query_not_registered], Malformed[return_uri_invalid].
        """
        here, now = self._deployment, self._deployment.clock.now()
        # 1. what is asked, and whether this institution may ask it
        terms = Terms(preset=preset, on_date=on_date)
        check_terms(
            terms,
            registered_types=here.institution(slug).registered_types,
            max_query_bytes=here.settings.max_query_bytes,
        )
        if return_uri is not None:
            check_return_uri(return_uri, base_url=here.settings.base_url)
        # 2. a session of its own: identifiers, nonce, state, encryption key, secret
        request, secret = self._new_request(slug, terms, return_uri, now), here.new_secret()
        # 3. written down before anybody can answer it
        with here.database.transaction() as connection:
            request_store.insert_request(connection, request, secret_digest=digest(secret))
            here.tell(connection, EventKind.REQUEST_CREATED, slug, request.request_id, preset=preset.id)
        request_uri = here.request_uri(slug, request.request_id)
        link = request_link(request.client_id, request_uri, here.settings.request_uri_method)
        return CreatedRequest(request.transaction_id, secret, request_uri, link, request.expires_at)

    def request_object(self, slug: str, request_id: str, *, wallet_nonce: str | None = None) -> str:
        """Return the signed request, as often as it is asked for while it is open.

        Raises: Refused[not_found], Refused[request_unknown], Conflict[request_answered],
        Conflict[request_expired]. Spec: OpenID4VP 1.0 §5.
        """
        here = self._deployment
        request, signer = find_request(here, slug, request_id), here.request_signer(slug)
        if client_id_of(signer) != request.client_id:  # the key has changed since: the link names the old one
            raise Conflict("request_expired", spec="OpenID4VP 1.0 §5.9")
        asked = presentation_request(
            request, response_uri=here.response_uri(slug, request_id), now=here.clock.now()
        )
        return make_request_object(asked, signer=signer, wallet_nonce=wallet_nonce)

    def receive_response(self, slug: str, request_id: str, form: Mapping[str, str]) -> Received:
        """Judge what a wallet posted and store the result, once. Raises as ``responses.receive_response``."""
        return receive_response(self._deployment, self._status_lists, slug, request_id, form)

    def result(
        self, slug: str, transaction_id: str, session_secret: str, *, response_code: str | None = None
    ) -> SessionView:
        """Return where a session stands to whoever knows its secret.

        Whatever is wrong (transaction, secret, response code), the refusal is the same. Raises Refused[not_found].
        Spec: OpenID4VP 1.0 §14.2, §14.3.3.
        """
        with self._deployment.database.read() as connection:
            session = request_store.find_session(connection, slug, transaction_id)
            body = (
                None
                if session is None
                else request_store.find_result(connection, slug, session.request.request_id)
            )
        secret_fits = hmac.compare_digest(digest(session_secret), session.secret_digest if session else "")
        if session is None or not secret_fits or not _code_fits(session.response_code_digest, response_code):
            raise Refused("not_found")
        phase = session.request.phase_at(self._deployment.clock.now())
        return SessionView(phase, session.request.expires_at, None if body is None else Result.from_text(body))

    def refresh_status_lists(self, *, everything: bool = False) -> int:
        """Fetch the status lists that are due, or ``everything`` that is held; return how many came."""
        return self._status_lists.refresh(self._deployment.clock.now(), everything=everything)

    def forget(self) -> None:
        """Close what has expired, and delete results and status lists that are kept no longer."""
        now = self._deployment.clock.now()
        for institution in self.settings.institutions:
            with self._deployment.database.transaction() as connection:
                request_store.expire_requests(connection, institution.slug, now=now)
                request_store.forget_requests(
                    connection, institution.slug, created_before=now - self.settings.result_kept_s
                )
                status_list_store.forget_lists(
                    connection, institution.slug, issued_before=now - self.settings.status.max_age_s
                )

    def verify_offline(
        self, slug: str, unverified_text: str, *, on_date: date | None = None, may_fetch: bool = False
    ) -> VerificationReport:
        """Return the report of a credential as text, without a holder; status from the lists that are held.

        ``may_fetch`` lets it fetch a list that is missing. Raises Refused[not_found].
        """
        here, now = self._deployment, self._deployment.clock.now()
        policy = VerificationPolicy(
            policy_id="offline",
            accepted_types=frozenset(here.institution(slug).registered_types),
            key_binding=KeyBindingRefused(),
            status_required=True,
            profile=here.profile,
            on_date=on_date or utc_date(now),
            clock_skew_s=here.settings.clock_skew_s,
        )
        return judge_presentation(
            here, self._status_lists, slug, unverified_text, policy, now=now, may_fetch=may_fetch
        )

    def _new_request(self, slug: str, terms: Terms, return_uri: str | None, now: int) -> VerificationRequest:
        here = self._deployment
        return VerificationRequest(
            institution=slug,
            request_id=here.new_id(),
            transaction_id=here.new_id(),
            client_id=here.client_id(slug),
            terms=terms,
            nonce=here.new_secret(),
            state=here.new_secret(),
            phase=Phase.OPEN,
            created_at=now,
            expires_at=now + here.settings.request_ttl_s,
            return_uri=return_uri,
            encryption_key=new_encryption_key(here.random_bytes),
        )


def build_verifier(
    settings: VerifierSettings,
    database: Database,
    key_ring: KeyRing,
    trust_store: TrustStore,
    fetch: Fetch,
    clock: Clock,
    random_bytes: RandomBytes,
) -> Verifier:
    """Return the verifier over these parts, its tables made.

    Raises Misconfigured[key_missing], [access_certificate_missing], [profile_unknown], [storage_newer].
    """
    deployment = Deployment(
        settings=settings,
        database=database,
        key_ring=key_ring,
        trust=trust_store,
        fetch=fetch,
        clock=clock,
        random_bytes=random_bytes,
    )
    database.create(tables.METADATA)
    assert deployment.profile.id == settings.profile
    for institution in settings.institutions:
        deployment.client_id(institution.slug)
    return Verifier(deployment)


def _code_fits(expected_digest: str | None, response_code: str | None) -> bool:
    if expected_digest is None:
        return True
    return hmac.compare_digest(digest(response_code or ""), expected_digest)
