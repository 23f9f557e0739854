"""Visits for those who work in the office: listed, opened, compared with other visits of the same institution."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import Final

from portadoc.errors import Refused
from portadoc.inspector.deployment import Deployment
from portadoc.inspector.entries import EntryKind, is_uuid
from portadoc.inspector.store import visit_store
from portadoc.inspector.store.visit_store import VisitRow
from portadoc.inspector.visits.findings import RosterFinding, ScannedDocument, roster_findings
from portadoc.inspector.visits.received import ReceivedEntry
from portadoc.inspector.visits.visit import Visit, visit_of

COMPARED_DAYS: Final = 31
"""Days before a visit within which others of the institution are compared with it."""
MOST_COMPARED: Final = 50


@dataclass(frozen=True, slots=True)
class OpenedVisit:
    """A visit with everything behind it: its entries as they came, and what the server finds in them."""

    visit: Visit
    entries: tuple[ReceivedEntry, ...]
    findings: tuple[RosterFinding, ...]


class Visits:
    """The visits of every institution whose inspectors work here."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def listed(self, slug: str, *, site: str | None = None, device_id: str | None = None) -> tuple[VisitRow, ...]:
        """Return the visits of an institution, the newest first.

        Those of one site (as ``site_key``) or all, and of one device or all. Raises Refused[not_found].
        """
        self._deployment.institution(slug)
        with self._deployment.database.read() as connection:
            return visit_store.visits_of(connection, slug, site=site, device_id=device_id)

    def opened(self, slug: str, visit_id: str) -> OpenedVisit:
        """Return one visit. Raises Refused[not_found], also for another institution's."""
        self._deployment.institution(slug)
        entries = self._entries(slug, visit_id) if is_uuid(visit_id) else ()
        if not entries:
            raise Refused("not_found")
        visit = visit_of(visit_id, entries)
        return OpenedVisit(visit, entries, self._findings(slug, visit))

    def without_photos(self, slug: str, visit_id: str) -> Visit:
        """Return what was written down on a visit that is listed; it does not tell what is missing in between.

        Photographs are large, and of many visits only the words are read.
        """
        with self._deployment.database.read() as connection:
            entries = visit_store.entries_of(connection, slug, visit_id, without=EntryKind.PHOTO)
        return visit_of(visit_id, entries)

    def _entries(self, slug: str, visit_id: str) -> tuple[ReceivedEntry, ...]:
        with self._deployment.database.read() as connection:
            return visit_store.entries_of(connection, slug, visit_id)

    def _findings(self, slug: str, visit: Visit) -> tuple[RosterFinding, ...]:
        """Return what does not fit, also between this visit and the others of the weeks before."""
        day = visit.day
        if day is None:
            return ()
        near = (
            row.visit_id
            for row in self.listed(slug)
            if row.site and row.visit_id != visit.visit and abs((_day(row.first_at) - day).days) <= COMPARED_DAYS
        )
        others = [self.without_photos(slug, visit_id) for visit_id in islice(near, MOST_COMPARED)]
        scans = (*documents_of(visit), *(each for other in others for each in documents_of(other)))
        return roster_findings(site=site_of(visit), day=day, workers=visit.roster, scans=scans)


def documents_of(visit: Visit) -> Sequence[ScannedDocument]:
    """Return the documents that were scanned on a visit, as the comparison takes them."""
    return [
        ScannedDocument(
            scan=each.scan,
            site=site_of(visit),
            worker=each.worker,
            kind=each.document.kind,
            verdict=each.relied_on,
            institution_id=each.document.institution_id,
            number=each.document.number,
            surname=each.document.surname,
            forenames=each.document.forenames,
            birth_date=each.document.birth_date,
            employer_ids=each.document.employer_ids,
            employer_names=each.document.employer_names,
            first=each.document.first,
            last=each.document.last,
        )
        for each in visit.scans
    ]


def site_of(visit: Visit) -> str:
    """Return the site of a visit in one line, by which sites are told apart."""
    return visit.site.text


def _day(seconds: int) -> date:
    return datetime.fromtimestamp(seconds, UTC).date()
