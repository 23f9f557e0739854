"""What institutions have decided, kept as it came in, and which of it an institution may certify."""

from collections.abc import Sequence

from portadoc.errors import Conflict, Refused
from portadoc.formats import strict_json
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.issuance import credentials
from portadoc.issuer.records import documents
from portadoc.issuer.records.holders import Holder, holder_of, same_person
from portadoc.issuer.store import expected_store, record_store
from portadoc.keys.certificates import certificate_country
from portadoc.keys.key_ring import KeyPurpose
from portadoc.schemas.catalogue import issuing_countries
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.coverage import CoverageCertificate
from portadoc.schemas.events import EventKind
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.pid import Pid
from portadoc.schemas.records import Record, record_from_json, record_to_json
from portadoc.storage import Connection
from portadoc.verification.persons import number_letters


class Records:
    """Keeps records, and says which of them an institution may certify."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def upload(self, institution: str, record: Record, *, record_id: str | None = None) -> str:
        """Keep a record of this institution and return its id; under an id of the caller's, once.

        Raises: Refused[not_found], Refused[record_of_other_institution]: a verifier believes an
        institution's key for its own documents only; Refused[legislation_of_other_state]; Conflict[record_differs]
        when there is another record under ``record_id``, and as ``keep`` does.
        """
        self.require_certifiable(institution, record)
        record_id = record_id or self._deployment.new_id()
        with self._deployment.database.transaction() as connection:
            self.keep(connection, institution, record, record_id=record_id)
        return record_id

    def upload_once(self, institution: str, record: Record) -> tuple[str, bool]:
        """Keep a record unless one in force says the same; return the id of that one, and whether it is new.

        Raises as ``upload``, and Conflict[document_in_force] when a record in force says something else under the
        number of the same document: to correct, replace or withdraw that one is a decision of its own.
        """
        self.require_certifiable(institution, record)
        with self._deployment.database.transaction() as connection:
            standing = documents.standing_record(connection, institution, record)
            if standing is not None:
                return standing, False
            record_id = self._deployment.new_id()
            return record_id, self.keep(connection, institution, record, record_id=record_id)

    def require_certifiable(self, institution: str, record: Record) -> None:
        """Refuse a record that the institution may not certify. Raises as ``upload``; signs nothing."""
        self.require_own(institution, None if isinstance(record, Pid) else record.issuing_authority.id)
        self.require_own_legislation(institution, record)

    def keep(self, connection: Connection, institution: str, record: Record, *, record_id: str) -> bool:
        """Keep a certifiable record in the caller's transaction; False for the same record once more.

        It takes the place of what was expected under its id. Raises Conflict[record_differs], [record_decided]
        when it was refused; Refused[record_of_other_person].
        """
        body = strict_json.dumps(record_to_json(record)).decode()
        held = record_store.find_record(connection, institution, record_id)
        if held is not None and held.body != body:
            raise Conflict("record_differs")
        if held is not None:
            return False
        _end_expectation(connection, institution, record, record_id=record_id)
        now = self._deployment.clock.now()
        record_store.insert_record(
            connection,
            institution,
            record_id=record_id,
            kind=record.KIND,
            body=body,
            born=holder_of(record).date_of_birth,
            numbers=tuple(filter(None, map(number_letters, holder_of(record).numbers))),
            now=now,
        )
        self._deployment.tell(connection, EventKind.RECORD_ADDED, institution, record_id, kind=record.KIND)
        return True

    def live(self, institution: str, record_id: str) -> Record:
        """Return a record in force. Raises Refused[record_unknown], Conflict[record_withdrawn]."""
        with self._deployment.database.read() as connection:
            stored = record_store.find_record(connection, institution, record_id)
        if stored is None:
            raise Refused("record_unknown")
        if stored.withdrawn_at is not None:
            raise Conflict("record_withdrawn")
        return record_from_json(strict_json.loads_object(stored.body, what="record"))

    def require_one_person(self, institution: str, record_ids: Sequence[str]) -> None:
        """Refuse records of several persons together: a wallet is one person's.

        Raises Refused[records_of_several_persons], [record_unknown], Conflict[record_withdrawn].
        """
        first, *others = (self._holder(institution, each) for each in record_ids)
        if not all(same_person(first, each) for each in others):
            raise Refused("records_of_several_persons", spec="OpenID4VCI 1.0 §4.1.1")

    def _holder(self, institution: str, record_id: str) -> Holder:
        """Return whom a record is about, or will be. Raises as ``live``."""
        with self._deployment.database.read() as connection:
            expected = expected_store.find_expected(connection, institution, record_id)
        if expected is not None and expected.holder is not None:
            return expected.holder
        return holder_of(self.live(institution, record_id))

    def require_own(self, institution: str, issued_by: str | None) -> None:
        """Refuse what names another institution as its issuer: no verifier would believe it under our key."""
        own_id = self._deployment.institution(institution).institution_id
        if issued_by not in (None, own_id):
            raise Refused("record_of_other_institution", institution=own_id)

    def require_own_legislation(self, institution: str, record: Record) -> None:
        """Refuse what is on the legislation of another State than the institution's. Raises as the rule."""
        if isinstance(record, Pda1 | CoverageCertificate):
            signer = self._deployment.key_ring.signer(institution, KeyPurpose.CREDENTIAL)
            credentials.require_own_legislation(record, signer=signer)

    def require_own_country(self, institution: str, claims: JsonObject) -> None:
        """Refuse what names another country than the signer's certificate: no verifier would believe it."""
        chain = self._deployment.key_ring.signer(institution, KeyPurpose.CREDENTIAL).chain
        if not issuing_countries(claims) <= {certificate_country(chain[0])}:
            own_id = self._deployment.institution(institution).institution_id
            raise Refused("record_of_other_institution", institution=own_id)


def _end_expectation(connection: Connection, institution: str, record: Record, *, record_id: str) -> None:
    """Let a new record take the place of what was expected under its id, in the caller's transaction.

    Whoever waits has proven keys for the person that was expected, and nobody else's record may go to them. Raises
    Refused[record_of_other_person], Conflict[record_decided] when it was refused.
    """
    known = expected_store.find_expected(connection, institution, record_id)
    if known is None:
        return
    if known.holder is None:
        raise Conflict("record_decided", spec="OpenID4VCI 1.0 §9")
    if not same_person(known.holder, holder_of(record)):
        raise Refused("record_of_other_person", spec="OpenID4VCI 1.0 §9")
    expected_store.end_expectation(connection, institution, record_id)
