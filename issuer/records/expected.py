"""Records that are asked for and not decided: wallets may ask for them, and get them when they come.

Spec: OpenID4VCI 1.0 §9.
"""

from collections.abc import Sequence

from portadoc.errors import Conflict, Refused
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.entitlements import not_issued_here
from portadoc.issuer.records.holders import Holder
from portadoc.issuer.records.records import Records
from portadoc.issuer.store import expected_store, record_store
from portadoc.issuer.store.expected_store import Expectation, ExpectedRecord
from portadoc.schemas.events import EventKind
from portadoc.schemas.records import Record


class ExpectedRecords:
    """What the institutions are deciding on."""

    def __init__(self, deployment: Deployment, records: Records) -> None:
        self._deployment = deployment
        self._records = records

    def expect(
        self, institution: str, record_id: str, holder: Holder, configuration_ids: Sequence[str]
    ) -> ExpectedRecord:
        """Keep that a record on ``holder`` is being decided, to be had in ``configuration_ids`` when it comes.

        The same expectation once more changes nothing. Raises Refused[not_found],
        [credential_configuration_unknown]; Conflict[record_decided] when there is a record or a refusal under this
        id, Conflict[record_differs] when something else is expected under it.
        """
        chosen = tuple(dict.fromkeys(configuration_ids))
        issued_here = self._deployment.institution(institution).configuration_ids
        if not chosen or not set(chosen) <= set(issued_here):
            raise not_issued_here(issued_here)
        wanted = ExpectedRecord(
            record_id=record_id, holder=holder, configuration_ids=chosen, state=Expectation.PENDING
        )
        with self._deployment.database.transaction() as connection:
            if record_store.find_record(connection, institution, record_id) is not None:
                raise Conflict("record_decided", spec="OpenID4VCI 1.0 §9")
            known = expected_store.find_expected(connection, institution, record_id)
            if known is not None and known.state is Expectation.REFUSED:
                raise Conflict("record_decided", spec="OpenID4VCI 1.0 §9")
            if known not in (None, wanted):
                raise Conflict("record_differs")
            if known is None:
                now = self._deployment.clock.now()
                expected_store.insert_expected(connection, institution, record_id, holder, chosen, now=now)
        return wanted

    def decided(self, institution: str, record_id: str, record: Record | None) -> None:
        """Keep the record that was expected, or with None that there will be none. Final either way.

        Raises Refused[record_unknown] when nothing is expected under this id, Refused[record_of_other_person], and
        as ``Records.upload`` does.
        """
        if record is not None:
            self._records.require_certifiable(institution, record)
        self._deployment.institution(institution)
        with self._deployment.database.transaction() as connection:
            if record is not None:
                known = expected_store.find_expected(connection, institution, record_id)
                held = record_store.find_record(connection, institution, record_id)
                if known is None and held is None:
                    raise Refused("record_unknown")
                self._records.keep(connection, institution, record, record_id=record_id)
            elif not expected_store.refuse_expected(
                connection, institution, record_id, now=self._deployment.clock.now()
            ):
                raise Refused("record_unknown")
            else:
                self._deployment.tell(connection, EventKind.RECORD_REFUSED, institution, record_id)

    def pending(self, institution: str) -> tuple[ExpectedRecord, ...]:
        """Return what this institution has to decide. Raises Refused[not_found]."""
        self._deployment.institution(institution)
        with self._deployment.database.read() as connection:
            return expected_store.list_pending(connection, institution)

    def find(self, institution: str, record_id: str) -> ExpectedRecord | None:
        """Return what is expected under an id, None when nothing is; a refusal is none as well."""
        with self._deployment.database.read() as connection:
            known = expected_store.find_expected(connection, institution, record_id)
        return None if known is None or known.state is Expectation.REFUSED else known
