"""The documents that records are of: one document of an institution has one record in force."""

from portadoc.errors import Conflict
from portadoc.formats import strict_json
from portadoc.issuer.records.holders import holder_of
from portadoc.issuer.store import record_store
from portadoc.issuer.store.record_store import StoredRecord
from portadoc.schemas.coverage import CoverageCertificate
from portadoc.schemas.ehic import Ehic
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.records import Record, record_from_json, record_to_json
from portadoc.storage import Connection
from portadoc.verification.persons import number_letters


def document_number(record: Record) -> str | None:
    """Return the number by which an institution tells its documents of a kind apart; None where it has none."""
    if isinstance(record, Pda1 | CoverageCertificate):
        return record.document.number
    return record.card_number if isinstance(record, Ehic) else None


def standing_record(connection: Connection, institution: str, record: Record) -> str | None:
    """Return the record in force that says the same to the letter, or None when the document has none.

    It is looked for among the records of people with the same personal number or date of birth. Raises
    Conflict[document_in_force] when a record in force says something else under the number of this document.
    """
    body, number = strict_json.dumps(record_to_json(record)).decode(), document_number(record)
    alike = [each for each in _about(connection, institution, record) if each.kind == record.KIND]
    for held in alike:
        if held.body == body:
            return held.record_id
    for held in alike:
        if number is not None and document_number(_read(held)) == number:
            raise Conflict("document_in_force", record=held.record_id, institution=institution)
    return None


def _about(connection: Connection, institution: str, record: Record) -> tuple[StoredRecord, ...]:
    """Return the records in force about whoever shares a number or the date of birth with this one's holder."""
    holder = holder_of(record)
    found = record_store.records_of_birth_date(connection, institution, holder.date_of_birth, at_most=None)
    for number in filter(None, map(number_letters, holder.numbers)):
        found += record_store.records_of_number(connection, institution, number)
    return tuple(each for each in found if each.withdrawn_at is None)


def _read(stored: StoredRecord) -> Record:
    return record_from_json(strict_json.loads_object(stored.body, what="record"))
