"""The issuer as one object: what its HTTP adapters, the command line and the demonstration call in process."""

from collections.abc import Mapping, Sequence
from datetime import date

from portadoc.clock import Clock
from portadoc.errors import Misconfigured
from portadoc.formats.withdrawal_list import WithdrawalCause
from portadoc.issuer.attestation_status import RememberedStatuses
from portadoc.issuer.authorization.offers import Offer, OfferFlow, Offers
from portadoc.issuer.authorization.pushed import PushedRequests
from portadoc.issuer.authorization.requesters import Requesters, RequestHead
from portadoc.issuer.authorization.sender import PresentedToken, Senders
from portadoc.issuer.authorization.sessions import Authorizations
from portadoc.issuer.authorization.tokens import Tokens
from portadoc.issuer.challenges import ChallengeKind, Challenges
from portadoc.issuer.deployment import NOBODY, UNKNOWN, Deployment
from portadoc.issuer.entitlements import Entitlement, entitlement, not_issued_here
from portadoc.issuer.identification.certificates import Certificates
from portadoc.issuer.identification.pid_status import StatusLookup
from portadoc.issuer.identification.service import Identifying
from portadoc.issuer.issuance.disclosure import FormerPolicies
from portadoc.issuer.issuance.encryption import MessageEncryption
from portadoc.issuer.issuance.nonces import Nonces
from portadoc.issuer.issuance.registration import read_registrations
from portadoc.issuer.issuance.requests import Issuance
from portadoc.issuer.life_cycle.shown_offers import ShownOffers
from portadoc.issuer.life_cycle.verbs import LifeCycle
from portadoc.issuer.metadata import Metadata
from portadoc.issuer.records.expected import ExpectedRecords
from portadoc.issuer.records.holders import Holder
from portadoc.issuer.records.records import Records
from portadoc.issuer.records.withdrawals import Withdrawal, WithdrawalReason, Withdrawals
from portadoc.issuer.sealing.papers import PaperDocument, Papers
from portadoc.issuer.sealing.public_checks import PublicChecks
from portadoc.issuer.sealing.seals import Sealed, Seals
from portadoc.issuer.settings import SECONDS_PER_DAY, IssuerSettings
from portadoc.issuer.sources import source_store
from portadoc.issuer.sources.sources import Sources
from portadoc.issuer.status_lists import StatusLists
from portadoc.issuer.store import authorization_store, credential_store, expected_store, token_store
from portadoc.issuer.store.credential_store import CredentialRow
from portadoc.issuer.store.expected_store import ExpectedRecord
from portadoc.issuer.store.offer_store import Recipient
from portadoc.issuer.store.single_use import forget_used
from portadoc.issuer.store.tables import METADATA
from portadoc.issuer.store.token_store import Grant
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.trust.wallet_providers import WalletProviderTrust
from portadoc.randomness import RandomBytes
from portadoc.schemas.catalogue import credential_configuration
from portadoc.schemas.openid4vci import (
    CredentialOffer,
    PushedAuthorizationRequest,
    PushedAuthorizationResponse,
    TokenRequest,
    TokenResponse,
)
from portadoc.schemas.profiles import profile
from portadoc.schemas.records import Record
from portadoc.schemas.seals import PinShown
from portadoc.storage import Database


class Issuer:
    """Everything that the issuer role does. ``institution`` is a slug; methods are safe to call from threads."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.settings = deployment.settings
        self.offers = Offers(deployment)
        self.shown_offers = ShownOffers(deployment, self.offers)
        self.authorizations = Authorizations(deployment, self.offers)
        self._challenges = Challenges(deployment)
        requesters = Requesters(deployment, self._challenges)
        self._senders = Senders(deployment, self._challenges)
        self._pushed = PushedRequests(deployment, self.offers, requesters)
        self._tokens = Tokens(deployment, self.offers, requesters)
        self.nonces = Nonces(deployment, self._challenges)
        self.status_lists = StatusLists(deployment)
        self._records = Records(deployment)
        self._expected = ExpectedRecords(deployment, self._records)
        self.encryption = MessageEncryption(deployment)
        self.metadata = Metadata(
            deployment, self.status_lists, self.encryption, registrations=read_registrations(deployment)
        )
        self._withdrawals = Withdrawals(deployment)
        self.former_policies = FormerPolicies(deployment, self._withdrawals)
        self.issuance = Issuance(deployment, self.nonces, self.status_lists, self._records, self._withdrawals)
        self.seals = Seals(deployment, self.status_lists)
        self._papers = Papers(deployment, self.status_lists, self.seals)
        self.public_checks = PublicChecks(deployment)
        self.life_cycle = LifeCycle(
            deployment,
            self._records,
            self._withdrawals,
            may_be_offered=self._may_be_offered,
            offer=self.offer,
            offers=self.offers,
        )
        certificates = Certificates(deployment, self._records, self._expected, self._may_be_offered)
        self.identifying = Identifying(deployment, self.authorizations, certificates)
        self.sources = Sources(deployment, self._records, self.life_cycle)

    def upload(self, institution: str, record: Record, *, record_id: str | None = None) -> str:
        """Keep a record of this institution and return its id. Raises as ``Records.upload``."""
        return self._records.upload(institution, record, record_id=record_id)

    def expect(
        self, institution: str, record_id: str, holder: Holder, configuration_ids: Sequence[str]
    ) -> ExpectedRecord:
        """Keep that a record is being decided: it can be offered, and wallets wait. As ``ExpectedRecords``."""
        return self._expected.expect(institution, record_id, holder, configuration_ids)

    def expected(self, institution: str) -> tuple[ExpectedRecord, ...]:
        """Return the records that this institution is deciding on. Raises Refused[not_found]."""
        return self._expected.pending(institution)

    def decided(self, institution: str, record_id: str, record: Record | None) -> None:
        """Keep the record that was expected, or that there will be none. Raises as ``ExpectedRecords.decided``."""
        self._expected.decided(institution, record_id, record)

    def offer(
        self,
        institution: str,
        record_id: str,
        configuration_ids: Sequence[str],
        *,
        tx_code: bool = False,
        by_reference: bool = False,
        flow: OfferFlow | None = None,
        recipient: Recipient = Recipient.PERSON,
    ) -> Offer:
        """Return a new offer of one record. Raises as ``offer_records``."""
        named = {record_id: configuration_ids}
        return self.offer_records(
            institution, named, tx_code=tx_code, by_reference=by_reference, flow=flow, recipient=recipient
        )

    def offer_records(
        self,
        institution: str,
        records: Mapping[str, Sequence[str]],
        *,
        tx_code: bool = False,
        by_reference: bool = False,
        flow: OfferFlow | None = None,
        recipient: Recipient = Recipient.PERSON,
    ) -> Offer:
        """Return a new offer of records of one person, each in configurations that must be able to carry it.

        ``flow`` None takes the profile's usual one; ``recipient`` will hold what comes of it. Raises: as
        ``Offers.make``; Refused[not_found], [record_unknown], [credential_configuration_unknown],
        [projection_kind_differs], [projection_cannot_carry], [record_of_other_institution],
        [legislation_of_other_state], [records_of_several_persons]; Conflict[record_withdrawn], [record_expired].
        """
        entitled = tuple(
            each
            for record_id, configuration_ids in records.items()
            for each in self._may_be_offered(institution, record_id, configuration_ids)
        )
        if not entitled:
            raise not_issued_here(self._deployment.institution(institution).configuration_ids)
        self._records.require_one_person(institution, tuple(records))
        return self.offers.make(
            institution, entitled, flow=flow, with_tx_code=tx_code, by_reference=by_reference, recipient=recipient
        )

    def _may_be_offered(
        self, institution: str, record_id: str, configuration_ids: Sequence[str]
    ) -> tuple[Entitlement, ...]:
        issued_here = self._deployment.institution(institution).configuration_ids
        if not configuration_ids or not set(configuration_ids) <= set(issued_here):
            raise not_issued_here(issued_here)
        expected = self._expected.find(institution, record_id)
        if expected is not None:
            if not set(configuration_ids) <= set(expected.configuration_ids):
                raise not_issued_here(expected.configuration_ids)
        else:
            record = self._records.live(institution, record_id)
            for each in configuration_ids:
                self.issuance.require_issuable(institution, each, record)
        return tuple(entitlement(record_id, each) for each in dict.fromkeys(configuration_ids))

    def offer_by_reference(self, institution: str, reference: str) -> CredentialOffer:
        """Return an open offer. Raises: Refused[not_found], Refused[offer_unknown]."""
        self._deployment.institution(institution)
        return self.offers.by_reference(institution, reference)

    def push(
        self, institution: str, request: PushedAuthorizationRequest, *, head: RequestHead
    ) -> PushedAuthorizationResponse:
        """Keep a wallet's authorization request. Raises: Refused[not_found], and as ``PushedRequests.push``."""
        self._deployment.institution(institution)
        return self._pushed.push(institution, request, head=head)

    def redeem(self, institution: str, request: TokenRequest, *, head: RequestHead) -> TokenResponse:
        """Exchange a code for an access token. Raises: Refused[not_found], and as ``Tokens.redeem`` does."""
        self._deployment.institution(institution)
        return self._tokens.redeem(institution, request, head=head)

    def new_dpop_nonce(self, institution: str) -> str:
        """Return a fresh nonce for DPoP proofs. Raises: Refused[not_found]."""
        self._deployment.institution(institution)
        return self._challenges.make(institution, ChallengeKind.DPOP_NONCE)

    def new_attestation_challenge(self, institution: str) -> str:
        """Return a fresh challenge for the proof of a client attestation. Raises: Refused[not_found]."""
        self._deployment.institution(institution)
        return self._challenges.make(institution, ChallengeKind.CLIENT_ATTESTATION)

    def new_nonce(self, institution: str) -> str:
        """Return a fresh challenge for key proofs. Raises: Refused[not_found]."""
        self._deployment.institution(institution)
        return self.nonces.make(institution)

    def granted(self, institution: str, presented: PresentedToken) -> Grant:
        """Return what an access token allows to whom it was given to.

        Raises: Refused[not_found], [access_token_invalid], and as ``Senders.require_sender`` does.
        """
        self._deployment.institution(institution)
        grant = self._tokens.grant_of(institution, presented)
        self._senders.require_sender(grant, presented)
        return grant

    def withdraw(
        self,
        institution: str,
        subject_id: str,
        *,
        reason: WithdrawalReason,
        effective_from: date | None = None,
        cause: WithdrawalCause | None = None,
        successor: str | None = None,
        asked_by: str | None = None,
    ) -> Withdrawal:
        """Withdraw a record with every copy of it, or one copy by its id. As ``Withdrawals.withdraw``."""
        return self._withdrawals.withdraw(
            institution,
            subject_id,
            reason=reason,
            effective_from=effective_from,
            cause=cause,
            successor=successor,
            asked_by=asked_by,
        )

    def seal(
        self,
        institution: str,
        record_id: str,
        *,
        pin: PinShown,
        max_workplaces: int | None = None,
        until_certificate_ends: bool = False,
    ) -> Sealed:
        """Return a new printed seal of a record, with its verification code. Raises as ``Seals.seal``."""
        return self.seals.seal(
            institution,
            record_id,
            pin=pin,
            max_workplaces=max_workplaces,
            until_certificate_ends=until_certificate_ends,
        )

    def paper(
        self,
        institution: str,
        record_id: str,
        *,
        languages: Sequence[str],
        pin: PinShown,
        until_certificate_ends: bool = False,
    ) -> PaperDocument:
        """Return a new official paper of a record, sealed and read back. Raises as ``Papers.paper``."""
        return self._papers.paper(
            institution,
            record_id,
            languages=languages,
            pin=pin,
            until_certificate_ends=until_certificate_ends,
        )

    def status_list_uris(self) -> tuple[str, ...]:
        """Return where every list of every institution is published now."""
        lists = (self.status_lists.aggregation(slug)["status_lists"] for slug in self.settings.by_slug)
        return tuple(uri for each in lists for uri in each)

    def publish_status_lists(self, institution: str | None = None) -> int:
        """Publish every list that has changed or grows old, of one institution or of all; return how many.

        What waits to be withdrawn, since its successor was collected, is withdrawn first. Raises:
        Refused[not_found], Misconfigured[signer_certificate_expired], and what opening a key raises.
        """
        slugs = self.settings.by_slug if institution is None else (institution,)
        for slug in slugs:
            self.life_cycle.go_on(slug)
        return sum(self.status_lists.publish(slug) for slug in slugs)

    def credentials(self, institution: str, *, record_id: str | None = None) -> tuple[CredentialRow, ...]:
        """Return the copies recorded for an institution, or for one of its records, oldest first."""
        self._deployment.institution(institution)
        with self._deployment.database.read() as connection:
            return credential_store.list_credentials(connection, institution, record_id=record_id)

    def unfinished(self, institution: str, *, older_than_s: int = 60) -> tuple[CredentialRow, ...]:
        """Return intents that were never issued: what a crash has left. None of them was handed out.

        Each holds its status entry for good and can be withdrawn like any other copy.
        """
        self._deployment.institution(institution)
        before = self._deployment.clock.now() - older_than_s
        with self._deployment.database.read() as connection:
            return credential_store.list_credentials(connection, institution, unfinished_before=before)

    def forget_expired(self) -> None:
        """Delete challenges, authorizations and tokens a day after their expiry, and codes of seals that ended.

        They stay that long lest a clock that is set back, or a request on its way, find one unused again.
        """
        before = self._deployment.clock.now() - SECONDS_PER_DAY
        with self._deployment.database.transaction() as connection:
            forget_used(connection, before=before)
            token_store.forget_expired(connection, before=before)
            authorization_store.forget_expired(connection, now=before + SECONDS_PER_DAY, before=before)
            expected_store.forget_deferred(connection, before=before)
            expected_store.forget_refused(connection, before=before - self.settings.deferred_ttl_s)
            source_store.forget_expired(connection, before=before)
            self.identifying.forget(connection, now=before + SECONDS_PER_DAY, before=before)
            self.seals.codes.forget(connection)


def build_issuer(
    settings: IssuerSettings,
    database: Database,
    key_ring: KeyRing,
    clock: Clock,
    random_bytes: RandomBytes,
    *,
    wallet_trust: WalletProviderTrust = NOBODY,
    wallet_statuses: StatusLookup = UNKNOWN,
) -> Issuer:
    """Return the issuer over an open database, its tables made and its names checked.

    ``wallet_trust`` says who may vouch for wallets and their keys, ``wallet_statuses`` whether they still do;
    without the first nobody may, without the second nothing is known of it. Raises: Misconfigured
    [profile_unknown], [institution_left_out], [paper_unusable], Refused[credential_configuration_unknown].
    """
    profile(settings.profile)
    for institution in settings.institutions:
        for configuration_id in institution.configuration_ids:
            credential_configuration(configuration_id)
    database.create(METADATA)
    _require_all_that_issued(settings, database, now=clock.now())
    return Issuer(
        Deployment(
            settings=settings,
            database=database,
            key_ring=key_ring,
            clock=clock,
            random_bytes=random_bytes,
            wallet_trust=wallet_trust,
            wallet_statuses=RememberedStatuses(wallet_statuses, clock),
        )
    )


def _require_all_that_issued(settings: IssuerSettings, database: Database, *, now: int) -> None:
    """Refuse to leave out an institution whose credentials still live: nobody would publish its status lists."""
    known = settings.by_slug
    with database.read() as connection:
        left_out = credential_store.strangers_with_living_credentials(connection, known, now=now)
    if left_out:
        raise Misconfigured("institution_left_out", institutions=", ".join(sorted(left_out)))
