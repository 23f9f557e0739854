"""The verifier role: ask, receive, tell. Adapters, command line and demo call this and nothing below it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from urllib.parse import urlencode

from portadoc.clock import Clock
from portadoc.errors import Conflict, Refused
from portadoc.fetch import Fetch
from portadoc.formats.openid4vp.client_identifier import ClientIdPrefix
from portadoc.formats.openid4vp.digital_credentials import BrowserRequest, signed_request, unsigned_request
from portadoc.formats.openid4vp.request_object import (
    PresentationRequest,
    make_request_object,
    request_header,
)
from portadoc.formats.openid4vp.unsigned_request import UnsafeUnsignedRequest
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_list_file import TrustListSource
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.randomness import RandomBytes
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.events import EventKind
from portadoc.storage.engine import Database
from portadoc.storage.installation import SECRET_BYTES, digest
from portadoc.verification.policy import KeyBindingRefused, VerificationPolicy
from portadoc.verification.presets.presets import Preset
from portadoc.verification.report import VerificationReport
from portadoc.verifier import sessions
from portadoc.verifier.asking import ASKED_PLAINLY, Asked, new_request
from portadoc.verifier.deployment import Deployment
from portadoc.verifier.papers import read_papers
from portadoc.verifier.presentations import judge_presentation, utc_date
from portadoc.verifier.questions import Terms, askable, check_terms, excess_of
from portadoc.verifier.requests import (
    LINK_SCHEME,
    CreatedRequest,
    VerificationRequest,
    presentation_request,
    request_link,
)
from portadoc.verifier.responses import Received, find_request, receive_from_browser, receive_posted
from portadoc.verifier.sessions import BrowserView, HoldersReceipt, SessionView, Stage, Transaction
from portadoc.verifier.settings import VerifierSettings
from portadoc.verifier.status.status_lists import StatusLists
from portadoc.verifier.store import request_store, status_list_store, tables
from portadoc.verifier.store.trust_pack_store import StoredTrustPack
from portadoc.verifier.trust.current_trust import CurrentTrust
from portadoc.verifier.trust.issuer_keys import IssuerKeys
from portadoc.verifier.trust.seal_signers import SealSigners
from portadoc.verifier.trust.trust_lists import TrustLists
from portadoc.verifier.trust.trust_pack import TrustPacks


class Verifier:
    """The services of one verifier installation. ``slug`` names the institution that asks."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._status_lists = StatusLists(deployment)
        self._seal_signers = SealSigners(deployment)
        self._trust_packs = TrustPacks(deployment, self._seal_signers)

    @property
    def settings(self) -> VerifierSettings:
        """The settings in force."""
        return self._deployment.settings

    def create_request(self, slug: str, question: Preset, *, asked: Asked = ASKED_PLAINLY) -> CreatedRequest:
        """Open a request and return what starts it; the session secret is told here and nowhere else.

        Raises: Refused[not_found], Malformed[query_malformed], Malformed[limit_exceeded],
        Refused[query_unsupported], Refused[query_not_registered], Untrusted[transaction_data_invalid],
        Malformed[return_uri_invalid], Refused[response_mode_refused], Refused[purpose_unknown],
        Refused[work_without_a1].
        """
        here = self._deployment
        # 1. what is asked, and whether this institution may ask it, in this way
        registered, registration = here.institution(slug).registered_types, here.papers[slug].registration
        question = askable(question, registered_types=registered, registration=registration)
        terms = Terms.of(question, on_date=asked.on_date, work=asked.work, transaction_data=asked.transaction_data)
        check_terms(
            terms,
            registered_types=registered,
            registration=registration,
            max_query_bytes=here.settings.max_query_bytes,
        )
        terms = replace(terms, excess=excess_of(question))
        # 2. a session of its own: identifiers, nonce, state, encryption key, secret
        request, secret = new_request(here, slug, terms, asked), here.random_bytes(SECRET_BYTES).hex()
        # 3. written down before anybody can answer it
        with here.database.transaction() as connection:
            request_store.insert_request(connection, request, secret_digest=digest(secret))
            here.tell(connection, EventKind.REQUEST_CREATED, slug, request.request_id, preset=question.id)
        request_uri = here.request_uri(slug, request.request_id)
        return CreatedRequest(
            request.transaction_id, secret, request_uri, self.link(request), request.expires_at, terms.excess
        )

    def link(self, request: VerificationRequest) -> str:
        """Return the link or QR text that starts a presentation; empty where the browser's own interface does."""
        here = self._deployment
        if not request.response_mode.is_posted:
            return ""
        if here.institution(request.institution).client_id_prefix is ClientIdPrefix.REDIRECT_URI:
            unsigned = UnsafeUnsignedRequest(self._presentation_request(request))
            return f"{LINK_SCHEME}?{urlencode(unsigned.link_parameters())}"
        request_uri = here.request_uri(request.institution, request.request_id)
        return request_link(request.client_id, request_uri, here.settings.request_uri_method)

    def request_object(self, slug: str, request_id: str, *, wallet_nonce: str | None = None) -> str:
        """Return the signed request, as often as it is asked for while it is open.

        Raises: Refused[not_found], Refused[request_unknown] (also where the link says all), Conflict
        [request_answered], Conflict[request_expired]. Spec: OpenID4VP 1.0 §5.
        """
        here = self._deployment
        request = find_request(here, slug, request_id)
        request.require_open(here.clock.now())
        client = here.client(slug, request_id)
        if not request.response_mode.is_posted or client.prefix is ClientIdPrefix.REDIRECT_URI:
            raise Refused("request_unknown")
        if client.full != request.client_id:  # the key has changed since: the link names the old one
            raise Conflict("request_expired", spec="OpenID4VP 1.0 §5.9")
        return make_request_object(
            self._presentation_request(request),
            signer=here.request_signer(slug),
            wallet_nonce=wallet_nonce,
            client=client,
            verifier_attestation=here.papers[slug].attestation,
        )

    def browser_requests(self, slug: str, transaction_id: str, session_secret: str) -> tuple[BrowserRequest, ...]:
        """Return the requests for ``navigator.credentials.get``, the signed one first.

        Raises: Refused[not_found], Refused[request_unknown] for a session of another kind, Conflict
        [request_answered], Conflict[request_expired]. Spec: OpenID4VP 1.0 Appendix A.
        """
        here = self._deployment
        request = self._browser_request(slug, transaction_id, session_secret)
        request.require_open(here.clock.now())
        asked, client = self._presentation_request(request), here.client(slug, request.request_id)
        unsigned = unsigned_request(asked)
        if client.prefix is ClientIdPrefix.REDIRECT_URI:
            return (unsigned,)
        attestation = here.papers[slug].attestation
        signer = here.request_signer(slug)
        signed = signed_request(asked, signer=signer, client=client, verifier_attestation=attestation)
        return (signed, unsigned)

    def receive_response(self, slug: str, request_id: str, form: Mapping[str, str]) -> Received:
        """Judge what a wallet posted and store the result, once. Raises as ``responses.receive_posted``."""
        return receive_posted(self._deployment, self._status_lists, slug, request_id, form)

    def receive_from_browser(
        self, slug: str, transaction_id: str, session_secret: str, answer: JsonObject
    ) -> Received:
        """Judge what the browser gave the page that asked, and store the result, once.

        Raises Refused[not_found], Refused[request_unknown] and as ``responses.receive_from_browser``.
        """
        request = self._browser_request(slug, transaction_id, session_secret)
        return receive_from_browser(self._deployment, self._status_lists, request, answer)

    def result(
        self, slug: str, transaction_id: str, session_secret: str, *, response_code: str | None = None
    ) -> SessionView:
        """Return where a session stands to whoever knows its secret. Raises Refused[not_found].

        Spec: OpenID4VP 1.0 §14.2, §14.3.3.
        """
        return sessions.view_for_system(self._deployment, slug, transaction_id, session_secret, response_code)

    def session(self, slug: str, transaction_id: str, session_secret: str) -> BrowserView:
        """Return where a session stands to the browser that asked. Raises Refused[not_found]."""
        return sessions.view_for_browser(self._deployment, slug, transaction_id, session_secret)

    def come_back(self, slug: str, transaction_id: str, session_secret: str, response_code: str | None) -> None:
        """Note that the holder came back from the wallet, once. Raises as ``sessions.come_back``."""
        sessions.come_back(self._deployment, slug, transaction_id, session_secret, response_code)

    def stages(self, transactions: Iterable[Transaction]) -> dict[Transaction, Stage]:
        """Return where several sessions stand, in one statement."""
        return sessions.stages(self._deployment, transactions)

    def receipt(self, slug: str, request_id: str, response_code: str | None) -> HoldersReceipt:
        """Return the receipt to the holder. Raises Refused[not_found]."""
        return sessions.receipt_for_holder(self._deployment, slug, request_id, response_code)

    @property
    def operator(self) -> str:
        """The institution whose trust pack stands for the installation: the first. Raises Refused[not_found]."""
        institutions = self.settings.institutions
        if not institutions:
            raise Refused("not_found")
        return institutions[0].slug

    def refresh_status_lists(self, *, everything: bool = False) -> int:
        """Fetch the status lists that are due and those that aggregations name, or all; return how many came."""
        return self._status_lists.refresh(self._deployment.clock.now(), everything=everything)

    def refresh_trust_lists(self, *, everything: bool = False) -> int:
        """Fetch the trusted lists that are due, or all of them; return how many came."""
        return self._deployment.trust_lists.refresh(everything=everything)

    def refresh_issuer_keys(self, *, everything: bool = False) -> int:
        """Fetch the published keys of issuers that are due, or all; return how many issuers' came."""
        return self._deployment.issuer_keys.refresh(self._deployment.trust, everything=everything)

    def refresh_seal_certificates(self, *, everything: bool = False) -> int:
        """Fetch the certificates of seals that are due, or all; return how many addresses answered."""
        return self._seal_signers.refresh(everything=everything)

    @property
    def trust_lists(self) -> TrustLists:
        """The trusted lists that are held, and the trust in force."""
        return self._deployment.trust_lists

    @property
    def trust(self) -> CurrentTrust:
        """Whom this installation trusts, at any time as it is then."""
        return CurrentTrust(lambda: self._deployment.trust)

    def trust_pack(self, slug: str) -> StoredTrustPack:
        """Return the institution's trust pack, made anew when it is due. Raises as ``TrustPacks.current``."""
        return self._trust_packs.current(slug)

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

    def _presentation_request(self, request: VerificationRequest) -> PresentationRequest:
        here, slug = self._deployment, request.institution
        return presentation_request(
            request,
            response_uri=here.response_uri(slug, request.request_id),
            verifier_info=here.papers[slug].verifier_info,
        )

    def _browser_request(self, slug: str, transaction_id: str, session_secret: str) -> VerificationRequest:
        request = sessions.open_request(self._deployment, slug, transaction_id, session_secret)
        if request.response_mode.is_posted:
            raise Refused("request_unknown")
        return request


def build_verifier(
    settings: VerifierSettings,
    database: Database,
    key_ring: KeyRing,
    trust_store: TrustStore,
    fetch: Fetch,
    clock: Clock,
    random_bytes: RandomBytes,
    *,
    trust_list_sources: tuple[TrustListSource, ...] = (),
    lists_at_home: Callable[[], tuple[str, ...]] = tuple,
) -> Verifier:
    """Return the verifier over these parts, its tables made.

    ``trust_list_sources`` are the trusted lists that add to ``trust_store``; they are fetched by
    ``refresh_trust_lists``. ``lists_at_home`` tells the status lists of issuers that live in the same house.
    Raises Misconfigured[key_missing], [access_certificate_missing], [client_id_unfit], [paper_unusable],
    [profile_unknown], [storage_newer].
    """
    papers = {
        each.slug: read_papers(
            each,
            signer=key_ring.signer(each.slug, KeyPurpose.REQUEST),
            now=clock.now(),
            skew_s=settings.clock_skew_s,
        )
        for each in settings.institutions
    }
    deployment = Deployment(
        settings=settings,
        database=database,
        key_ring=key_ring,
        trust_lists=TrustLists(
            trust_store,
            trust_list_sources,
            database=database,
            fetch=fetch,
            clock=clock,
            skew_s=settings.clock_skew_s,
        ),
        issuer_keys=IssuerKeys(database=database, fetch=fetch, clock=clock),
        fetch=fetch,
        clock=clock,
        random_bytes=random_bytes,
        papers=papers,
        lists_at_home=lists_at_home,
    )
    database.create(tables.METADATA)
    assert deployment.profile.id == settings.profile
    for institution in settings.institutions:
        _check_identity(deployment, institution.slug)
    return Verifier(deployment)


def _check_identity(deployment: Deployment, slug: str) -> None:
    """Require the keys of an institution that asks, and what stands behind its name."""
    signer, client = deployment.request_signer(slug), deployment.client(slug, "")
    deployment.receipt_signer(slug)
    if client.prefix is not ClientIdPrefix.REDIRECT_URI:
        request_header(client, signer, deployment.papers[slug].attestation)
