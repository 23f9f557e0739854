"""Decide whether a subject may do something: pure, deny by default, one answer with its reason."""

from dataclasses import dataclass
from types import MappingProxyType

from portadoc.access.actions import UNSAID, Action
from portadoc.access.reasons import HIDDEN, Reason
from portadoc.access.resources import Context, Resource, ResourceKind
from portadoc.access.subjects import Role, Subject, SubjectKind
from portadoc.access.table import RULES, Rule
from portadoc.errors import Refused


@dataclass(frozen=True, slots=True)
class Permit:
    """Allowed, by the named rule."""

    rule: str


@dataclass(frozen=True, slots=True)
class Deny:
    """Not allowed. ``visible`` is False where even the answer "forbidden" would tell that the thing exists."""

    reason: Reason
    visible: bool


Decision = Permit | Deny
_Key = tuple[SubjectKind, ResourceKind, Action]


def decide(subject: Subject, action: Action, resource: Resource, context: Context) -> Decision:
    """Return a permit by the first rule that holds, else why nobody with these roles may.

    Never raises. All four are trusted values: the subject is the one of the session, the resource is what the
    store holds or, to start something, what is asked for.
    """
    reason = Reason.ROLE
    for rule in _ROWS.get((subject.kind, resource.kind, action), ()):
        if rule.role not in subject.roles:
            continue
        fault = rule.relation(subject, action, resource, context)
        if fault is None:
            return Permit(rule.id)
        if reason in HIDDEN:  # a reason that tells how to mend it is worth more than "not yours"
            reason = fault
    return Deny(reason, visible=_is_visible(reason, subject, action, resource, context))


def require(subject: Subject, action: Action, resource: Resource, context: Context) -> Permit:
    """Return the permit. Raises Refused[not_found] for what the subject may not know of, [access_denied]."""
    decided = decide(subject, action, resource, context)
    if isinstance(decided, Permit):
        return decided
    if not decided.visible:
        raise Refused("not_found")
    raise Refused("access_denied", reason=decided.reason.value, action=action.value)


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose requests a subject can have something to do with at all: what a list is asked for with."""

    subject_id: str
    employers: frozenset[str]
    pins: frozenset[str]


def reach(subject: Subject, *, now: int) -> Reach:
    """Return whose requests to look up for a list; each one found still needs its own permit to VIEW."""
    employers = subject.employers if Role.EMPLOYER_AGENT in subject.roles else frozenset()
    mandated = {
        each.employer
        for each in subject.mandates
        if Action.VIEW in each.actions and each.valid_from <= now < each.valid_until
    }
    pins = frozenset({subject.pin} if subject.pin else ()) | subject.children
    return Reach(subject.id, employers | mandated, pins)


def _is_visible(reason: Reason, subject: Subject, action: Action, resource: Resource, context: Context) -> bool:
    """Tell whether a refusal may be told: nothing is given away, or the subject sees the thing in any case."""
    if reason is Reason.OTHER_INSTITUTION:
        return False
    if action in UNSAID or resource.kind is ResourceKind.OFFICE or reason not in HIDDEN:
        return True
    return action is not Action.VIEW and isinstance(decide(subject, Action.VIEW, resource, context), Permit)


def _indexed() -> MappingProxyType[_Key, tuple[Rule, ...]]:
    rows: dict[_Key, tuple[Rule, ...]] = {}
    for rule in RULES:
        for action in rule.actions:
            key = (rule.kind, rule.about, action)
            rows[key] = (*rows.get(key, ()), rule)
    return MappingProxyType(rows)


_ROWS = _indexed()
