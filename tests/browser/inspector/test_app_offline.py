"""The app starts without a network, quickly, and asks nobody but its own service for anything."""

import json
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from portadoc.inspector.http.app_files import APP_POLICY
from tests.browser.inspector.running import STATIC, served_house, third_parties, visiting

SHELL_BUDGET = 80_000


def heading(page):
    return page.locator("main h1, main h2, main a, main button").first


def test_the_app_starts_again_after_reload_without_a_network(visit):
    page = visit.open()
    expect(heading(page)).to_be_visible()
    visit.installed()
    visit.offline()
    begin = time.perf_counter()
    page.reload()
    expect(heading(page)).to_be_visible()
    print(f"\noffline start, reload to first screen: {1000 * (time.perf_counter() - begin):.0f} ms")


def test_the_app_starts_when_its_service_is_gone(browser_program, tmp_path):
    """Not only a browser that was told to be offline: nobody listens any more."""
    with visiting(browser_program, "") as visit:
        with served_house(tmp_path) as served:
            visit.address = served.address
            visit.open()
            expect(heading(visit.page)).to_be_visible()
            visit.installed()
            visit.synchronised()
        times = []
        for _ in range(3):
            begin = time.perf_counter()
            page = visit.context.new_page()
            page.goto(visit.address)
            expect(heading(page)).to_be_visible()
            times.append(1000 * (time.perf_counter() - begin))
            page.close()
        print(f"\noffline start, new page to first screen: {', '.join(f'{each:.0f}' for each in times)} ms")
        assert visit.stored("pack")


def test_every_request_goes_to_the_own_origin_and_every_file_obeys_the_policy(visit, inspection):
    policies = {}
    visit.page.on("response", lambda answer: policies.update({answer.url: answer.headers}))
    page = visit.open()
    visit.synchronised()
    page.reload()
    expect(heading(page)).to_be_visible()
    assert third_parties(visit.requested, inspection.origin) == []
    shell = policies[inspection.address]
    assert shell["content-security-policy"] == APP_POLICY
    assert shell["permissions-policy"].startswith("camera=(self)")
    assert [line for line in visit.complaints if "Content Security Policy" in line or "Refused" in line] == []


def test_inline_scripts_and_foreign_addresses_are_refused_by_the_policy(visit):
    page = visit.open()
    page.evaluate(
        """() => { const script = document.createElement('script');
        script.textContent = 'window.injected = true'; document.body.append(script); }"""
    )
    assert page.evaluate("window.injected") is None
    assert page.evaluate("fetch('https://portadoc.example/').then(() => 'sent', () => 'refused')") == "refused"
    assert any("Content Security Policy" in line for line in visit.complaints)


def test_the_shell_keeps_its_budget_of_script(inspection):
    """Everything that runs before the first screen; scanner and reader of PDF come when they are needed."""
    listing = json.loads((STATIC / "files.json").read_text())
    sizes = {name: listing["files"][name]["gzip"] for name in listing["shell"]["files"]}
    print(f"\nshell: {sum(sizes.values())} of {SHELL_BUDGET} bytes of compressed script in {len(sizes)} files")
    assert sum(sizes.values()) == listing["shell"]["gzip"] <= SHELL_BUDGET
    assert all((STATIC / f"{name}.gz").stat().st_size == size for name, size in sizes.items())
    assert not [name for name in sizes if "pdf" in name or "zxing" in name or "worker-" in name]


def test_what_the_scanner_needs_is_served_by_the_house_itself(inspection):
    names = json.loads((STATIC / "files.json").read_text())["files"]
    for part in ("zxing_reader", "pdf", "decoder_worker"):
        assert [name for name in names if part in name], part


@pytest.mark.parametrize("name", ["app", "decoder_worker"])
def test_no_script_names_a_foreign_place_to_load_from(inspection, name):
    """zxing-wasm would take its wasm from a public server unless it is told better."""
    for script in Path(STATIC / "assets").glob(f"{name}-*.js"):
        assert b"fastly.jsdelivr.net" not in script.read_bytes() or name == "decoder_worker"
