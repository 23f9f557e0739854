"""The pages of the office and of dossiers in a real browser: readable by everybody, nothing from elsewhere."""

import json
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from portadoc.formats.jwe import encrypt
from portadoc.inspector.visits.sites import Site
from portadoc.schemas.examples import example
from tests.browser.inspector.running import left, third_parties, visiting

AXE = (Path(__file__).resolve().parents[3] / "inspector/node_modules/axe-core/axe.min.js").read_text()
OPERATOR = "de-inspection"
NAME = "Baustelle Nord (TEST DATA)"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


@pytest.fixture(scope="module")
def visited(inspection):
    """A visit with a scan of each colour and a photograph, as it lies in the office."""
    house, visit = inspection.house, str(uuid.uuid4())
    code = house.inspector.devices.pairing_code(OPERATOR, "Tablet 7").code
    device = house.inspector.devices.pair(code, "", source="test").device
    seal = house.issuer.seal("fr-demo", house.issuer.upload("fr-demo", example("posted-worker-fr-de")), pin="none")
    house.issuer.publish_status_lists()
    house.verifier.refresh_status_lists(everything=True)
    site = {"name": NAME, "address": "Probekai 21", "town": "Hamburg", "country": "DE"}
    scan = {"verdict": "holder_not_proven", "colour": "amber", "onDate": "2026-11-22", "purpose": "inspection"}
    facts = {"kind": "pda1", "surname": "Muster", "forenames": "Eva", "employerNames": ["Ateliers (TEST DATA)"]}
    entries = [
        ("visit_opened", {"site": site, "inspector": "Inspector 12 (TEST DATA)"}),
        ("roster", {"workers": [{"id": "1", "surname": "Beispiel", "forenames": "Jan"}]}),
        ("scan", {"scan": str(uuid.uuid4()), "text": seal.text, "facts": facts, **scan}),
        ("scan", {"scan": str(uuid.uuid4()), "text": seal.text[:-3] + "AAA", "facts": facts, **scan}),
        ("note", {"text": "Scaffold on the east side, four persons without a helmet."}),
        ("photo", {"photo": str(uuid.uuid4()), "mediaType": "image/png", "data": PIXEL, "caption": "Gate"}),
        ("visit_closed", {}),
    ]
    for sequence, (kind, body) in enumerate(entries):
        name = str(uuid.uuid4())
        told = {"version": 1, "visit": visit, "entry": name, "sequence": sequence, "kind": kind, "body": body}
        raw = json.dumps({**told, "at": house.clock.now()}).encode()
        message = encrypt(raw, device.encryption_key.public_jwk, enc="A256GCM", apu=None, apv=None)
        house.inspector.intake.take(device, name, message)
    link = house.inspector.dossiers.link(OPERATOR, Site(**site).text)
    return {
        "visits": "/inspect/office/",
        "visit": f"/inspect/office/{OPERATOR}/visits/{visit}",
        "batch": f"/inspect/office/{OPERATOR}/batch",
        "dossier": link.address.removeprefix(inspection.origin),
        "stopped": f"/inspect/office/{OPERATOR}/visits/nothing",
    }


def complaints_of_axe(page: Page):
    page.evaluate(AXE)
    return page.evaluate("axe.run(document).then(found => found.violations.map(each => each.id))")


@pytest.fixture(scope="module", params=[("light", "en"), ("dark", "fr")], ids="-".join)
def reader(request, browser_program, inspection):
    """Somebody who reads in one language and one scheme of colours."""
    scheme, language = request.param
    with visiting(browser_program, inspection.address, color_scheme=scheme) as visit:
        yield visit, language


@pytest.mark.parametrize("name", ["visits", "visit", "batch", "dossier", "stopped"])
def test_a_page_of_the_office_is_for_everybody(reader, inspection, visited, name):
    visit, language = left(reader[0]), reader[1]
    page = visit.page
    page.goto(f"{inspection.origin}{visited[name]}?lang={language}")
    expect(page.locator("h1").first).to_be_visible()
    assert complaints_of_axe(page) == []
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0, f"{name} is wider than the screen"
    assert third_parties(visit.requested, inspection.origin) == []
    wanted = [each for each in visit.complaints if "404" not in each or name != "stopped"]
    assert wanted == []


def test_a_dossier_is_made_and_files_are_checked_by_hand(browser_program, inspection, visited, tmp_path):
    seal = tmp_path / "seal.txt"
    seal.write_text("PD1:NO-SEAL")
    with visiting(browser_program, inspection.address) as visit:
        page = visit.page
        page.goto(f"{inspection.origin}{visited['batch']}")
        page.get_by_label("Files").set_input_files([seal])
        page.get_by_role("button", name="Check the files").click()
        expect(page.get_by_role("status")).to_contain_text("Files: 1")
        assert complaints_of_axe(page) == []
        page.goto(f"{inspection.origin}{visited['visit']}")
        page.get_by_role("button", name="Make a link for this site").click()
        expect(page.locator(".code svg")).to_be_visible()
        assert complaints_of_axe(page) == []
        page.goto(page.locator("p.long a").get_attribute("href"))
        expect(page.locator("h1")).to_contain_text(NAME)
        assert visit.complaints == []
