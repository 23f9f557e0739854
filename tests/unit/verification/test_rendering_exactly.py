"""How reports look, to the letter: as lines for a terminal, as a page, as JSON, in both languages.

The files in ``expected`` are what people and machines get. Read every difference, then ``make expected``.
"""

import json
from collections.abc import Callable
from dataclasses import astuple, replace
from datetime import date
from typing import Any

import pytest

from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.schemas.projections import Deviation
from portadoc.verification.checks import PROCEDURE, Check, Outcome
from portadoc.verification.rendering.report_html import report_fragment, report_page
from portadoc.verification.rendering.report_json import report_from_json, report_to_json
from portadoc.verification.rendering.report_table import Line, report_lines
from portadoc.verification.rendering.shown import MOST_DEVIATIONS, shown_report, status_as_of
from portadoc.verification.rendering.wording import Words, printable
from portadoc.verification.report import VerificationReport


def report_bytes(report: Any, *, language: str | None = None) -> bytes:
    told = report_to_json(report, language=language)
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


AT = 1_795_348_800
Expected = Callable[[str, str], None]
PARAMS: dict[str, dict[str, str | int]] = {
    "technical_validity": {"first": "2026-11-01 08:00 UTC", "last": "2027-01-30 08:00 UTC"},
    "document_validity": {"first": "2026-10-12", "last": "2027-08-31"},
    "coverage_period": {"first": "2026-11-01", "last": "2027-08-31"},
    "status": {"age_s": 7200, "as_of": AT - 7200, "form": "jwt"},
}


def checks(**ends: tuple[Outcome, str, dict[str, str | int]]) -> tuple[Check, ...]:
    made = []
    for kind in PROCEDURE:
        outcome, code, params = ends.get(kind.id, (Outcome.PASS, f"{kind.id}_ok", PARAMS.get(kind.id, {})))
        made.append(Check(kind.id, outcome, code, kind.clause, params))
    return tuple(made)


def report(configuration: str = "pda1", record: str = "posted-worker-fr-de", **changes: Any) -> VerificationReport:
    projection = CREDENTIAL_TYPES[configuration].projection
    members: dict[str, Any] = {
        "checks": checks(),
        "as_of": AT,
        "policy_id": "inspector-quick",
        "policy_version": "version-of-the-rules",
        "on_date": date(2026, 11, 22),
        "institution_id": "FR:TEST01",
        "credential_type": projection.vct,
        "claims": {**projection.project(example(record)), "vct": projection.vct},
        "layout": projection.id,
    }
    return VerificationReport(**(members | changes))


GOOD = report()
DOUBTED = report(
    checks=checks(
        key_binding=(Outcome.FAIL, "kb_invalid", {"reason": "nonce"}),
        content=(Outcome.WARNING, "content_deviates", {"count": 2, "first": "claim_renamed"}),
        status=(Outcome.UNKNOWN, "status_unavailable", {"reason": "not_held", "since": "-"}),
        covers_work=(Outcome.NOT_APPLICABLE, "work_not_asked", {}),
    ),
    deviations=(
        Deviation("claim_renamed", "work_address.locality", "work_address.town"),
        Deviation("claim_unknown", "shoe_size"),
    ),
)
MANY = report(deviations=(Deviation("claim_unknown", "shoe_size"),) * (MOST_DEVIATIONS + 3))
STOPPED = VerificationReport(
    checks(
        signature=(Outcome.FAIL, "signature_invalid", {"reason": "mismatch"}),
        **{kind.id: (Outcome.NOT_RUN, "step_not_run", {}) for kind in PROCEDURE[4:]},
    ),
    as_of=AT,
    policy_id="inspector-quick",
)
CARD = report("ehic", "insured-traveller", policy_version="", on_date=None)
FORM = report("pda1-webuild", credential_type="eu.we-build.pda1.1")
OLD = report(credential_type="urn:eu.europa.ec.eudi:pda1:1", layout="pda1-dc4eu-a")
REPORTS = {
    "good": GOOD,
    "doubted": DOUBTED,
    "stopped": STOPPED,
    "card": CARD,
    "form": FORM,
    "old": OLD,
    "many": MANY,
}
ENDS = ("good", "doubted", "stopped")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_terminal_shows_exactly_these_lines(language: str, as_expected: Expected) -> None:
    lines = []
    for name in ENDS:
        lines.append(f"--- {name}")
        for each in report_lines(REPORTS[name], language):
            lines.append("|".join((each.before, each.marked, each.after, each.tone)))
    as_expected(f"lines.{language}.txt", "\n".join(lines) + "\n")


def test_what_is_left_out_is_counted_in_a_line_of_its_own() -> None:
    (line,) = (each for each in report_lines(MANY, "en") if "more" in each.after)
    assert line == Line("    ", "- ", "And 3 more.", "warning")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_people_read_exactly_these_facts(language: str, as_expected: Expected) -> None:
    lines = []
    for name, each in REPORTS.items():
        shown = shown_report(each, language)
        lines += [f"--- {name}: {shown.verdict} {shown.colour} {shown.language} {shown.passed}"]
        lines += [shown.headline, shown.sentence, shown.action, shown.document, shown.checked, str(shown.asked)]
        lines += [f"{part.label}: {part.value}" for part in shown.key]
        lines += [str(astuple(each)) for each in shown.findings]
        lines += [str(shown.reason and astuple(shown.reason)), str(shown.more_deviations)]
        lines += [f"{part.label}: {part.value}" for part in (*shown.facts, *shown.says, *shown.review)]
    as_expected(f"facts.{language}.txt", "\n".join(lines) + "\n")


def test_a_page_is_exactly_this(as_expected: Expected) -> None:
    as_expected("page.html", report_page(DOUBTED, "fr"))


def test_a_piece_of_a_page_is_exactly_this(as_expected: Expected) -> None:
    as_expected("fragment.html", report_fragment(STOPPED, "en"))


def test_a_piece_takes_the_level_and_the_ids_of_its_place() -> None:
    piece = report_fragment(STOPPED, "en", level=4, anchor="second")
    assert '<h4 class="report-word" id="second-verdict">' in piece
    assert 'id="report-' not in piece
    assert report_fragment(STOPPED, "en", level=2, anchor="report") == report_fragment(STOPPED, "en")


def test_stored_and_answered_it_is_exactly_this(as_expected: Expected) -> None:
    lines = []
    for told in (
        report_to_json(DOUBTED),
        report_to_json(STOPPED, language="fr"),
        report_to_json(GOOD, language="en"),
    ):
        lines += [
            f"{name}: {json.dumps(each, ensure_ascii=False)}" for name, each in told.items() if name != "checks"
        ]
        lines += [json.dumps(check, ensure_ascii=False) for check in told["checks"]]
    as_expected("report.json.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize("name", REPORTS)
def test_what_was_stored_is_the_report_again_and_spelt_the_same(name: str) -> None:
    before = REPORTS[name]
    after = report_from_json(json.loads(report_bytes(before)))
    assert after == before
    assert report_bytes(after) == report_bytes(before)
    told = report_to_json(before, language="en")
    spelt = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert report_bytes(before, language="en") == spelt


def test_a_status_signed_after_the_check_is_of_no_negative_age() -> None:
    ahead = replace(GOOD, checks=checks(status=(Outcome.FAIL, "revoked", {"as_of": AT + 30})))
    assert status_as_of(ahead) == AT + 30
    assert status_as_of(replace(GOOD, checks=checks(status=(Outcome.FAIL, "revoked", {"as_of": "-"})))) is None
    assert report_to_json(ahead)["status"] == {"as_of": AT + 30, "age_s": 0}
    facts = {each.label: each.value for each in shown_report(ahead, "en").facts}
    assert (facts["Age of the status"], facts["Status list of"]) == ("0 s", "22 November 2026, 12:00 UTC")


def test_a_length_of_time_is_told_in_hours_and_minutes_and_from_two_days_on_in_days() -> None:
    told = {
        1: "1 s",
        119: "119 s",
        120: "2 min",
        3_599: "59 min",
        3_600: "1 h",
        7_199: "1 h 59 min",
        7_200: "2 h",
        172_799: "47 h 59 min",
        172_800: "2 days",
        180_000: "2 days 2 h",
        259_200: "3 days",
    }
    assert {seconds: Words("en").duration(seconds) for seconds in told} == told


def test_the_first_of_a_month_has_its_own_word() -> None:
    assert Words("fr").day(date(2026, 12, 1)) == "1er décembre 2026"
    assert Words("fr").day(date(2026, 1, 2)) == "2 janvier 2026"
    assert Words("en").day(date(2026, 12, 31)) == "31 December 2026"


def test_what_steers_is_spelt_out_and_spaces_stay() -> None:
    assert printable("plain") == "plain"
    assert printable("a\u00a0b") == "a\u00a0b"
    assert printable("a\u202eb\n\x7f\x1b\u200b") == "a\\u202eb\\n\\u007f\\u001b\\u200b"
