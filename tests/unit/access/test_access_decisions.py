"""Every role with every action on every thing in every relation, held against a table that was written by hand.

The table below was written from the rules of the house in words; it shares nothing with the rules in the code.
"""

from dataclasses import replace
from itertools import combinations, product

import pytest

from portadoc.access import (
    Action,
    Consent,
    Context,
    Deny,
    Mandate,
    Permit,
    Reason,
    Resource,
    ResourceKind,
    Role,
    Subject,
    SubjectKind,
    decide,
    reach,
    require,
)
from portadoc.access.table import RULES
from portadoc.errors import Refused

NOW = 1_800_000_000
DAY = 86_400
ALL = frozenset(Action)


def _mandate(employer: str, actions: frozenset[Action], start: int, end: int) -> Mandate:
    return Mandate(employer, actions, NOW + start * DAY, NOW + end * DAY)


WHOLE = Subject(
    id="me",
    kind=SubjectKind.PERSON,
    roles=frozenset(),
    pin="MINE",
    employers=frozenset({"OWN"}),
    children=frozenset({"CHILD"}),
    institution="here",
    mandates=(
        _mandate("CLIENT", ALL, -10, 10),
        _mandate("VIEWED", frozenset({Action.VIEW}), -10, 10),
        _mandate("ENDED", ALL, -10, 0),
        _mandate("FUTURE", ALL, 1, 10),
    ),
)
"""Somebody with every attribute there is, so that only the role decides which of them count."""

_STRANGE = {"applicant_employer": "OTHER", "applicant_subject": "them", "worker_pin": "THEIRS"}
RELATIONS = {
    "stranger": {},
    "own employer": {"applicant_employer": "OWN"},
    "mandate": {"applicant_employer": "CLIENT"},
    "mandate to view": {"applicant_employer": "VIEWED"},
    "mandate ended": {"applicant_employer": "ENDED"},
    "mandate to come": {"applicant_employer": "FUTURE"},
    "asked for me": {"applicant_employer": None, "applicant_subject": "me", "worker_pin": "MINE"},
    "asked for my child": {"applicant_employer": None, "applicant_subject": "me", "worker_pin": "CHILD"},
    "asked for another": {"applicant_employer": None, "applicant_subject": "me"},
    "asked by me for an employer": {"applicant_subject": "me"},
    "about me": {"worker_pin": "MINE"},
    "about my child": {"worker_pin": "CHILD"},
    "here": {"institution": "here"},
    "here, decided by me": {"institution": "here", "decided_by": "me"},
    "here, decided by another": {"institution": "here", "decided_by": "them"},
    "here, about me": {"institution": "here", "decided_by": "them", "worker_pin": "MINE"},
    "here, about my child": {"institution": "here", "decided_by": "them", "worker_pin": "CHILD"},
    "here, asked by me": {"institution": "here", "decided_by": "them", "applicant_subject": "me"},
    "here, own employer": {"institution": "here", "decided_by": "them", "applicant_employer": "OWN"},
    "here, own employer named by its worker": {
        "institution": "here",
        "decided_by": "them",
        "applicant_employer": None,
        "named_employer": "OWN",
    },
    "here, decided by me under another login": {
        "institution": "here",
        "decided_by": "them",
        "decided_by_pin": "MINE",
    },
    "elsewhere, decided by another": {"decided_by": "them"},
}
ABOUT_ME = "asked for me; about me; here, about me"
ABOUT_CHILD = "asked for my child; about my child; here, about my child"
OWN_EMPLOYER = "own employer; here, own employer"
HERE = (
    "here; here, decided by me; here, decided by another; here, about me; here, about my child; "
    "here, asked by me; here, own employer; here, own employer named by its worker; "
    "here, decided by me under another login"
)
UNINVOLVED = "here; here, decided by me; here, decided by another; here, decided by me under another login"

FILING = "start view answer attach view_attachment submit withdraw"
FOLLOWING = "view contest report_change view_paper view_proof hand_over"
READING = "view view_attachment view_explanation view_history view_paper view_proof"
WORKING = "assign ask_applicant decide revoke"

# role, kind of subject, thing, relations, circumstances ("" for any), actions
TABLE = (
    ("employer_agent", "person", "application", "any", "", "list"),
    ("employer_agent", "person", "application", OWN_EMPLOYER, "", f"{FILING} {FOLLOWING}"),
    ("employer_agent", "person", "application", "mandate", "", f"{FILING} {FOLLOWING}"),
    ("employer_agent", "person", "application", "mandate to view", "", "view"),
    ("integrator", "machine", "application", "any", "", "list"),
    ("integrator", "machine", "application", "mandate", "", f"{FILING} {FOLLOWING}".replace("contest", "")),
    ("integrator", "machine", "application", "mandate to view", "", "view"),
    ("self_employed", "person", "application", "any", "", "list"),
    ("self_employed", "person", "application", "asked for me", "", f"{FILING} {FOLLOWING}"),
    ("worker", "person", "application", "any", "", "list"),
    ("worker", "person", "application", "asked for me", "", FILING),
    ("worker", "person", "application", ABOUT_ME, "", FOLLOWING),
    ("worker", "person", "health", "any", "", "list"),
    ("worker", "person", "health", f"{ABOUT_ME}; {ABOUT_CHILD}", "", f"{FILING} {FOLLOWING} report_lost"),
    ("worker", "person", "person", f"{ABOUT_ME}; {ABOUT_CHILD}", "", "export_person"),
    ("care_provider", "person", "health", "any", "consent", "ask_replacement"),
    (
        "care_provider",
        "person",
        "health",
        "asked for me; asked for my child; asked for another",
        "",
        "view view_paper",
    ),
    ("care_provider", "machine", "health", "any", "consent", "ask_replacement"),
    (
        "care_provider",
        "machine",
        "health",
        "asked for me; asked for my child; asked for another",
        "",
        "view view_paper",
    ),
    ("officer", "person", "office", HERE, "", "view_work_list view_numbers"),
    ("officer", "person", "application", UNINVOLVED, "", READING),
    ("officer", "person", "application", UNINVOLVED, "", WORKING),
    ("officer", "person", "health", UNINVOLVED, "", READING),
    ("officer", "person", "health", UNINVOLVED, "", WORKING),
    ("second_officer", "person", "office", HERE, "", "view_work_list view_numbers"),
    ("second_officer", "person", "application", UNINVOLVED, "", READING),
    ("second_officer", "person", "application", "here, decided by another", "", "approve"),
    ("second_officer", "person", "health", UNINVOLVED, "", READING),
    ("second_officer", "person", "health", "here, decided by another", "", "approve"),
    ("auditor", "person", "office", HERE, "", "view_numbers"),
    ("auditor", "person", "application", HERE, "purpose", "view_history"),
    ("auditor", "person", "health", HERE, "purpose", "view_history"),
)


def expected() -> set[tuple[str, ...]]:
    allowed: set[tuple[str, ...]] = set()
    for role, kind, thing, relations, circumstances, actions in TABLE:
        named = list(RELATIONS) if relations == "any" else relations.split("; ")
        assert set(named) <= set(RELATIONS)
        contexts = [circumstances] if circumstances else ["plain", "purpose", "consent"]
        allowed |= set(product([role], [kind], [thing], named, contexts, actions.split()))
    return allowed


def resource(thing: ResourceKind, relation: str) -> Resource:
    return Resource(kind=thing, **{"institution": "elsewhere", **_STRANGE, **RELATIONS[relation]})


def context(name: str, about: Resource) -> Context:
    consent = Consent(about.worker_pin or "", "me", NOW + 1) if name == "consent" else None
    return Context(now=NOW, purpose="complaint 7" if name == "purpose" else "", consent=consent)


def permitted() -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for role, kind in product(Role, SubjectKind):
        subject = replace(WHOLE, kind=kind, roles=frozenset({role}))
        for thing, relation, circumstances in product(ResourceKind, RELATIONS, ("plain", "purpose", "consent")):
            about = resource(thing, relation)
            for action in Action:
                if isinstance(decide(subject, action, about, context(circumstances, about)), Permit):
                    found.add((role.value, kind.value, thing.value, relation, circumstances, action.value))
    return found


def test_j01_j02_every_role_action_and_relation_is_decided_as_the_table_says() -> None:
    wanted, found = expected(), permitted()
    assert found - wanted == set(), "permitted, and nobody said so"
    assert wanted - found == set(), "denied, against the table"


def test_whoever_has_no_role_may_nothing() -> None:
    for kind, thing, relation, action in product(SubjectKind, ResourceKind, RELATIONS, Action):
        about = resource(thing, relation)
        decided = decide(replace(WHOLE, kind=kind), action, about, context("consent", about))
        assert isinstance(decided, Deny)


def test_two_roles_together_may_what_each_may_and_nothing_more() -> None:
    for first, second in combinations(Role, 2):
        for thing, relation, action in product(ResourceKind, RELATIONS, Action):
            about = resource(thing, relation)
            circumstances = Context(now=NOW, purpose="x", consent=Consent(about.worker_pin or "", "me", NOW + 1))
            together, *alone = (
                isinstance(decide(replace(WHOLE, roles=frozenset(roles)), action, about, circumstances), Permit)
                for roles in ({first, second}, {first}, {second})
            )
            assert together == any(alone)


def test_every_action_is_somebody_s_and_every_rule_has_its_own_name() -> None:
    assert {action for rule in RULES for action in rule.actions} == set(Action)
    assert len({rule.id for rule in RULES}) == len(RULES)


AGENT = replace(WHOLE, roles=frozenset({Role.EMPLOYER_AGENT}), employers=frozenset())
OFFICER = replace(WHOLE, roles=frozenset({Role.OFFICER, Role.SECOND_OFFICER}))


def refused(subject: Subject, action: Action, relation: str) -> Refused:
    with pytest.raises(Refused) as caught:
        require(subject, action, resource(ResourceKind.APPLICATION, relation), Context(now=NOW))
    return caught.value


@pytest.mark.parametrize(
    ("relation", "reason"),
    [
        ("mandate ended", "mandate_ended"),
        ("mandate to come", "mandate_not_begun"),
        ("mandate to view", "mandate_scope"),
        ("stranger", "not_yours"),
        ("own employer", "not_yours"),
    ],
)
def test_j04_an_agent_without_a_valid_mandate_for_the_employer_starts_nothing(relation: str, reason: str) -> None:
    error = refused(AGENT, Action.START, relation)
    assert (error.code, error.params["reason"]) == ("access_denied", reason)


@pytest.mark.parametrize(("seconds", "allowed"), [(10 * DAY - 1, True), (10 * DAY, False), (-10 * DAY - 1, False)])
def test_j04_a_mandate_ends_to_the_second(seconds: int, allowed: bool) -> None:
    about = resource(ResourceKind.APPLICATION, "mandate")
    decided = decide(AGENT, Action.SUBMIT, about, Context(now=NOW + seconds))
    assert isinstance(decided, Permit) == allowed


def test_j04_one_of_two_mandates_is_enough() -> None:
    ended, valid = _mandate("CLIENT", ALL, -9, -1), _mandate("CLIENT", ALL, -1, 1)
    agent = replace(AGENT, mandates=(ended, valid))
    assert require(agent, Action.SUBMIT, resource(ResourceKind.APPLICATION, "mandate"), Context(now=NOW))


def test_j02_what_a_subject_may_not_know_of_is_not_there() -> None:
    assert refused(AGENT, Action.VIEW, "stranger").code == "not_found"
    assert refused(AGENT, Action.SUBMIT, "stranger").code == "not_found"
    assert refused(OFFICER, Action.DECIDE, "elsewhere, decided by another").code == "not_found"
    office = Resource(ResourceKind.OFFICE, "elsewhere")
    assert decide(OFFICER, Action.VIEW_WORK_LIST, office, Context(now=NOW)) == Deny(
        Reason.OTHER_INSTITUTION, visible=False
    )


def test_j01_who_sees_a_request_but_may_not_decide_it_is_told_so() -> None:
    assert (
        refused(replace(AGENT, employers=frozenset({"OWN"})), Action.DECIDE, "own employer").code
        == "access_denied"
    )
    assert refused(OFFICER, Action.SUBMIT, "here").code == "access_denied"
    office = decide(AGENT, Action.VIEW_WORK_LIST, Resource(ResourceKind.OFFICE, "here"), Context(now=NOW))
    assert office == Deny(Reason.ROLE, visible=True)


@pytest.mark.parametrize(
    ("relation", "action", "reason"),
    [
        ("here, decided by me", Action.APPROVE, "same_person"),
        ("here", Action.APPROVE, "nothing_to_approve"),
        ("here, about me", Action.DECIDE, "own_case"),
        ("here, own employer", Action.APPROVE, "own_case"),
    ],
)
def test_a_second_officer_is_another_person_and_nobody_decides_the_own_case(
    relation: str, action: Action, reason: str
) -> None:
    assert refused(OFFICER, action, relation).params["reason"] == reason


def test_j04_who_acts_for_an_employer_by_a_mandate_decides_nothing_of_that_employer() -> None:
    officer = Subject(
        "me",
        SubjectKind.PERSON,
        frozenset({Role.OFFICER, Role.EMPLOYER_AGENT}),
        institution="here",
        mandates=(_mandate("CLIENT", frozenset({Action.VIEW}), -1, 1),),
    )
    about = Resource(ResourceKind.APPLICATION, "here", applicant_employer="CLIENT", applicant_subject="other")
    decided = decide(officer, Action.DECIDE, about, Context(now=NOW))
    assert decided == Deny(Reason.OWN_CASE, visible=True)


@pytest.mark.parametrize(
    "consent",
    [
        None,
        Consent("THEIRS", "somebody else", NOW + 1),
        Consent("ANOTHER", "me", NOW + 1),
        Consent("THEIRS", "me", NOW),
    ],
)
def test_j22_a_care_provider_asks_only_with_the_consent_of_that_person(consent: Consent | None) -> None:
    clinic = replace(WHOLE, roles=frozenset({Role.CARE_PROVIDER}))
    decided = decide(
        clinic,
        Action.ASK_REPLACEMENT,
        resource(ResourceKind.HEALTH, "stranger"),
        Context(now=NOW, consent=consent),
    )
    assert decided == Deny(Reason.CONSENT_MISSING, visible=True)


def test_j22_what_is_kept_of_a_person_goes_to_that_person_alone() -> None:
    worker = replace(WHOLE, roles=frozenset(set(Role) - {Role.WORKER}))
    about = resource(ResourceKind.PERSON, "here, about me")
    with pytest.raises(Refused) as caught:
        require(worker, Action.EXPORT_PERSON, about, Context(now=NOW))
    assert caught.value.code == "not_found"


def test_lists_reach_no_further_than_the_mandates_of_now() -> None:
    found = reach(replace(AGENT, employers=frozenset({"OWN"})), now=NOW)
    assert found.employers == {"OWN", "CLIENT", "VIEWED"}
    assert found.pins == {"MINE", "CHILD"}
    assert reach(replace(WHOLE, roles=frozenset({Role.WORKER})), now=NOW + 100 * DAY).employers == frozenset()
