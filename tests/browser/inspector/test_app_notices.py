"""What a person is told: that the device is locked, what is refused, what was altered; and the site dossier."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.inspector.running import visiting
from tests.browser.inspector.test_app_screens import complaints_of_axe

SITE = "Building site 12 (test data)"
INSPECTION = "de-inspection"


def screen(page, path):
    page.evaluate("path => { location.hash = '#/' + path }", path)


def register(visit, inspection):
    """Register the device and open a visit on it; return the visit's id."""
    page = visit.open("#/settings")
    code = inspection.house.inspector.devices.pairing_code(INSPECTION, "Tablet").code
    page.get_by_label("Pairing code").fill(code)
    page.get_by_label("Name of the device").fill("Tablet")
    page.get_by_role("button", name="Register this device").click()
    expect(page.get_by_text("Registered as Tablet")).to_be_visible()
    screen(page, "visits")
    page.get_by_role("button", name="New visit").click()
    page.get_by_label("Site").fill(SITE)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Scans are recorded into this visit.")).to_be_visible()
    return page.url.split("#/visits/")[1]


@pytest.fixture
def opened(emptied, inspection):
    """A registered device with an open visit, and the id of the visit."""
    visit = emptied(inspection.address)
    return visit, register(visit, inspection)


def synchronised(page):
    screen(page, "visits")
    expect(page.get_by_text("Everything is synchronised.")).to_be_visible(timeout=15_000)


def test_k10_the_lock_is_at_hand_on_every_screen_of_an_open_visit(opened):
    visit, _ = opened
    page = visit.page
    for path in ("", "import", "paper", "settings", "visits"):
        screen(page, path)
        expect(page.get_by_role("link", name=SITE).first).to_be_visible()
        assert page.get_by_role("button", name="Lock", exact=True).count() == 1
    page.get_by_role("button", name="Lock", exact=True).click()
    expect(page.get_by_role("heading", name="Locked")).to_be_focused()
    expect(page.get_by_text("The device was locked by hand.")).to_be_visible()
    assert SITE not in page.content()


def test_k10_a_locked_device_says_what_waits_and_scans_again_at_once(opened):
    visit, _ = opened
    page = visit.page
    synchronised(page)
    visit.offline()
    page.get_by_role("link", name=SITE).first.click()
    page.get_by_label("Note", exact=True).fill("A note that waits")
    page.get_by_role("button", name="Add a note").click()
    expect(page.locator("[data-kind=note]")).to_be_visible()
    page.get_by_role("button", name="Lock", exact=True).click()
    expect(page.get_by_text("Entries that wait to be sent: 1.")).to_be_visible()
    page.get_by_role("button", name="Scan").click()
    expect(page.get_by_role("heading", name="The camera")).to_be_visible()


def test_an_entry_that_the_service_refuses_is_explained_and_can_be_sent_again(opened):
    visit, name = opened
    page = visit.page
    synchronised(page)
    refusal = {
        "status": 409,
        "content_type": "application/problem+json",
        "body": json.dumps({"code": "visit_full"}),
    }
    page.route("**/inspect/api/entries/*", lambda route: route.fulfill(**refusal))
    screen(page, f"visits/{name}")
    page.get_by_label("Note", exact=True).fill("One too many")
    page.get_by_role("button", name="Add a note").click()
    expect(page.get_by_text("Entries that the service refuses: 1.")).to_be_visible()
    expect(page.get_by_text("The visit is full.")).to_be_visible()
    expect(page.get_by_text("The service refuses entries: see the visit.")).to_be_visible()
    assert complaints_of_axe(page) == []
    page.unroute("**/inspect/api/entries/*")
    page.get_by_role("button", name="Synchronise now").click()
    expect(page.get_by_text("Everything is synchronised.")).to_be_visible()


def test_the_dossier_of_a_site_is_one_link_for_whoever_may_see_it(opened, browser_program, inspection):
    visit, name = opened
    page = visit.page
    synchronised(page)
    links = []
    for _ in range(2):
        screen(page, f"visits/{name}/dossier")
        page.get_by_role("button", name="Make the link").click()
        links.append(page.locator(".sheet-link").inner_text())
        code = page.get_by_role("img", name="Code of the link")
        assert code.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        page.reload()
    assert links[0] == links[1]
    with visiting(browser_program, inspection.address) as client:
        client.page.goto(links[0])
        expect(client.page.locator("h1")).to_contain_text(SITE)


def test_the_sheet_of_a_dossier_is_printed_alone(opened):
    visit, name = opened
    page = visit.page
    synchronised(page)
    screen(page, f"visits/{name}/dossier")
    page.get_by_role("button", name="Make the link").click()
    expect(page.locator(".sheet")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".sheet .qr")).to_be_visible()
    for aside in (".bar", ".sync", ".visit-choices"):
        expect(page.locator(aside).first).to_be_hidden()


def test_a_dossier_needs_a_network_and_a_visit_that_was_sent(opened):
    visit, name = opened
    page = visit.page
    screen(page, f"visits/{name}/dossier")
    visit.offline()
    expect(page.get_by_text("the link can be made only with one")).to_be_visible()
    expect(page.get_by_role("button", name="Make the link")).to_be_disabled()
    visit.offline(False)
    page.route("**/dossier", lambda route: route.fulfill(status=403, body=json.dumps({"code": "visit_unknown"})))
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_text("Nothing of this visit has reached the service yet.")).to_be_visible()


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (320, "dark"),
        (1280, "light"),
        pytest.param(320, "light", marks=pytest.mark.soak),
        pytest.param(1280, "dark", marks=pytest.mark.soak),
    ],
)
def test_visit_dossier_and_lock_break_no_rule_of_accessibility(emptied, inspection, width, scheme):
    """Each width and each scheme once; the two other pairs are left to soak: they show nothing of their own."""
    visit = emptied(inspection.address)
    page = visit.page
    page.set_viewport_size({"width": width, "height": 700})
    page.emulate_media(color_scheme=scheme)
    name = register(visit, inspection)
    synchronised(page)
    for path in (
        f"visits/{name}",
        f"visits/{name}/roster",
        f"visits/{name}/findings",
        f"visits/{name}/dossier",
    ):
        screen(page, path)
        page.wait_for_timeout(200)
        if path.endswith("dossier"):
            page.get_by_role("button", name="Make the link").click()
            expect(page.locator(".sheet .qr")).to_be_visible()
        assert (path, complaints_of_axe(page)) == (path, [])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.get_by_role("button", name="Lock", exact=True).click()
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    assert complaints_of_axe(page) == []


def test_k05_an_altered_file_of_the_app_is_told(visit):
    page = visit.open()
    visit.installed()
    page.evaluate(
        """async () => {
          for (const name of await caches.keys()) {
            const cache = await caches.open(name);
            for (const request of await cache.keys()) {
              if (/assets.paper-/.test(request.url)) await cache.put(request, new Response('alert(1)'));
            }
          }
        }"""
    )
    screen(page, "paper")
    expect(page.get_by_role("heading", name="Paper without a code")).to_be_visible()
    expect(page.locator(".notice")).to_contain_text("was not as it was built")
    assert complaints_of_axe(page) == []


def test_k06_trust_data_that_cannot_be_renewed_are_told_with_the_reason(emptied, inspection):
    visit = emptied(inspection.address)
    visit.open()
    visit.synchronised()
    visit.page.route("**/trust/pack", lambda route: route.fulfill(status=503))
    visit.page.reload()
    expect(visit.page.locator(".notice")).to_contain_text("could not be renewed (pack_unavailable)")
