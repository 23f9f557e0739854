"""How a subject stands to a resource: each answers None when it holds, else the reason why not."""

from collections.abc import Callable

from portadoc.access.actions import Action
from portadoc.access.reasons import Reason
from portadoc.access.resources import Context, Resource
from portadoc.access.subjects import Mandate, Subject

Relation = Callable[[Subject, Action, Resource, Context], Reason | None]


def anybody(_subject: Subject, _action: Action, _resource: Resource, _context: Context) -> Reason | None:
    """Hold for everybody who has the role: what is asked about is the subject's own by its making."""
    return None


def own_employer(subject: Subject, action: Action, resource: Resource, context: Context) -> Reason | None:
    """Hold for an employer that the subject is of, or whose mandate for this action is valid now (J04)."""
    employer = resource.applicant_employer
    if employer is not None and employer in subject.employers:
        return None
    return mandated(subject, action, resource, context)


def mandated(subject: Subject, action: Action, resource: Resource, context: Context) -> Reason | None:
    """Hold while one mandate of this employer lists the action and is valid now (J04)."""
    theirs = [each for each in subject.mandates if each.employer == resource.applicant_employer]
    faults = [_fault(each, action, context.now) for each in theirs]
    if not faults:
        return Reason.NOT_YOURS
    return None if None in faults else faults[0]


def _fault(mandate: Mandate, action: Action, now: int) -> Reason | None:
    if now < mandate.valid_from:
        return Reason.MANDATE_NOT_BEGUN
    if now >= mandate.valid_until:
        return Reason.MANDATE_ENDED
    return None if action in mandate.actions else Reason.MANDATE_SCOPE


def applicant(subject: Subject, _action: Action, resource: Resource, _context: Context) -> Reason | None:
    """Hold for who asked in his or her own name."""
    own = resource.applicant_employer is None and resource.applicant_subject == subject.id
    return None if own else Reason.NOT_YOURS


def applicant_for_self(subject: Subject, action: Action, resource: Resource, context: Context) -> Reason | None:
    """Hold for who asks in his or her own name and about nobody else."""
    return applicant(subject, action, resource, context) or about_self(subject, action, resource, context)


def about_self(subject: Subject, _action: Action, resource: Resource, _context: Context) -> Reason | None:
    """Hold for the person whom it is about, whoever asked for it."""
    return None if subject.pin is not None and resource.worker_pin == subject.pin else Reason.NOT_YOURS


def self_or_child(subject: Subject, action: Action, resource: Resource, context: Context) -> Reason | None:
    """Hold for the person whom it is about and for a parent of that person."""
    if resource.worker_pin is not None and resource.worker_pin in subject.children:
        return None
    return about_self(subject, action, resource, context)


def own_institution(subject: Subject, _action: Action, resource: Resource, _context: Context) -> Reason | None:
    """Hold inside the institution that gave the role."""
    own = subject.institution is not None and subject.institution == resource.institution
    return None if own else Reason.OTHER_INSTITUTION


def impartial(subject: Subject, action: Action, resource: Resource, context: Context) -> Reason | None:
    """Hold inside the institution, in a case that is neither about the officer nor asked for by the officer."""
    if (reason := own_institution(subject, action, resource, context)) is not None:
        return reason
    involved = resource.applicant_subject == subject.id or (
        resource.worker_pin is not None and resource.worker_pin in {subject.pin, *subject.children}
    )
    acts_for = subject.employers | {each.employer for each in subject.mandates}
    involved = involved or not acts_for.isdisjoint({resource.applicant_employer, resource.named_employer})
    return Reason.OWN_CASE if involved else None


def second_person(subject: Subject, action: Action, resource: Resource, context: Context) -> Reason | None:
    """Hold for an impartial officer who is not the one that decided, under whatever login."""
    if (reason := impartial(subject, action, resource, context)) is not None:
        return reason
    if resource.decided_by is None:
        return Reason.NOTHING_TO_APPROVE
    same_number = subject.pin is not None and resource.decided_by_pin == subject.pin
    return Reason.SAME_PERSON if same_number or resource.decided_by == subject.id else None


def with_purpose(subject: Subject, action: Action, resource: Resource, context: Context) -> Reason | None:
    """Hold inside the institution when it is said why."""
    reason = own_institution(subject, action, resource, context)
    return reason or (None if context.purpose.strip() else Reason.PURPOSE_MISSING)


def consented(subject: Subject, _action: Action, resource: Resource, context: Context) -> Reason | None:
    """Hold while the person's consent to this care provider is valid."""
    consent = context.consent
    given = (
        consent is not None
        and resource.worker_pin is not None
        and consent.pin == resource.worker_pin
        and consent.given_to == subject.id
        and context.now < consent.valid_until
    )
    return None if given else Reason.CONSENT_MISSING
