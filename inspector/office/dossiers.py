"""The dossier of a site: what was checked there, for whoever has the link, minimised by role.

It is the visits of a site read from the other side. The link is for the client or main contractor; a paired
device of the institution sees through one that the office made what inspectors may see. One that a device made
shows its own visits alone and nothing beyond what a contractor sees: a device reads nothing of others. Who sees
what follows from the table of purposes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from portadoc.errors import Refused
from portadoc.inspector.deployment import Deployment
from portadoc.inspector.entries import is_uuid
from portadoc.inspector.office.reading import Visits
from portadoc.inspector.store import dossier_store, visit_store
from portadoc.inspector.store.device_store import Device
from portadoc.inspector.store.dossier_store import DossierLink
from portadoc.inspector.store.visit_store import VisitRow
from portadoc.inspector.visits.documents import DocumentFacts
from portadoc.inspector.visits.sites import Site, is_named, site_key
from portadoc.inspector.visits.visit import Scan, Visit
from portadoc.keys.purposes import KeyPurpose
from portadoc.schemas.events import EventKind
from portadoc.storage.installation import SECRET_BYTES, digest
from portadoc.verification.policy import levelled
from portadoc.verification.presets.purposes import Permission, Purpose, purpose

SECONDS_PER_DAY: Final = 86_400
MOST_VISITS: Final = 200
_LABEL: Final = "dossier of visit "


class Role(StrEnum):
    """From which side a dossier is read; the values are purposes."""

    CONTRACTOR = "principal-contractor"
    INSPECTOR = "inspector"


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A link, and its address: told here once."""

    link: DossierLink
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierRow:
    """One document that was checked; ``facts`` are those that the role may see, by name, in a fixed order.

    ``same_person`` and ``site_named`` are None where nobody compared, or the document names no place.
    """

    at: int
    verdict: str
    colour: str
    facts: Mapping[str, str]
    same_person: bool | None
    site_named: bool | None


@dataclass(frozen=True, slots=True)
class Dossier:
    """What a link shows to a role."""

    link: DossierLink
    role: Role
    rows: tuple[DossierRow, ...]


class Dossiers:
    """The dossiers of every institution."""

    def __init__(self, deployment: Deployment, visits: Visits) -> None:
        self._deployment = deployment
        self._visits = visits

    def link(self, slug: str, site: str) -> MadeLink:
        """Make a link to the dossier of a site that was visited, by its name or its name and address.

        Raises Refused[not_found], and [site_ambiguous] where several sites have the name.
        """
        here, now = self._deployment, self._deployment.clock.now()
        visited = self._site(slug, site)
        secret = here.random_bytes(SECRET_BYTES).hex()
        with here.database.transaction() as connection:
            return self._made(connection, visited, secret, now)

    def link_of_visit(self, device: Device, visit_id: str) -> tuple[MadeLink, bool]:
        """Return the link to the site of a visit that a device wrote, and whether it was made just now.

        However often the device asks, the link is one: its secret follows from the visit and a key of ours.

        Raises Refused[visit_unknown] for a visit of another device or of which nothing came; [dossier_ended] once
        the office ended the link or its time is over.
        """
        here, slug, now = self._deployment, device.institution, self._deployment.clock.now()
        secret = here.key_ring.mac(slug, KeyPurpose.NONCE).tag(f"{_LABEL}{visit_id}".encode()).hex()
        with here.database.transaction() as connection:
            visited = visit_store.find_visit(connection, slug, visit_id) if is_uuid(visit_id) else None
            if visited is None or visited.device_id != device.device_id or not visited.site:
                raise Refused("visit_unknown")
            found = dossier_store.find_link(connection, digest(secret))
            if found is None:
                return self._made(connection, visited, secret, now, made_by=device), True
        if not found.holds(now):
            raise Refused("dossier_ended")
        return MadeLink(found, self._address(secret)), False

    def _made(
        self, connection: Connection, visited: VisitRow, secret: str, now: int, *, made_by: Device | None = None
    ) -> MadeLink:
        here = self._deployment
        made = DossierLink(
            institution=visited.institution,
            dossier_id=here.new_id(),
            site_key=visited.site_key,
            title=visited.site,
            created_at=now,
            expires_at=now + here.settings.dossier_days * SECONDS_PER_DAY,
            device_id=None if made_by is None else made_by.device_id,
        )
        dossier_store.insert_link(connection, made, secret_digest=digest(secret))
        here.tell(connection, EventKind.DOSSIER_LINKED, visited.institution, made.dossier_id)
        return MadeLink(made, self._address(secret))

    def _address(self, secret: str) -> str:
        return f"{self._deployment.settings.base_url}/inspect/dossiers/{secret}"

    def _site(self, slug: str, wanted: str) -> VisitRow:
        """Return the newest visit to the one site that is meant; who writes name and address means one alone."""
        rows = {each.site_key: each for each in reversed(self._visits.listed(slug)) if each.site}
        meant = [each for each in rows.values() if is_named(each.site, wanted)]
        if not meant:
            raise Refused("not_found")
        exact = [each for each in meant if each.site_key == site_key(wanted)]
        if len(exact or meant) > 1:
            raise Refused("site_ambiguous", sites="; ".join(sorted(each.site for each in meant)))
        return (exact or meant)[0]

    def links(self, slug: str) -> tuple[DossierLink, ...]:
        """Return the links of an institution, the newest first. Raises Refused[not_found]."""
        self._deployment.institution(slug)
        with self._deployment.database.read() as connection:
            return dossier_store.links_of(connection, slug)

    def unlink(self, slug: str, dossier_id: str) -> None:
        """End a link. Raises Refused[not_found] for one that is not there or was ended."""
        here = self._deployment
        here.institution(slug)
        with here.database.transaction() as connection:
            ended = dossier_store.revoke_link(connection, slug, dossier_id, now=here.clock.now())
            if ended:
                here.tell(connection, EventKind.DOSSIER_UNLINKED, slug, dossier_id)
        if not ended:
            raise Refused("not_found")

    def opened(self, secret: str, device: Device | None) -> Dossier:
        """Return what a link shows: to others as to clients, to a device of the institution as to inspectors.

        A link that a device made shows the visits of that device, to everybody as to clients.

        Raises Refused[dossier_unknown] for a link that is wrong, ended or expired.
        """
        here = self._deployment
        with here.database.read() as connection:
            link = dossier_store.find_link(connection, digest(secret))
        if link is None or not link.holds(here.clock.now()) or link.institution not in here.settings.by_slug:
            raise Refused("dossier_unknown")
        inspects = link.device_id is None and device is not None and device.institution == link.institution
        role = Role.INSPECTOR if inspects else Role.CONTRACTOR
        rows = self._visits.listed(link.institution, site=link.site_key, device_id=link.device_id)[:MOST_VISITS]
        visits = [self._visits.without_photos(link.institution, each.visit_id) for each in rows]
        return Dossier(link, role, tuple(_rows(visits, purpose(role.value))))


def _rows(visits: Iterable[Visit], seen_by: Purpose) -> Iterator[DossierRow]:
    for visit in visits:
        for scan in visit.scans:
            if scan.document.kind in seen_by.attestations or not scan.document.kind:
                yield _row(scan, visit.site, seen_by)


def _row(scan: Scan, site: Site, seen_by: Purpose) -> DossierRow:
    facts = ((name, value) for name, value, columns in _columns(scan.document) if _sees(seen_by, columns))
    compares = seen_by.permission("workplaces") is not Permission.NO
    return DossierRow(
        at=scan.at,
        verdict=scan.shown_verdict,
        colour=scan.shown_colour,
        facts={name: value for name, value in facts if value},
        same_person=scan.same_person,
        site_named=site_named(scan.document, site) if compares else None,
    )


def _sees(seen_by: Purpose, column: str) -> bool:
    return seen_by.permission(column) is Permission.SEES


def _columns(document: DocumentFacts) -> Iterator[tuple[str, str, str]]:
    """Yield name, value and column of the table of purposes for each fact. A personal number is in none."""
    days = (document.first, document.last)
    yield "number", document.number, "document_number"
    yield "person", " ".join(filter(None, (document.forenames, document.surname))), "names_and_birth"
    yield "birth", "" if document.birth_date is None else document.birth_date.isoformat(), "names_and_birth"
    yield "employer", "; ".join((*document.employer_names, *document.employer_ids)), "employer"
    yield "legislation", document.state, "legislation_and_dates"
    yield "period", " – ".join(each.isoformat() for each in days if each is not None), "legislation_and_dates"
    yield "status", document.status_code, "status_code"
    yield "places", "; ".join(document.workplaces), "workplaces"
    yield "institution", document.institution_name or document.institution_id, "institution_name"


def site_named(document: DocumentFacts, site: Site) -> bool | None:
    """Tell whether a document names this site as a place of work; None where it names none, or that is open.

    It is open where the town is among its places: seals name no streets, and an address has many spellings.
    """
    wanted, town = [each for each in map(levelled, (site.name, site.address)) if each], levelled(site.town)
    places = [levelled(each) for each in document.workplaces]
    if not places or not (wanted or town):
        return None
    if town in places or any(each in place for each in wanted for place in places):
        return True
    return None if not town or any(town in place for place in places) else False
