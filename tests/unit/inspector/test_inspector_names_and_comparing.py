"""What the office called a device stays; a document of another person is red in every place where it is shown."""

from typing import Any

import pytest

from portadoc.inspector.office.pdf import paper
from portadoc.inspector.service import Inspector

INSPECTION = "de-inspection"
SITE = "Probebau (TEST DATA)"


def test_the_name_of_the_office_stays_and_that_of_the_device_stands_beside_it(inspector: Inspector) -> None:
    code = inspector.devices.pairing_code(INSPECTION, "Tablet 12").code
    inspector.devices.pair(code, "My phone", source="192.0.2.1")
    (device,) = inspector.devices.listed(INSPECTION)
    assert (device.name, device.own_name) == ("Tablet 12", "My phone")


@pytest.fixture
def compared(tablet: Any, inspector: Inspector) -> Any:
    tablet.open_visit(SITE)
    scan = tablet.scan(verdict="holder_not_proven", colour="amber", facts={"kind": "pda1", "number": "A1-1"})
    tablet.write("scan", scan)
    tablet.write("compared", {"scan": scan["scan"], "samePerson": False})
    return inspector.visits.opened(INSPECTION, tablet.visit)


@pytest.mark.parametrize(("language", "words"), [("en", "Not the holder's document"), ("fr", "")])
def test_another_person_is_red_and_said_first_on_paper(compared: Any, language: str, words: str) -> None:
    told = paper(compared, {}, institution="Test", export_id="1", at=0, language=language)
    (scan,) = told["scans"]["rows"]
    assert scan["colour"] == "red"
    assert scan["headline"].startswith(words)
    labels = [fact["label"] for fact in scan["facts"]]
    assert len(labels) == len(set(labels))


def test_another_person_is_red_in_the_dossier(compared: Any, inspector: Inspector) -> None:
    made = inspector.dossiers.link(INSPECTION, SITE)
    (row,) = inspector.dossiers.opened(made.address.rpartition("/")[2], None).rows
    assert (row.colour, row.verdict) == ("red", "compared_different")


def test_the_declared_employer_has_its_label(tablet: Any, inspector: Inspector) -> None:
    opened = {"site": {"name": SITE}, "note": "Muster GmbH (TEST DATA)"}
    tablet.write("visit_opened", opened)
    visit = inspector.visits.opened(INSPECTION, tablet.visit)
    told = paper(visit, {}, institution="Test", export_id="1", at=0, language="en")
    assert {"label": "Declared employer", "value": "Muster GmbH (TEST DATA)"} in told["facts"]
    assert told["notes"]["rows"] == []
