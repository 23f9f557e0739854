"""A visit: a fold over its entries. Nothing is stored twice and nothing is ever changed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import islice
from typing import Final

from portadoc.days import kept_day
from portadoc.inspector.entries import EntryKind, photo_bytes
from portadoc.inspector.visits.documents import DocumentFacts
from portadoc.inspector.visits.received import ReceivedEntry
from portadoc.inspector.visits.sites import Site
from portadoc.schemas.claims import JsonObject
from portadoc.verification.verdict import Colour

LATE_S: Final = 300
"""Seconds by which the clock of a device may be ahead of ours before it is said."""
COMPARED_DIFFERENT: Final = "compared_different"
"""The words of the catalogue for a document that was presented by another person than it names."""
OWN: Final = "own"
"""The code of a finding that the note of the inspector says alone."""
MOST_MISSING: Final = 1000
"""Numbers of missing entries that are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One document that was looked at.

    ``verdict`` is the device's, at ``at``; ``server_verdict`` ours of the same text, None where there was no text.
    ``same_person`` is what the inspector found by comparing, None where nobody compared. ``document`` is what the
    server read in the text, else what the device wrote down. ``withdrawn_from`` and ``withdrawal_cause`` are what
    our judgement learnt of a withdrawal: None and empty where it learnt nothing.
    """

    scan: str
    entry: str
    at: int
    on_date: date
    verdict: str
    colour: str
    code: str
    server_verdict: str | None
    server_colour: str | None
    server_code: str
    differs: bool
    document: DocumentFacts
    withdrawn_from: date | None = None
    withdrawal_cause: str = ""
    worker: str | None = None
    same_person: bool | None = None
    compared_at: int | None = None
    status_as_of: int | None = None

    @property
    def relied_on(self) -> str:
        """The verdict that counts: the server's where there is one."""
        return self.server_verdict or self.verdict

    @property
    def shown_verdict(self) -> str:
        """What a reader is told first: that it speaks of another person, where the inspector found so."""
        return COMPARED_DIFFERENT if self.same_person is False else self.relied_on

    @property
    def shown_colour(self) -> str:
        """The colour of ``shown_verdict``."""
        return Colour.RED.value if self.same_person is False else self.server_colour or self.colour


@dataclass(frozen=True, slots=True)
class Note:
    """Words of the inspector, perhaps about a scan."""

    at: int
    text: str
    scan: str | None = None


@dataclass(frozen=True, slots=True)
class Photo:
    """A photograph."""

    photo: str
    at: int
    media_type: str
    caption: str
    scan: str | None
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredWorker:
    """A worker as somebody declared; ``id`` is the name of the line in its list."""

    id: str
    surname: str = ""
    forenames: str = ""
    birth_date: date | None = None
    employer_id: str = ""
    employer_name: str = ""
    number: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class NotedFinding:
    """What the inspector recorded: by a code of the comparison, or ``own`` for what the note alone says.

    ``declared`` is the worker as the list of that moment had it: a later list may give the line to somebody else.
    """

    at: int
    code: str
    worker: str | None
    scans: tuple[str, ...]
    note: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    declared: DeclaredWorker | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A visit as far as its entries have come.

    ``missing`` are the sequence numbers that lie between those that came, ``doubled`` those that came under two
    names; ``employer`` is the one declared when it was opened; ``clock_ahead_s`` is by how much the device was
    ahead of us at most, 0 for less than five minutes.
    """

    visit: str
    site: Site = field(default_factory=Site)
    device: str = ""
    inspector: str = ""
    employer: str = ""
    purpose: str = ""
    opened_at: int | None = None
    closed_at: int | None = None
    scans: tuple[Scan, ...] = ()
    notes: tuple[Note, ...] = ()
    photos: tuple[Photo, ...] = ()
    roster: tuple[DeclaredWorker, ...] = ()
    noted: tuple[NotedFinding, ...] = ()
    missing: tuple[int, ...] = ()
    doubled: tuple[int, ...] = ()
    clock_ahead_s: int = 0
    entries: int = 0

    @property
    def day(self) -> date | None:
        """The day on which it began (UTC), None before it was opened."""
        return None if self.opened_at is None else datetime.fromtimestamp(self.opened_at, UTC).date()

    @property
    def complete(self) -> bool:
        """Tell whether it was closed and nothing in between is missing."""
        return self.closed_at is not None and self.opened_at is not None and not self.missing


def visit_of(visit_id: str, entries: Iterable[ReceivedEntry]) -> Visit:
    """Return the visit that its entries come to, in whatever order they came."""
    ordered = sorted(entries, key=lambda each: (each.entry.sequence, each.entry.at, each.entry.entry))
    visit = Visit(visit=visit_id)
    for received in ordered:
        visit = _STEPS[received.entry.kind](visit, received)
    numbers = [each.entry.sequence for each in ordered]
    ahead_s = max((each.entry.at - each.received_at for each in ordered), default=0)
    return replace(
        visit,
        device=ordered[0].sealed_for if ordered else "",
        missing=tuple(islice(_missing(numbers), MOST_MISSING)),
        doubled=tuple(sorted(number for number, times in Counter(numbers).items() if times > 1)),
        clock_ahead_s=ahead_s if ahead_s > LATE_S else 0,
        entries=len(ordered),
    )


def _missing(numbers: Iterable[int]) -> Iterator[int]:
    """Yield the numbers between those that came, in order; a device may say any number, however large."""
    here = 0
    for number in sorted(set(numbers)):
        yield from range(here, number)
        here = number + 1


def _opened(visit: Visit, received: ReceivedEntry) -> Visit:
    entry, body = received.entry, received.entry.body
    site = site_of(body)
    return replace(
        visit,
        site=site,
        purpose=body.get("purpose") or "",
        inspector=body.get("inspector") or "",
        opened_at=entry.at,
        employer=body.get("note") or "",
    )


def site_of(opened: JsonObject) -> Site:
    """Return the site that the opening of a visit names; the form of the body was checked."""
    return Site(**{name: value for name, value in opened["site"].items() if value is not None})


def _scanned(visit: Visit, received: ReceivedEntry) -> Visit:
    entry, body, judgement = received.entry, received.entry.body, received.judgement or {}
    told, withdrawal = judgement.get("document") or body["facts"], judgement.get("withdrawal") or {}
    scan = Scan(
        scan=body["scan"],
        entry=entry.entry,
        at=entry.at,
        on_date=date.fromisoformat(body["onDate"]),
        verdict=body["verdict"],
        colour=body["colour"],
        code=body.get("code") or "",
        server_verdict=judgement.get("verdict"),
        server_colour=judgement.get("colour"),
        server_code=judgement.get("code") or "",
        differs=received.differs,
        document=DocumentFacts.of_json(told),
        withdrawn_from=kept_day(withdrawal.get("effective_from")),
        withdrawal_cause=withdrawal.get("cause") or "",
        worker=body.get("worker"),
        status_as_of=body.get("statusAsOf"),
    )
    return replace(visit, scans=(*visit.scans, scan))


def _noted(visit: Visit, received: ReceivedEntry) -> Visit:
    body = received.entry.body
    return replace(visit, notes=(*visit.notes, Note(received.entry.at, body["text"], body.get("scan"))))


def _photographed(visit: Visit, received: ReceivedEntry) -> Visit:
    body = received.entry.body
    photo = Photo(
        photo=body["photo"],
        at=received.entry.at,
        media_type=body["mediaType"],
        caption=body.get("caption") or "",
        scan=body.get("scan"),
        data=photo_bytes(body["data"]),
    )
    return replace(visit, photos=(*visit.photos, photo))


def _listed(visit: Visit, received: ReceivedEntry) -> Visit:
    """Take the list over: the last one counts."""
    return replace(visit, roster=tuple(map(worker_of, received.entry.body["workers"])))


def worker_of(line: JsonObject) -> DeclaredWorker:
    """Return a line of a list of workers, whose form was checked."""
    return DeclaredWorker(
        id=line["id"],
        surname=line["surname"],
        forenames=line["forenames"],
        birth_date=kept_day(line.get("birthDate")),
        employer_id=line.get("employerId") or "",
        employer_name=line.get("employerName") or "",
        number=line.get("number") or "",
        first=kept_day(line.get("first")),
        last=kept_day(line.get("last")),
    )


def _found(visit: Visit, received: ReceivedEntry) -> Visit:
    body = received.entry.body
    told = body.get("params") or {}
    found = NotedFinding(
        at=received.entry.at,
        code=body["code"],
        worker=body.get("worker"),
        scans=tuple(body.get("scans") or ()),
        note=body.get("note") or "",
        params={name: value for name, value in told.items() if isinstance(value, str | int)},
        declared=next((each for each in visit.roster if each.id == body.get("worker")), None),
    )
    return replace(visit, noted=(*visit.noted, found))


def _compared(visit: Visit, received: ReceivedEntry) -> Visit:
    entry, body = received.entry, received.entry.body
    scans = (
        replace(each, same_person=body["samePerson"], compared_at=entry.at) if each.scan == body["scan"] else each
        for each in visit.scans
    )
    return replace(visit, scans=tuple(scans), notes=_with_note(visit, received))


def _closed(visit: Visit, received: ReceivedEntry) -> Visit:
    return replace(visit, closed_at=received.entry.at, notes=_with_note(visit, received))


def _with_note(visit: Visit, received: ReceivedEntry) -> tuple[Note, ...]:
    body = received.entry.body
    text = body.get("note")
    return (*visit.notes, Note(received.entry.at, text, body.get("scan"))) if text else visit.notes


_STEPS: Final = {
    EntryKind.VISIT_OPENED: _opened,
    EntryKind.SCAN: _scanned,
    EntryKind.NOTE: _noted,
    EntryKind.PHOTO: _photographed,
    EntryKind.ROSTER: _listed,
    EntryKind.FINDING: _found,
    EntryKind.COMPARED: _compared,
    EntryKind.VISIT_CLOSED: _closed,
}
