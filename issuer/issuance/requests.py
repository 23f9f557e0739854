"""Credential requests: from an access token and key proofs to credentials, or to a promise, in numbered steps."""

from functools import partial
from typing import Final

from portadoc.errors import Malformed, Refused
from portadoc.formats import strict_json
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.entitlements import Entitlement, entitlement
from portadoc.issuer.issuance.copies import Copies, Order, live_record
from portadoc.issuer.issuance.credentials import Subject, certified_until, make_subject
from portadoc.issuer.issuance.deferral import DEFERRED_SPEC, Deferral
from portadoc.issuer.issuance.nonces import Nonces
from portadoc.issuer.issuance.proofs import HolderKey, ProvenKeys, verify_proofs
from portadoc.issuer.records.records import Records
from portadoc.issuer.records.withdrawals import Withdrawals
from portadoc.issuer.status_lists import StatusLists
from portadoc.issuer.store import credential_store, expected_store, token_store
from portadoc.issuer.store.expected_store import Expectation
from portadoc.issuer.store.token_store import Grant
from portadoc.keys.jwk import thumbprint
from portadoc.keys.key_ring import KeyPurpose
from portadoc.schemas.catalogue import CredentialConfiguration, credential_configuration, issuing_institution
from portadoc.schemas.events import EventKind
from portadoc.schemas.openid4vci import (
    CredentialRequest,
    CredentialResponse,
    DeferredCredentialRequest,
    NotificationRequest,
)
from portadoc.schemas.records import Record, record_from_json
from portadoc.storage import Connection

SPEC: Final = "OpenID4VCI 1.0 §8.3.1.2"


class Issuance:
    """Answers credential requests, at once or when the record is decided."""

    def __init__(
        self,
        deployment: Deployment,
        nonces: Nonces,
        status_lists: StatusLists,
        records: Records,
        withdrawals: Withdrawals,
    ) -> None:
        self._deployment = deployment
        self._nonces = nonces
        self._records = records
        self.copies = Copies(deployment, status_lists)
        self.deferral = Deferral(deployment, self.copies, withdrawals)

    def issue(self, grant: Grant, request: CredentialRequest) -> CredentialResponse:
        """Return one signed copy for each key proven, all of one record and one configuration.

        While the record is expected and not decided, the keys are kept and a transaction is returned in place of
        copies. ``grant`` is what a live access token allows; ``request`` is unverified. Raises Refused, Conflict,
        Untrusted or Malformed for what is wrong with it, Unavailable to be tried again, Misconfigured when our own
        output does not hold. Spec: OpenID4VCI 1.0 §8.
        """
        # 1. The record and configuration asked for, which the access token must cover.
        wanted = _chosen(self._deployment, grant, request)
        # 2. The holder's keys, each proven for us, now, under a challenge of ours.
        proven = verify_proofs(self._deployment, self._nonces, grant, request.proofs)
        # 3. The record behind the grant; while it is not decided, the request waits.
        record = self._decided(grant.institution, wanted.record_id)
        claim = partial(self._claim, grant, proven)
        if record is None:
            return self.deferral.begin(grant, wanted, proven.keys, claim)
        # 4. Its claims in the configuration's layout, how long they are good for, whether they are ours to make.
        order = self._order(grant, wanted, record, proven.keys)
        # 5. Challenge used up, copies counted, recorded, signed, read back, marked.
        return self.copies.make(order, claim)

    def notify(self, grant: Grant, request: NotificationRequest) -> None:
        """Keep what a wallet reports; the same report again changes nothing. Spec: OpenID4VCI 1.0 §11.

        Raises: Refused[notification_unknown].
        """
        here, institution = self._deployment, grant.institution
        response_id = request.notification_id
        with here.database.transaction() as connection:
            news = credential_store.note_notification(
                connection,
                institution,
                notification_id=response_id,
                grant_id=grant.grant_id,
                event=request.event,
            )
            if news is None:
                raise Refused("notification_unknown", spec="OpenID4VCI 1.0 §11.3")
            if news:
                record_id = credential_store.record_of_response(connection, institution, response_id)
                here.tell(connection, EventKind.CREDENTIAL_NOTIFIED, institution, record_id, event=request.event)

    def deliver(self, grant: Grant, request: DeferredCredentialRequest) -> CredentialResponse:
        """Return the copies that a transaction was promised, once; or the same promise until they can be had.

        The keys are those that were proven when it began. ``grant`` must be of the same offer or authorization,
        client and DPoP key. Raises Refused[transaction_unknown] alike for what never was, is another's, was
        delivered or has expired; Refused[record_refused], [configuration_not_granted], Conflict[record_withdrawn]
        and as ``issue``. Spec: OpenID4VCI 1.0 §9.
        """
        # 1. The request that waits, for whom made it.
        waiting = self.deferral.waiting(grant, request.transaction_id)
        # 2. What it waits for, which the access token must still cover.
        wanted = entitlement(waiting.record_id, waiting.configuration_id)
        if wanted not in grant.entitlements:
            raise Refused("transaction_unknown", spec=DEFERRED_SPEC)
        if wanted.configuration_id not in self._deployment.institution(grant.institution).configuration_ids:
            raise Refused("configuration_not_granted", spec=DEFERRED_SPEC)
        # 3. The record, if it is decided.
        record = self._decided(grant.institution, waiting.record_id)
        if record is None:
            return self.deferral.promised(request.transaction_id)
        # 4. As for any request, with the keys that were kept; taken by whoever comes first.
        keys = tuple(HolderKey(jwk, thumbprint(jwk)) for jwk in waiting.holder_jwks)
        return self.deferral.deliver(request.transaction_id, self._order(grant, wanted, record, keys))

    def subject(self, institution: str, configuration: CredentialConfiguration, record: Record) -> Subject:
        """Return what a copy issued now would say, and for how long. Raises as ``make_subject``."""
        signer = self._deployment.key_ring.signer(institution, KeyPurpose.CREDENTIAL)
        return make_subject(
            configuration,
            record,
            now=self._deployment.clock.now(),
            coverage_grace_days=self._deployment.settings.coverage_grace_days,
            certified_until=certified_until(signer),
        )

    def require_issuable(self, institution: str, configuration_id: str, record: Record) -> Subject:
        """Return what a copy would say, once it is sure that it is this institution's to say.

        Raises Refused[record_of_other_institution], [legislation_of_other_state], and as ``make_subject``.
        """
        self._records.require_own_legislation(institution, record)
        subject = self.subject(institution, credential_configuration(configuration_id), record)
        self._records.require_own(institution, issuing_institution(subject.claims))
        self._records.require_own_country(institution, subject.claims)
        return subject

    def _decided(self, institution: str, record_id: str) -> Record | None:
        """Return the record, None while it is expected.

        Raises Refused[record_unknown], [record_refused], Conflict[record_withdrawn].
        """
        with self._deployment.database.read() as connection:
            expected = expected_store.find_expected(connection, institution, record_id)
            if expected is not None and expected.state is Expectation.REFUSED:
                raise Refused("record_refused", spec=DEFERRED_SPEC)
            if expected is not None:
                return None
            body = live_record(connection, institution, record_id)
        return record_from_json(strict_json.loads_object(body, what="record"))

    def _order(self, grant: Grant, wanted: Entitlement, record: Record, keys: tuple[HolderKey, ...]) -> Order:
        return Order(
            institution=grant.institution,
            grant_id=grant.grant_id,
            record_id=wanted.record_id,
            subject=self.require_issuable(grant.institution, wanted.configuration_id, record),
            keys=keys,
        )

    def _claim(self, grant: Grant, proven: ProvenKeys, connection: Connection, _response_id: str) -> None:
        """Use the challenges up and count the copies. Raises Conflict[nonce_used], Refused[copies_used_up]."""
        for nonce in proven.nonces:
            self._nonces.use(connection, grant.institution, nonce)
        if not token_store.spend_copies(connection, grant, len(proven.keys)):
            raise Refused("copies_used_up", spec=SPEC)


def _chosen(deployment: Deployment, grant: Grant, request: CredentialRequest) -> Entitlement:
    """Return the entitlement that the request names, in a configuration issued here. Spec: OpenID4VCI 1.0 §8.2.

    Raises: Malformed[credential_identifier_required], Refused[credential_configuration_unknown],
    [credential_identifier_unknown], [configuration_not_granted].
    """
    wanted = request.credential_configuration_id
    issued_here = deployment.institution(grant.institution).configuration_ids
    if wanted is None:
        named = {each.credential_identifier: each for each in grant.entitlements if grant.identified}
        found = named.get(request.credential_identifier or "")
        if found is not None and found.configuration_id not in issued_here:  # no longer
            found = None
        if found is None:
            raise Refused("credential_identifier_unknown", spec=SPEC)
        return found
    if wanted not in issued_here:
        raise Refused("credential_configuration_unknown", spec=SPEC, known=", ".join(issued_here))
    if grant.identified:
        raise Malformed("credential_identifier_required", spec="OpenID4VCI 1.0 §8.2")
    of_configuration = [each for each in grant.entitlements if each.configuration_id == wanted]
    if not of_configuration:
        raise Refused("configuration_not_granted", spec=SPEC)
    return of_configuration[0]
