"""What people come to the portal for, up to what they take home: by keyboard alone, on pages without scripts."""

import json
import re
import time
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


@pytest.fixture(scope="module")
def claire(chromium: "Browser", house: House) -> Iterator[Person]:
    """An employer who is signed in, and asks again and again."""
    person = Person(chromium, house, "Claire Test")
    yield person
    person.close()


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


def test_a_worker_whose_employer_does_not_ask(chromium: "Browser", house: House) -> None:
    jean = Person(chromium, house, "Jean Exemple")
    jean.press("New request")
    jean.look()
    jean.press("Start")
    jean.look()
    own = {
        "employer_contacted": {"employer_contacted": "no_answer"},
        "employer_number": {"employer_number": "TEST12345"},
    }
    asked = jean.answer({**own, **POSTED, "period": {"start": in_days(house, 0), "end": in_days(house, 60)}})
    assert asked[:2] == list(own)
    jean.look()
    jean.sees("TEST12345", "Known from: your sign-in")
    jean.press("Send the request")
    assert jean.heading() == "The certificate is granted"
    jean.look()
    first = jean.page.url

    assert jean.collect("QR code for your wallet").vct == "urn:eudi:pda1:1"
    jean.look()
    jean.open("/portal/fr-demo/")
    assert jean.fetch("Open the PDF").startswith(b"%PDF")
    jean.look()
    _changes(jean, first)
    jean.close()


def _changes(jean: Person, first: str) -> None:
    """Report what changed, ask for longer, and take it back: each is a decision of its own."""
    _change(jean, first, "The work or the employer", {"host_state": {"host_state": "AT"}})
    second = jean.page.url
    assert jean.heading() == "The certificate is granted"
    jean.open(first)
    jean.sees("Replaced by a new one")
    extended = {"new_end": {"new_end": in_days(jean.house, 90)}, "unchanged": {"unchanged": "yes"}}
    _change(jean, second, "The work goes on longer", extended)
    third = jean.page.url
    assert jean.heading() == "The certificate is granted"
    taken_back = {"withdrawal": {"reason": "not_happening", "effective_from": in_days(jean.house, 70)}}
    _change(jean, third, "The work does not take place", taken_back)
    jean.look()
    jean.open(third)
    jean.sees("Withdrawn")


def _change(jean: Person, of: str, way: str, answers: dict[str, dict[str, str]]) -> None:
    jean.open(f"{of}/change")
    jean.press(re.compile(f"Continue ?: {way}"))
    jean.answer({**POSTED, **answers})
    jean.press("Send the request")


def test_a_self_employed_person_works_abroad_for_a_time(chromium: "Browser", house: House) -> None:
    sofia = Person(chromium, house, "Sofia Muster")
    conditions = ("real_activity", "keeps_means", "similar_activity", "only_this_work")
    own = {
        "own_seat": {
            "name": "Sofia Muster, illustration",
            "street": "12 passage du Modèle",
            "postcode": "67000",
            "town": "Strasbourg",
            "country": "FR",
        },
        "months_active": {"months_active": "61"},
        "own_business": dict.fromkeys(conditions, "yes"),
    }
    sofia.open("/portal/fr-demo/requests/new")
    sofia.say("capacity", "self_employed")
    sofia.press("Start")
    sofia.answer({**POSTED, **own})
    sofia.press("Send the request")
    assert sofia.heading() == "The certificate is granted"
    sofia.sees("12(2)")
    sofia.look()
    sofia.close()


def test_work_in_several_states_is_decided_by_the_seat(claire: Person) -> None:
    worker = {
        "worker_pin": {"worker_pin": "TEST190013001"},
        "period": {"start": "2027-06-10", "end": "2027-12-31"},
    }
    request(claire, {**POSTED, **SEVERAL, **worker})
    claire.sees("13(1)(b)")
    claire.look()


def test_telework_from_across_the_border(claire: Person) -> None:
    answers = {**POSTED, **SEVERAL, **OF_THE_BORDER}
    telework = {
        "situation": {"situation": "telework"},
        "shares": {"0.state": "DE", "0.time": "40", "0.pay": "40", "1.state": "FR", "1.time": "60", "1.pay": "60"},
        "telework": {"digital_link": "yes", "other_activity": "no", "joint_consent": "yes"},
    }
    request(claire, {**answers, **telework})
    claire.sees("16(1)")
    claire.look()


def test_an_employer_has_a_person_look_at_a_refusal(claire: Person) -> None:
    period = {"period": {"start": "2027-08-01", "end": "2027-10-31"}}
    replaced = {"replaced_posting": {"start": "2026-08-01", "end": "2027-07-15", "ended_early": "no"}}
    ada = {"worker_pin": {"worker_pin": "TEST297071401"}}
    request(claire, {**POSTED, **TAKES_A_PLACE, **ada, **period, **replaced})
    assert claire.heading() == "The certificate cannot be granted"
    claire.sees("This refusal is not final.")
    claire.say("said", "The other worker went home early.")
    claire.press("Have a person look at it")
    claire.sees("With a case officer")


def test_who_leaves_tomorrow_takes_a_proof_that_reads_as_not_decided(
    claire: Person, house: House, tmp_path: Path
) -> None:
    leaving = {"period": {"start": in_days(house, 1), "end": in_days(house, 30)}}
    replaced = {"replaced_posting": {"start": "2026-02-01", "end": "2026-10-31", "ended_early": "unknown"}}
    request(claire, {**POSTED, **TAKES_A_PLACE, **leaving, **replaced})
    claire.look()
    claire.sees("Waiting for you", "Your request is first in line.")
    pdf = claire.fetch("Proof of application")
    seal = next(text for text in codes_on(pdf) if text.startswith("PD1:"))
    assert verified(house, seal, tmp_path) == (3, "applied_not_decided")


def codes_on(pdf: bytes) -> list[str]:
    """Return what the codes of the first page say, printed at 100 dpi."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [each.text for each in zxingcpp.read_barcodes(document[0].render(scale=100 / 72).to_pil())]
    finally:
        document.close()


def verified(house: House, seal: str, folder: Path) -> tuple[int, str]:
    """Return the exit code and the verdict of ``portadoc verify``, with a trust pack made now."""
    house.issuer.publish_status_lists()
    house.verifier.refresh_status_lists(everything=True)
    house.verifier.refresh_seal_certificates(everything=True)
    before = house.verifier.trust_pack(OPERATOR).sequence
    while (made := house.verifier.trust_pack(OPERATOR)).sequence == before:
        time.sleep(0.02)
    (folder / "pack").write_bytes(made.pack)
    (folder / "seal").write_text(seal, encoding="utf-8")
    trust = house.settings.data_dir / "keys" / TRUST_FILE
    told = ["verify", str(folder / "seal"), "--with", str(folder / "pack"), "--trust", str(trust)]
    ended = CliRunner().invoke(main, [*told, "--operator", "DE:TEST90", "--json"])
    return ended.exit_code, json.loads(ended.stdout)["verdict"]


def test_a_lost_card_a_hospital_and_what_anybody_may_check(chromium: "Browser", house: House) -> None:
    nadia = Person(chromium, house, "Nadia Modèle", to="/portal/fr-health/health/")
    lost = nadia.page.get_by_role("link", name=re.compile("Report the card as lost ?: Lina"))
    nadia.press_on(lost)
    nadia.press("Report it")
    assert nadia.heading() == "Your new card is there"
    nadia.open("/portal/fr-health/health/")
    nadia.press("Make a consent code")
    code = nadia.page.locator(".secret").inner_text()
    nadia.close()

    clinic = Person(chromium, house, "Clinique Test Berlin", to="/portal/fr-health/")
    clinic.press("Get a replacement certificate")
    for name, value in (("code", code), ("birth_date", "1988-06-20"), ("reason", "short_notice")):
        clinic.say(name, value)
    clinic.press("Get the certificate")
    assert clinic.fetch("Open the PDF").startswith(b"%PDF")
    printed = clinic.page.locator("dd").nth(1).inner_text()
    clinic.close()

    anybody = Person(chromium, house)
    anybody.open(f"/v/{printed}")
    anybody.sees("In force today", "Provisional replacement certificate")
    anybody.look()
    for day, outcome in ((in_days(house, 0), "Everything you typed fits"), ("2020-01-01", "does not fit")):
        anybody.say("first_day", day)
        anybody.press("Compare")
        anybody.sees(outcome)
        anybody.look()
    assert "Modèle" not in anybody.page.content()
    anybody.close()
