"""The roster check of a visit: declared workers against the documents that were scanned, and what does not fit.

The same rules run in the app, held to the same vectors. Nothing here is a verdict on a document: every finding
says whom to ask, none says that a document is wrong.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum, StrEnum
from typing import Final

from portadoc.inspector.visits.sites import plain, site_key
from portadoc.inspector.visits.visit import DeclaredWorker
from portadoc.verification.policy import levelled
from portadoc.verification.verdict import Verdict

A1: Final = "pda1"
RELIED_ON: Final = frozenset({Verdict.AUTHENTIC_IN_FORCE.value, Verdict.HOLDER_NOT_PROVEN.value})
"""Verdicts on a document that says what it says; a paper is compared with the person by eye."""
_ONE_DAY: Final = timedelta(days=1)


class RosterCode(StrEnum):
    """What does not fit."""

    A1_MISSING = "a1_missing"
    A1_NOT_RELIED_ON = "a1_not_relied_on"
    A1_ON_TWO_SITES = "a1_on_two_sites"
    A1_FOR_TWO_PERSONS = "a1_for_two_persons"
    WRONG_EMPLOYER = "wrong_employer"
    EMPLOYER_NOT_COMPARED = "employer_not_compared"
    DAYS_NOT_COVERED = "days_not_covered"
    DAYS_BETWEEN_A1S = "days_between_a1s"
    NOT_ON_ROSTER = "not_on_roster"
    MATCH_AMBIGUOUS = "match_ambiguous"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedDocument:
    """A document that was scanned on a visit, as its report shows it.

    ``worker`` is the declared worker with whom the inspector matched it; ``last`` None is an open end.
    """

    scan: str
    site: str
    worker: str | None = None
    kind: str
    verdict: str
    institution_id: str = ""
    number: str = ""
    surname: str = ""
    forenames: str = ""
    birth_date: date | None = None
    employer_ids: tuple[str, ...] = ()
    employer_names: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class RosterFinding:
    """One thing that does not fit; ``scans`` and ``worker`` name what it is about."""

    code: RosterCode
    worker: str | None
    scans: tuple[str, ...]
    params: Mapping[str, str | int] = field(default_factory=dict)


def roster_findings(
    *, site: str, day: date, workers: Sequence[DeclaredWorker], scans: Sequence[ScannedDocument]
) -> tuple[RosterFinding, ...]:
    """Return what does not fit at a site on a day; ``scans`` are those of the visit and of others compared."""
    a1s = [each for each in scans if each.kind == A1]
    here = [each for each in a1s if _is_at(each, site)]
    matches = {each.scan: _matching(each, workers) for each in here}
    found = [finding for worker in workers for finding in _about(worker, here, matches, day)]
    found += _unmatched(here, matches, workers)
    found += _same_document(a1s, site)
    return tuple(found)


def _matching(document: ScannedDocument, workers: Sequence[DeclaredWorker]) -> tuple[str, ...]:
    """Return the workers whom a document fits: whom the inspector named, else by number, else by person."""
    if document.worker is not None:
        return tuple(each.id for each in workers if each.id == document.worker)
    number = levelled(document.number)
    by_number = tuple(each.id for each in workers if number and levelled(each.number) == number)
    return by_number or tuple(each.id for each in workers if _is_person(document, each))


def _is_person(document: ScannedDocument, worker: DeclaredWorker) -> bool:
    """Tell whether names agree, letters and digits only, and no day of birth speaks against it."""
    if not _same(document.surname, worker.surname) or not _same(document.forenames, worker.forenames):
        return False
    days = {day for day in (document.birth_date, worker.birth_date) if day is not None}
    return len(days) <= 1


def _about(
    worker: DeclaredWorker,
    here: Sequence[ScannedDocument],
    matches: Mapping[str, tuple[str, ...]],
    day: date,
) -> Iterator[RosterFinding]:
    """Yield what does not fit about one worker."""
    own = [each for each in here if matches[each.scan] == (worker.id,)]
    scans = tuple(each.scan for each in own)
    if not own:
        yield RosterFinding(RosterCode.A1_MISSING, worker.id, ())
        return
    relied = [each for each in own if each.verdict in RELIED_ON]
    if not relied:
        yield RosterFinding(RosterCode.A1_NOT_RELIED_ON, worker.id, scans)
        return
    for shown in _by_a1(relied):
        yield from _employer(worker, shown)
    yield from _days(worker, relied, day)


def _employer(worker: DeclaredWorker, shown: Sequence[ScannedDocument]) -> Iterator[RosterFinding]:
    """Yield what the scans of one A1 say of the employer: another one, or nothing that can be compared."""
    employer_id, employer_name = _declared_employer(worker)
    fits = {each.scan: _employer_fits(employer_id, employer_name, each) for each in shown}
    params = {"employer": employer_id or employer_name}
    differing = tuple(scan for scan, each in fits.items() if each is _Fits.DIFFERS)
    not_compared = tuple(scan for scan, each in fits.items() if each is _Fits.NOT_COMPARED)
    if differing:
        yield RosterFinding(RosterCode.WRONG_EMPLOYER, worker.id, differing, params)
    elif not_compared and _Fits.AGREES not in fits.values():
        yield RosterFinding(RosterCode.EMPLOYER_NOT_COMPARED, worker.id, not_compared, params)


class _Fits(Enum):
    AGREES, DIFFERS, NOT_COMPARED, NOT_SAID = range(4)


def _employer_fits(employer_id: str, employer_name: str, document: ScannedDocument) -> _Fits:
    """Compare identifiers where both have one, else names where both have one; never one with the other."""
    ids = {levelled(each) for each in document.employer_ids} - {""}
    names = {plain(each) for each in document.employer_names} - {""}
    if levelled(employer_id) and ids:
        return _Fits.AGREES if levelled(employer_id) in ids else _Fits.DIFFERS
    if plain(employer_name) and names:
        return _Fits.AGREES if plain(employer_name) in names else _Fits.DIFFERS
    said = (levelled(employer_id) or plain(employer_name)) and (ids or names)
    return _Fits.NOT_COMPARED if said else _Fits.NOT_SAID


def _declared_employer(worker: DeclaredWorker) -> tuple[str, str]:
    """Return identifier and name of the declared employer; what reads like a name is one, wherever it stands."""
    if not is_employer_name(worker.employer_id):
        return worker.employer_id, worker.employer_name
    return "", worker.employer_name or worker.employer_id


def is_employer_name(entry: str) -> bool:
    """Tell whether an entry names an employer: without digits, or of words with more letters than digits."""
    kinds = [unicodedata.category(each)[0] for each in entry]
    letters, digits = kinds.count("L"), kinds.count("N")
    return letters > 0 and (digits == 0 or (letters > digits and len(entry.split()) > 1))


def _by_a1(documents: Iterable[ScannedDocument]) -> Iterable[Sequence[ScannedDocument]]:
    """Return the scans of each A1 together; a document without a number stands for itself."""
    found: dict[tuple[str, ...], list[ScannedDocument]] = {}
    for each in documents:
        number = levelled(each.number)
        found.setdefault((each.institution_id, number) if number else (each.scan,), []).append(each)
    return found.values()


def _days(worker: DeclaredWorker, relied: Sequence[ScannedDocument], day: date) -> Iterator[RosterFinding]:
    """Yield the first declared days that no A1 covers, and the days between two A1s."""
    first, last = worker.first or worker.last or day, worker.last or worker.first or day
    covering = sorted(
        (each for each in relied if each.first is not None), key=lambda each: (each.first or day, each.scan)
    )
    scans = tuple(each.scan for each in relied)
    uncovered = _uncovered(first, last, covering)
    if uncovered is not None:
        since, until = uncovered
        params = {"first": since.isoformat(), "last": until.isoformat()}
        between = bool(covering) and any((each.first or day) > until for each in covering)
        between = between and any(each.last is not None and each.last < since for each in covering)
        code = RosterCode.DAYS_BETWEEN_A1S if between else RosterCode.DAYS_NOT_COVERED
        yield RosterFinding(code, worker.id, scans, params)


def _uncovered(first: date, last: date, covering: Iterable[ScannedDocument]) -> tuple[date, date] | None:
    """Return the first stretch of days within ``first`` to ``last`` that none covers; in order of their start."""
    next_day = first
    for document in covering:
        start = document.first or first
        if start > next_day:
            break
        if document.last is None:
            return None
        next_day = max(next_day, document.last + _ONE_DAY)
    if next_day > last:
        return None
    starts = [each.first for each in covering if each.first is not None and each.first > next_day]
    return next_day, min([last, *(start - _ONE_DAY for start in starts)])


def _unmatched(
    here: Sequence[ScannedDocument],
    matches: Mapping[str, tuple[str, ...]],
    workers: Sequence[DeclaredWorker],
) -> Iterator[RosterFinding]:
    """Yield each A1 that fits nobody on the list, or several."""
    for shown in _by_a1(here) if workers else ():
        none = tuple(each.scan for each in shown if not matches[each.scan])
        several = {each.scan: len(matches[each.scan]) for each in shown if len(matches[each.scan]) > 1}
        if none:
            yield RosterFinding(RosterCode.NOT_ON_ROSTER, None, none)
        if several:
            params = {"workers": max(several.values())}
            yield RosterFinding(RosterCode.MATCH_AMBIGUOUS, None, tuple(several), params)


def _same_document(a1s: Sequence[ScannedDocument], site: str) -> Iterator[RosterFinding]:
    """Yield each document that was shown on two sites or for two persons, this site among them."""
    numbered: dict[tuple[str, str], list[ScannedDocument]] = {}
    for each in a1s:
        if levelled(each.number):
            numbered.setdefault((each.institution_id, levelled(each.number)), []).append(each)
    for shown in numbered.values():
        if not any(_is_at(each, site) for each in shown):
            continue
        scans = tuple(each.scan for each in shown)
        others = {site_key(each.site): each.site for each in reversed(shown) if not _is_at(each, site)}
        if others:
            params = {"number": shown[0].number, "sites": "; ".join(sorted(others.values()))}
            yield RosterFinding(RosterCode.A1_ON_TWO_SITES, None, scans, params)
        if _persons(shown, site) > 1:
            yield RosterFinding(RosterCode.A1_FOR_TWO_PERSONS, None, scans, {"number": shown[0].number})


def _persons(shown: Sequence[ScannedDocument], site: str) -> int:
    """Return how many persons a document was shown for: by the match, or by what it says of its person.

    Lines of a list are numbered for one site; a day of birth that was not shown tells nobody apart.
    """
    matched = {each.worker for each in shown if _is_at(each, site) and each.worker is not None}
    births: dict[tuple[str, str], set[date]] = {}
    for each in shown:
        if each.surname or each.forenames:
            days = births.setdefault((plain(each.surname), plain(each.forenames)), set())
            days |= set() if each.birth_date is None else {each.birth_date}
    return max(len(matched), sum(max(1, len(days)) for days in births.values()))


def _is_at(document: ScannedDocument, site: str) -> bool:
    return site_key(document.site) == site_key(site)


def _same(one: str, other: str) -> bool:
    return bool(plain(one)) and plain(one) == plain(other)
