"""The issuer as one object: what its HTTP adapters, the command line and the demonstration call in process."""

from collections.abc import Sequence
from datetime import date

from portadoc.clock import Clock
from portadoc.errors import Misconfigured, Refused
from portadoc.formats.withdrawal_list import WithdrawalCause
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.grants import AuthorizationServer, Offer
from portadoc.issuer.issuance import Issuance
from portadoc.issuer.metadata import Metadata
from portadoc.issuer.proofs import Nonces
from portadoc.issuer.records.records import Records
from portadoc.issuer.records.withdrawals import Withdrawal, WithdrawalReason, Withdrawals
from portadoc.issuer.sealing.papers import PaperDocument, Papers
from portadoc.issuer.sealing.public_checks import PublicChecks
from portadoc.issuer.sealing.seals import Sealed, Seals
from portadoc.issuer.settings import SECONDS_PER_DAY, IssuerSettings
from portadoc.issuer.status_lists import StatusLists
from portadoc.issuer.store import credential_store, grant_store
from portadoc.issuer.store.credential_store import CredentialRow
from portadoc.issuer.store.grant_store import Grant
from portadoc.issuer.store.tables import METADATA
from portadoc.keys.key_ring import KeyRing
from portadoc.randomness import RandomBytes
from portadoc.schemas.catalogue import credential_configuration, issuing_institution
from portadoc.schemas.events import EventKind
from portadoc.schemas.openid4vci import (
    CredentialOffer,
    NotificationRequest,
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
        self.grants = AuthorizationServer(deployment)
        self.nonces = Nonces(deployment)
        self.status_lists = StatusLists(deployment)
        self.metadata = Metadata(deployment, self.status_lists)
        self.issuance = Issuance(deployment, self.nonces, self.status_lists)
        self.seals = Seals(deployment, self.status_lists)
        self._papers = Papers(deployment, self.status_lists, self.seals)
        self.public_checks = PublicChecks(deployment)
        self._records = Records(deployment)
        self._withdrawals = Withdrawals(deployment)

    def upload(self, institution: str, record: Record, *, record_id: str | None = None) -> str:
        """Keep a record of this institution and return its id. Raises as ``Records.upload``."""
        return self._records.upload(institution, record, record_id=record_id)

    def offer(
        self,
        institution: str,
        record_id: str,
        configuration_ids: Sequence[str],
        *,
        tx_code: bool = False,
        by_reference: bool = False,
    ) -> Offer:
        """Return a new offer of a record in the configurations named, each of which must be able to carry it.

        Raises: Refused[not_found], [record_unknown], [credential_configuration_unknown],
        [projection_kind_differs], [projection_cannot_carry], [record_of_other_institution],
        [legislation_of_other_state]; Conflict[record_withdrawn], [record_expired].
        """
        issued_here = self._deployment.institution(institution).configuration_ids
        if not configuration_ids or not set(configuration_ids) <= set(issued_here):
            raise Refused("credential_configuration_unknown", spec="OpenID4VCI 1.0 §4.1.1")
        record = self._records.live(institution, record_id)
        self._records.require_own_legislation(institution, record)
        for each in configuration_ids:
            subject = self.issuance.subject(institution, credential_configuration(each), record)
            self._records.require_own(institution, issuing_institution(subject.claims))
            self._records.require_own_country(institution, subject.claims)
        chosen = tuple(dict.fromkeys(configuration_ids))
        return self.grants.offer(institution, record_id, chosen, with_tx_code=tx_code, by_reference=by_reference)

    def offer_by_reference(self, institution: str, reference: str) -> CredentialOffer:
        """Return an open offer. Raises: Refused[not_found], Refused[offer_unknown]."""
        self._deployment.institution(institution)
        return self.grants.offer_by_reference(institution, reference)

    def redeem(self, institution: str, request: TokenRequest) -> TokenResponse:
        """Exchange a code for an access token. Raises: Refused[not_found], and as ``grants`` does."""
        self._deployment.institution(institution)
        return self.grants.redeem(institution, request)

    def new_nonce(self, institution: str) -> str:
        """Return a fresh challenge for key proofs. Raises: Refused[not_found]."""
        self._deployment.institution(institution)
        return self.nonces.make(institution)

    def grant_of(self, institution: str, token: str) -> Grant:
        """Return what an access token allows. Raises: Refused[not_found], [access_token_invalid]."""
        self._deployment.institution(institution)
        return self.grants.grant_of(institution, token)

    def notify(self, grant: Grant, request: NotificationRequest) -> None:
        """Keep what a wallet reports; the same report again changes nothing. Spec: OpenID4VCI 1.0 §11.

        Raises: Refused[notification_unknown].
        """
        with self._deployment.database.transaction() as connection:
            news = credential_store.note_notification(
                connection,
                grant.institution,
                notification_id=request.notification_id,
                offer_id=grant.offer_id,
                event=request.event,
            )
            if news is None:
                raise Refused("notification_unknown", spec="OpenID4VCI 1.0 §11.3")
            if news:
                self._deployment.tell(
                    connection,
                    EventKind.CREDENTIAL_NOTIFIED,
                    grant.institution,
                    grant.record_id,
                    event=request.event,
                )

    def withdraw(
        self,
        institution: str,
        subject_id: str,
        *,
        reason: WithdrawalReason,
        effective_from: date | None = None,
        cause: WithdrawalCause | None = None,
        successor: str | None = None,
    ) -> Withdrawal:
        """Withdraw a record with every copy of it, or one copy by its id. As ``Withdrawals.withdraw``."""
        return self._withdrawals.withdraw(
            institution,
            subject_id,
            reason=reason,
            effective_from=effective_from,
            cause=cause,
            successor=successor,
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

        Raises: Refused[not_found], Misconfigured[signer_certificate_expired], and what opening a key raises.
        """
        slugs = self.settings.by_slug if institution is None else (institution,)
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
        """Delete used challenges and access tokens a day after their own expiry, and codes of seals that ended.

        They stay that long lest a clock that is set back, or a request on its way, find one unused again.
        """
        before = self._deployment.clock.now() - SECONDS_PER_DAY
        with self._deployment.database.transaction() as connection:
            grant_store.forget_expired(connection, before=before)
            self.seals.codes.forget(connection)


def build_issuer(
    settings: IssuerSettings, database: Database, key_ring: KeyRing, clock: Clock, random_bytes: RandomBytes
) -> Issuer:
    """Return the issuer over an open database, its tables made and its names checked.

    Raises: Misconfigured[profile_unknown], [institution_left_out], Refused[credential_configuration_unknown].
    """
    profile(settings.profile)
    for institution in settings.institutions:
        for configuration_id in institution.configuration_ids:
            credential_configuration(configuration_id)
    database.create(METADATA)
    _require_all_that_issued(settings, database, now=clock.now())
    return Issuer(
        Deployment(settings=settings, database=database, key_ring=key_ring, clock=clock, random_bytes=random_bytes)
    )


def _require_all_that_issued(settings: IssuerSettings, database: Database, *, now: int) -> None:
    """Refuse to leave out an institution whose credentials still live: nobody would publish its status lists."""
    known = settings.by_slug
    with database.read() as connection:
        left_out = credential_store.strangers_with_living_credentials(connection, known, now=now)
    if left_out:
        raise Misconfigured("institution_left_out", institutions=", ".join(sorted(left_out)))
