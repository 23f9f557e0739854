"""What people come to the portal for, from the first page to what they take home: by keyboard alone, no scripts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2
import pytest
import zxingcpp
from click.testing import CliRunner

from portadoc.cli import main
from portadoc.keys.trust.trust_file import TRUST_FILE
from portadoc.serve.house import House
from tests.browser.portal.at_the_keyboard import Person, chromium_program, portal_house

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OPERATOR = "de-inspection"
POSTED = {
    "worker_pin": {"worker_pin": "TEST185041201"},
    "situation": {"situation": "posting"},
    "host_state": {"host_state": "DE"},
    "period": {"start": "2027-01-10", "end": "2027-05-31"},
    "workplaces": {"0.name": "Baustelle Nord", "0.town": "Berlin"},
    "replaces": {"replaces": "none"},
    "link": {
        "direct_relationship": "yes",
        "paid_by": "employer",
        "hired_out_onward": "no",
        "only_this_work": "yes",
    },
    "history": {"earlier_posting": "no", "other_certificate": "no"},
}
TAKES_A_PLACE = {
    "replaces": {"replaces": "posted_other_employer"},
    "replaced_posting": {"start": "2026-02-01", "end": "2026-12-31", "ended_early": "no"},
}
SEVERAL = {
    "situation": {"situation": "several_states"},
    "forms_of_work": {"forms_of_work": "one_employer"},
    "shares": {"0.state": "FR", "0.time": "10", "0.pay": "10", "1.state": "DE", "1.time": "90", "1.pay": "90"},
    "pattern": {"regular": "yes", "steady": "yes"},
}
OF_THE_BORDER = {
    "worker_pin": {"worker_pin": "TEST291050502"},
    "worker": {"given_name": "Greta", "family_name": "Muster", "birth_date": "1991-05-05"},
    "birth_place": {"town": "Kehl", "country": "DE"},
    "nationalities": {"0.country": "DE"},
    "residence": {"street": "Testweg 5", "postcode": "77694", "town": "Kehl", "country": "DE"},
}


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    """The installed Chromium."""
    with chromium_program() as browser:
        yield browser


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for all journeys."""
    fresh = {"trust_pack": {"renew_s": 1}, "status": {"min_ttl_s": 1}}
    with portal_house(tmp_path_factory.mktemp("journeys"), verifier=fresh, issuer={"status_ttl_s": 10}) as opened:
        yield opened


def request(person: Person, answers: dict[str, dict[str, str]], **more: dict[str, str]) -> str:
    """Ask from the own space; return the address of the request that was sent."""
    person.open("/portal/fr-demo/")
    person.press("New request")
    person.press("Start")
    person.answer({**answers, **more})
    person.press("Send the request")
    return person.page.url


def in_days(house: House, days: int) -> str:
    return (datetime.fromtimestamp(house.clock.now(), UTC).date() + timedelta(days=days)).isoformat()


def test_a_worker_whose_employer_does_not_ask(chromium: "Browser", house: House, tmp_path: Path) -> None:
    jean = Person(chromium, house, "Jean Exemple")
    jean.look()
    jean.press("New request")
    jean.look()
    jean.press("Start")
    for question in ("employer_contacted", "employer_number"):
        assert jean.page.url.endswith(question)
        jean.look()
        jean.say(question, {"employer_contacted": "no_answer", "employer_number": "TEST12345"}[question])
        jean.press("Continue")
    jean.answer({**POSTED, "period": {"start": "2027-01-10", "end": "2027-03-31"}})
    jean.look()
    jean.sees("Menuiserie Test SARL", "Jean Exemple")
    jean.press("Send the request")
    assert jean.heading() == "The certificate is granted"
    jean.look()
    first = jean.page.url

    jean.press("QR code for your wallet")
    assert jean.page.url.endswith("/hand-over")
    held = jean.collect()
    assert held.vct == "urn:eudi:pda1:1"
    jean.look()
    jean.open("/portal/fr-demo/")
    jean.sees("Your certificates")
    assert jean.fetch("Open the PDF").startswith(b"%PDF")
    print(jean.page.inner_text("main"))
