"""One paper after another before one camera: judged without a tap between, each once, each for itself."""

import time
from dataclasses import replace

import pytest
from playwright.sync_api import Locator, expect

from portadoc.issuer.records.withdrawals import WithdrawalReason
from tests.browser.inspector.camera import Shot, nothing, picture, side_by_side
from tests.browser.inspector.doing import prepare, say, scan, scan_many
from tests.browser.inspector.seen import observe, seen
from tests.browser.inspector.town import A1, DAY, Town, today

PAPERS = 40
IN_FORCE, ENDED, WITHDRAWN = 29, 6, 5


@pytest.fixture(scope="module")
def papers(town: Town) -> dict[str, str]:
    """Forty seals by the name on them: in force, ended, withdrawn, in no order."""
    made = {}
    for number in range(PAPERS):
        name = f"Muster-{number:02}"
        record = town.a1(surname=name)
        if number % 6 == 5:
            ended = replace(record.legislation, start=today() - 60 * DAY, end=today() - 5 * DAY)
            record = replace(record, legislation=ended)
        if number % 8 == 6:
            made[name] = town.withdrawn(record, A1, WithdrawalReason.FACTS_CHANGED)
        else:
            made[name] = town.seal(record)[1]
    town.publish()
    return made


@pytest.fixture
def device(emptied_with_camera, town, papers):
    visit = emptied_with_camera(town.served.address)
    observe(visit)
    prepare(visit)
    return visit


def names_on(lines: Locator) -> list[str]:
    return sorted(each.split(",")[0] for each in lines.locator(".plain").all_inner_texts())


def counted(page) -> dict[str, int]:
    return {
        colour: int(page.locator(f".tally .tone-{colour} strong").inner_text())
        for colour in ("green", "amber", "red")
    }


@pytest.mark.slow
def test_forty_papers_are_judged_without_a_tap_between_each_once(device, scene, papers):
    film = [picture(text, Shot(pixels=4.5), seed=at) for at, text in enumerate(papers.values())]
    scene.show(nothing())
    page = scan_many(device)
    lines = page.locator(".running .scan-line")
    taps, begun = seen(page).taps, time.perf_counter()
    for at, paper in enumerate(film):
        scene.show(paper)
        expect(lines).to_have_count(at + 1, timeout=15_000)
    took = time.perf_counter() - begun
    page.wait_for_timeout(600)
    print(f"\n{PAPERS} papers laid down one after the other: {took:.1f} s, {took / PAPERS * 1000:.0f} ms each")
    assert names_on(lines) == sorted(papers)
    assert counted(page) == {"green": 0, "amber": IN_FORCE, "red": ENDED + WITHDRAWN}
    assert page.get_by_text(say("verdict.not_in_force_on_date.headline")).count() == ENDED
    assert page.get_by_text(say("verdict.withdrawn_or_replaced.headline")).count() >= WITHDRAWN
    assert seen(page).taps == taps


@pytest.mark.soak
@pytest.mark.parametrize("seconds_each", [0.4, 0.7, 1.0])
def test_a_film_of_forty_papers_is_judged_at_the_pace_of_the_film(device, scene, papers, seconds_each):
    film = [picture(text, Shot(pixels=4.5), seed=at) for at, text in enumerate(papers.values())]
    scene.begin(*film, nothing(), nothing(), frames_each=round(30 * seconds_each))
    page = scan_many(device)
    page.wait_for_timeout(1000 * (PAPERS + 1) * seconds_each)
    lines = page.locator(".running .scan-line")
    found = names_on(lines)
    scene.begin(nothing())
    print(f"\nfilm with {seconds_each} s a paper: {len(set(found))} of {PAPERS} judged, {len(found)} lines")
    assert found == sorted(papers)


def test_k08_two_papers_in_one_picture_are_two_scans_each_with_its_own_verdict(device, scene, papers):
    first, other = list(papers.items())[2], list(papers.items())[5]
    scene.show(nothing())
    page = scan_many(device)
    scene.show(side_by_side(first[1], other[1], Shot(pixels=5.5, degrees=2.0)))
    lines = page.locator(".running .scan-line")
    expect(lines).to_have_count(2, timeout=15_000)
    assert names_on(lines) == sorted([first[0], other[0]])
    expected = {
        first[0]: say("verdict.holder_not_proven.seal.headline"),
        other[0]: say("verdict.not_in_force_on_date.headline"),
    }
    for link, line in [(each.get_attribute("href"), each.inner_text()) for each in lines.all()]:
        (name,) = (each for each in expected if each in line)
        assert expected[name] in line
        page.goto(f"{device.address}{link}")
        expect(page.locator(".verdict-head h1")).to_have_text(expected[name])
        expect(page.locator(".identity")).to_contain_text(name)


def test_k08_a_paper_shown_while_another_is_read_takes_no_verdict_that_is_not_its_own(device, scene, papers):
    """One changes with every picture; whichever was read, name and verdict on the screen are of one paper."""
    first, other = list(papers.items())[1], list(papers.items())[11]
    expected = {
        first[0]: say("verdict.holder_not_proven.seal.headline"),
        other[0]: say("verdict.not_in_force_on_date.headline"),
    }
    scene.begin(picture(first[1]), picture(other[1]))
    for _ in range(3):
        page = scan(device)
        page.wait_for_url("**#/verdict/*")
        heading = page.locator(".verdict-head h1")
        expect(heading).to_be_visible()
        name = page.locator(".identity .identity-large dd").first.inner_text()
        assert heading.inner_text() == expected[name]
