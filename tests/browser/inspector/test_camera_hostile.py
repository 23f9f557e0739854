"""Codes that somebody made to deceive, before a real camera: nothing runs, nothing opens, nothing turns green."""

import pytest
from playwright.sync_api import expect

from tests.browser.inspector.camera import Shot, nothing, picture
from tests.browser.inspector.doing import outcome, paste, prepare, say, scan
from tests.browser.inspector.running import third_parties, visiting
from tests.browser.inspector.seen import observe, shift_clock
from tests.browser.inspector.town import SECONDS_PER_DAY, Town, content_with

HTML = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
BIDI = "Muster\u202eredloh\u202c \u200bA\u2066B"
LONG = "<b>" + "Zz" * 5_000
SURNAME = "Maréchal-Testelin"


@pytest.fixture(scope="module")
def a1(town: Town) -> str:
    text = town.sealed_a1()
    town.publish()
    return text


@pytest.fixture(scope="module")
def device(camera, town, a1):
    """A device that keeps nothing of one test for the next but its trust pack."""
    with visiting(camera, town.served.address) as visit:
        observe(visit)
        prepare(visit)
        yield visit


@pytest.fixture
def own_device(emptied_with_camera, town, a1):
    """A device whose clock may be moved."""
    visit = emptied_with_camera(town.served.address)
    prepare(visit)
    return visit


def hostile(town: Town, surname: str) -> str:
    return town.signed(content_with(town.a1(), SURNAME, surname))


def untouched(page) -> None:
    """Nothing of what was scanned became a part of the page, ran, or was asked for."""
    assert "run" not in page.title()
    assert page.locator("main img[src='x'], main script, main b, .told a").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(
    "text",
    [
        "javascript:document.title='run'",
        "intent://scan/#Intent;scheme=zxing;end",
        "data:text/html,<script>document.title='run'</script>",
    ],
)
def test_k01_a_code_that_wants_something_done_is_shown_as_text(device, scene, town, text):
    before = len(device.requested)
    scene.begin(picture(text))
    page = scan(device)
    assert outcome(page) == say("told.script")
    expect(page.locator(".content")).to_contain_text(text)
    untouched(page)
    assert page.url.startswith(town.served.origin)
    assert [each for each in device.requested[before:] if not each.startswith(town.served.origin)] == []


def test_k02_a_moving_code_with_a_part_missing_or_of_another_is_never_judged(device, scene, town):
    credential = town.held()
    one, other = (town.house.wallet.show(credential.id, challenge="unsolicited").frames for _ in range(2))
    assert one[0] != other[0]
    scene.begin(nothing())
    page = scan(device)
    first = picture(one[0])
    scene.show(*(picture(each, seed=at) for at, each in enumerate(one[:-1])), frames_each=4)
    expect(page.locator(".frame-bar")).to_contain_text(
        say("note.parts_missing").format(parts=str(len(one))), timeout=10_000
    )
    scene.show(first, picture(other[1]), frames_each=4)
    expect(page.get_by_role("alert")).to_have_text(say("note.part_foreign"))
    scene.show(first, picture(f"PX1:41/41:{one[0].split(':')[2]}:00"), frames_each=4)
    expect(page.locator(".frame-bar .warning")).to_have_text(say("note.part_malformed"))
    scene.show(nothing())
    page.wait_for_timeout(300)
    assert "#/scan" in page.url
    scene.show(picture(one[-1]))
    assert outcome(page) == say("verdict.holder_not_proven.unsolicited.headline")


@pytest.mark.parametrize(
    ("url", "host", "flag"),
    [
        ("https://127.0.0.1.portadoc.example/v/ABCD-EFGH-JKMN-PQRS", "127.0.0.1.portadoc.example", None),
        ("https://127.0.0.1@xn--prtadoc-o2a.example/v/ABCD-EFGH-JKMN-PQRS", "xn--prtadoc-o2a.example", "userinfo"),
        ("http://p\u043ertadoc.example/v/ABCD-EFGH-JKMN-PQRS", "xn--", "punycode"),
    ],
)
def test_k03_a_look_alike_of_a_verification_address_is_a_link_and_no_code(device, scene, url, host, flag):
    scene.begin(picture(url))
    page = scan(device)
    assert outcome(page) == say("told.link")
    expect(page.locator(".host").first).to_contain_text(host)
    if flag is not None:
        expect(page.locator(".flags")).to_contain_text(say(f"flag.{flag}"))
    untouched(page)


@pytest.mark.parametrize("surname", [HTML, BIDI])
def test_k04_hostile_values_in_a_genuine_seal_are_text_before_the_camera(device, scene, town, surname):
    scene.begin(picture(hostile(town, surname), Shot(pixels=4.5)))
    page = scan(device)
    assert outcome(page) == say("verdict.holder_not_proven.seal.headline")
    named = page.locator(".identity-large dd").first
    assert set(named.inner_text()) & set("\u202e\u202c\u200b\u2066") == set()
    assert named.inner_text()[:6] in (HTML[:6], "Muster")
    untouched(page)


def test_k04_ten_thousand_characters_are_no_name_and_break_no_screen(device, town):
    """More than a name can be: a document without its holder's name is none; the rest stays readable."""
    page = paste(device, hostile(town, LONG))
    assert outcome(page) == say("verdict.not_what_was_asked.headline")
    expect(page.locator(".identity")).not_to_contain_text("ZzZz")
    expect(page.locator(".identity")).to_contain_text("Éléonore")
    page.locator(".technical summary").click()
    expect(page.locator(".technical")).to_contain_text("claim_invalid")
    untouched(page)


def test_k04_ten_thousand_characters_of_text_are_cut_in_view(device):
    page = paste(device, LONG)
    assert outcome(page) == say("told.text")
    assert len(page.locator(".content bdi").inner_text()) < 500
    untouched(page)
    page.locator(".content button").click()
    assert set(page.locator(".content bdi").inner_text()) == set("<b>Zz")
    untouched(page)


@pytest.mark.parametrize("days", [8])
def test_k06_trust_data_beyond_their_time_are_amber_and_never_green(own_device, scene, a1, days):
    shift_clock(own_device, days * SECONDS_PER_DAY)
    own_device.page.reload()
    scene.begin(picture(a1, Shot(pixels=4.5)))
    page = scan(own_device)
    assert outcome(page) == say("verdict.status_not_known.headline")
    expect(page.locator(".verdict-head.tone-amber")).to_be_visible()
    expect(page.locator(".verdict-reason")).to_have_text(say("reason.pack_old"))
    expect(page.locator("body")).to_contain_text(say("note.stale"))
    assert page.get_by_role("button", name=say("button.same_person")).count() == 0


def test_k06_a_phone_that_proves_its_holder_is_amber_as_well_when_the_trust_data_are_old(own_device, scene, town):
    credential = town.held()
    town.publish()
    own_device.offline(False)
    own_device.page.reload()
    own_device.synchronised()
    own_device.page.wait_for_timeout(500)
    own_device.offline()
    shift_clock(own_device, SECONDS_PER_DAY + 7200)
    own_device.page.reload()
    scene.begin(nothing())
    page = scan(own_device)
    page.get_by_role("button", name=say("button.phone_offline")).click()
    nonce = page.locator(".nonce .code-letters").inner_text().replace(" ", "")
    shown = town.house.wallet.show(credential.id, challenge=nonce)
    scene.show(*(picture(each, seed=at) for at, each in enumerate(shown.frames)), frames_each=4)
    outcome(page)
    assert page.locator(".verdict-head.tone-amber").count() == 1


def test_k07_a_copy_of_a_seal_on_a_screen_proves_the_document_and_no_holder(device, scene, a1, town):
    """The same picture, sharp as a screenshot is: a static code is never green by itself."""
    scene.begin(picture(a1, Shot(pixels=6, degrees=0, blur=0.1, noise=0)))
    page = scan(device)
    assert outcome(page) == say("verdict.holder_not_proven.seal.headline")
    expect(page.locator(".verdict-head.tone-amber")).to_be_visible()
    expect(page.locator(".verdict-sentence")).to_have_text(say("verdict.holder_not_proven.seal.sentence"))
    assert third_parties(device.requested, town.served.origin) == []


@pytest.mark.parametrize("days", [-365, 400])
def test_k09_a_wrong_clock_confirms_nothing_and_calls_nobody_a_forger(own_device, scene, a1, days):
    """It was compared with the service while there was a network: what it says of today is known to be wrong."""
    own_device.offline(False)
    shift_clock(own_device, days * SECONDS_PER_DAY)
    own_device.page.reload()
    expect(own_device.page.locator("body")).to_contain_text(say("note.clock_wrong")[:30], timeout=10_000)
    own_device.offline()
    scene.begin(picture(a1, Shot(pixels=4.5)))
    page = scan(own_device)
    assert outcome(page) == say("verdict.status_not_known.headline")
    expect(page.locator(".verdict-head.tone-amber .verdict-reason")).to_have_text(say("reason.clock_wrong"))
    expect(page.locator("body")).to_contain_text(say("note.clock_wrong")[:30])
