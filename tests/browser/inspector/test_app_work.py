"""The employer in question, from the visit to the service's own verdict; the receipt that a care desk keeps."""

import json

import pytest
from playwright.sync_api import expect

from portadoc.formats.receipt import check_commitment
from portadoc.inspector.entries import EntryKind
from portadoc.schemas.examples import example
from portadoc.verification.receipts import open_receipt
from tests.browser.inspector.doing import HEADING, go, outcome, paste, say

OWN, OTHER = "999 000 001 00019", "TEST 000 111 222"
"""The identifier that the example names, spelt with spaces; and one that it does not."""


@pytest.fixture(scope="module")
def seals(inspection):
    house = inspection.house
    a1 = house.issuer.upload("fr-demo", example("posted-worker-fr-de"))
    card = house.issuer.upload("fr-health", example("insured-traveller"))
    made = house.issuer.seal("fr-demo", a1, pin="none").text, house.issuer.seal("fr-health", card, pin="none").text
    house.issuer.publish_status_lists()
    house.verifier.refresh_seal_certificates(everything=True)
    house.verifier.refresh_status_lists(everything=True)
    return made


@pytest.fixture
def tablet(emptied, inspection, seals):
    """A device that is registered and has its trust pack."""
    inspector = inspection.house.inspector
    visit = emptied(inspection.address)
    page = visit.open("#/settings")
    code = inspector.devices.pairing_code(inspector.settings.first, "Tablet 9").code
    page.get_by_label(say("screen.pair.code")).fill(code)
    page.get_by_label(say("screen.pair.name")).fill("Tablet 9")
    page.get_by_role("button", name=say("screen.pair")).click()
    expect(page.get_by_text("Registered as Tablet 9")).to_be_visible()
    visit.synchronised()
    return visit


def open_visit(visit, **fields):
    page = go(visit, "visits")
    page.get_by_role("button", name=say("button.new_visit")).click()
    page.get_by_label(say("screen.visit.site"), exact=True).fill("Site (test data)")
    for key, value in fields.items():
        page.get_by_label(say(key.replace("__", ".")), exact=True).fill(value)
    page.get_by_role("button", name=say("button.start")).click()
    return page


def scanned(inspection, visit_id):
    inspector = inspection.house.inspector
    entries = inspector.visits.opened(inspector.settings.first, visit_id).entries
    return [each for each in entries if each.entry.kind is EntryKind.SCAN]


def test_the_declared_employer_of_a_visit_is_asked_of_every_a1_until_the_visit_ends(tablet, inspection, seals):
    a1, _ = seals
    page = open_visit(tablet, field__employer_id=OTHER)
    expect(page.get_by_text(say("note.recording_into"))).to_be_visible()
    visit_id = page.url.split("#/visits/")[1]
    expect(go(tablet).locator(".home-here")).to_contain_text(OTHER)
    assert outcome(paste(tablet, a1)) == say("verdict.does_not_cover_work.headline")
    expect(page.locator(".verdict-head")).to_contain_text(say("value.employer_asked").replace("{employer}", OTHER))
    expect(page.locator(".verdict-head")).to_contain_text(say("reason.employer_not_covered"))
    page.reload()
    expect(page.locator(".strip")).to_be_visible()
    expect(go(tablet).locator(".home-here")).to_contain_text(OTHER)
    go(tablet, f"visits/{visit_id}")
    page.get_by_role("button", name=say("button.close_visit")).click()
    page.get_by_role("button", name=say("button.close_visit")).click()
    expect(page.get_by_text(say("note.visit_closed")).first).to_be_visible()
    expect(go(tablet).locator(".home-here")).not_to_contain_text(OTHER)
    assert outcome(paste(tablet, a1)) == say("verdict.holder_not_proven.seal.headline")
    for _ in range(100):
        if tablet.stored("outbox") == []:
            break
        page.wait_for_timeout(100)
    (scan,) = scanned(inspection, visit_id)
    assert scan.entry.body["work"] == {"employers": [OTHER]}
    assert scan.entry.body["verdict"] == "does_not_cover_work"
    assert not scan.differs


def test_an_employer_typed_in_the_settings_is_compared_by_letters_and_digits(tablet, seals):
    a1, _ = seals
    field = go(tablet, "settings").get_by_label(say("field.employer_asked"))
    field.fill(OWN)
    assert outcome(paste(tablet, a1)) == say("verdict.holder_not_proven.seal.headline")
    expect(tablet.page.locator(".held").get_by_text(OWN)).to_be_visible()
    go(tablet, "settings")
    field.fill("Bau Test GmbH")
    expect(tablet.page.get_by_text(say("note.no_identifier"))).to_be_visible()
    assert outcome(paste(tablet, a1)) == say("verdict.holder_not_proven.seal.headline")


def test_a_visit_is_not_opened_for_a_name_in_place_of_an_identifier(tablet):
    page = open_visit(tablet, field__employer_id="Bau Test GmbH")
    expect(page.get_by_text(say("note.no_identifier"))).to_be_visible()
    assert page.url.endswith("#/visits")


def test_k10_a_lock_forgets_the_employer_in_question(tablet):
    page = go(tablet, "settings")
    page.get_by_label(say("field.employer_asked")).fill(OTHER)
    expect(go(tablet).locator(".home-here")).to_contain_text(OTHER)
    go(tablet, "settings")
    page.get_by_role("button", name=say("button.lock"), exact=True).click()
    page.get_by_role("button", name=say("button.continue")).click()
    expect(go(tablet).locator(".home-here")).not_to_contain_text(OTHER)


def test_the_receipt_of_a_care_desk_is_kept_with_the_nonce_that_shows_what_it_is_about(tablet, inspection, seals):
    _, card = seals
    expect(go(tablet, "care").locator(".bar-name")).to_contain_text(say("purpose.care"))
    paste(tablet, card).locator(HEADING).wait_for()
    with tablet.page.expect_download() as saved:
        tablet.page.get_by_role("button", name=say("button.receipt")).click()
    assert saved.value.suggested_filename.endswith(".json")
    kept = json.loads(saved.value.path().read_text())
    assert set(kept) == {"receipt", "nonce"}
    house = inspection.house
    found = open_receipt(kept["receipt"], verifiers=house.trust, now=house.clock.now())
    assert check_commitment(found, nonce=kept["nonce"], unverified_presentation=card) == found.credentials[0]
    expect(tablet.page.get_by_text(say("note.receipt_keep"))).to_be_visible()
    with tablet.page.expect_download() as again:
        tablet.page.get_by_role("button", name=say("button.save_receipt")).click()
    assert json.loads(again.value.path().read_text()) == kept
