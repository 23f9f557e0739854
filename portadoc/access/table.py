"""The rules of the portal as one table: who may do what with which things in which relation to them.

What no row permits is denied. Nobody inspects here: that is another role, in another house.
"""

from dataclasses import dataclass

from portadoc.access.actions import Action
from portadoc.access.relations import (
    Relation,
    about_self,
    anybody,
    applicant,
    applicant_for_self,
    consented,
    impartial,
    mandated,
    own_employer,
    own_institution,
    second_person,
    self_or_child,
    with_purpose,
)
from portadoc.access.resources import ResourceKind
from portadoc.access.subjects import Role, SubjectKind


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: a role of one kind of subject, the things, the relation that has to hold, the actions."""

    id: str
    kind: SubjectKind
    role: Role
    about: ResourceKind
    relation: Relation
    actions: frozenset[Action]


_PERSON, _MACHINE = SubjectKind.PERSON, SubjectKind.MACHINE
_AGENT, _SELF, _WORKER = Role.EMPLOYER_AGENT, Role.SELF_EMPLOYED, Role.WORKER
_OFFICER, _SECOND, _AUDITOR, _CARE = Role.OFFICER, Role.SECOND_OFFICER, Role.AUDITOR, Role.CARE_PROVIDER
_CERT, _HEALTH, _OFFICE = ResourceKind.APPLICATION, ResourceKind.HEALTH, ResourceKind.OFFICE

_LIST = frozenset({Action.LIST})
_FILE = frozenset(
    {
        Action.START,
        Action.VIEW,
        Action.ANSWER,
        Action.ATTACH,
        Action.VIEW_ATTACHMENT,
        Action.SUBMIT,
        Action.WITHDRAW,
    }
)
"""What an applicant does with a request."""
_FOLLOW = frozenset(
    {
        Action.VIEW,
        Action.CONTEST,
        Action.REPORT_CHANGE,
        Action.VIEW_PAPER,
        Action.VIEW_PROOF,
        Action.HAND_OVER,
    }
)
"""What an applicant, or the person whom a request is about, does with its outcome."""
_MACHINES = (_FILE | _FOLLOW) - {Action.CONTEST}
"""What a mandate may list for a machine: to contest is a person's own word."""
_CARD = _FILE | _FOLLOW | {Action.REPORT_LOST}
_EXPORT = frozenset({Action.EXPORT_PERSON})
_REPLACE = frozenset({Action.ASK_REPLACEMENT})
_REREAD = frozenset({Action.VIEW, Action.VIEW_PAPER})
_HISTORY = frozenset({Action.VIEW_HISTORY})
_SEE = _REREAD | _HISTORY | {Action.VIEW_ATTACHMENT, Action.VIEW_EXPLANATION, Action.VIEW_PROOF}
"""What an officer reads of a case."""
_WORK = frozenset({Action.ASSIGN, Action.ASK_APPLICANT, Action.DECIDE, Action.REVOKE})
_APPROVE = frozenset({Action.APPROVE})
_NUMBERS = frozenset({Action.VIEW_NUMBERS})
_DESK = _NUMBERS | {Action.VIEW_WORK_LIST}

RULES: tuple[Rule, ...] = (
    # employers: their own requests; an agent of another house only by a valid mandate of that employer
    Rule("employer-list", _PERSON, _AGENT, _CERT, anybody, _LIST),
    Rule("employer-own", _PERSON, _AGENT, _CERT, own_employer, _FILE | _FOLLOW),
    # machines: only what a valid mandate lists
    Rule("machine-list", _MACHINE, Role.INTEGRATOR, _CERT, anybody, _LIST),
    Rule("machine-own", _MACHINE, Role.INTEGRATOR, _CERT, mandated, _MACHINES),
    # the self-employed: what they asked for themselves
    Rule("self-employed-list", _PERSON, _SELF, _CERT, anybody, _LIST),
    Rule("self-employed-own", _PERSON, _SELF, _CERT, applicant_for_self, _FILE | _FOLLOW),
    # workers: what they asked for, and the outcome of what an employer asked for them
    Rule("worker-list", _PERSON, _WORKER, _CERT, anybody, _LIST),
    Rule("worker-applied", _PERSON, _WORKER, _CERT, applicant_for_self, _FILE),
    Rule("worker-about", _PERSON, _WORKER, _CERT, about_self, _FOLLOW),
    Rule("worker-export", _PERSON, _WORKER, ResourceKind.PERSON, self_or_child, _EXPORT),
    # insured persons: their own card and their children's
    Rule("insured-list", _PERSON, _WORKER, _HEALTH, anybody, _LIST),
    Rule("insured-own", _PERSON, _WORKER, _HEALTH, self_or_child, _CARD),
    # care providers: a replacement certificate with the person's consent, and to read what they got once more
    Rule("care-ask", _PERSON, _CARE, _HEALTH, consented, _REPLACE),
    Rule("care-own", _PERSON, _CARE, _HEALTH, applicant, _REREAD),
    Rule("care-machine-ask", _MACHINE, _CARE, _HEALTH, consented, _REPLACE),
    Rule("care-machine-own", _MACHINE, _CARE, _HEALTH, applicant, _REREAD),
    # officers: their own institution, never their own case
    Rule("officer-office", _PERSON, _OFFICER, _OFFICE, own_institution, _DESK),
    Rule("officer-see", _PERSON, _OFFICER, _CERT, impartial, _SEE),
    Rule("officer-work", _PERSON, _OFFICER, _CERT, impartial, _WORK),
    Rule("officer-health-see", _PERSON, _OFFICER, _HEALTH, impartial, _SEE),
    Rule("officer-health-work", _PERSON, _OFFICER, _HEALTH, impartial, _WORK),
    # second approvers: another person than the first
    Rule("second-office", _PERSON, _SECOND, _OFFICE, own_institution, _DESK),
    Rule("second-see", _PERSON, _SECOND, _CERT, impartial, _SEE),
    Rule("second-approve", _PERSON, _SECOND, _CERT, second_person, _APPROVE),
    Rule("second-health-see", _PERSON, _SECOND, _HEALTH, impartial, _SEE),
    Rule("second-health-approve", _PERSON, _SECOND, _HEALTH, second_person, _APPROVE),
    # auditors: history without personal detail, and they say why
    Rule("auditor-office", _PERSON, _AUDITOR, _OFFICE, own_institution, _NUMBERS),
    Rule("auditor-read", _PERSON, _AUDITOR, _CERT, with_purpose, _HISTORY),
    Rule("auditor-health", _PERSON, _AUDITOR, _HEALTH, with_purpose, _HISTORY),
)
"""Read from the top; the first row that holds permits."""
