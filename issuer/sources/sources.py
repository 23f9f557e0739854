"""What authentic sources do with their records, under their own ids: every act is one of the life cycle."""

import re
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Malformed, Refused
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.life_cycle.history import RecordView
from portadoc.issuer.life_cycle.verbs import LifeCycle
from portadoc.issuer.records.records import Records
from portadoc.issuer.sources import source_store
from portadoc.issuer.sources.clients import Clients, Source
from portadoc.issuer.sources.requests import Requests
from portadoc.issuer.sources.source_store import SourceRecord
from portadoc.issuer.store import record_store
from portadoc.keys.key_ring import KeyPurpose
from portadoc.schemas.records import Record
from portadoc.web.machines.cursors import Cursors

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SourceView:
    """A record under the ids of its source; one that came in by another way has none."""

    source_record_id: str
    view: RecordView
    predecessor: str | None
    successor: str | None
    successors: tuple[str | None, ...]
    """Of each act of the history, in its order."""


class Sources:
    """The sources of an installation. ``institution`` is that of the source: it reaches no other one."""

    def __init__(self, deployment: Deployment, records: Records, life_cycle: LifeCycle) -> None:
        self._deployment = deployment
        self._records = records
        self._life_cycle = life_cycle
        self.clients = Clients(deployment)
        self.requests = Requests(deployment)

    def keep(self, source: Source, source_record_id: str, record: Record) -> bool:
        """Keep a record under an id of the source; False for the same record once more.

        Raises as ``Records.upload``; Malformed[member_invalid] for an id that cannot be one.
        """
        is_new = self.find(source.institution, source_record_id) is None
        record_id = self.reserve(source, source_record_id)
        self._records.upload(source.institution, record, record_id=record_id)
        return is_new

    def reserve(self, source: Source, source_record_id: str) -> str:
        """Return our id for one of the source: a random one, for the other may tell of a person or a case.

        The record may come later. Raises Malformed[member_invalid].
        """
        if not _ID.fullmatch(source_record_id):
            raise Malformed("member_invalid", member="/id", expected="1 to 64 letters, digits and . _ : -")
        here, slug = self._deployment, source.institution
        with here.database.transaction() as connection:
            found = source_store.find_source_record(connection, slug, source_record_id)
            if found is not None:
                return found.record_id
            named = SourceRecord(source_record_id, here.new_id(), here.clock.now())
            source_store.insert_source_record(connection, slug, named)
        return named.record_id

    def find(self, institution: str, source_record_id: str) -> str | None:
        """Return our id of a record whose content came, or None."""
        with self._deployment.database.read() as connection:
            found = source_store.find_source_record(connection, institution, source_record_id)
            if found is None or record_store.find_record(connection, institution, found.record_id) is None:
                return None
        return found.record_id

    def known(self, source: Source, source_record_id: str) -> str:
        """Return our id of a record of the source. Raises Refused[not_found]."""
        found = self.find(source.institution, source_record_id)
        if found is None:
            raise Refused("not_found")
        return found

    def named(self, source: Source, source_record_id: str) -> str:
        """Return our id of a record, whether it came or is still expected. Raises Refused[not_found]."""
        with self._deployment.database.read() as connection:
            found = source_store.find_source_record(connection, source.institution, source_record_id)
        if found is None:
            raise Refused("not_found")
        return found.record_id

    def cursors(self, source: Source) -> Cursors:
        """Return the cursors of a source in the list of its records."""
        key = self._deployment.key_ring.mac(source.institution, KeyPurpose.NONCE)
        return Cursors(key, reader=f"source cursor:{source.institution}:{source.client_id}")

    def view(self, source: Source, source_record_id: str) -> SourceView:
        """Return a record as it stands. Raises Refused[not_found]."""
        seen = self._life_cycle.view(source.institution, self.known(source, source_record_id))
        with self._deployment.database.read() as connection:

            def named(record_id: str | None) -> str | None:
                if record_id is None:
                    return None
                return source_store.source_id_of(connection, source.institution, record_id)

            return SourceView(
                source_record_id,
                seen,
                named(seen.predecessor),
                named(seen.successor),
                tuple(named(act.successor) for act in seen.acts),
            )

    def page(self, source: Source, *, after: tuple[int, str] | None, limit: int) -> tuple[SourceRecord, ...]:
        """Return records of the source in the order in which they were first named."""
        with self._deployment.database.read() as connection:
            return source_store.page_of_records(connection, source.institution, after=after, limit=limit)
