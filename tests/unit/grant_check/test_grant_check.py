"""One lawful grant of each kind is derived; one fault in it, and the checker says which rule fails."""

import ast
import contextlib
from copy import deepcopy
from pathlib import Path
from random import Random  # noqa: TID251 - the same in every run
from typing import Any

import pytest

from portadoc.errors import Refused
from portadoc.grant_check import check_grant, checker
from tests.population import other_articles, postings, several_states
from tests.population.boundaries import LEFT_OUT
from tests.population.grants import written
from tests.population.situations import Case, Grant, Situation, Truth

LAWFUL: tuple[Situation, ...] = (
    postings.plain, postings.business, postings.extended, postings.overseas, several_states.substantial_at_home,
    several_states.one_employer, several_states.one_seat_state, several_states.home_and_other_seat,
    several_states.two_other_seats, several_states.employer_overseas, several_states.third_state_work,
    several_states.marginal_at_home, several_states.self_employed_at_home, several_states.self_employed_elsewhere,
    several_states.employed_and_own, several_states.civil_servant, other_articles.one_state, other_articles.seaman,
    other_articles.official_abroad, other_articles.paid_at_home, other_articles.crew,
    other_articles.contract_staff, other_articles.telework, other_articles.telework_capped, other_articles.agreed,
)  # fmt: skip


@pytest.mark.parametrize("situation", LAWFUL, ids=lambda situation: situation.__name__)
def test_a_lawful_grant_is_derived(situation: Situation) -> None:
    facts, decision = lawful(situation)
    check_grant(facts, decision)


POSTING = (
    ("/person/deceased", True, "living, covered person"),
    ("/person/deceased", None, "living, covered person"),
    ("/person/nationality_class", None, "nationality"),
    ("/request/transitional", True, "living, covered person"),
    ("/request/regular_pattern", True, "limited in time"),
    ("/request/auto_renewing", True, "limited in time"),
    ("/request/asked_state", "FR", "asked_state"),
    ("/request/requested_legislation", "FR", "requested_legislation"),
    ("/request/request_date", "2022-01-01", "at most a year ahead"),
    ("/request/request_date", "2031-01-01", "not an old period"),
    ("/request/unheard_of", 1, "known members only"),
    ("/employers/0/seat_clear", False, "seat_clear"),
    ("/employers/0/seat_state", "FR", "seat_state"),
    ("/employers/0/kind", "outside_eu", "kind"),
    ("/employers/0/home_activity/turnover_share", 24.99, "25 % of the business at home"),
    ("/employers/0/home_activity/turnover_share", None, "fact missing or unreadable"),
    ("/employers/0/home_activity/admin_staff_only", True, "admin_staff_only"),
    ("/employers/0/home_activity/admin_staff_share", 50.01, "staff"),
    ("/posting/replaces", "posted_other_employer", "replaces"),
    ("/posting/replaces", None, "replaces"),
    ("/posting/direct_relationship", False, "direct_relationship"),
    ("/posting/hired_out_onward", None, "hired_out_onward"),
    ("/posting/paid_by", "host", "paid_by"),
    ("/posting/host_state", "US", "an end, a host state"),
    ("/posting/prior_cover/basis", "none", "basis"),
    ("/posting/prior_cover/gap_days_before_start", 1, "one month of cover just before"),
    ("/posting/prior_cover/since", None, "fact missing or unreadable"),
    ("/activities/0/state", "NL", "state"),
    ("/activities/0/kind", "self_employed", "kind"),
    ("/regime", "CH_UK", "quoted fact"),
    ("/applicant_kind", "mariner", "fact missing or unreadable"),
)


@pytest.mark.parametrize(("pointer", "value", "rule"), POSTING)
def test_a_posting_with_one_fault_is_not_derivable(pointer: str, value: Any, rule: str) -> None:
    facts, decision = lawful(postings.plain)
    assert failing_rule(change(facts, pointer, value), decision) == rule


def test_the_last_lawful_day_is_24_months_to_the_day() -> None:
    facts, decision = lawful(postings.to_the_last_day)
    check_grant(facts, decision)
    start = facts["posting"]["start"]
    over = f"{int(start[:4]) + 2}{start[4:]}"
    for pointer in ("/posting/end", "/request/period_end", "/activities/0/end"):
        change(facts, pointer, over)
    assert failing_rule(facts, decision | {"validity_end": over}) == "under 24 months in all"


@pytest.mark.parametrize(("last", "rule"), [("2028-02-28", None), ("2028-02-29", "break of two months")])
def test_two_months_have_to_pass_after_a_posting(last: str, rule: str | None) -> None:
    facts, decision = posted_from("2028-04-29", "2028-06-30")
    facts["previous_postings"] = [
        {
            "host_state": facts["posting"]["host_state"],
            "start": "2027-11-01",
            "end": last,
            "same_undertakings": True,
            "relation": "separate_assignment",
        }
    ]
    if rule is None:
        check_grant(facts, decision)
    else:
        assert failing_rule(facts, decision) == rule


@pytest.mark.parametrize(
    ("since", "rule"), [("2027-02-28", None), ("2027-03-01", "one month of cover just before")]
)
def test_a_month_of_cover_is_a_month_of_the_calendar(since: str, rule: str | None) -> None:
    facts, decision = posted_from("2027-03-31", "2027-06-30")
    facts["posting"]["prior_cover"]["since"] = since
    if rule is None:
        check_grant(facts, decision)
    else:
        assert failing_rule(facts, decision) == rule


OTHER_FAULTS: tuple[tuple[Situation, str, Any, str], ...] = (
    (postings.business, "/self_employed_home/months_active_before", 1, "two months of own business"),
    (postings.business, "/self_employed_home/similar_activity", None, "similar_activity"),
    (postings.business, "/self_employed_home/keeps_means", False, "keeps_means"),
    (postings.business, "/self_employed_home/real_home_activity", False, "real_home_activity"),
    (postings.third_country_national, "/person/legally_resident", False, "nationality"),
    (several_states.one_employer, "/employers/0/seat_clear", False, "seat"),
    (several_states.one_employer, "/activities/0/share_of_pay", 30.0, "shares of all work"),
    (several_states.one_employer, "/activities/0/share_of_time", None, "fact missing or unreadable"),
    (several_states.one_employer, "/employers", [], "employers"),
    (several_states.substantial_at_home, "/person/residence_state", "US", "work in several states"),
    (several_states.employer_overseas, "/employers/0/seat_state", None, "seats"),
    (several_states.civil_servant, "/employers/0/kind", "private", "public employer"),
    (other_articles.seaman, "/mariner/waters", "territorial", "at sea"),
    (other_articles.seaman, "/mariner/flag_states", ["DK", "IT"], "flag"),
    (other_articles.crew, "/aircrew/home_bases/0/end", "2026-04-01", "home base"),
    (other_articles.crew, "/aircrew/commercial_air_services", False, "air services"),
    (other_articles.contract_staff, "/contract_staff/option_used_before", True, "option_used_before"),
    (other_articles.contract_staff, "/contract_staff/exercised_at_contract", None, "exercised_at_contract"),
    (other_articles.telework, "/telework/digital_link", False, "digital_link"),
    (other_articles.telework, "/telework/joint_consent", False, "joint_consent"),
    (other_articles.telework, "/telework/other_state_share", 5.0, "25 to 50 % at home"),
    (other_articles.telework, "/telework/seat_signatory", False, "seat_signatory"),
    (other_articles.telework, "/telework/share_in_residence", 50.0, "25 to 50 % at home"),
    (other_articles.agreed, "/exception/reply", "A002_refusal", "reply"),
    (other_articles.agreed, "/exception/other_state", "US", "other_state"),
    (other_articles.agreed, "/exception/agreed_period", None, "fact missing or unreadable"),
    (other_articles.official_abroad, "/employers/0/kind", "private", "public employer"),
)


@pytest.mark.parametrize(("situation", "pointer", "value", "rule"), OTHER_FAULTS)
def test_one_fault_makes_a_grant_not_derivable(situation: Situation, pointer: str, value: Any, rule: str) -> None:
    facts, decision = lawful(situation)
    assert failing_rule(change(facts, pointer, value), decision) == rule


def test_a_valid_certificate_of_another_state_stands_in_the_way() -> None:
    facts, decision = lawful(postings.plain)
    start = facts["posting"]["start"]
    other = {"state": "EE", "article": "12(1)", "start": "2020-01-01", "end": start, "employer_same": True}
    facts["existing_a1"] = [other | {"status": "valid", "host_state": None}]
    check_grant(facts, decision)  # one shared day
    facts["existing_a1"][0]["end"] = None
    assert failing_rule(facts, decision) == "no other certificate"
    facts["existing_a1"][0]["status"] = "withdrawn"
    check_grant(facts, decision)


@pytest.mark.parametrize("made", LEFT_OUT, ids=lambda made: made.__name__)
def test_rare_kinds_of_requests_never_break_the_checker(made: Any) -> None:
    for seed in range(20):
        facts = made(Random(seed))
        state = facts["person"]["residence_state"]
        period = facts["request"]["period_start"], facts["request"]["period_end"]
        with contextlib.suppress(Refused):
            check_grant(facts, written(facts, Grant(state, "11(3)(e)", None, "ISSUE_OTHER", *period)))


@pytest.mark.parametrize("broken", [{}, {"request": None}, {"request": {"kind": "posting"}, "person": {}}])
def test_facts_of_another_form_are_refused(broken: Case) -> None:
    _, decision = lawful(postings.plain)
    with pytest.raises(Refused):
        check_grant(broken, decision)


@pytest.mark.parametrize("name", ["unheard_of", "un-heard", "un\\heard", 'un"heard', "ü", "", "a b"])
def test_an_unknown_member_is_refused_wherever_it_stands(name: str) -> None:
    for pointer in ("", "/person", "/employers/0/home_activity", "/posting/prior_cover"):
        facts, decision = lawful(postings.plain)
        node: Any = facts
        for part in pointer.split("/")[1:]:
            node = node[int(part)] if isinstance(node, list) else node[part]
        node[name] = None
        assert failing_rule(facts, decision) == "known members only"


def test_the_refusal_names_the_provision() -> None:
    facts, decision = lawful(postings.plain)
    with pytest.raises(Refused) as refused:
        check_grant(change(facts, "/posting/direct_relationship", False), decision)
    assert refused.value.params == {"rule": "direct_relationship", "provision": "Decision A2 no 1, 4"}


def test_words_in_a_note_are_no_members() -> None:
    facts, decision = lawful(postings.plain)
    facts["notes"] = ['he said "unheard_of": yes', "{'a': 1}", 'x\\": y']
    check_grant(facts, decision)


def test_an_open_step_or_question_is_refused() -> None:
    facts, decision = lawful(postings.plain)
    step = decision["derivation"][0]
    assert failing_rule(facts, decision | {"derivation": [step, step | {"result": "unknown"}]}) == "no open step"
    assert failing_rule(facts, decision | {"questions": ["/posting/replaces"]}).startswith("law in force")
    assert failing_rule(facts, decision | {"pack": "eu-2026-revision"}).startswith("law in force")


def test_a_quoted_fact_has_to_stand_in_the_case() -> None:
    facts, decision = lawful(postings.plain)
    for pointer, value in (("/posting/replaces", "nobody"), ("/person/deceased", 0), ("/employers/7/kind", None)):
        step = decision["derivation"][0] | {"facts": [[pointer, value]]}
        with pytest.raises(Refused):
            check_grant(facts, decision | {"derivation": [step]})


def test_the_checker_shares_nothing_with_the_rules_and_stays_small() -> None:
    source = Path(checker.__file__).read_text("utf-8")
    tree = ast.parse(source)
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name for name in imported if name.startswith("portadoc")} == {
        "portadoc.errors",
        "portadoc.grant_check",
        "portadoc.grant_check.counting",
        "portadoc.grant_check.days",
    }
    said: set[int] = set()
    for node in [tree, *(each for each in tree.body if isinstance(each, ast.FunctionDef))]:
        if ast.get_docstring(node):
            said |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    code = [line for number, line in enumerate(source.splitlines(), 1) if line.strip() and number not in said]
    assert len(code) < 300


def lawful(situation: Situation, *, expected: Case | None = None) -> tuple[Case, Case]:
    facts, truth = situation(Random(7))
    return deepcopy(facts), expected or written(facts, granted(truth))


def posted_from(start: str, end: str) -> tuple[Case, Case]:
    facts, decision = lawful(postings.plain)
    for pointer, day in (("/request/period_", ""), ("/posting/", ""), ("/activities/0/", "")):
        change(facts, f"{pointer}start{day}", start)
        change(facts, f"{pointer}end{day}", end)
    change(facts, "/request/request_date", start)
    return facts, decision | {"validity_start": start, "validity_end": end}


def granted(truth: Truth) -> Grant:
    assert truth.grant is not None
    return truth.grant


def change(facts: Case, pointer: str, value: Any) -> Case:
    *way, last = pointer.split("/")[1:]
    node: Any = facts
    for part in way:
        node = node[int(part)] if isinstance(node, list) else node[part]
    node[last] = value
    return facts


def failing_rule(facts: Case, decision: Case) -> str:
    with pytest.raises(Refused) as refused:
        check_grant(facts, decision)
    assert refused.value.code == "grant_not_derivable"
    return str(refused.value.params["rule"])
