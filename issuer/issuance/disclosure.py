"""To whom an institution wants its credentials shown, and which copies were issued when it wanted otherwise.

A wallet keeps the policy that it found when it got a copy. So a copy issued under another policy has to end when
the policy changes. Spec: ARF 3.0 EDP_09 to EDP_11, ETSI TS 119 472-3 §4.2.5.
"""

from typing import Final

from portadoc.formats.openid4vp.disclosure_policy import policy_digest
from portadoc.formats.withdrawal_list import WithdrawalCause
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.records.withdrawals import WithdrawalReason, Withdrawals
from portadoc.issuer.store import credential_store
from portadoc.issuer.store.credential_store import CredentialRow
from portadoc.schemas.openid4vci import DisclosurePolicy
from portadoc.storage import Connection

AT_ONCE: Final = 500
"""Copies that are withdrawn in one transaction."""


def published_policy(deployment: Deployment, institution: str, configuration_id: str) -> DisclosurePolicy | None:
    """Return the policy that the metadata carry, under a profile that has them. Spec: ARF 3.0 EDP_09."""
    if not deployment.profile.disclosure_policies_published:
        return None
    return deployment.institution(institution).disclosure_policies.get(configuration_id)


def digest_in_force(deployment: Deployment, institution: str, configuration_id: str) -> str | None:
    """Return what tells the policy of a configuration from others; None where anybody may be shown a copy."""
    policy = published_policy(deployment, institution, configuration_id)
    return None if policy is None else policy_digest(policy)


class FormerPolicies:
    """The copies that were issued under another policy than the one in force. Spec: ARF 3.0 EDP_11."""

    def __init__(self, deployment: Deployment, withdrawals: Withdrawals) -> None:
        self._deployment = deployment
        self._withdrawals = withdrawals

    def copies(self, institution: str) -> tuple[CredentialRow, ...]:
        """Return those that are valid, oldest first. Raises Refused[not_found]."""
        with self._deployment.database.read() as connection:
            return self._copies(connection, institution, limit=None)

    def withdraw(self, institution: str) -> tuple[str, ...]:
        """Withdraw them all and return their ids; the records stay, so wallets can be given new ones.

        Many are withdrawn in several transactions; what an interrupted call leaves, the next one withdraws. Then
        ``publish_status_lists`` shows it. Raises Refused[not_found].
        """
        record = self._withdrawals.withdrawal_record(None, WithdrawalCause.REPLACED, None)
        ended: list[str] = []
        while True:
            with self._deployment.database.transaction() as connection:
                copies = self._copies(connection, institution, limit=AT_ONCE)
                ended += self._withdrawals.end_copies(
                    connection, institution, copies, reason=WithdrawalReason.SUPERSEDED, record=record
                )
            if len(copies) < AT_ONCE:
                return tuple(ended)

    def _copies(self, connection: Connection, institution: str, *, limit: int | None) -> tuple[CredentialRow, ...]:
        in_force = {
            each: digest_in_force(self._deployment, institution, each)
            for each in self._deployment.institution(institution).configuration_ids
        }
        return credential_store.issued_under_other_policies(
            connection, institution, in_force, now=self._deployment.clock.now(), limit=limit
        )
