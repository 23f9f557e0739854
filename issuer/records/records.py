"""What institutions have decided, kept as it came in, and which of it an institution may certify."""

from collections.abc import Sequence

from portadoc.errors import Conflict, Refused
from portadoc.formats import strict_json
from portadoc.issuer import credentials
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.records.holders import holder_of
from portadoc.issuer.store import record_store
from portadoc.keys.certificates import certificate_country
from portadoc.keys.key_ring import KeyPurpose
from portadoc.schemas.catalogue import issuing_countries
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.coverage import CoverageCertificate
from portadoc.schemas.events import EventKind
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.pid import Pid
from portadoc.schemas.records import Record, record_from_json, record_to_json


class Records:
    """Keeps records, and says which of them an institution may certify."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def upload(self, institution: str, record: Record, *, record_id: str | None = None) -> str:
        """Keep a record of this institution and return its id; under an id of the caller's, once.

        Raises: Refused[not_found], Refused[record_of_other_institution]: a verifier believes an
        institution's key for its own documents only; Refused[legislation_of_other_state]; Conflict[record_differs]
        when there is another record under ``record_id``.
        """
        self.require_own(institution, None if isinstance(record, Pid) else record.issuing_authority.id)
        self.require_own_legislation(institution, record)
        record_id = record_id or self._deployment.new_id()
        body = strict_json.dumps(record_to_json(record)).decode()
        with self._deployment.database.transaction() as connection:
            held = record_store.find_record(connection, institution, record_id)
            if held is not None and held.body != body:
                raise Conflict("record_differs")
            if held is not None:
                return record_id
            now = self._deployment.clock.now()
            record_store.insert_record(
                connection, institution, record_id=record_id, kind=record.KIND, body=body, now=now
            )
            self._deployment.tell(connection, EventKind.RECORD_ADDED, institution, record_id, kind=record.KIND)
        return record_id

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
        holders = [holder_of(self.live(institution, each)) for each in record_ids]
        if len({(each.numbers, each.date_of_birth, each.to_representative) for each in holders}) > 1:
            raise Refused("records_of_several_persons", spec="OpenID4VCI 1.0 §4.1.1")

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
