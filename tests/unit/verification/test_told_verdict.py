"""Verdicts in words: the kind of document, the day judged, the age of the status; and the facts at a glance."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.verification.checks import PROCEDURE, Check, Outcome
from portadoc.verification.rendering.key_facts import key_facts
from portadoc.verification.rendering.report_html import Place, report_fragment
from portadoc.verification.rendering.shown import shown_report
from portadoc.verification.rendering.told_verdict import told_report, told_verdict
from portadoc.verification.rendering.wording import Words
from portadoc.verification.report import VerificationReport
from portadoc.verification.verdict import Verdict

AT = 1_795_348_800
PAST = date(2026, 11, 5)
EN, FR = Words("en"), Words("fr")
RECORDS = {
    "pda1": "posted-worker-fr-de",
    "pda1-webuild": "posted-worker-fr-de",
    "ehic": "insured-traveller",
    "pid": "pid-posted-worker",
}
LATER = {"effective_from": "2026-11-10", "cause": "facts_changed", "successor": "-", "as_of": AT - 60, "age_s": 60}


def checks(**ends: Any) -> tuple[Check, ...]:
    return tuple(
        Check(
            kind.id,
            *ends.get(kind.id, (Outcome.PASS, f"{kind.id}_ok"))[:2],
            kind.clause,
            *ends.get(kind.id, ())[2:],
        )
        for kind in PROCEDURE
    )


def known(age_s: int, code: str = "status_ok", outcome: Outcome = Outcome.PASS, **params: Any) -> Any:
    return (outcome, code, {"age_s": age_s, "as_of": AT - age_s, **params})


def report(configuration: str = "pda1", *, status: Any = None, **changes: Any) -> VerificationReport:
    projection = CREDENTIAL_TYPES[configuration].projection
    members: dict[str, Any] = {
        "checks": checks(status=status or known(60)),
        "as_of": AT,
        "policy_id": "t",
        "on_date": date(2026, 11, 22),
        "institution_id": "FR:TEST01",
        "credential_type": projection.vct,
        "claims": {**projection.project(example(RECORDS[configuration])), "vct": projection.vct},
        "layout": projection.id,
    }
    return VerificationReport(**(members | changes))


def withdrawn_later(**params: Any) -> VerificationReport:
    return report(on_date=PAST, status=(Outcome.WARNING, "withdrawn_later", {**LATER, **params}))


# --- days


def test_a_day_before_a_withdrawal_has_a_headline_of_its_own_and_says_how_far_to_rely() -> None:
    told = told_report(withdrawn_later(), EN)
    assert told.headline == "In force on 5 November 2026; withdrawn with effect from 10 November 2026"
    assert told.action.startswith("Rely on it for days before 10 November 2026 only.")
    assert "Accept" not in told.action
    assert told_report(withdrawn_later(), FR).headline == (
        "En vigueur le 5 novembre 2026 ; retiré avec effet au 10 novembre 2026"
    )
    stale = told_report(withdrawn_later(age_s=82_800, stale=1), EN)
    assert stale.headline.endswith("as known 23 h ago, not refreshed")
    assert told_report(replace(withdrawn_later(), on_date=None), EN).headline == "Authentic and in force"


def test_another_day_than_that_of_the_check_stands_in_the_headline() -> None:
    assert told_report(report(on_date=PAST), EN).headline == "Authentic and in force on 5 November 2026"
    unknown = report(on_date=PAST, status=(Outcome.UNKNOWN, "effect_not_established", {"day": "2026-11-05"}))
    assert told_report(unknown, EN).headline == "Withdrawn or replaced; effect on 5 November 2026 not established"
    failed = checks(signature=(Outcome.FAIL, "signature_invalid", {"reason": "x"}))
    assert (
        told_report(report(checks=failed, on_date=PAST), EN).headline
        == "Not authentic (judged for 5 November 2026)"
    )
    assert told_report(report(), EN).headline == "Authentic and in force"


def test_what_is_not_in_force_names_the_day_or_says_that_the_copy_is_not() -> None:
    ended = checks(coverage_period=(Outcome.FAIL, "coverage_ended", {"last": "2026-10-31", "day": "2026-11-22"}))
    assert told_report(report(checks=ended), EN).headline == "Not in force on 22 November 2026"
    copy = checks(technical_validity=(Outcome.FAIL, "expired"))
    assert told_report(report(checks=copy), EN).headline == "This copy is not in force now"
    assert told_report(report(checks=ended, on_date=None), EN).headline == "Not in force on this date"


@pytest.mark.parametrize(
    ("params", "headline"),
    [
        (
            {"effective_from": "2026-11-10", "cause": "facts_changed"},
            "Withdrawn with effect from 10 November 2026",
        ),
        ({"effective_from": "2026-11-10", "cause": "replaced"}, "Replaced with effect from 10 November 2026"),
        ({"effective_from": "-", "cause": "-", "successor": "-"}, "Withdrawn or replaced"),
        ({"effective_from": "withheld", "cause": "withheld"}, "Withdrawn or replaced"),
    ],
)
def test_a_withdrawal_names_its_first_day_where_it_is_known(params: dict[str, str], headline: str) -> None:
    found = report(status=(Outcome.FAIL, "revoked", params))
    assert told_report(found, EN).headline == headline
    (finding,) = shown_report(found, "en").findings
    assert not any(raw in finding.sentence for raw in ("facts_changed", "replaced by", "-", "withheld"))


# --- ages


@pytest.mark.parametrize(
    ("status", "headline"),
    [
        (known(3_599), "Authentic and in force"),
        (known(3_600), "Authentic and in force, as known 1 h ago"),
        (known(300, "status_stale", Outcome.WARNING), "Authentic and in force, as known 5 min ago, not refreshed"),
        (
            known(82_800, "status_stale", Outcome.WARNING),
            "Authentic and in force, as known 23 h ago, not refreshed",
        ),
        (known(90_000, "status_too_old", Outcome.UNKNOWN, limit_s=3_600), "Status not known, as known 25 h ago"),
        ((Outcome.PASS, "status_ok", {"age_s": "withheld"}), "Authentic and in force"),
    ],
)
def test_v48_an_old_status_stands_with_its_age_in_the_headline(status: Any, headline: str) -> None:
    assert told_report(report(status=status), EN).headline == headline


# --- kinds


def test_article_5_is_said_of_documents_of_institutions_and_never_of_identity_data() -> None:
    told = {kind: told_report(report(kind), EN) for kind in RECORDS}
    assert told["pda1"].action == "Accept it: it binds until the issuing institution withdraws it."
    assert "Article 5" in told["ehic"].action
    assert told["pid"].headline == "Identity data authentic and valid"
    assert not any(
        "987/2009" in text or "institution" in text for text in (told["pid"].action, told["pid"].sentence)
    )
    assert told_report(report(layout=None), EN).action == told["pda1"].action
    assert told_report(report(layout=None, credential_type="x"), EN).action == "Rely on it for what it says."


@pytest.mark.parametrize(
    ("found", "offered"),
    [
        (report(), True),
        (report("pda1-webuild"), True),
        (report("ehic"), False),
        (report("pid"), False),
        (withdrawn_later(), False),
        (report(status=(Outcome.FAIL, "revoked", {"effective_from": "-"})), False),
        (report(status=(Outcome.UNKNOWN, "status_unavailable", {})), False),
        (report(checks=checks(type=(Outcome.FAIL, "type_not_accepted"))), False),
        (report(checks=checks()[:3]), False),
    ],
)
def test_only_a_genuine_a1_that_is_not_withdrawn_binds_who_doubts_it(
    found: VerificationReport, offered: bool
) -> None:
    assert bool(shown_report(found, "en").review) is offered


# --- several documents


def test_over_several_documents_the_a1_speaks_and_the_oldest_status_counts() -> None:
    told = told_verdict(Verdict.AUTHENTIC_IN_FORCE, (report("pid", status=known(7_200)), report()), EN)
    assert told.headline == "Authentic and in force, as known 2 h ago"
    assert told.action.startswith("Accept it: it binds")
    by_nobody = told_verdict(Verdict.HOLDER_NOT_PROVEN, (report(), report("pid")), EN)
    assert by_nobody.headline == "Holder not proven"


def test_a_part_says_what_it_comes_to_by_itself_and_repeats_no_advice() -> None:
    part = report_fragment(report(), "en", place=Place.PART)
    assert "This document by itself: Authentic and in force" in part
    assert "Accept it" not in part
    only = report_fragment(report(), "en", place=Place.ONLY)
    assert not any(text in only for text in ("Authentic and in force", "Accept it", "Green"))


# --- facts at a glance


def facts(found: VerificationReport, words: Words = EN) -> list[tuple[str, str]]:
    return [(each.label, each.value) for each in key_facts(found, words)]


def test_the_facts_that_decide_come_in_one_order_and_in_words() -> None:
    assert facts(report()) == [
        ("Applicable legislation", "France"),
        ("Period", "1 November 2026 – 31 August 2027"),
        ("Employer", "Ateliers Fictifs du Massif SAS, France"),
        ("Place of work", "Hamburg, Germany"),
        ("Document number", "A1-FR-2026-0004271"),
        ("Institution", "Caisse de démonstration de sécurité sociale, France"),
    ]
    assert [label for label, _ in facts(report("pda1-webuild"))][-2:] == ["Person", "Date of birth"]
    assert dict(facts(report("ehic"), FR))["Droits ouverts"] == "15 septembre 2026 – 14 septembre 2028"
    assert dict(facts(report("pid")))["Date of birth"] == "17 April 1991"
    assert facts(report(layout=None, credential_type="x")) == []


def test_what_is_kept_back_or_strange_is_left_out_of_the_facts() -> None:
    assert facts(report(claims={"legislation_country": "FR"})) == [("Applicable legislation", "France")]
    assert facts(report(claims={"starting_date": "2026-11-01"})) == [
        ("Period", "from 1 November 2026, no end shown")
    ]
    assert facts(report(claims={"ending_date": "2026-11-30"})) == [
        ("Period", "until 30 November 2026, no start shown")
    ]
    assert facts(report(claims={"employer": "x", "work_address": None, "issuing_authority": 7})) == []
    assert facts(report(claims={"work_address": {"country": "DE"}})) == [("Place of work", "Germany")]


def test_of_many_employers_a_few_are_named_and_the_others_counted() -> None:
    vct = CREDENTIAL_TYPES["pda1-webuild"].vct
    claims = {"vct": vct, "employmentSituations": [{"name": f"Employer {number}"} for number in range(6)]}
    told = dict(facts(report("pda1-webuild", claims=claims)))
    assert told["Employer"].endswith("Employer 3; and 2 more")


# --- words


def test_countries_days_and_moments_are_words_and_what_was_not_stated_is_said_so() -> None:
    assert (EN.country("EL"), FR.country("DE"), EN.country("ZZ"), EN.country("")) == (
        "Greece",
        "Allemagne",
        "ZZ",
        "",
    )
    assert EN.value("2026-11-01 08:00 UTC") == "1 November 2026, 08:00 UTC"
    assert (EN.value("2026-99-01 08:00 UTC"), EN.value("-")) == ("2026-99-01 08:00 UTC", "not stated")
    open_end = EN.message("coverage_period_ok", {"first": "2026-11-01", "last": "-"})
    assert open_end.text == "The decision covers 1 November 2026 – not stated."


def test_what_is_known_follows_a_sentence_and_what_is_empty_does_not() -> None:
    params = {"effective_from": "2026-11-10", "cause": "ended_early", "successor": "A1-2"}
    assert EN.message("revoked", params).text == (
        "The institution withdrew the attestation. With effect from 10 November 2026. "
        "Reason given: the situation ended early. Replaced by A1-2."
    )
    assert (
        EN.message("revoked", {"cause": "of_a_later_release"}).text == "The institution withdrew the attestation."
    )
    since = {"reason": "list_expired", "since": "2026-11-20 08:00 UTC"}
    assert EN.message("status_unavailable", since).text.endswith("Last known: 20 November 2026, 08:00 UTC.")


def test_findings_keep_technical_reasons_for_the_checks() -> None:
    found = report(checks=checks(signature=(Outcome.FAIL, "signature_invalid", {"reason": "mismatch"})))
    shown = shown_report(found, "en")
    assert "mismatch" not in shown.findings[0].sentence
    assert any("mismatch" in check.sentence for check in shown.checks)


def test_what_was_not_asked_is_not_counted_among_what_holds() -> None:
    shown = shown_report(report(checks=checks(covers_work=(Outcome.NOT_APPLICABLE, "work_not_asked"))), "en")
    assert (shown.passed, shown.asked, len(shown.checks)) == (13, 13, 14)
    assert "13 of 13 hold; 1 not asked" in report_fragment(
        report(checks=checks(covers_work=(Outcome.NOT_APPLICABLE, "work_not_asked"))), "en"
    )
