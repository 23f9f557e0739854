"""The conformance kit over TLS at our own issuer in every profile; the page about it is what a run finds now."""

import pytest

from portadoc.conformance.checks import Outcome, RunReport
from portadoc.schemas.profiles import PROFILES
from tests.conformance.campaign import PAGE, all_profiles, page_of


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunReport, ...]:
    return tuple(all_profiles(tmp_path_factory.mktemp("conformance")))


@pytest.mark.parametrize("profile_id", PROFILES)
def test_nothing_fails_and_nothing_is_left_out(reports: tuple[RunReport, ...], profile_id: str) -> None:
    (report,) = (each for each in reports if each.profile == profile_id)
    assert len(report.modules) > 80
    wrong = [
        f"{module.module.name}: {found.check.id}: {found.outcome}: {found.reason}"
        for module in report.modules
        for found in module.findings
        if found.outcome in (Outcome.FAILED, Outcome.SKIPPED)
    ]
    assert wrong == []


def test_the_page_is_what_a_run_finds_now(reports: tuple[RunReport, ...]) -> None:
    assert PAGE.read_text(encoding="utf-8") == page_of(reports), "run: make conformance"


def test_what_this_machine_cannot_show_is_not_counted_as_passed(reports: tuple[RunReport, ...]) -> None:
    page = page_of(reports)
    assert [each.profile for each in reports] == list(PROFILES)
    assert "not applicable: " in page.partition("## Not shown")[2]
    assert "localhost" not in page
