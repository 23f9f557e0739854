"""The roster check: declared workers against what was scanned. The vectors are those of the app as well."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portadoc.inspector.visits.findings import RosterFinding, ScannedDocument, roster_findings
from portadoc.inspector.visits.visit import DeclaredWorker, worker_of

DAY = date(2026, 11, 22)
VECTORS = sorted((Path(__file__).resolve().parents[2] / "vectors" / "roster").glob("*.json"))


def worker(**changes: Any) -> DeclaredWorker:
    values = {"id": "1", "surname": "Muster", "forenames": "Eva", "birth_date": date(1990, 1, 2), **changes}
    return DeclaredWorker(**values)


def document(**changes: Any) -> ScannedDocument:
    values = {
        "scan": "s1",
        "site": "nord",
        "kind": "pda1",
        "verdict": "holder_not_proven",
        "institution_id": "FR:TEST01",
        "number": "A1-1",
        "surname": "MUSTER",
        "forenames": "Éva",
        "birth_date": date(1990, 1, 2),
        "employer_ids": ("999 000",),
        "employer_names": ("Ateliers SAS",),
        "first": date(2026, 1, 1),
        "last": date(2026, 12, 31),
        **changes,
    }
    return ScannedDocument(**values)


def codes(workers: list[DeclaredWorker], scans: list[ScannedDocument]) -> list[tuple[str, str | None]]:
    found = roster_findings(site="nord", day=DAY, workers=workers, scans=scans)
    return [(each.code.value, each.worker) for each in found]


def test_whoever_has_an_a1_that_fits_is_not_mentioned() -> None:
    assert codes([worker(employer_id="999-000")], [document()]) == []
    assert codes([], []) == []


@pytest.mark.parametrize(
    ("workers", "scans", "expected"),
    [
        ([worker()], [], [("a1_missing", "1")]),
        ([worker()], [document(site="sud")], [("a1_missing", "1")]),
        ([worker()], [document(kind="ehic")], [("a1_missing", "1")]),
        ([worker()], [document(verdict="withdrawn_or_replaced")], [("a1_not_relied_on", "1")]),
        ([worker()], [document(birth_date=date(1990, 1, 3))], [("a1_missing", "1"), ("not_on_roster", None)]),
        ([worker(employer_id="1")], [document()], [("wrong_employer", "1")]),
        ([worker(employer_name="Other")], [document()], [("wrong_employer", "1")]),
        ([worker(employer_name="ateliers sas")], [document()], []),
        ([worker(employer_id="1")], [document(employer_ids=(), employer_names=())], []),
        ([worker(first=date(2026, 12, 1), last=date(2027, 1, 5))], [document()], [("days_not_covered", "1")]),
        ([worker()], [document(last=None)], []),
        ([worker()], [document(first=None)], [("days_not_covered", "1")]),
        (
            [worker(), worker(id="2")],
            [document()],
            [("a1_missing", "1"), ("a1_missing", "2"), ("match_ambiguous", None)],
        ),
        ([worker(), worker(id="2")], [document(worker="2")], [("a1_missing", "1")]),
        ([worker(number="a1 1", surname="X")], [document()], []),
        ([], [document()], []),
    ],
)
def test_what_does_not_fit_is_told(
    workers: list[DeclaredWorker], scans: list[ScannedDocument], expected: list[tuple[str, str | None]]
) -> None:
    assert codes(workers, scans) == expected


def test_days_between_two_a1s_are_told_with_the_days() -> None:
    scans = [document(last=date(2026, 3, 1)), document(scan="s2", number="A1-2", first=date(2026, 3, 10))]
    declared = worker(first=date(2026, 2, 1), last=date(2026, 4, 1))
    (found,) = roster_findings(site="nord", day=DAY, workers=[declared], scans=scans)
    assert found.code == "days_between_a1s"
    assert found.params == {"first": "2026-03-02", "last": "2026-03-09"}


def test_one_a1_on_two_sites_or_for_two_persons_is_told() -> None:
    elsewhere = document(scan="s2", site="sud", number="A1 1")
    found = roster_findings(site="nord", day=DAY, workers=[], scans=[document(), elsewhere])
    assert [(each.code.value, each.scans, each.params.get("sites")) for each in found] == [
        ("a1_on_two_sites", ("s1", "s2"), "sud")
    ]
    other = document(scan="s2", surname="Beispiel")
    assert codes([], [document(), other]) == [("a1_for_two_persons", None)]
    assert codes([], [document(), document(scan="s2", institution_id="FR:TEST02", surname="B")]) == []
    assert codes([], [document(site="sud"), document(scan="s2", site="west", surname="B")]) == []


@pytest.mark.parametrize("file", VECTORS, ids=lambda file: file.stem)
def test_the_vectors_of_the_app_hold_here_as_well(file: Path) -> None:
    vector = json.loads(file.read_text(encoding="utf-8"))
    for case in vector if isinstance(vector, list) else vector.get("cases", [vector]):
        roster = case.get("roster", case.get("input", case))
        found = roster_findings(
            site=roster["site"],
            day=date.fromisoformat(roster["day"]),
            workers=[worker_of(each) for each in roster["workers"]],
            scans=[_scanned(each) for each in roster["scans"]],
        )
        expected = case.get("findings", case.get("expected"))
        assert [_told(each) for each in found] == expected, case.get("name", file.stem)


def _scanned(told: dict[str, Any]) -> ScannedDocument:
    days = {name: date.fromisoformat(told[key]) if told.get(key) else None for name, key in _DAYS.items()}
    return ScannedDocument(
        scan=told["scan"],
        site=told["site"],
        worker=told.get("worker"),
        kind=told["kind"],
        verdict=told["verdict"],
        institution_id=told["institutionId"],
        number=told.get("number", ""),
        surname=told["surname"],
        forenames=told["forenames"],
        employer_ids=tuple(told["employerIds"]),
        employer_names=tuple(told["employerNames"]),
        **days,
    )


_DAYS = {"birth_date": "birthDate", "first": "first", "last": "last"}


def _told(finding: RosterFinding) -> dict[str, Any]:
    told = {"code": finding.code.value, "scans": list(finding.scans), "params": dict(finding.params)}
    return told if finding.worker is None else {**told, "worker": finding.worker}
