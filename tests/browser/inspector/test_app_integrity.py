"""K05: what is not the file that was built is neither installed nor shown, and the person is told."""

import json
import re

import pytest
from playwright.sync_api import expect

from portadoc.inspector.http.app_files import APP_POLICY
from tests.browser.inspector.altering import served_copy
from tests.browser.inspector.running import STATIC, visiting

_ACTIVE = "navigator.serviceWorker.getRegistration().then(each => each?.active?.state ?? null)"
_CACHES = "caches.keys()"
_POISON = """async name => {
  const [cache] = await Promise.all((await caches.keys()).map(each => caches.open(each)));
  const headers = {'Content-Type': 'text/javascript'};
  await cache.put('/inspect/' + name, new Response('window.poisoned = true', {headers}));
}"""
_UPDATE = """async () => {
  const worker = (await (await navigator.serviceWorker.getRegistration()).update()).installing;
  return new Promise(done => worker.addEventListener('statechange', () => done(worker.state)));
}"""


@pytest.fixture
def copy(inspection, tmp_path):
    """The app of the house, to be altered."""
    with served_copy(tmp_path / "static") as copy:
        yield copy


@pytest.fixture
def visit(browser_program, copy):
    with visiting(browser_program, copy.address) as visit:
        yield visit


def start(visit):
    visit.open()
    visit.installed()
    return visit.page


def test_k05_an_app_of_which_one_file_is_altered_is_not_installed(copy, visit):
    copy.replace(copy.only("assets/zxing_reader-*.wasm"), b"\0asm", b"\0asn")
    page = visit.page
    page.goto(visit.address)
    for _ in range(100):
        if any("/assets/zxing_reader" in url for url in visit.requested):
            break
        page.wait_for_timeout(50)
    page.wait_for_timeout(500)
    assert page.evaluate(_ACTIVE) is None
    assert page.evaluate(_CACHES) == []


def test_k05_an_altered_first_script_does_not_run(copy, visit):
    copy.replace(copy.only("assets/app-*.js"), b"const", b"window.poisoned=1;const")
    visit.page.goto(visit.address)
    assert visit.page.evaluate("window.poisoned") is None
    assert any("integrity" in line for line in visit.complaints)


def test_k05_a_newer_version_that_does_not_match_leaves_the_old_one_in_force(copy, visit):
    page = start(visit)
    before = page.evaluate(_CACHES)
    listing = json.loads((copy.folder / "files.json").read_text())
    wasm = copy.only("assets/zxing_reader-*.wasm")
    # A new version whose list demands another content than the server has.
    copy.replace("service_worker.js", listing["files"][wasm]["sha256"].encode(), b"0" * 64)
    copy.replace("service_worker.js", listing["version"].encode(), b"f" * 16)
    relist(copy, listing)
    assert page.evaluate(_UPDATE) == "redundant"
    assert page.evaluate(_CACHES) == before
    visit.offline()
    page.reload()
    expect(page.locator("main")).to_be_visible()


def relist(copy, listing):
    """Give the changed service worker another ETag, or a browser would not take it for a new one."""
    listing["files"]["service_worker.js"]["sha256"] = "f" * 64
    (copy.folder / "files.json").write_text(json.dumps(listing))


def test_k05_a_newer_version_that_matches_waits_until_it_is_wanted(copy, visit):
    page = start(visit)
    listing = json.loads((copy.folder / "files.json").read_text())
    copy.replace("service_worker.js", listing["version"].encode(), b"e" * 16)
    relist(copy, listing)
    assert page.evaluate(_UPDATE) == "installed"
    assert len(page.evaluate(_CACHES)) == 2
    assert page.evaluate(_ACTIVE) == "activated"


def test_k05_a_poisoned_copy_is_thrown_away_and_fetched_anew(copy, visit):
    page = start(visit)
    script = copy.only("assets/app-*.js")
    page.evaluate(_POISON, script)
    told = page.evaluate(
        """name => new Promise(done => {
          navigator.serviceWorker.addEventListener('message', event => done(event.data));
          fetch('/inspect/' + name).then(answer => answer.text());
        })""",
        script,
    )
    assert told == {"from": "service_worker", "kind": "altered", "file": script}
    page.reload()
    expect(page.locator("main")).to_be_visible()
    assert page.evaluate("window.poisoned") is None


def test_k05_a_poisoned_copy_is_not_shown_without_a_network_either(copy, visit):
    page = start(visit)
    script = copy.only("assets/app-*.js")
    page.evaluate(_POISON, script)
    visit.offline()
    page.reload()
    page.wait_for_timeout(300)
    assert page.evaluate("window.poisoned") is None
    assert page.locator("main").count() == 0


_BARE = """async () => {
  const [cache] = await Promise.all((await caches.keys()).map(each => caches.open(each)));
  const page = await (await cache.match('/inspect/index.html')).text();
  const headers = {'Content-Type': 'text/html', 'Refresh': '0; url=/elsewhere'};
  await cache.put('/inspect/index.html', new Response(page, {headers}));
}"""
_RUN = """async () => {
  const script = document.createElement('script');
  script.textContent = 'window.ran = true';
  document.head.append(script);
  return window.ran === true;
}"""


def test_k05_a_copy_with_other_headers_neither_leads_away_nor_loses_the_policy(copy, visit):
    page = start(visit)
    page.evaluate(_BARE)
    page.reload()
    expect(page.locator("main")).to_be_visible()
    page.wait_for_timeout(300)
    assert page.url.startswith(visit.address)
    assert page.evaluate(_RUN) is False


def test_k05_the_page_carries_the_policy_that_the_server_sends():
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    (own,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    sent = APP_POLICY.split("; ")
    assert own.split("; ") == [each for each in sent if not each.startswith("frame-ancestors")]


def test_answers_of_the_service_are_never_stored(copy, visit):
    page = start(visit)
    page.evaluate("fetch('/inspect/api/configuration').catch(() => null)")
    kept = page.evaluate(
        """async () => (await Promise.all((await caches.keys()).map(async name =>
        (await (await caches.open(name)).keys()).map(request => new URL(request.url).pathname)))).flat()"""
    )
    assert kept
    assert [path for path in kept if path.startswith(("/inspect/api", "/inspect/office", "/verifier"))] == []
