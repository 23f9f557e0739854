"""The office of an insurance: a card that the register does not show is decided by a person on the same pages."""

import json

from portadoc.access import Role, Subject, SubjectKind
from portadoc.portal.health.insurance import CardCause
from tests.unit.portal.office.conftest import Town

JEAN = Subject("dev:jean", SubjectKind.PERSON, frozenset({Role.WORKER}), pin="TEST185041201")
OFFICE = "/portal/fr-health/office"


def test_a_card_is_decided_by_an_officer(town: Town) -> None:
    file = town.house.settings.data_dir / "registers" / "persons.json"
    before = file.read_text(encoding="utf-8")
    register = json.loads(before)
    for each in register["entries"]:
        each["covers"] = [] if each["pin"] == "TEST185041201" else each["covers"]
    file.write_text(json.dumps(register), encoding="utf-8")
    try:
        cards = town.house.portal.portal.health.cards
        asked = cards.ask(JEAN, "fr-health", "TEST185041201", CardCause.RENEWAL, language="en")
    finally:
        file.write_text(before, encoding="utf-8")
    helene = town.browse("helene-sante", staff=True)
    case = f"{OFFICE}/cases/{asked.application_id}"
    assert case in helene.get(f"{OFFICE}/").text
    assert helene.get(case).status_code == 200
    helene.get(f"{case}/decide")
    helene.submit(outcome="grant", start="2026-11-22", end="2028-06-30", reason="The cover was shown on paper.")
    assert helene.path == case
    assert "Certificate granted" in helene.page.text
