"""Writes the vectors of the roster check: one thing that does not fit a file, and what has to be found.

``make vectors`` runs it. Dates are days; all people, firms and numbers are made up.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "roster"
SITES: Final = FOLDER / "sites" / "sites.json"
SITE, OTHER_SITE = "Probekai 21, Hamburg", "Musterweg 3, Kiel"
DAY: Final = "2026-11-22"
Vector = dict[str, Any]


def worker(**changes: Any) -> dict[str, Any]:
    """Return a declared worker; None leaves a member out."""
    declared = {
        "id": "w1",
        "surname": "Exemple",
        "forenames": "Camille",
        "birthDate": "1990-02-03",
        "employerId": "99900000100019",
        "employerName": "Ateliers Fictifs du Massif SAS",
        "first": "2026-11-01",
        "last": "2026-11-30",
        **changes,
    }
    return {name: value for name, value in declared.items() if value is not None}


def scan(**changes: Any) -> dict[str, Any]:
    """Return a scanned A1 that fits the declared worker; None leaves a member out."""
    scanned = {
        "scan": "s1",
        "site": SITE,
        "kind": "pda1",
        "verdict": "holder_not_proven",
        "institutionId": "FR:TEST01",
        "number": "FR-2026-000123",
        "surname": "EXEMPLE",
        "forenames": "Camille",
        "birthDate": "1990-02-03",
        "employerIds": ["999 000 001 00019"],
        "employerNames": ["Ateliers Fictifs du Massif SAS"],
        "first": "2026-10-15",
        "last": "2027-08-31",
        **changes,
    }
    return {name: value for name, value in scanned.items() if value is not None}


def second(**changes: Any) -> dict[str, Any]:
    """Return another worker of the same employer."""
    return worker(**{"id": "w2", "surname": "Muster", "forenames": "Jonas", "birthDate": "1985-07-08", **changes})


def scan_of_second(**changes: Any) -> dict[str, Any]:
    """Return the A1 of the other worker."""
    named = {"surname": "Muster", "forenames": "Jonas", "birthDate": "1985-07-08", "number": "FR-2026-000124"}
    return scan(**{"scan": "s2", **named, **changes})


def found(code: str, *scans: str, worker: str | None = None, **params: Any) -> dict[str, Any]:
    """Return a finding as expected."""
    named = {} if worker is None else {"worker": worker}
    return {"code": code, **named, "scans": list(scans), "params": params}


def vector(about: str, workers: list[Any], scans: list[Any], *findings: dict[str, Any]) -> Vector:
    return {
        "about": about,
        "roster": {"site": SITE, "day": DAY, "workers": workers, "scans": scans},
        "findings": list(findings),
    }


def vectors() -> Iterator[tuple[str, Vector]]:
    """Yield each file's name and content."""
    for name, content in (*_fitting(), *_missing(), *_documents(), *_days(), *_matching()):
        yield f"{name}.json", {"name": name, **content}


def _fitting() -> Iterator[tuple[str, Vector]]:
    yield "all-fits", vector("Two workers, two A1s.", [worker(), second()], [scan(), scan_of_second()])
    yield (
        "accents-and-case",
        vector(
            "Names agree but for accents, case and hyphens.",
            [worker(surname="Ëxemple", forenames="CAMILLE")],
            [scan(surname="exem-ple")],
        ),
    )
    yield "no-list", vector("Without a list nobody is missing and nobody is extra.", [], [scan()])
    yield (
        "card-is-no-a1",
        vector(
            "A health insurance card is nobody's A1.",
            [worker()],
            [scan(kind="ehic")],
            found("a1_missing", worker="w1"),
        ),
    )
    yield (
        "application-is-no-a1",
        vector(
            "A proof that an A1 was applied for is nobody's A1.",
            [worker()],
            [scan(kind="application", verdict="applied_not_decided")],
            found("a1_missing", worker="w1"),
        ),
    )


def _missing() -> Iterator[tuple[str, Vector]]:
    yield (
        "a1-missing",
        vector(
            "No document of one worker was shown.",
            [worker(), second()],
            [scan()],
            found("a1_missing", worker="w2"),
        ),
    )
    yield (
        "a1-scanned-elsewhere-only",
        vector(
            "A document that was shown on another site is not shown here.",
            [worker()],
            [scan(site=OTHER_SITE)],
            found("a1_missing", worker="w1"),
        ),
    )
    for verdict in ("withdrawn_or_replaced", "not_authentic", "status_not_known"):
        yield (
            f"a1-{verdict.replace('_', '-')}",
            vector(
                "Nothing rests on a document with this verdict.",
                [worker()],
                [scan(verdict=verdict, worker="w1")],
                found("a1_not_relied_on", "s1", worker="w1"),
            ),
        )


def _documents() -> Iterator[tuple[str, Vector]]:
    number = "FR-2026-000123"
    yield (
        "same-a1-on-two-sites",
        vector(
            "One A1 was shown here and on another site.",
            [worker()],
            [scan(), scan(scan="s2", site=OTHER_SITE, number="fr 2026 000123")],
            found("a1_on_two_sites", "s1", "s2", number=number, sites=OTHER_SITE),
        ),
    )
    yield (
        "one-site-spelt-in-two-ways",
        vector(
            "The other visit was to the same site, written in another way.",
            [worker()],
            [scan(), scan(scan="s2", site="PROBEKAI 21 · Hàmburg")],
        ),
    )
    yield (
        "another-site-spelt-in-two-ways",
        vector(
            "Another site is named once, as it was written first.",
            [worker()],
            [scan(), scan(scan="s2", site=OTHER_SITE), scan(scan="s3", site=OTHER_SITE.upper())],
            found("a1_on_two_sites", "s1", "s2", "s3", number=number, sites=OTHER_SITE),
        ),
    )
    yield (
        "one-name-of-a-site-in-two-towns",
        vector(
            "Two sites of one name are told apart by their addresses.",
            [worker()],
            [scan(), scan(scan="s2", site="Probekai 21, Kiel"), scan(scan="s3", site=OTHER_SITE)],
            found("a1_on_two_sites", "s1", "s2", "s3", number=number, sites=f"{OTHER_SITE}; Probekai 21, Kiel"),
        ),
    )
    yield (
        "same-number-of-another-institution",
        vector(
            "Two institutions may give one number.",
            [worker()],
            [scan(), scan(scan="s2", site=OTHER_SITE, institutionId="PL:TEST05")],
        ),
    )
    yield (
        "same-a1-for-two-persons",
        vector(
            "One number stands on the documents of two persons.",
            [worker(), second()],
            [scan(), scan_of_second(number=number)],
            found("a1_for_two_persons", "s1", "s2", number=number),
        ),
    )
    yield (
        "same-a1-matched-with-two-workers",
        vector(
            "The inspector matched one document with two lines of the list.",
            [worker(), second()],
            [scan(worker="w1"), scan(scan="s2", worker="w2")],
            found("a1_for_two_persons", "s1", "s2", number=number),
        ),
    )
    yield (
        "same-person-with-and-without-birth-date",
        vector(
            "A day of birth that was not shown tells nobody apart.",
            [worker()],
            [scan(), scan(scan="s2", birthDate=None)],
        ),
    )
    yield (
        "lines-of-two-lists-are-no-two-persons",
        vector(
            "Lines are numbered for one site: another site's list has other numbers.",
            [worker()],
            [scan(worker="w1"), scan(scan="s2", site=OTHER_SITE, worker="w7")],
            found("a1_on_two_sites", "s1", "s2", number=number, sites=OTHER_SITE),
        ),
    )
    yield (
        "wrong-employer",
        vector(
            "The document covers work for somebody else.",
            [worker()],
            [scan(employerIds=["11122233300044"], employerNames=["Beispielbau GmbH"])],
            found("wrong_employer", "s1", worker="w1", employer="99900000100019"),
        ),
    )
    yield (
        "wrong-employer-by-name",
        vector(
            "Without identifiers the names are compared.",
            [worker(employerId=None)],
            [scan(employerNames=["Beispielbau GmbH"])],
            found("wrong_employer", "s1", worker="w1", employer="Ateliers Fictifs du Massif SAS"),
        ),
    )
    yield (
        "employer-name-in-the-place-of-the-identifier",
        vector(
            "What reads like a name is compared with the names, though it stands where identifiers do.",
            [worker(employerId="ATELIERS FICTIFS DU MASSIF S.A.S.", employerName=None)],
            [scan()],
        ),
    )
    yield (
        "wrong-employer-by-name-with-digits",
        vector(
            "A name may have digits in it.",
            [worker(employerId="Beispielbau 2000 GmbH", employerName=None)],
            [scan()],
            found("wrong_employer", "s1", worker="w1", employer="Beispielbau 2000 GmbH"),
        ),
    )
    yield (
        "employer-not-compared",
        vector(
            "A declared name and a document with an identifier alone say nothing of each other.",
            [worker(employerId=None)],
            [scan(employerNames=[])],
            found("employer_not_compared", "s1", worker="w1", employer="Ateliers Fictifs du Massif SAS"),
        ),
    )
    yield (
        "employer-identifier-not-compared",
        vector(
            "A declared identifier and a document with a name alone say nothing of each other.",
            [worker(employerName=None)],
            [scan(employerIds=[])],
            found("employer_not_compared", "s1", worker="w1", employer="99900000100019"),
        ),
    )
    yield (
        "wrong-employer-scanned-twice",
        vector(
            "One A1 that was scanned twice is told once.",
            [worker(employerId="11122233300044")],
            [scan(), scan(scan="s2")],
            found("wrong_employer", "s1", "s2", worker="w1", employer="11122233300044"),
        ),
    )
    yield (
        "one-employer-of-several",
        vector(
            "One of the employers of the document is enough.",
            [worker()],
            [scan(employerIds=["11122233300044", "99900000100019"])],
        ),
    )


def _days() -> Iterator[tuple[str, Vector]]:
    yield (
        "days-at-the-end-not-covered",
        vector(
            "The document ends before the declared work does.",
            [worker()],
            [scan(last="2026-11-24")],
            found("days_not_covered", "s1", worker="w1", first="2026-11-25", last="2026-11-30"),
        ),
    )
    yield (
        "days-at-the-start-not-covered",
        vector(
            "The document begins after the declared work.",
            [worker()],
            [scan(first="2026-11-10")],
            found("days_not_covered", "s1", worker="w1", first="2026-11-01", last="2026-11-09"),
        ),
    )
    yield (
        "days-between-two-a1s",
        vector(
            "Two documents leave days between them.",
            [worker()],
            [scan(last="2026-11-10"), scan(scan="s2", number="FR-2026-000125", first="2026-11-15")],
            found("days_between_a1s", "s1", "s2", worker="w1", first="2026-11-11", last="2026-11-14"),
        ),
    )
    yield (
        "a1s-that-follow-each-other",
        vector(
            "The second document begins on the day after the first ends.",
            [worker()],
            [scan(scan="s2", number="FR-2026-000125", first="2026-11-11"), scan(last="2026-11-10")],
        ),
    )
    yield "open-end", vector("A document without an end covers all that follows.", [worker()], [scan(last=None)])
    yield (
        "day-of-the-visit",
        vector(
            "Without declared days the day of the visit counts.",
            [worker(first=None, last=None)],
            [scan(last="2026-11-21")],
            found("days_not_covered", "s1", worker="w1", first=DAY, last=DAY),
        ),
    )


def _matching() -> Iterator[tuple[str, Vector]]:
    yield (
        "not-on-roster",
        vector(
            "A document of somebody whom nobody declared.",
            [worker()],
            [scan(), scan_of_second()],
            found("not_on_roster", "s2"),
        ),
    )
    yield (
        "not-on-roster-scanned-twice",
        vector(
            "A document of somebody whom nobody declared, scanned twice, is told once.",
            [worker()],
            [scan(), scan_of_second(), scan_of_second(scan="s3")],
            found("not_on_roster", "s2", "s3"),
        ),
    )
    yield (
        "namesakes",
        vector(
            "Two workers of one name: the day of birth tells them apart.",
            [worker(), worker(id="w2", birthDate="1971-01-01")],
            [scan(), scan(scan="s2", number="FR-2026-000126", birthDate="1971-01-01")],
        ),
    )
    yield (
        "match-ambiguous",
        vector(
            "Two workers of one name, and nothing to tell them apart by.",
            [worker(birthDate=None), worker(id="w2", birthDate=None)],
            [scan()],
            found("a1_missing", worker="w1"),
            found("a1_missing", worker="w2"),
            found("match_ambiguous", "s1", workers=2),
        ),
    )
    yield (
        "declared-by-number",
        vector(
            "The declared number of the A1 settles whose it is.",
            [worker(surname="Exempel", number="FR 2026 000123")],
            [scan()],
        ),
    )
    yield (
        "matched-by-the-inspector",
        vector("Whom the inspector named counts.", [worker(surname="Other")], [scan(worker="w1")]),
    )


def sites() -> dict[str, Any]:
    """Return pairs of sites, how each is written in one line, and whether both are the same."""
    name, address = {"name": "Baustelle Nord"}, {"address": "Probekai 21", "town": "Hamburg", "country": "DE"}
    pairs = (
        ("the same", {**name, **address}, {**name, **address}, True),
        ("case, space, stroke", {**name, **address}, {"name": " BAUSTELLE-NORD", **address}, True),
        ("accents", {"name": "Chantier Élysée"}, {"name": "chantier elysee"}, True),
        ("sharp s", {"name": "Musterstraße 3"}, {"name": "MUSTERSTRASSE 3"}, True),
        ("wide letters", {"name": "\uff22\uff10\uff11"}, {"name": "B01"}, True),
        (
            "address in the name",
            {"name": "Probekai 21, Hamburg"},
            {"name": "Probekai 21", "town": "Hamburg"},
            True,
        ),
        ("own name of the office", {**name, "reference": "A"}, {**name, "reference": "B"}, True),
        ("another name", {**name, **address}, {"name": "Baustelle Süd", **address}, False),
        ("one name in two towns", {**name, "town": "Hamburg"}, {**name, "town": "Kiel"}, False),
        ("one name in two streets", {**name, **address}, {**name, **address, "address": "Probekai 23"}, False),
        ("one name in two States", {**name, "country": "DE"}, {**name, "country": "PL"}, False),
        ("an address and none", {**name, **address}, name, False),
        ("other letters", {"name": "Βόρειο"}, {"name": "βορειο"}, True),
        ("nothing but strokes", {"name": "---"}, {"name": "***"}, False),
    )
    return {
        "about": "Sites are told apart by name and address; how they are spelt does not count.",
        "pairs": [
            {"about": about, "one": one, "other": other, "text": ", ".join(_line(one)), "same": same}
            for about, one, other, same in pairs
        ],
    }


def _line(site: dict[str, str]) -> Iterator[str]:
    yield from (site[part] for part in ("name", "address", "town", "country") if part in site)


def text_of(content: Vector) -> str:
    """Return a vector as it stands in its file."""
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    SITES.parent.mkdir(parents=True, exist_ok=True)
    SITES.write_text(text_of(sites()), encoding="utf-8")
    FOLDER.mkdir(exist_ok=True)
    for file, content in vectors():
        (FOLDER / file).write_text(text_of(content), encoding="utf-8")
