"""Credentials that come later: requests that wait, and deliveries that survive whatever ends them half-way.

A transaction ends in the database transaction that marks its copies as issued. A delivery that dies before can be
asked for again: new copies are made for the same keys, and what the dead one had recorded is withdrawn with it.
Spec: OpenID4VCI 1.0 §9.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

from portadoc.errors import Refused
from portadoc.formats.withdrawal_list import WithdrawalCause
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.entitlements import Entitlement
from portadoc.issuer.issuance.copies import Claim, Copies, Order
from portadoc.issuer.issuance.credentials import PreparedCredential
from portadoc.issuer.issuance.proofs import HolderKey
from portadoc.issuer.records.withdrawals import WithdrawalReason, Withdrawals
from portadoc.issuer.store import credential_store, expected_store
from portadoc.issuer.store.expected_store import DeferredRequest
from portadoc.issuer.store.token_store import Grant
from portadoc.schemas.openid4vci import CredentialResponse
from portadoc.storage import Connection
from portadoc.storage.installation import digest

DEFERRED_SPEC: Final = "OpenID4VCI 1.0 §9.3"
DELIVERY_TERM_S: Final = 60
"""Seconds after which a delivery that was begun and not completed counts as dead."""


class _Overtaken(Exception):
    """Another delivery of the same transaction is on its way, or was completed."""


class Deferral:
    """Keeps requests until their records are decided, and delivers each once."""

    def __init__(self, deployment: Deployment, copies: Copies, withdrawals: Withdrawals) -> None:
        self._deployment = deployment
        self._copies = copies
        self._withdrawals = withdrawals

    def begin(
        self, grant: Grant, wanted: Entitlement, keys: tuple[HolderKey, ...], claim: Claim
    ) -> CredentialResponse:
        """Keep the keys until the record is decided. The transaction id is a secret: its digest alone is kept.

        Raises as ``claim``, and Refused[deferral_unreachable] for a wallet whose token will be dead, and cannot be
        renewed, when it is to ask again: nothing is kept for it, and nothing is used up.
        """
        settings, now = self._deployment.settings, self._deployment.clock.now()
        transaction_id = self._deployment.new_secret()
        request = DeferredRequest(
            transaction_digest=digest(transaction_id),
            record_id=wanted.record_id,
            configuration_id=wanted.configuration_id,
            holder_jwks=tuple(key.jwk for key in keys),
        )
        with self._deployment.database.transaction() as connection:
            if not expected_store.can_come_back(connection, grant, at=now + settings.deferred_interval_s):
                raise Refused("deferral_unreachable", spec=DEFERRED_SPEC, interval_s=settings.deferred_interval_s)
            claim(connection, "")
            expected_store.insert_deferred(
                connection, grant, request, now=now, expires_at=now + settings.deferred_ttl_s
            )
        return self.promised(transaction_id)

    def promised(self, transaction_id: str, *, within_s: int | None = None) -> CredentialResponse:
        """Return the promise of a transaction, which stays the same until it is kept."""
        interval = self._deployment.settings.deferred_interval_s
        return CredentialResponse(transaction_id=transaction_id, interval=min(interval, within_s or interval))

    def waiting(self, grant: Grant, transaction_id: str) -> DeferredRequest:
        """Return the request that waits, to whom made it. Raises Refused[transaction_unknown] for anybody else."""
        now = self._deployment.clock.now()
        with self._deployment.database.read() as connection:
            found = expected_store.find_deferred(connection, grant, digest(transaction_id), now=now)
        if found is None:
            raise Refused("transaction_unknown", spec=DEFERRED_SPEC)
        return found

    def deliver(self, transaction_id: str, order: Order) -> CredentialResponse:
        """Return the copies of a transaction, or its promise while another request is about to get them.

        Raises Refused[transaction_unknown] when that one has got them meanwhile, and as ``Copies.record`` and
        ``Copies.hand_out``, after which the transaction waits on.
        """
        transaction, response_id = digest(transaction_id), self._deployment.new_id()
        take, end = (partial(step, order.institution, transaction) for step in (self._take, self._end))
        try:
            # 1. taken, with the intents
            prepared = self._copies.record(order, response_id, take)
            # 2. signed, and ended with the mark that they are issued
            return self._handed_out(transaction, order, prepared, end)
        except _Overtaken:
            return self.promised(transaction_id, within_s=DELIVERY_TERM_S)

    def _handed_out(
        self, transaction: str, order: Order, prepared: Sequence[PreparedCredential], end: Claim
    ) -> CredentialResponse:
        """Return the copies; when none come of it, whoever asks next need not wait for the term."""
        response = None
        try:
            response = self._copies.hand_out(order.institution, prepared, end)
        finally:
            if response is None:
                response_id = prepared[0].row.notification_id
                with self._deployment.database.transaction() as connection:
                    expected_store.give_back_deferred(connection, order.institution, transaction, response_id)
        return response

    def _take(self, institution: str, transaction: str, connection: Connection, response_id: str) -> None:
        """Take a transaction for this delivery, and withdraw what one that died has recorded."""
        now = self._deployment.clock.now()
        dead = expected_store.begun_delivery(connection, institution, transaction)
        if not expected_store.take_deferred(
            connection, institution, transaction, response_id, now=now, term_s=DELIVERY_TERM_S
        ):
            raise _overtaken(connection, institution, transaction)
        if dead is not None:
            self._withdrawals.end_copies(
                connection,
                institution,
                credential_store.list_credentials(connection, institution, notification_id=dead),
                reason=WithdrawalReason.SUPERSEDED,
                record=self._withdrawals.withdrawal_record(None, WithdrawalCause.OTHER, None),
            )

    def _end(self, institution: str, transaction: str, connection: Connection, response_id: str) -> None:
        now = self._deployment.clock.now()
        if not expected_store.end_deferred(connection, institution, transaction, response_id, now=now):
            raise _overtaken(connection, institution, transaction)


def _overtaken(connection: Connection, institution: str, transaction: str) -> Exception:
    if expected_store.is_waiting(connection, institution, transaction):
        return _Overtaken()
    return Refused("transaction_unknown", spec=DEFERRED_SPEC)
