"""The code that opens a certificate goes to the worker alone: by the register, or on the worker's own screen."""

import json

from tests.unit.portal.office.conftest import OFFICE, SLUG, Town


def test_a_worker_without_a_contact_in_the_register_gets_the_code_on_the_own_screen_only(town: Town) -> None:
    claire, anne = town.browse("claire-test"), town.browse("anne-agent", staff=True)
    case = town.apply(claire)
    anne.get(f"{OFFICE}/cases/{case}/decide")
    anne.submit(
        outcome="grant", article="01/12_1", start="2027-01-10", end="2027-05-31", reason="The contract is shown."
    )
    file = town.house.settings.data_dir / "registers" / "persons.json"
    before = file.read_text(encoding="utf-8")
    register = json.loads(before)
    for each in register["entries"]:
        each["contact"] = None if each["pin"] == "TEST185041201" else each["contact"]
    file.write_text(json.dumps(register), encoding="utf-8")
    try:
        hand_over = f"/portal/{SLUG}/requests/{case}/hand-over"
        assert "The worker signs in here" in claire.get(hand_over).text
        assert "<svg" not in claire.page.text
        assert claire.post(hand_over, {}).status_code == 403
        jean = town.browse("jean-exemple")
        jean.get(hand_over)
        jean.submit()
        assert "One-time code" in jean.page.text
    finally:
        file.write_text(before, encoding="utf-8")
