"""The issuer as one object: what its HTTP adapters, the command line and the demonstration call in process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

from portadoc.clock import Clock
from portadoc.errors import Conflict, Misconfigured, Refused
from portadoc.formats import strict_json
from portadoc.formats.withdrawal_list import WithdrawalCause, WithdrawalRecord
from portadoc.issuer.credentials import require_own_legislation
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.grants import AuthorizationServer, Offer
from portadoc.issuer.issuance import Issuance
from portadoc.issuer.metadata import Metadata
from portadoc.issuer.proofs import Nonces
from portadoc.issuer.sealing.seals import Sealed, Seals
from portadoc.issuer.settings import SECONDS_PER_DAY, IssuerSettings
from portadoc.issuer.status_lists import StatusLists
from portadoc.issuer.store import credential_store, grant_store
from portadoc.issuer.store.credential_store import CredentialRow
from portadoc.issuer.store.grant_store import Grant
from portadoc.issuer.store.tables import METADATA
from portadoc.keys.certificates import certificate_country
from portadoc.keys.key_ring import KeyPurpose, KeyRing
from portadoc.randomness import RandomBytes
from portadoc.schemas.catalogue import credential_configuration, issuing_countries, issuing_institution
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.events import EventKind
from portadoc.schemas.openid4vci import (
    CredentialOffer,
    NotificationRequest,
    TokenRequest,
    TokenResponse,
)
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.pid import Pid
from portadoc.schemas.profiles import profile
from portadoc.schemas.records import Record, record_from_json, record_to_json
from portadoc.schemas.seals import PinShown
from portadoc.storage import Connection, Database


class WithdrawalReason(StrEnum):
    """Why an attestation is withdrawn: a closed list, so that no free text carries personal data."""

    ISSUED_IN_ERROR = "issued_in_error"
    FRAUD = "fraud"
    FACTS_CHANGED = "facts_changed"
    HOLDER_REQUEST = "holder_request"
    SUPERSEDED = "superseded"

    @property
    def cause(self) -> WithdrawalCause:
        """Return what the world is told; suspicion and the holder's own wishes are nobody else's business."""
        return _PUBLIC_CAUSES.get(self.value, WithdrawalCause.OTHER)


_PUBLIC_CAUSES: Final[Mapping[str, WithdrawalCause]] = {
    "issued_in_error": WithdrawalCause.ISSUED_IN_ERROR,
    "facts_changed": WithdrawalCause.FACTS_CHANGED,
    "superseded": WithdrawalCause.REPLACED,
}


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a withdrawal has changed: the copies that are withdrawn by it, none when all were before."""

    credential_ids: tuple[str, ...]
    withdrawn_at: int
    effective_from: str
    cause: str
    successor: str | None


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

    def upload(self, institution: str, record: Record) -> str:
        """Keep a record of this institution and return its id.

        Raises: Refused[not_found], Refused[record_of_other_institution]: a verifier believes an
        institution's key for its own documents only; Refused[legislation_of_other_state].
        """
        self._require_own(institution, None if isinstance(record, Pid) else record.issuing_authority.id)
        self._require_own_legislation(institution, record)
        record_id = self._deployment.new_id()
        body = strict_json.dumps(record_to_json(record)).decode()
        with self._deployment.database.transaction() as connection:
            now = self._deployment.clock.now()
            grant_store.insert_record(
                connection, institution, record_id=record_id, kind=record.KIND, body=body, now=now
            )
            self._deployment.tell(connection, EventKind.RECORD_ADDED, institution, record_id, kind=record.KIND)
        return record_id

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
        record = self._record(institution, record_id)
        self._require_own_legislation(institution, record)
        for each in configuration_ids:
            subject = self.issuance.subject(institution, credential_configuration(each), record)
            self._require_own(institution, issuing_institution(subject.claims))
            self._require_own_country(institution, subject.claims)
        chosen = tuple(dict.fromkeys(configuration_ids))
        return self.grants.offer(institution, record_id, chosen, with_tx_code=tx_code, by_reference=by_reference)

    def _require_own(self, institution: str, issued_by: str | None) -> None:
        """Refuse what names another institution as its issuer: no verifier would believe it under our key."""
        own_id = self._deployment.institution(institution).institution_id
        if issued_by not in (None, own_id):
            raise Refused("record_of_other_institution", institution=own_id)

    def _require_own_legislation(self, institution: str, record: Record) -> None:
        """Refuse an A1 on the legislation of another State than the institution's. Raises as the rule."""
        if isinstance(record, Pda1):
            signer = self._deployment.key_ring.signer(institution, KeyPurpose.CREDENTIAL)
            require_own_legislation(record, signer=signer)

    def _require_own_country(self, institution: str, claims: JsonObject) -> None:
        """Refuse what names another country than the signer's certificate: no verifier would believe it."""
        chain = self._deployment.key_ring.signer(institution, KeyPurpose.CREDENTIAL).chain
        if not issuing_countries(claims) <= {certificate_country(chain[0])}:
            own_id = self._deployment.institution(institution).institution_id
            raise Refused("record_of_other_institution", institution=own_id)

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
        """Withdraw a record with every copy of it, or one copy by its credential id. Final: nothing undoes it.

        ``effective_from`` is the first day without effect, by default today (UTC); ``cause`` is what the world is
        told, by default what ``reason`` comes to; ``successor`` is the id of the record that takes its place. The
        next ``publish_status_lists`` shows it. Copies that were only intended are withdrawn as well.
        Raises: Refused[withdrawal_subject_unknown], [withdrawal_date_future], [withdrawal_successor_unknown].
        Spec: Token Status List §7, Regulation (EC) 987/2009 art. 5.
        """
        self._deployment.institution(institution)
        record = self._withdrawal_record(effective_from, cause or reason.cause, successor)
        told = {"reason": reason.value, "effective_from": record.effective_from.isoformat()}
        with self._deployment.database.transaction() as connection:
            copies = _copies_of(connection, institution, subject_id)
            _require_successor(connection, institution, subject_id, copies, successor)
            if grant_store.withdraw_record(
                connection, institution, subject_id, reason=reason, now=record.recorded_at
            ):
                self._deployment.tell(connection, EventKind.RECORD_WITHDRAWN, institution, subject_id, **told)
            valid = [copy for copy in copies if copy.withdrawn_at is None]
            credential_ids = tuple(copy.credential_id for copy in valid)
            credential_store.withdraw_credentials(
                connection, institution, credential_ids, reason=reason, record=record
            )
            credential_store.mark_changed(connection, institution, {copy.list_id for copy in valid})
            for credential_id in credential_ids:
                self._deployment.tell(
                    connection, EventKind.CREDENTIAL_WITHDRAWN, institution, credential_id, **told
                )
        return Withdrawal(
            credential_ids,
            record.recorded_at,
            told["effective_from"],
            record.cause.value,
            successor,
        )

    def _withdrawal_record(
        self, effective_from: date | None, cause: WithdrawalCause, successor: str | None
    ) -> WithdrawalRecord:
        """Return what is recorded. A day to come is refused: the status list knows no day, it says so at once."""
        now = self._deployment.clock.now()
        today = datetime.fromtimestamp(now, UTC).date()
        if effective_from is not None and effective_from > today:
            raise Refused("withdrawal_date_future", today=today.isoformat())
        return WithdrawalRecord(effective_from or today, cause, now, successor)

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

    def _record(self, institution: str, record_id: str) -> Record:
        with self._deployment.database.read() as connection:
            stored = grant_store.find_record(connection, institution, record_id)
        if stored is None:
            raise Refused("record_unknown")
        if stored.withdrawn_at is not None:
            raise Conflict("record_withdrawn")
        return record_from_json(strict_json.loads_object(stored.body, what="record"))


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


def _copies_of(connection: Connection, institution: str, subject_id: str) -> tuple[CredentialRow, ...]:
    """Return every copy of a record, perhaps none, or the one copy that the id names.

    Raises: Refused[withdrawal_subject_unknown].
    """
    if grant_store.find_record(connection, institution, subject_id) is not None:
        return credential_store.list_credentials(connection, institution, record_id=subject_id)
    copies = credential_store.list_credentials(connection, institution, credential_id=subject_id)
    if not copies:
        raise Refused("withdrawal_subject_unknown")
    return copies


def _require_successor(
    connection: Connection,
    institution: str,
    subject_id: str,
    copies: Sequence[CredentialRow],
    successor: str | None,
) -> None:
    """Refuse a successor that is not another record of the institution, in force.

    Raises: Refused[withdrawal_successor_unknown].
    """
    if successor is None:
        return
    found = grant_store.find_record(connection, institution, successor)
    itself = {subject_id, *(copy.record_id for copy in copies)}
    if found is None or found.withdrawn_at is not None or successor in itself:
        raise Refused("withdrawal_successor_unknown")


def _require_all_that_issued(settings: IssuerSettings, database: Database, *, now: int) -> None:
    """Refuse to leave out an institution whose credentials still live: nobody would publish its status lists."""
    known = settings.by_slug
    with database.read() as connection:
        left_out = credential_store.strangers_with_living_credentials(connection, known, now=now)
    if left_out:
        raise Misconfigured("institution_left_out", institutions=", ".join(sorted(left_out)))
