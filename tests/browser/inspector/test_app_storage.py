"""What the device keeps: the newest pack of its operator, nothing older or altered; a clock that is watched; no
inspection data after a lock."""

import json
import time

import pytest
from playwright.sync_api import expect

from tests.browser.inspector.running import handing_on, served_house, visiting

YEAR = 365 * 86_400
_PUT = """([store, key, value]) => new Promise((resolve, reject) => {
  const opening = indexedDB.open('portadoc-inspector');
  opening.onsuccess = () => {
    const database = opening.result;
    const writing = database.transaction(store, 'readwrite');
    if (key === null) writing.objectStore(store).put(value);
    else writing.objectStore(store).put(value, key);
    writing.oncomplete = () => { database.close(); resolve(true); };
    writing.onerror = () => reject(writing.error);
  };
})"""
_SETTINGS = """() => new Promise(resolve => {
  const opening = indexedDB.open('portadoc-inspector');
  opening.onsuccess = () => {
    const reading = opening.result.transaction('settings').objectStore('settings').getAllKeys();
    reading.onsuccess = () => { opening.result.close(); resolve(reading.result); };
  };
})"""


def entry(number):
    return {
        "version": 1,
        "visit": "00000000-0000-4000-8000-000000000001",
        "entry": f"00000000-0000-4000-8000-00000000010{number}",
        "sequence": number,
        "kind": "visit_opened" if number == 0 else "note",
        "at": int(time.time()),
        "body": {"text": "Test data: Maréchal on site"},
    }


WAITING = {"entry": "00000000-0000-4000-8000-000000000100", "message": "e30.x.y.z.w", "digest": "abc"}


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """A house that makes a new pack whenever a second has gone by."""
    with served_house(tmp_path_factory.mktemp("quick"), verifier={"trust_pack": {"renew_s": 1}}) as served:
        yield served


@pytest.fixture(scope="module")
def devices(browser_program):
    with handing_on(browser_program, service_workers="block") as to_next:
        yield to_next


@pytest.fixture
def unworked(devices, quick):
    """A device without a service worker, so that a test can stand between it and the service."""
    return devices(quick.address)


@pytest.fixture
def with_own_clock(browser_program, quick):
    """Such a device for one test alone: a clock that was set stays set."""
    with visiting(browser_program, quick.address, service_workers="block") as visit:
        yield visit


def reload_synchronised(visit):
    with visit.page.expect_response("**/trust/pack"):
        visit.page.reload()
    visit.page.wait_for_timeout(300)
    (stored,) = visit.stored("pack")
    return stored


def test_the_pack_of_the_operator_is_stored_and_renewed(unworked):
    unworked.page.goto(unworked.address)
    (first,) = unworked.synchronised()
    assert (first["operator"], first["etag"]) == ("DE:TEST90", f'"{first["sequence"]}"')
    unworked.page.wait_for_timeout(1100)
    assert reload_synchronised(unworked)["sequence"] > first["sequence"]


def test_an_older_pack_replaces_none(unworked):
    page = unworked.page
    with page.expect_response("**/trust/pack") as answered:
        page.goto(unworked.address)
    older = answered.value.body()
    unworked.synchronised()
    page.wait_for_timeout(1100)
    newer = reload_synchronised(unworked)
    page.route("**/trust/pack", lambda route: route.fulfill(body=older, headers={"ETag": '"older"'}))
    assert reload_synchronised(unworked)["sequence"] == newer["sequence"]


@pytest.mark.parametrize("place", [0, 200, -1])
def test_an_altered_pack_replaces_none(unworked, place):
    page = unworked.page
    page.goto(unworked.address)
    (before,) = unworked.synchronised()

    def altered(route):
        answer = route.fetch(headers={**route.request.headers, "if-none-match": ""})
        body = bytearray(answer.body())
        body[place] ^= 1
        route.fulfill(body=bytes(body), headers={"ETag": '"altered"'})

    page.route("**/trust/pack", altered)
    assert reload_synchronised(unworked)["sequence"] == before["sequence"]


def test_another_operator_than_the_one_first_met_is_not_believed(unworked):
    page = unworked.page
    page.goto(unworked.address)
    (before,) = unworked.synchronised()

    def other(route):
        answer = route.fetch()
        route.fulfill(body=json.dumps({**answer.json(), "operator": "DE:TEST66", "anchors": []}))

    page.route("**/api/configuration", other)
    page.wait_for_timeout(1100)
    page.reload()
    page.wait_for_timeout(700)
    assert unworked.stored("pack")[0]["sequence"] == before["sequence"]
    kept = [each for each in unworked.stored("settings") if isinstance(each, dict) and "operator" in each]
    assert {each["operator"] for each in kept} == {"DE:TEST90"}


@pytest.mark.parametrize("ahead", [-YEAR, 7200], ids=["a year behind", "two hours ahead"])
def test_k09_a_wrong_clock_is_known_and_said(with_own_clock, ahead):
    page = with_own_clock.page
    page.clock.set_fixed_time(time.time() + ahead)
    page.goto(with_own_clock.address)
    with_own_clock.synchronised()
    expect(page.get_by_text("The clock of this device is wrong")).to_be_visible()


def test_k09_a_clock_set_back_is_known_without_a_network_too(visit):
    page = visit.open()
    visit.synchronised()
    visit.installed()
    page.wait_for_timeout(300)
    expect(page.get_by_text("The clock of this device is wrong")).to_have_count(0)
    visit.offline()
    page.clock.set_fixed_time(time.time() - YEAR)
    page.reload()
    expect(page.get_by_text("The clock of this device is wrong")).to_be_visible()


def fill(visit):
    """Put a visit and a waiting ciphertext on the device, as an inspector's work does."""
    for number in range(3):
        visit.page.evaluate(_PUT, ["visits", None, entry(number)])
    visit.page.evaluate(_PUT, ["outbox", None, WAITING])
    visit.page.evaluate(_PUT, ["settings", "draft", {"site": "Test data"}])


def test_k10_a_start_long_after_the_last_touch_shows_nothing_of_before(unworked):
    page = unworked.page
    page.goto(unworked.address)
    unworked.synchronised()
    fill(unworked)
    page.evaluate(_PUT, ["settings", "touched", int(time.time()) - 3600])
    page.reload()
    expect(page.locator("main")).to_be_visible()
    assert unworked.stored("visits") == []
    assert "draft" not in page.evaluate(_SETTINGS)
    assert [each["message"] for each in unworked.stored("outbox")] == [WAITING["message"]]
    assert unworked.stored("pack")
    assert "Maréchal" not in json.dumps(unworked.stored("settings"))


def test_k10_an_idle_device_locks_itself(with_own_clock):
    page = with_own_clock.page
    page.clock.install()
    page.goto(with_own_clock.address)
    page.clock.run_for(1000)
    page.wait_for_timeout(300)
    fill(with_own_clock)
    page.clock.fast_forward(4 * 60 * 1000)
    page.wait_for_timeout(200)
    assert len(with_own_clock.stored("visits")) == 3
    page.clock.fast_forward(2 * 60 * 1000)
    page.wait_for_timeout(300)
    assert with_own_clock.stored("visits") == []
    assert len(with_own_clock.stored("outbox")) == 1


def test_k10_a_start_soon_after_keeps_the_work(unworked):
    page = unworked.page
    page.goto(unworked.address)
    unworked.synchronised()
    fill(unworked)
    page.evaluate(_PUT, ["settings", "touched", int(time.time()) - 30])
    page.reload()
    expect(page.locator("main")).to_be_visible()
    assert len(unworked.stored("visits")) == 3


def registered(visit, quick):
    """Start the app on a device that the service knows, with work on it."""
    code = quick.house.inspector.devices.pairing_code("de-inspection", "Test device").code
    page = visit.page
    page.goto(visit.address + "#/settings")
    visit.synchronised()
    page.get_by_label("Pairing code").fill(code)
    page.get_by_label("Name of the device").fill("Test device")
    page.get_by_role("button", name="Register this device").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    for number in range(3):
        page.evaluate(_PUT, ["visits", None, entry(number)])
    return page


def sign_out(page):
    """Sign out, which is asked for twice: it cannot be undone."""
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("Nothing that is on this device stays")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Signed out")).to_be_visible(timeout=3_000)


def everything(visit):
    return {store: visit.stored(store) for store in ("settings", "pack", "visits", "outbox")}


def test_k10_locking_wipes_what_is_readable_and_hides_every_screen(unworked, quick):
    page = registered(unworked, quick)
    page.evaluate(_PUT, ["outbox", None, WAITING])
    page.get_by_role("button", name="Lock", exact=True).click()
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    expect(page.get_by_text("Is this document authentic?")).to_have_count(0)
    assert unworked.stored("visits") == []
    assert len(unworked.stored("outbox")) == 1
    assert "Maréchal" not in json.dumps(everything(unworked), default=str)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Scan")).to_be_visible()


def test_k10_logging_out_when_all_is_sent_leaves_an_empty_database(unworked, quick):
    page = registered(unworked, quick)
    sign_out(page)
    page.wait_for_timeout(500)
    assert everything(unworked) == {"settings": [], "pack": [], "visits": [], "outbox": []}
    cookies = [each for each in unworked.context.cookies() if each["name"] == "portadoc-device"]
    assert cookies == []


def test_k10_logging_out_keeps_what_waits_as_ciphertext_only(unworked, quick):
    page = registered(unworked, quick)
    page.evaluate(_PUT, ["outbox", None, WAITING])
    sign_out(page)
    page.wait_for_timeout(500)
    left = everything(unworked)
    assert (left["visits"], left["pack"]) == ([], [])
    assert [each["message"] for each in left["outbox"]] == [WAITING["message"]]
    (kept,) = left["settings"]
    assert kept.keys() == {"device", "encryptionKey", "institution", "leaving", "name"}
    assert "d" not in kept["encryptionKey"]
    page.get_by_role("button", name="Home").click()
    expect(page.get_by_text("Trust data:")).to_be_visible()
    assert unworked.synchronised()
