"""A report as JSON, page and table: the same in every form, in both languages, whatever the claims hold."""

import json
import string
import subprocess
import sys
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest

from portadoc.i18n import LANGUAGES
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.examples import example
from portadoc.schemas.projections import Deviation
from portadoc.verification.checks import PROCEDURE, Check, Outcome
from portadoc.verification.rendering.report_html import PAGE_POLICY, STYLE, report_fragment, report_page
from portadoc.verification.rendering.report_json import (
    REPORT_VERSION,
    report_from_json,
    report_to_json,
)
from portadoc.verification.rendering.report_table import report_lines
from portadoc.verification.rendering.shown import MOST_DEVIATIONS, shown_report, status_as_of
from portadoc.verification.rendering.wording import Words, _texts, printable
from portadoc.verification.report import VerificationReport
from portadoc.verification.verdict import RULES, Rule, Verdict


def report_bytes(report: Any, *, language: str | None = None) -> bytes:
    told = report_to_json(report, language=language)
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


AT = 1_795_348_800
PARAMS: dict[str, dict[str, str | int]] = {
    "technical_validity": {"first": "2026-11-01 08:00 UTC", "last": "2027-01-30 08:00 UTC"},
    "document_validity": {"first": "2026-10-12", "last": "2027-08-31"},
    "coverage_period": {"first": "2026-11-01", "last": "2027-08-31"},
    "status": {"age_s": 7200},
}
ENDS: dict[Outcome, str] = {Outcome.FAIL: "coverage_ended", Outcome.UNKNOWN: "status_unavailable"}
VERDICTS = tuple(Verdict)


def checks(**ends: tuple[Outcome, str, dict[str, str | int]]) -> tuple[Check, ...]:
    passed = {
        kind.id: Check(kind.id, Outcome.PASS, f"{kind.id}_ok", kind.clause, PARAMS.get(kind.id, {}))
        for kind in PROCEDURE
    }
    changed = {
        id_: Check(id_, outcome, code, passed[id_].clause, params) for id_, (outcome, code, params) in ends.items()
    }
    return tuple((passed | changed).values())


def report(configuration: str = "pda1", **changes: Any) -> VerificationReport:
    projection = CREDENTIAL_TYPES[configuration].projection
    record = "insured-traveller" if configuration == "ehic" else "posted-worker-fr-de"
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


def with_verdict(verdict: Verdict) -> VerificationReport:
    """Return a report that comes to a verdict, by a rule of the table that leads there."""
    if verdict is Verdict.AUTHENTIC_IN_FORCE:
        return report()
    found = (_by_rule(rule) for rule in RULES if rule.verdict is verdict)
    return next(each for each in found if each.verdict is verdict)


def _by_rule(rule: Rule) -> VerificationReport:
    code = min(rule.codes) if rule.codes else ENDS[rule.outcome]
    return report(checks=checks(**{rule.step.id: (rule.outcome, code, {"reason": "x", "claim": "x"})}))


class Page(HTMLParser):
    """What a browser would make of a page: its elements, ids and text."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(markup)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "path"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag != "path":
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data if "style" not in self._open else ""

    def attributes(self, name: str) -> list[str]:
        return [str(attributes[name]) for _, attributes in self.elements if name in attributes]


# --- JSON


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_report_comes_back_from_its_json_and_says_the_same(verdict: Verdict) -> None:
    before = with_verdict(verdict)
    stored = json.loads(report_bytes(before))
    after = report_from_json(stored)
    assert after == before
    assert report_bytes(after) == report_bytes(before)
    assert stored["verdict"] == verdict.value
    assert stored["report_version"] == REPORT_VERSION


def test_the_members_of_version_1_stay_as_they_are() -> None:
    told = report_to_json(report(deviations=(Deviation("claim_missing", "x"),)))
    assert set(told) >= {
        *("report_version", "verdict", "colour", "code", "as_of", "on_date", "policy_id", "policy_version"),
        *("institution_id", "credential_type", "old_type_of", "layout", "status", "checks", "deviations"),
        *("review_request", "claims", "record"),
    }
    assert set(told["checks"][0]) == {"id", "outcome", "code", "clause", "params"}
    assert told["deviations"] == [{"code": "claim_missing", "claim": "x", "expected": ""}]
    assert told["status"] == {"as_of": AT - 7200, "age_s": 7200}
    assert told["on_date"] == "2026-11-22"
    assert told["record"]["legislation"]["state"] == "FR"
    assert told["review_request"]["to_institution"] == "FR:TEST01"


def test_a_report_of_nothing_authentic_holds_nothing() -> None:
    failed = checks(signature=(Outcome.FAIL, "signature_invalid", {"reason": "x"}))
    told = report_to_json(
        VerificationReport(
            tuple(check._replace(outcome=Outcome.FAIL) for check in failed if check.id != "status"), AT, "t"
        )
    )
    assert (told["claims"], told["record"], told["status"], told["review_request"]) == ({}, {}, None, None)
    assert report_from_json(told).on_date is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_with_a_language_the_verdict_and_every_check_speak(language: str) -> None:
    told = report_to_json(with_verdict(Verdict.WITHDRAWN_OR_REPLACED), language=language)
    assert all(check["message"]["text"] for check in told["checks"])
    assert told["message"]["action"]
    assert told["code"] == "revoked.x"


def test_the_canonical_bytes_do_not_depend_on_the_order_of_claims() -> None:
    one = report()
    other = replace(one, claims=dict(reversed(list(one.claims.items()))))
    assert report_bytes(one) == report_bytes(other)
    assert report_bytes(one, language="fr") != report_bytes(one, language="en")
    assert b"\n" not in report_bytes(one)


# --- words


def test_both_languages_have_the_same_words_and_every_check_and_outcome_has_one() -> None:
    def placeholders(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english, french = _texts("en"), _texts("fr")
    assert list(english) == list(french)
    assert all(placeholders(text) == placeholders(french[name]) for name, text in english.items())
    assert {f"check.{kind.id}" for kind in PROCEDURE} == {name for name in english if name.startswith("check.")}
    assert {f"outcome.{each}" for each in Outcome} == {name for name in english if name.startswith("outcome.")}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_has_a_headline_a_sentence_and_what_to_do(verdict: Verdict, language: str) -> None:
    shown = shown_report(with_verdict(verdict), language)
    assert shown.headline[0].isupper()
    assert len(shown.headline) < 70
    assert len(shown.sentence) > 20
    assert shown.action
    assert (shown.reason is None) == (verdict is Verdict.AUTHENTIC_IN_FORCE)


def test_days_times_and_values_are_words() -> None:
    english, french = Words("en"), Words("fr")
    assert french.day(date(2026, 8, 1)) == "1er août 2026"
    assert english.moment(AT) == "22 November 2026, 12:00 UTC"
    assert [english.duration(seconds) for seconds in (0, 59, 120, 7_200, 86_400, 200_000)] == [
        *("0 s", "59 s", "2 min", "2 h", "24 h", "2 days 7 h"),
    ]
    assert (french.value(True), french.value(False), french.value(7)) == ("oui", "non", "7")
    assert (english.value("2026-11-22"), english.value("2026-99-99")) == ("22 November 2026", "2026-99-99")


def test_what_the_attestation_says_has_labels_and_plain_values() -> None:
    english = {each.label: each.value for each in shown_report(report(), "en").says}
    french = {each.label: each.value for each in shown_report(report(), "fr").says}
    assert english["Status confirmation"] == "Posted employed person (01)"
    assert french["Confirmation du statut"] == "Salarié détaché (01)"
    assert english["Legislation applies from"] == "1 November 2026"
    odd = report(claims={"legislation_country": None, "status_confirmation": ["01"]})
    assert {each.value for each in shown_report(odd, "en").says} == {"none"}
    assert shown_report(report(layout=None), "en").says == ()


def test_facts_name_the_type_the_day_the_status_and_the_policy() -> None:
    facts = {each.label: each.value for each in shown_report(report(), "en").facts}
    assert facts["Attestation"] == "A1 certificate (urn:eudi:pda1:1)"
    assert facts["Judged for the day"] == "22 November 2026"
    assert facts["Age of the status"] == "2 h"
    assert facts["Version of the policy"] == "version-of-the-rules"
    old = shown_report(report(credential_type="urn:eu.europa.ec.eudi:pda1:1"), "en")
    assert {each.label: each.value for each in old.facts}["Old type, now"] == "urn:eudi:pda1:1"
    bare = shown_report(report(credential_type="urn:example:x", on_date=None, policy_version=""), "en")
    assert {each.label for each in bare.facts}.isdisjoint({"Judged for the day", "Version of the policy"})
    assert {each.label: each.value for each in bare.facts}["Attestation"] == "urn:example:x"
    assert "Attestation" not in {each.label for each in shown_report(report(credential_type=None), "en").facts}


def test_the_age_of_a_status_is_read_from_a_withdrawal_too() -> None:
    assert status_as_of(report(checks=checks(status=(Outcome.FAIL, "revoked", {"as_of": AT - 60})))) == AT - 60
    assert status_as_of(report(checks=checks(status=(Outcome.NOT_APPLICABLE, "status_not_named", {})))) is None
    assert status_as_of(report(checks=())) is None


def test_a_genuine_a1_offers_a_review_and_a_card_does_not() -> None:
    values = [each.value for each in shown_report(report(), "en").review]
    assert values[:2] == ["FR:TEST01", "A1-FR-2026-0004271"]
    withheld = report(claims={"legislation_country": "FR"})
    assert len(shown_report(withheld, "en").review) == 2
    assert shown_report(report("ehic"), "en").review == ()


def test_deviations_are_told_up_to_a_number() -> None:
    many = tuple(Deviation("claim_unknown", f"claim-{number}") for number in range(MOST_DEVIATIONS + 7))
    shown = shown_report(report(deviations=many), "fr")
    assert (len(shown.deviations), shown.more_deviations) == (MOST_DEVIATIONS, 7)
    renamed = report(deviations=(Deviation("claim_renamed", "old", "new"),))
    assert all(word in shown_report(renamed, "en").deviations[0] for word in ("old", "new"))


# --- HTML


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_page_of_every_verdict_is_whole_and_says_it_in_words(verdict: Verdict, language: str) -> None:
    found = with_verdict(verdict)
    shown, page = shown_report(found, language), Page(report_page(found, language))
    assert page.elements[0] == ("html", {"lang": language})
    assert all(text in page.text for text in (shown.headline, shown.sentence, shown.action))
    assert Words(language).say(f"colour.{found.colour}") in page.text
    assert all(check.title in page.text and check.sentence in page.text for check in shown.checks)
    assert [tag for tag, _ in page.elements if tag == "h1"] == ["h1"]
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert set(page.attributes("aria-labelledby")) <= set(ids)
    assert all(attributes.get("aria-hidden") == "true" for tag, attributes in page.elements if tag == "svg")


def test_the_page_fetches_and_runs_nothing() -> None:
    page = Page(report_page(report(), "en"))
    (policy,) = (a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy == PAGE_POLICY
    assert "'unsafe-inline'" not in PAGE_POLICY
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "link", "img", "iframe", "form", "a"})
    assert not any(name.startswith(("on", "style", "src", "href")) for _, a in page.elements for name in a)
    assert "</style" not in STYLE
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert "@media print" in STYLE


HOSTILE = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><b>",
    "template": "{{ 7 * 7 }}{% raw %}${7*7}",
    "bidi": "safe\u202egnp.exe\u2066\u200f",
    "zero-width": "a\u200bb\u200cd\ufeff",
    "control": "\x00\x1b[31m\r\n\x7f\x85",
    "lone-surrogate": "\ud800",
    "long": "x" * 10_000,
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=[f"K04 {name}" for name in HOSTILE])
def test_k04_a_hostile_claim_value_is_text_and_nothing_else(value: str) -> None:
    claims: JsonObject = {**report().claims, "document_number": value}
    found = report(claims=claims, deviations=(Deviation("claim_unknown", value[:64]),), policy_version=value)
    for markup in (report_page(found, "en"), report_fragment(found, "fr")):
        page, plain = Page(markup), Page(report_page(report(), "en"))
        assert {tag for tag, _ in page.elements} <= {tag for tag, _ in plain.elements} | {"ul", "li", "h2", "h3"}
        assert printable(value) in page.text
        assert all(char.isprintable() or char in "\n\xa0" for char in page.text)
        markup.encode("utf-8")
    for line in report_lines(found, "en"):
        assert (line.before + line.marked + line.after).isprintable()


def test_a_value_stands_in_a_direction_of_its_own() -> None:
    page = report_page(report(claims={"document_number": "\u05d0\u05d1 12"}), "en")
    assert "<bdi>\u05d0\u05d1 12</bdi>" in page


def test_several_reports_fit_in_one_page_of_somebody_else() -> None:
    found = report(deviations=(Deviation("claim_missing", "x"),) * (MOST_DEVIATIONS + 1))
    page = Page(
        report_fragment(found, "en", anchor="first") + report_fragment(found, "en", level=3, anchor="second")
    )
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert page.elements[0][0] == "article"
    assert {tag for tag, _ in page.elements if tag[0] == "h" and tag[1:].isdigit()} == {"h2", "h3", "h4"}
    assert "And 1 more." in page.text


# --- table


def test_the_table_has_a_line_a_check_and_ends_with_the_verdict() -> None:
    found = with_verdict(Verdict.WITHDRAWN_OR_REPLACED)
    lines = list(report_lines(found, "en"))
    text = "\n".join(line.before + line.marked + line.after for line in lines)
    assert [line.marked.strip() for line in lines].count("Holds") == len(PROCEDURE) - 1
    assert "Red: Withdrawn or replaced" in text
    assert text.splitlines()[-1].strip() == shown_report(found, "en").action
    assert {line.tone for line in lines} == {"pass", "fail", "red"}
    many = report(deviations=(Deviation("claim_missing", "x"),) * (MOST_DEVIATIONS + 1))
    assert [line.after for line in report_lines(many, "en") if "more" in line.after] == ["And 1 more."]


def test_terminal_output_needs_no_template_engine() -> None:
    code = "import portadoc.cli.output, sys; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
