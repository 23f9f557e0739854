"""Every kind of official paper, sealed, keeps to PDF/A-3a and PDF/UA-1: by the judgement of veraPDF.

``VERAPDF`` names its command, with arguments where it takes some; docs/operating.md says how to get it. Without it
these tests are skipped, and say so.
"""

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from portadoc.clock import SystemClock
from portadoc.issuer import Issuer, PaperDocument
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.schemas.pda1 import Address, CountryOfWork, Pda1, Workplace
from portadoc.schemas.records import Record
from portadoc.serve.house import open_house
from portadoc.serve.settings import PortadocSettings

A1, HEALTH = "fr-demo", "fr-health"
COMMAND: Final = shlex.split(os.environ.get("VERAPDF", ""))
STANDARDS: Final = ("3a", "ua1")
PAPERS: Final = {
    "a1": (A1, "posted-worker-fr-de", ("fr",)),
    "a1 in two languages": (A1, "posted-worker-fr-de", ("fr", "host")),
    "a1 with twenty workplaces": (A1, "posted-worker-fr-de", ("en", "de")),
    "a1 in strange letters": (A1, "posted-worker-fr-de", ("pl",)),
    "replacement": (HEALTH, "replacement-certificate", ("en",)),
    "replacement in two languages": (HEALTH, "replacement-certificate", ("fr", "es")),
    "card": (HEALTH, "insured-traveller", ("it",)),
    "bilateral": (A1, "bilateral-fr-jp", ("fr", "en")),
    "maintenance": (A1, "maintenance-fr-ke", ("pt",)),
    "application": (A1, "application-fr-de", ("ro", "de")),
}

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(not COMMAND, reason="VERAPDF names no veraPDF: no paper was checked against its standards"),
]


def record_of(name: str, record_name: str) -> Record:
    record = example(record_name, datetime.now(UTC).date())
    if name == "a1 with twenty workplaces":
        assert isinstance(record, Pda1)
        address = Address(town="Berlin", country="DE", street_and_number="Teststraße 1", postcode="10115")
        places = tuple(
            Workplace(name=f"Baustelle {n} der Beispielbau GmbH", address=address) for n in range(1, 21)
        )
        return replace(record, countries_of_work=(CountryOfWork(country="DE", workplaces=places),))
    if name == "a1 in strange letters":
        assert isinstance(record, Pda1)
        return replace(record, person=replace(record.person, surnames="Ţestová محمد Παπαδοπούλου אברהם Їжак"))
    return record


def paper_of(issuer: Issuer, name: str) -> PaperDocument:
    institution, record_name, languages = PAPERS[name]
    record = record_of(name, record_name)
    record_id = issuer.upload(institution, record)
    return issuer.paper(institution, record_id, languages=languages, pin="none", until_certificate_ends=True)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Every kind of paper as a file, by its name here."""
    folder = tmp_path_factory.mktemp("papers")
    settings = PortadocSettings(data_dir=folder / "house")
    with open_house(settings, clock=SystemClock(), random_bytes=system_random_bytes, environment={}) as house:
        made = {}
        for name in PAPERS:
            made[name] = folder / f"{name.replace(' ', '-')}.pdf"
            made[name].write_bytes(paper_of(house.issuer, name).pdf)
        yield made


def judged(paths: list[Path], standard: str) -> dict[str, Any]:
    """Return what veraPDF says of files, by their names."""
    command = [*COMMAND, "--flavour", standard, "--format", "json", *map(str, paths)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert ran.stdout.startswith("{"), ran.stderr[-2000:]
    jobs = json.loads(ran.stdout)["report"]["jobs"]
    return {Path(job["itemDetails"]["name"]).name: job for job in jobs}


def faults(job: dict[str, Any]) -> list[str]:
    """Return the clauses of a standard that a file breaks; a file that could not be read breaks the first."""
    if "validationResult" not in job:
        return [f"not judged: {job.get('taskException')}"]
    (result,) = job["validationResult"]
    assert result["details"]["passedRules"] > 50
    rules = result["details"].get("ruleSummaries", [])
    broken = [f"{rule['clause']}-{rule['testNumber']} {rule['description']}" for rule in rules]
    assert result["compliant"] is not bool(broken)
    return broken


@pytest.mark.parametrize("standard", STANDARDS)
def test_every_kind_of_paper_keeps_to_the_standard(files: dict[str, Path], standard: str) -> None:
    found = judged(list(files.values()), standard)
    assert set(found) == {path.name for path in files.values()}
    print(*(f"{standard} {name}: {faults(job) or 'kept'}" for name, job in sorted(found.items())), sep="\n")
    assert {name: broken for name, job in found.items() if (broken := faults(job))} == {}


@pytest.mark.parametrize("standard", STANDARDS)
def test_a_file_that_keeps_to_no_standard_is_told(tmp_path: Path, standard: str) -> None:
    """What finds nothing has to be able to find something."""
    import typst

    plain = tmp_path / "plain.pdf"
    plain.write_bytes(typst.compile(b"nothing but words", pdf_standards=["1.7"], format="pdf"))
    assert faults(judged([plain], standard)["plain.pdf"]) != []
