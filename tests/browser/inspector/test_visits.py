"""Visits in airplane mode: nothing lost, nothing doubled, nothing left on the device after a lock."""

import json
import time
from collections import Counter
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from portadoc.inspector.entries import EntryKind
from portadoc.schemas.examples import example
from tests.browser.inspector.running import PHONE, served_house

SCANS = 50
INSPECTION = "de-inspection"


@pytest.fixture(scope="module")
def control(tmp_path_factory):
    """A house whose issuer has sealed fifty documents before the trust pack is made."""
    with served_house(tmp_path_factory.mktemp("control"), verifier={"trust_pack": {"renew_s": 1}}) as served:
        yield served


@pytest.fixture(scope="module")
def seals(control):
    """Seals of fifty documents, whose status lists are in every pack that is made from now on."""
    house = control.house
    made = [seal(house, number) for number in range(SCANS)]
    house.issuer.publish_status_lists()
    house.verifier.refresh_status_lists(everything=True)
    house.verifier.refresh_seal_certificates(everything=True)
    time.sleep(1.1)  # the pack at hand may be a second old
    return made


@pytest.fixture
def paired(emptied, control, seals):
    """A device that is registered and has its trust pack."""
    visit = emptied(control.address)
    page = visit.open("#/settings")
    page.get_by_label("Pairing code").fill(
        control.house.inspector.devices.pairing_code(INSPECTION, "Tablet 7").code
    )
    page.get_by_label("Name of the device").fill("Tablet 7")
    page.get_by_role("button", name="Register this device").click()
    expect(page.get_by_text("Registered as Tablet 7")).to_be_visible()
    visit.synchronised()
    until(page, lambda: page.evaluate("navigator.serviceWorker.controller !== null"))
    return visit


def until(page, holds):
    """Wait in Python: the app's policy lets no page evaluate texts again and again."""
    for _ in range(150):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it never came to hold")


def seal(house, number):
    record = example("posted-worker-fr-de")
    record = replace(record, document=replace(record.document, number=f"TEST-{number:04d}"))
    return house.issuer.seal("fr-demo", house.issuer.upload("fr-demo", record), pin="none").text


def open_visit(page, name="Building site 12 (test data)"):
    page.goto(page.url.split("#")[0] + "#/visits")
    page.get_by_role("button", name="New visit").click()
    page.get_by_label("Site").fill(name)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Scans are recorded into this visit.")).to_be_visible()
    return page.url.split("#/visits/")[1]


def paste(page, text):
    page.evaluate("location.hash = '#/import'")
    page.get_by_label("Text of a code").fill(text)
    page.get_by_role("button", name="Check", exact=True).click()
    page.wait_for_url("**/#/verdict/*")
    expect(page.locator("main h1, main h2").first).to_be_visible()


def wait_for(visit, store, count):
    for _ in range(150):
        found = visit.stored(store)
        if len(found) == count:
            return found
        visit.page.wait_for_timeout(100)
    raise AssertionError(f"{store} holds {len(visit.stored(store))}, not {count}")


def received(control, visit_id):
    """Return what the service has of a visit, in order."""
    return control.house.inspector.visits.opened(INSPECTION, visit_id).entries


def assert_whole(control, visit_id, kinds):
    entries = [each.entry for each in received(control, visit_id)]
    assert [each.sequence for each in entries] == list(range(len(entries)))
    assert len({each.entry for each in entries}) == len(entries)
    assert Counter(each.kind.value for each in entries) == kinds


def test_a_visit_with_fifty_scans_in_airplane_mode_is_synchronised_whole(paired, control, seals):
    page = paired.page
    paired.offline()
    visit_id = open_visit(page)
    for text in seals[: SCANS // 2]:
        paste(page, text)
    wait_for(paired, "outbox", 1 + SCANS // 2)
    page.reload()
    for text in seals[SCANS // 2 :]:
        paste(page, text)
    waiting = wait_for(paired, "outbox", 1 + SCANS)
    for row in waiting:
        assert set(row) == {"position", "entry", "message", "digest"}
        assert "TEST-00" not in row["message"]
    assert all(each["body"].get("text", "") == "" for each in paired.stored("visits"))
    paired.offline(False)
    wait_for(paired, "outbox", 0)
    assert_whole(control, visit_id, {"visit_opened": 1, "scan": SCANS})
    scans = [each for each in received(control, visit_id) if each.entry.kind is EntryKind.SCAN]
    assert {each.entry.body["facts"]["number"] for each in scans} == {f"TEST-{n:04d}" for n in range(SCANS)}
    assert {each.entry.body["verdict"] for each in scans} == {"holder_not_proven"}
    assert not any(each.differs for each in scans)


def test_the_same_document_is_recorded_once(paired, control, seals):
    page = paired.page
    paired.offline()
    open_visit(page)
    for _ in range(3):
        paste(page, seals[0])
        page.reload()
    wait_for(paired, "outbox", 2)


def test_lost_acknowledgements_double_nothing(paired, control, seals):
    page = paired.page
    lost = Counter()

    def lose(route):
        entry = route.request.url.rsplit("/", 1)[1]
        lost[entry] += 1
        if lost[entry] == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    paired.offline()
    visit_id = open_visit(page)
    for text in seals[:5]:
        paste(page, text)
    wait_for(paired, "outbox", 6)
    paired.context.route("**/inspect/api/entries/*", lose)
    paired.offline(False)
    for _ in range(40):
        if not paired.stored("outbox"):
            break
        page.wait_for_timeout(500)
        page.evaluate("dispatchEvent(new Event('online'))")
    assert paired.stored("outbox") == []
    assert set(lost.values()) == {2}
    assert_whole(control, visit_id, {"visit_opened": 1, "scan": 5})


def test_two_tabs_lose_and_double_nothing(paired, control, seals):
    first, second = paired.page, paired.context.new_page()
    paired.offline()
    visit_id = open_visit(first)
    second.goto(paired.address + "#/visits")
    for one, other in zip(seals[:6:2], seals[1:6:2], strict=True):
        for page, text in ((first, one), (second, other)):
            page.evaluate("location.hash = '#/import'")
            page.get_by_label("Text of a code").fill(text)
        for page in (first, second):
            page.get_by_role("button", name="Check", exact=True).click(no_wait_after=True)
    wait_for(paired, "outbox", 7)
    paired.offline(False)
    wait_for(paired, "outbox", 0)
    assert_whole(control, visit_id, {"visit_opened": 1, "scan": 6})


def test_k10_a_lock_wipes_visits_and_leaves_ciphertext_alone(paired, control, seals):
    page = paired.page
    paired.offline()
    visit_id = open_visit(page)
    paste(page, seals[0])
    waiting = wait_for(paired, "outbox", 2)
    page.evaluate("location.hash = '#/visits'")
    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_text("Locked. What could be read on this device has been wiped.")).to_be_visible()
    wait_for(paired, "visits", 0)
    assert paired.stored("outbox") == waiting
    left = json.dumps([paired.stored(store) for store in ("settings", "outbox", "visits")], default=str)
    assert "Building site 12" not in left
    assert seals[0] not in left
    paired.offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    wait_for(paired, "outbox", 0)
    assert_whole(control, visit_id, {"visit_opened": 1, "scan": 1})


def test_notes_photos_roster_and_findings_reach_the_service(paired, control, seals):
    page = paired.page
    visit_id = open_visit(page)
    page.get_by_label("Note", exact=True).fill("Two persons could not be identified <b>yet</b>")
    page.get_by_role("button", name="Add a note").click()
    page.locator("input[type=file][accept='image/*']").set_input_files(
        {"name": "site.png", "mimeType": "image/png", "buffer": page.screenshot()}
    )
    expect(page.locator("img.photo")).to_be_visible()
    page.get_by_role("button", name="List of declared workers").click()
    page.get_by_label("Paste the list").fill("Surname;Forenames;Born\nTestperson;Ada;31.03.1990\n")
    page.get_by_role("button", name="Read the list").click()
    expect(page.locator("[data-finding=a1_missing]")).to_be_visible()
    page.locator("[data-finding=a1_missing]").get_by_role("button").click()
    page.go_back()
    page.get_by_role("button", name="Close the visit").click()
    page.get_by_role("button", name="Close the visit").click()
    expect(page.get_by_text("The visit is closed.").first).to_be_visible()
    wait_for(paired, "outbox", 0)
    assert_whole(
        control, visit_id, {"visit_opened": 1, "note": 1, "photo": 1, "roster": 1, "finding": 1, "visit_closed": 1}
    )
    photo = next(each.entry.body for each in received(control, visit_id) if each.entry.kind is EntryKind.PHOTO)
    assert len(photo["data"]) * 3 / 4 <= 600_000


def test_a_list_with_a_line_that_cannot_be_read_is_not_taken(paired):
    page = paired.page
    open_visit(page)
    page.get_by_role("button", name="List of declared workers").click()
    page.get_by_label("Paste the list").fill("Testperson;Ada;31.03.1990\nOther;Bo;99.99.1990\n")
    page.get_by_role("button", name="Read the list").click()
    expect(page.get_by_text("Line 2: a date cannot be read; write it as 2026-03-31.")).to_be_visible()
    expect(page.get_by_text("There is no list yet.")).to_be_visible()


def test_visits_are_legible_in_every_width(paired):
    page = paired.page
    open_visit(page, "W" * 180)
    for width in (320, PHONE["width"], 900):
        page.set_viewport_size({"width": width, "height": PHONE["height"]})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_texts_two_fifths_longer_overflow_nowhere(emptied, control):
    visit = emptied(control.address + "?language=pseudo")
    page = visit.open()
    visit.installed()
    for screen in ("", "visits", "settings", "import", "paper", "care", "history"):
        page.goto("about:blank")
        page.goto(f"{visit.address}#/{screen}")
        expect(page.locator("h1").first).to_contain_text("⟦")
        for width in (320, PHONE["width"]):
            page.set_viewport_size({"width": width, "height": PHONE["height"]})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (screen, width)
