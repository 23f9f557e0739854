"""What people meet who use the app for the first time: dead ends, double taps, wrong files, odd lists."""

import json
import time
from collections import Counter

import pytest
from playwright.sync_api import expect

from portadoc.inspector.entries import EntryKind
from tests.browser.inspector.doing import outcome, paste, say
from tests.browser.inspector.running import served_house, visiting
from tests.browser.inspector.test_visits import open_visit, received, until, wait_for
from tests.browser.inspector.test_visits import seal as sealed

INSPECTION = "de-inspection"
FIRM = "Ateliers Fictifs du Massif SAS"
SVG = b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>"
ARCHIVE = b"PK\x03\x04\x14\x00\x06\x00" + bytes(range(256))


@pytest.fixture(scope="module")
def control(tmp_path_factory):
    """A house of its own: its devices are revoked here."""
    with served_house(tmp_path_factory.mktemp("newcomers"), verifier={"trust_pack": {"renew_s": 1}}) as served:
        yield served


def register(page, control, name="Tablet 9"):
    code = control.house.inspector.devices.pairing_code(INSPECTION, name).code
    page.get_by_label("Pairing code").fill(code)
    page.get_by_label("Name of the device").fill(name)
    page.get_by_role("button", name="Register this device").click()
    expect(page.get_by_text(f"Registered as {name}")).to_be_visible()


@pytest.fixture(scope="module")
def seals(control):
    """Seals whose status lists are in every pack that is made from now on."""
    made = [sealed(control.house, number) for number in range(3)]
    control.house.issuer.publish_status_lists()
    control.house.verifier.refresh_status_lists(everything=True)
    control.house.verifier.refresh_seal_certificates(everything=True)
    time.sleep(1.1)  # the pack at hand may be a second old
    return made


def pair(visit, control):
    page = visit.open("#/settings")
    register(page, control)
    visit.synchronised()
    visit.installed()
    return visit


@pytest.fixture
def paired(emptied, control, seals):
    return pair(emptied(control.address), control)


@pytest.fixture(scope="module")
def paired_for_all(browser_program, control, seals):
    """A registered device for tests that change nothing on it."""
    with visiting(browser_program, control.address) as visit:
        yield pair(visit, control)


def revoke(control):
    devices = control.house.inspector.devices
    for each in devices.listed(INSPECTION):
        if each.revoked_at is None:
            devices.revoke(INSPECTION, each.device_id)


def lock(page):
    page.get_by_role("button", name="Lock", exact=True).click()
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()


def kinds(control, visit_id):
    return Counter(each.entry.kind for each in received(control, visit_id))


@pytest.mark.parametrize("path", ["dossiers/0123456789abcdef", "office/", "api/configuration", "nothing"])
def test_addresses_of_the_service_get_its_pages_and_never_the_shell(paired_for_all, path):
    with paired_for_all.context.new_page() as page:
        page.goto(paired_for_all.address + path)
        assert page.locator("#app").count() == 0
        page.goto(paired_for_all.address + "index.html")
        expect(page.locator("#app h1").first).to_be_visible()


def test_a_visit_goes_on_after_a_lock_and_can_be_closed(paired, control):
    page = paired.page
    visit_id = open_visit(page)
    page.get_by_label("Note", exact=True).fill("before the lock")
    page.get_by_role("button", name="Add a note").click()
    wait_for(paired, "visits", 2)
    lock(page)
    until(page, lambda: len(paired.stored("left")) == 1)
    (left,) = paired.stored("left")
    assert left.keys() == {"visit", "openedAt", "next", "resumed"}
    assert (left["visit"], left["next"], left["resumed"]) == (visit_id, 2, False)
    expect(page.get_by_text(say("note.locked_visit"))).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    page.locator(".strip-visit").click()
    expect(page.get_by_text(say("note.before_lock"))).to_be_visible()
    expect(page.get_by_text("before the lock", exact=True)).to_have_count(0)
    page.get_by_label("Note", exact=True).fill("after the lock")
    page.get_by_role("button", name="Add a note").click()
    page.get_by_role("button", name="Close the visit").click()
    page.get_by_role("button", name="Close the visit").click()
    expect(page.get_by_text("The visit is closed.").first).to_be_visible()
    wait_for(paired, "outbox", 0)
    entries = [each.entry for each in received(control, visit_id)]
    assert [each.sequence for each in entries] == [0, 1, 2, 3]
    assert [each.kind for each in entries][-1] is EntryKind.VISIT_CLOSED
    page.goto(paired.address + "#/visits")
    lock(page)
    until(page, lambda: paired.stored("left") == [])


def test_a_document_scanned_before_and_after_a_lock_reaches_the_service_twice(paired, control, seals):
    page, text = paired.page, seals[1]
    visit_id = open_visit(page)
    for _ in range(2):
        paste(paired, text)
        outcome(page)
        until(page, lambda: any(each["kind"] == "scan" for each in paired.stored("visits")))
        wait_for(paired, "outbox", 0)
        lock(page)
        page.get_by_role("button", name="Continue").click()
        expect(page.locator(".strip-visit")).to_be_visible()
    assert kinds(control, visit_id) == {EntryKind.VISIT_OPENED: 1, EntryKind.SCAN: 2}


def test_taps_in_quick_succession_write_once(paired, control):
    page = paired.page
    page.goto(paired.address + "#/visits")
    page.get_by_role("button", name="New visit").click()
    page.get_by_label("Site").fill("Double site (test data)")
    page.get_by_role("button", name="Start").dblclick(no_wait_after=True)
    expect(page.get_by_text("Scans are recorded into this visit.")).to_be_visible()
    visit_id = page.url.split("#/visits/")[1]
    page.get_by_label("Note", exact=True).fill("once")
    page.get_by_role("button", name="Add a note").dblclick()
    page.get_by_role("button", name="Findings").click()
    page.get_by_label("What was found").fill("once")
    page.get_by_role("button", name="Record a finding").dblclick()
    page.go_back()
    page.get_by_role("button", name="Close the visit").click()
    page.get_by_role("button", name="Close the visit").dblclick(no_wait_after=True)
    expect(page.get_by_text("The visit is closed.").first).to_be_visible()
    wait_for(paired, "outbox", 0)
    once = (EntryKind.VISIT_OPENED, EntryKind.NOTE, EntryKind.FINDING, EntryKind.VISIT_CLOSED)
    assert kinds(control, visit_id) == dict.fromkeys(once, 1)
    assert len(paired.stored("visits")) == 4


def test_a_revoked_device_registers_anew_and_sends_what_waited(paired, control):
    page = paired.page
    visit_id = open_visit(page)
    wait_for(paired, "outbox", 0)
    revoke(control)
    page.get_by_label("Note", exact=True).fill("made while revoked")
    page.get_by_role("button", name="Add a note").click()
    expect(page.get_by_text(say("note.sync_not_registered"))).to_be_visible()
    page.goto(paired.address + "#/ask")
    expect(page.get_by_text(say("note.revoked"))).to_be_visible()
    page.goto(paired.address + "#/settings")
    expect(page.get_by_text(say("note.revoked"))).to_be_visible()
    register(page, control, "Tablet 10")
    wait_for(paired, "outbox", 0)
    page.goto(paired.address + f"#/visits/{visit_id}")
    page.get_by_label("Note", exact=True).fill("made after")
    page.get_by_role("button", name="Add a note").click()
    wait_for(paired, "visits", 3)
    wait_for(paired, "outbox", 0)
    assert kinds(control, visit_id) == {EntryKind.VISIT_OPENED: 1, EntryKind.NOTE: 2}


def test_an_employer_by_name_is_no_other_employer_and_what_is_computed_is_among_the_findings(
    paired, control, seals
):
    page, text = paired.page, seals[2]
    visit_id = open_visit(page)
    paste(paired, text)
    outcome(page)
    until(page, lambda: len(paired.stored("visits")) == 2)
    (facts,) = [each["body"]["facts"] for each in paired.stored("visits") if each["kind"] == "scan"]
    page.goto(paired.address + f"#/visits/{visit_id}/roster")
    line = ";".join((facts["surname"], facts["forenames"], facts["birthDate"]))
    employer = facts["employerNames"][0].upper()
    page.get_by_label("Paste the list").fill(
        f"Surname;Forenames;Date of birth;Employer\n{line};{employer}\nMissing;Max;;{FIRM}\n"
    )
    page.get_by_role("button", name="Read the list").click()
    expect(page.locator("[data-finding=a1_missing]")).to_be_visible()
    page.goto(paired.address + f"#/visits/{visit_id}/findings")
    computed = page.locator("[data-part=computed] [data-finding]")
    expect(computed.first).to_be_visible()
    expect(page.get_by_role("heading", name=say("screen.finding.recorded"))).to_be_visible()
    wait_for(paired, "outbox", 0)
    told = [each.code for each in control.house.inspector.visits.opened(INSPECTION, visit_id).findings]
    shown = [each.get_attribute("data-finding") for each in computed.all()]
    assert shown == told
    assert "a1_missing" in shown
    assert "wrong_employer" not in shown


def test_the_closing_note_stands_among_the_entries_and_an_own_finding_names_nobody(paired):
    page = paired.page
    visit_id = open_visit(page)
    page.goto(paired.address + f"#/visits/{visit_id}/findings")
    page.locator("textarea").fill("No helmet.")
    page.get_by_role("button", name="Record").click()
    own = page.locator("ol.visit-entries li")
    expect(own).to_contain_text("No helmet.")
    expect(own).not_to_contain_text("not stated")
    page.goto(paired.address + f"#/visits/{visit_id}")
    page.get_by_role("button", name="Close the visit").click()
    page.locator("textarea").last.fill("Works manager told.")
    page.get_by_role("button", name="Close the visit").click()
    expect(page.locator("[data-kind=visit_closed]")).to_contain_text("Works manager told.")


def test_a_double_click_switches_the_purpose_once(used):
    page = used.open("#/")
    page.get_by_role("button", name=say("button.to_care")).dblclick()
    expect(page.get_by_role("heading", name=say("screen.care.question"))).to_be_visible()
    page.wait_for_timeout(600)
    page.get_by_role("button", name=say("button.to_inspection")).click()
    expect(page.get_by_role("heading", name=say("screen.home.question"))).to_be_visible()


def test_a_workbook_is_no_list(paired):
    page = paired.page
    visit_id = open_visit(page)
    page.goto(paired.address + f"#/visits/{visit_id}/roster")
    page.locator("input[type=file]").set_input_files(
        {"name": "list.csv", "mimeType": "text/csv", "buffer": ARCHIVE}
    )
    expect(page.get_by_text(say("note.list_unreadable"))).to_be_visible()
    assert page.get_by_label("Paste the list").input_value() == ""


@pytest.mark.parametrize(
    ("name", "media_type", "content", "note"),
    [
        ("empty.txt", "text/plain", b"", "note.file_empty"),
        ("blank.txt", "text/plain", b" \n", "note.file_empty"),
        ("a.svg", "image/svg+xml", SVG, "note.picture_drawn"),
        ("a.zip", "application/zip", ARCHIVE, "note.file_no_text"),
    ],
    ids=["empty", "blank", "drawing", "archive"],
)
def test_a_file_without_a_code_gets_its_own_words(used, name, media_type, content, note):
    page = used.open("#/import")
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": media_type, "buffer": content})
    expect(page.get_by_text(say(note))).to_be_visible()


def test_a_picture_without_a_code_is_told_as_one(used):
    page = used.open("#/import")
    picture = page.screenshot()
    page.locator("input[type=file]").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": picture})
    expect(page.get_by_text(say("note.picture_no_code"))).to_be_visible()


def test_a_seal_that_was_cut_off_is_asked_for_again(used, inspection):
    text = sealed(inspection.house, 3)
    used.open()
    page = paste(used, text[: len(text) // 2])
    assert outcome(page) == say("verdict.not_authentic.headline")
    expect(page.get_by_text(say("note.seal_cut"))).to_be_visible()


def test_a_code_typed_alone_is_looked_up(used):
    used.open()
    page = paste(used, "ABCD-EFGH-JKMN-PQRS")
    page.wait_for_url("**#/verdict/*")
    expect(page.get_by_role("heading", name=say("screen.code"))).to_be_visible()
    expect(page.get_by_label(say("field.second_factor"))).to_be_visible()
    expect(page.locator(".host").first).to_contain_text("127.0.0.1")


def test_of_several_hosts_one_is_chosen_for_a_code_typed_alone(browser_program, tmp_path):
    hosts = {"verification_hosts": ["codes.example"]}
    with served_house(tmp_path, inspector=hosts) as served, visiting(browser_program, served.address) as visit:
        visit.open()
        visit.synchronised()
        page = paste(visit, "ABCD-EFGH-JKMN-PQRS")
        expect(page.get_by_text(say("screen.code.which"))).to_be_visible()
        page.get_by_role("button", name="codes.example").click()
        expect(page.locator(".host").first).to_contain_text("codes.example")


def test_the_day_of_treatment_holds_for_one_scan_unless_it_is_kept(visit):
    page = visit.open("#/care")
    visit.synchronised()
    for kept in (False, True):
        page.goto(visit.address + "#/care")
        page.get_by_label(say("field.treatment_day")).fill("2026-01-02")
        if kept:
            page.get_by_label(say("field.keep_day")).check()
        paste(visit, "no attestation")
        outcome(page)
        page.goto(visit.address + "#/care")
        shown = page.get_by_label(say("field.treatment_day")).input_value()
        assert (shown == "2026-01-02") is kept


def test_languages_have_their_own_names_and_those_with_texts_come_first(used):
    page = used.open()
    expect(page.locator(".bar-language option", has_text="Malti (English)")).to_have_count(1)
    names = page.locator(".bar-language option").all_inner_texts()
    assert "Gaeilge (English)" in names
    assert not any("(English)" in each for each in names[:8])
    assert all("(English)" in each for each in names[8:])


def test_a_scan_that_is_gone_leads_back(used):
    page = used.open("#/import")
    page.goto(used.address + "#/verdict/gone")
    expect(page.get_by_text(say("note.scan_gone"))).to_be_visible()
    page.get_by_role("button", name=say("button.back")).click()
    page.wait_for_url("**#/import")


def test_a_link_of_a_question_can_be_copied(paired):
    page = paired.page
    page.goto(paired.address + "#/ask")
    page.locator(".preset").first.click()
    expect(page.get_by_text(say("note.confirmation_where"))).to_be_visible()
    page.get_by_text(say("screen.ask.as_link"), exact=True).click()
    expect(page.locator("details code")).to_contain_text("request_uri")
    assert "request_uri" not in json.dumps(paired.stored("settings"), default=str)
