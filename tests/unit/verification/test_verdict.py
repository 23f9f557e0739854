"""The verdict is computed from the checks: every way in which they can end, and the one table that decides."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc.i18n import LANGUAGES, render
from portadoc.verification.checks import (
    KEY_BINDING,
    LETS_THROUGH,
    NO_PARAMS,
    PROCEDURE,
    Check,
    CheckKind,
    Outcome,
)
from portadoc.verification.report import VerificationReport
from portadoc.verification.verdict import RULES, UNREADABLE, Colour, Rule, Verdict, deciding_check, verdict_of

GREEN = tuple(Check(kind.id, Outcome.PASS, f"{kind.id}_ok", kind.clause) for kind in PROCEDURE)
PRECEDENCE = tuple(dict.fromkeys(rule.verdict for rule in RULES))
OTHER_CODE = "some_code"


def ended(*ends: tuple[CheckKind, Outcome, str]) -> tuple[Check, ...]:
    """Return the checks of a run in which these steps ended like this, all others well."""
    by_id = {kind.id: Check(kind.id, outcome, code, kind.clause) for kind, outcome, code in ends}
    return tuple(by_id.get(check.id, check) for check in GREEN)


def codes_of(kind: CheckKind) -> tuple[str, ...]:
    """Return every code that the table knows for a step, and one that it does not."""
    return (*sorted({code for rule in RULES if rule.step == kind for code in rule.codes}), OTHER_CODE)


ENDS = [
    (kind, outcome, code)
    for kind in PROCEDURE
    for outcome in Outcome
    for code in (codes_of(kind) if outcome not in LETS_THROUGH else (OTHER_CODE,))
]


@pytest.mark.parametrize(("kind", "outcome", "code"), ENDS)
def test_one_step_that_ends_otherwise_is_green_only_if_it_lets_through(
    kind: CheckKind, outcome: Outcome, code: str
) -> None:
    checks = ended((kind, outcome, code))
    assert (verdict_of(checks) is Verdict.AUTHENTIC_IN_FORCE) is (outcome in LETS_THROUGH)
    assert (deciding_check(checks) is None) is (outcome in LETS_THROUGH)


def test_of_any_two_problems_the_graver_verdict_stands_and_the_colour_is_never_better() -> None:
    """Exhaustive over all pairs of ends of two steps."""
    order = {verdict: place for place, verdict in enumerate((*PRECEDENCE, Verdict.AUTHENTIC_IN_FORCE))}

    def gravity(end: tuple[CheckKind, Outcome, str]) -> float:
        """That a seal is bound to nobody says less than anything else: it is true of every seal."""
        only_a_seal = end[:2] == (KEY_BINDING, Outcome.UNKNOWN)
        return len(PRECEDENCE) - 0.5 if only_a_seal else order[verdict_of(ended(end))]

    for one, other in product(ENDS, ENDS):
        if one[0] == other[0]:
            continue
        single = verdict_of(ended(min(one, other, key=gravity)))
        both = verdict_of(ended(one, other))
        assert both is single
        assert both is not Verdict.AUTHENTIC_IN_FORCE or {one[1], other[1]} <= LETS_THROUGH


def test_over_all_combinations_of_outcomes_green_means_that_every_step_let_through() -> None:
    """Exhaustive over halves of the procedure: lets through, fails, is not known."""
    for outcomes in product((Outcome.WARNING, Outcome.FAIL, Outcome.UNKNOWN), repeat=7):
        assert_sound((*outcomes, *outcomes))


@given(st.tuples(*(st.sampled_from(Outcome) for _ in PROCEDURE)))
def test_whatever_the_outcomes_green_means_that_every_step_let_through(outcomes: tuple[Outcome, ...]) -> None:
    assert_sound(outcomes)


def assert_sound(outcomes: tuple[Outcome, ...]) -> None:
    checks = tuple(
        Check(kind.id, outcome, OTHER_CODE, kind.clause) for kind, outcome in zip(PROCEDURE, outcomes, strict=True)
    )
    verdict = verdict_of(checks)
    assert (verdict is Verdict.AUTHENTIC_IN_FORCE) is (set(outcomes) <= LETS_THROUGH)
    assert (verdict.colour is Colour.GREEN) is (verdict is Verdict.AUTHENTIC_IN_FORCE)
    deciding = deciding_check(checks)
    assert deciding is None or deciding.outcome not in LETS_THROUGH


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.step.id}-{rule.outcome}-{rule.verdict}")
def test_each_rule_of_the_table_decides_alone(rule: Rule) -> None:
    code = min(rule.codes, default=OTHER_CODE)
    assert verdict_of(ended((rule.step, rule.outcome, code))) is rule.verdict
    decided = deciding_check(ended((rule.step, rule.outcome, code)))
    assert decided is not None
    assert (decided.id, decided.code) == (rule.step.id, code)


def test_red_comes_before_amber_in_the_table() -> None:
    colours = [verdict.colour for verdict in PRECEDENCE]
    assert colours == sorted(colours, key=[Colour.RED, Colour.AMBER].index)
    assert set(PRECEDENCE) | {Verdict.AUTHENTIC_IN_FORCE} == set(Verdict)


def test_a_run_that_is_not_the_whole_procedure_proves_nothing() -> None:
    for checks in ((), GREEN[:-1], GREEN[1:], GREEN[::-1], (*GREEN, GREEN[-1])):
        assert verdict_of(checks) is Verdict.NOT_AUTHENTIC


def test_a_step_that_did_not_run_and_that_no_rule_names_proves_nothing() -> None:
    for kind in PROCEDURE:
        checks = ended((kind, Outcome.NOT_RUN, "step_not_run"))
        assert verdict_of(checks) is Verdict.NOT_AUTHENTIC
        decided = deciding_check(checks)
        assert decided is not None
        assert decided.id == kind.id


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_a_sentence_and_says_what_to_do(verdict: Verdict, language: str) -> None:
    message = render(verdict.code, NO_PARAMS, language)
    assert message.text
    assert message.action
    assert verdict.code == f"verdict_{verdict}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_calls_a_genuine_document_invalid_or_suspicious(language: str) -> None:
    """CJEU C-527/16: a genuine document that is not withdrawn binds; nobody but its issuer may say otherwise."""
    for verdict in Verdict:
        told = " ".join(vars_of(render(verdict.code, NO_PARAMS, language))).lower()
        assert not any(word in told for word in ("invalid", "suspicious", "suspect", "fraud", "faux", "fake"))


def vars_of(message: Any) -> tuple[str, str]:
    return message.text, message.action


def test_colours_are_those_that_were_settled() -> None:
    assert {verdict for verdict in Verdict if verdict.colour is Colour.GREEN} == {Verdict.AUTHENTIC_IN_FORCE}
    assert {verdict for verdict in Verdict if verdict.colour is Colour.AMBER} == {
        Verdict.APPLIED_NOT_DECIDED,
        Verdict.STATUS_NOT_KNOWN,
        Verdict.PERIOD_NOT_SHOWN,
        Verdict.WORK_NOT_SHOWN,
        Verdict.HOLDER_NOT_PROVEN,
        Verdict.EFFECT_NOT_ESTABLISHED,
    }


def test_claims_that_cannot_be_read_are_not_what_was_asked_rather_than_out_of_force() -> None:
    for kind in (kind for kind in PROCEDURE if kind.id in ("technical_validity", "document_validity")):
        for code in UNREADABLE:
            assert verdict_of(ended((kind, Outcome.FAIL, code))) is Verdict.NOT_WHAT_WAS_ASKED
        assert verdict_of(ended((kind, Outcome.FAIL, "expired"))) is Verdict.NOT_IN_FORCE_ON_DATE


class TestReview:
    """Art. 5(2) of Regulation 987/2009: who doubts a genuine A1 asks its institution."""

    def test_it_is_offered_for_a_genuine_a1_with_the_reference_that_was_shown(self, world: Any) -> None:
        request = world.verify().review_request
        assert request is not None
        assert request.institution_id == "FR:TEST01"
        assert request.document_reference == world.claims()["document_number"]
        assert "987/2009" in request.legal_basis

    def test_it_is_offered_without_a_reference_that_was_kept_back(self, world: Any) -> None:
        request = world.verify(world.presentation(world.credential().partition("~")[0] + "~")).review_request
        assert request is not None
        assert request.document_reference is None

    @pytest.mark.parametrize("verdict", Verdict)
    def test_it_is_offered_under_every_verdict_on_a_genuine_document(self, world: Any, verdict: Verdict) -> None:
        rule = next((rule for rule in RULES if rule.verdict is verdict), None)
        checks = GREEN if rule is None else ended((rule.step, rule.outcome, min(rule.codes, default=OTHER_CODE)))
        report = replace(world.verify(), checks=checks)
        assert report.verdict is verdict
        assert (report.review_request is not None) is (verdict is not Verdict.NOT_AUTHENTIC)

    def test_it_is_not_offered_for_another_document_or_an_unknown_issuer(self, world: Any) -> None:
        good = world.verify()
        assert replace(good, credential_type="urn:eudi:ehic:1").review_request is None
        assert replace(good, institution_id=None).review_request is None
        assert replace(good, credential_type="urn:eu.europa.ec.eudi:pda1:1").review_request is not None
        assert world.verify("x").review_request is None


class TestReport:
    def test_it_carries_the_record_and_every_deviation(self, world: Any) -> None:
        place = {"locality": "Hamburg", "country": "UK", "building_number": "5", "unheard": 1}
        report = world.verify(world.presentation(world.credential(world.claims(work_address=place))))
        assert report.layout == "pda1-dc4eu-a"
        assert {(each.code, each.claim) for each in report.deviations} == {
            ("claim_renamed", "work_address.building_number"),
            ("claim_unknown", "work_address.unheard"),
            ("country_code_eessi", "work_address.country"),
        }
        assert report.record["countries_of_work"][0]["country"] == "GB"
        assert report.record["legislation"]["state"] == "FR"

    def test_what_is_dropped_from_the_claims_is_not_in_the_record_either(self, world: Any) -> None:
        report = world.verify()
        fewer = replace(report, claims={"document_number": "X-12345"})
        assert fewer.record == {"document": {"number": "X-12345"}}
        assert fewer.deviations == report.deviations

    def test_it_says_that_the_type_has_an_old_name(self, world: Any) -> None:
        old = world.verify(
            world.presentation(world.credential(world.claims(vct="urn:eu.europa.ec.eudi:pda1:1"))),
            accepted_types=frozenset({"urn:eu.europa.ec.eudi:pda1:1"}),
        )
        assert (old.old_type_of, old.layout) == ("urn:eudi:pda1:1", "pda1-dc4eu-a")
        assert world.verify().old_type_of is None
        assert world.verify("x").old_type_of is None

    def test_nothing_is_read_of_what_nobody_vouches_for(self, world: Any) -> None:
        report = world.verify("x")
        assert (report.record, report.layout, report.deviations, report.colour) == ({}, None, (), Colour.RED)
        assert report.deciding_check == report.checks[0]

    def test_it_says_how_the_claims_travelled_for_the_check_of_the_query(self, world: Any) -> None:
        report: VerificationReport = world.verify()
        assert ("document_number",) in report.disclosed
        assert report.issued_positions == {}
