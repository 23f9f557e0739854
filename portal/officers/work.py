"""What waits in an office and why: pure, from cases and what happened to them to the lines of a work list."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from portadoc.portal.applications.application import Application, ApplicationState, HistoryEntry, RequestKind
from portadoc.portal.applications.life_cycle import Act
from portadoc.portal.applications.risk import risk_score
from portadoc.portal.store.case_store import Task

STEP_FAILED: Final = "step_failed"
TELLING: Final = frozenset(
    act.value for act in (Act.CONTESTED, Act.RETURNED, Act.ASKED, Act.EXCEPTION_WISHED, Act.SENT_TO_OFFICER)
)
"""The acts that tell why a case is with an officer."""


class Why(StrEnum):
    """Why a case waits for a person; a text key below ``office.why.``."""

    CONTESTED = "contested"
    APPROVAL = "approval"
    RETURNED = "returned"
    ANSWERED = "answered"
    OTHER_STATE = "other_state"
    EXCEPTION_WISHED = "exception_wished"
    UNCONFIRMED = "unconfirmed"
    STEP_FAILED = "step_failed"
    REFUSAL = "refusal"
    RULES = "rules"


class Shown(StrEnum):
    """Which part of the work is shown; a text key below ``office.filter.``."""

    ALL = "all"
    FIRST_LOOK = "first_look"
    URGENT = "urgent"
    CONTESTED = "contested"
    APPROVAL = "approval"
    OTHER_STATE = "other_state"
    REFUSALS = "refusals"
    FOLLOW_UPS = "follow_ups"
    TASKS = "tasks"


_LOOKED_AT: Final = frozenset({Why.APPROVAL, Why.OTHER_STATE, Why.ANSWERED, Why.RETURNED, Why.REFUSAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """One case of the work list: how long it waits, why it is here, and why it stands where it does."""

    application: Application = field(repr=False)
    waiting_s: int
    risk_points: int
    why: Why = Why.RULES
    contested: bool = False
    due: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskItem:
    """Something that is left to do, and on which case."""

    task: Task
    case_number: str


def work_item(application: Application, happened: tuple[HistoryEntry, ...], *, now: int) -> WorkItem:
    """Return a case as a line of the work list; ``happened`` are its entries about TELLING acts, oldest first."""
    return WorkItem(
        application=application,
        waiting_s=max(now - (application.opened_at or application.created_at), 0),
        risk_points=risk_score(application.risk),
        why=why_of(application, happened),
        contested=any(each.what == Act.CONTESTED for each in happened),
        due=application.departure,
    )


def why_of(application: Application, happened: tuple[HistoryEntry, ...]) -> Why:
    """Return why a case waits for a person: what is to be done now, else what brought it here last."""
    if application.proposed is not None:
        return Why.APPROVAL
    if application.state is ApplicationState.AWAITING_OTHER_STATE:
        return Why.OTHER_STATE
    if application.state is ApplicationState.REFUSED:
        return Why.REFUSAL
    return next((why for each in reversed(happened) if (why := _brought_by(each)) is not None), Why.RULES)


def _brought_by(entry: HistoryEntry) -> Why | None:
    match entry.what:
        case Act.CONTESTED:
            return Why.CONTESTED
        case Act.RETURNED:
            return Why.RETURNED
        case Act.ASKED:
            return Why.ANSWERED
        case Act.EXCEPTION_WISHED:
            return Why.EXCEPTION_WISHED
        case Act.SENT_TO_OFFICER if entry.reason == STEP_FAILED:
            return Why.STEP_FAILED
        case Act.SENT_TO_OFFICER if entry.details.get("code"):
            return Why.UNCONFIRMED
        case _:
            return None


def in_order(items: Iterable[WorkItem]) -> list[WorkItem]:
    """Return urgent cases first, then the more doubtful ones, then what waits longest."""
    return sorted(items, key=lambda each: (not each.application.urgent, -each.risk_points, -each.waiting_s))


def is_shown(item: WorkItem, shown: Shown) -> bool:
    """Tell whether a case belongs to a part of the work."""
    match shown:
        case Shown.ALL:
            return item.why is not Why.REFUSAL
        case Shown.FIRST_LOOK:
            return item.why not in _LOOKED_AT and item.application.assigned_to is None
        case Shown.URGENT:
            return item.application.urgent and item.why is not Why.REFUSAL
        case Shown.CONTESTED:
            return item.contested and item.application.state is not ApplicationState.REFUSED
        case Shown.APPROVAL:
            return item.why is Why.APPROVAL
        case Shown.OTHER_STATE:
            return item.why is Why.OTHER_STATE
        case Shown.REFUSALS:
            return item.why is Why.REFUSAL
        case Shown.FOLLOW_UPS:
            return item.application.request_kind is not RequestKind.NEW and item.why is not Why.REFUSAL
        case Shown.TASKS:
            return False
