"""Abuse that the screens of the app do not invite: a stalled network, odd addresses, work in flight at a lock."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.inspector.running import handing_on, served_house
from tests.browser.inspector.test_app_storage import _PUT, WAITING, entry, everything, registered, sign_out

ACKNOWLEDGED = json.dumps({"entry": WAITING["entry"], "digest": WAITING["digest"]})


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """A house of its own: what is registered here stays here."""
    with served_house(tmp_path_factory.mktemp("abuse")) as served:
        yield served


@pytest.fixture(scope="module")
def devices(browser_program):
    with handing_on(browser_program, service_workers="block") as to_next:
        yield to_next


@pytest.fixture
def unworked(devices, quick):
    """A device without a service worker, so that a test can stand between it and the service."""
    return devices(quick.address)


def cookies(visit):
    return [each["name"] for each in visit.context.cookies() if each["name"] == "portadoc-device"]


def test_k10_signing_out_wipes_at_once_however_the_network_stalls(unworked, quick):
    page = registered(unworked, quick)
    page.evaluate(_PUT, ["visits", None, {**entry(0), "body": {"site": {"name": "Test site"}}}])
    page.route("**/api/configuration", lambda route: None)  # no answer ever comes
    page.reload()
    sign_out(page)
    page.wait_for_timeout(500)
    assert everything(unworked) == {"settings": [], "pack": [], "visits": [], "outbox": []}


def test_k10_a_device_that_was_signed_out_asks_nobody_although_it_still_has_to_send(unworked, quick):
    page = registered(unworked, quick)
    page.route("**/api/entries/**", lambda route: route.abort())
    page.evaluate(_PUT, ["outbox", None, WAITING])
    sign_out(page)
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Home").click()
    page.goto(unworked.address + "#/ask")
    expect(page.get_by_label("Pairing code")).to_be_visible()
    page.reload()
    page.get_by_label("Pairing code").fill("00000000")
    page.get_by_label("Name of the device").fill("Another name")
    page.get_by_role("button", name="Register this device").click()
    expect(
        page.get_by_text("Earlier work still waits to be sent")
    ).to_be_visible()  # else nobody could ever read it
    assert cookies(unworked) == ["portadoc-device"]


def test_k10_a_registration_that_only_sends_ends_with_the_last_acknowledgement(unworked, quick):
    page = registered(unworked, quick)
    page.route("**/api/entries/**", lambda route: route.abort())
    page.evaluate(_PUT, ["outbox", None, WAITING])
    sign_out(page)
    page.wait_for_timeout(500)
    page.unroute("**/api/entries/**")
    page.route("**/api/entries/**", lambda route: route.fulfill(status=201, body=ACKNOWLEDGED))
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_timeout(1_000)
    assert everything(unworked) == {"settings": [], "pack": [], "visits": [], "outbox": []}
    assert cookies(unworked) == []


@pytest.mark.parametrize(
    "name", ["constructor", "__proto__", "toString", "hasOwnProperty/x", "%00", "visits/__proto__"]
)
def test_k01_an_address_that_names_no_screen_leads_to_one_all_the_same(unworked, name):
    page = unworked.page
    page.goto(unworked.address + "#/" + name)
    expect(page.locator("h1")).to_be_visible()
    page.goto(unworked.address + "#/")
    expect(page.get_by_role("button", name="Scan")).to_be_visible()
    assert not any("Error" in each for each in unworked.complaints)


def test_k10_a_file_that_is_read_when_the_device_locks_makes_no_scan(unworked):
    page = unworked.page
    page.goto(unworked.address)
    unworked.synchronised()
    # Reading takes until the test lets it end.
    page.evaluate(
        """() => {
          const read = Blob.prototype.arrayBuffer;
          const may = new Promise((resolve) => { globalThis.mayRead = resolve; });
          Blob.prototype.arrayBuffer = async function () { await may; return read.call(this); };
        }"""
    )
    page.evaluate("location.hash = '#/import'")
    page.locator("input[type=file]").set_input_files(
        {"name": "a.txt", "mimeType": "text/plain", "buffer": b"PD1:TEST DATA"}
    )
    page.evaluate("new BroadcastChannel('portadoc-lock').postMessage('person')")  # another tab locks
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    page.evaluate("mayRead()")
    page.wait_for_timeout(500)
    assert "verdict" not in page.url
    expect(page.get_by_role("link", name="Earlier scans")).to_have_count(0)
    page.goto(unworked.address + "#/history")
    expect(page.locator(".scan-line")).to_have_count(0)
