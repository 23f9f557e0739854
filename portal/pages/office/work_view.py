"""The work list as pages show it: how long each case waits, why it is here, what is doubtful, when it is due."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from portadoc.access.subjects import Subject
from portadoc.portal.applications.application import HEALTH
from portadoc.portal.applications.risk import risk_score
from portadoc.portal.officers.work import Shown, TaskItem, WorkItem, is_shown
from portadoc.portal.pages.health_view import health_reasons
from portadoc.rules.decision import decision_from_json
from portadoc.rules.explanation import explain
from portadoc.rules.facts import read_facts
from portadoc.schemas.codes import canonical_country
from portadoc.web.pages.reader import Reader

_DAY_S: Final = 86_400
_ABOUT_A_STATE: Final = frozenset({"tell_other_state", "sent_to_other_state", "forwarded", "objection"})
_REASONS_SHOWN: Final = 2


@dataclass(frozen=True, slots=True)
class WorkLine:
    """One case of the list, in words. ``why`` holds one sentence or more, ``risks`` one for each sign."""

    address: str
    case_number: str
    kind: str
    age: str
    why: tuple[str, ...]
    points: str
    risks: tuple[str, ...]
    due: str
    officer: str
    urgent: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """A part of the work that can be shown, with how many cases it holds."""

    address: str
    name: str
    current: bool


def office_of(slug: str) -> str:
    """Return the address of the pages of an office."""
    return f"/portal/{slug}/office"


def case_of_office(slug: str, application_id: str) -> str:
    """Return the address of a case in the office."""
    return f"{office_of(slug)}/cases/{application_id}"


def filters(
    slug: str, items: Sequence[WorkItem], tasks: int, *, shown: Shown, reader: Reader
) -> tuple[Filter, ...]:
    """Return the parts of the work, each with its number of cases."""
    counts: Mapping[Shown, int] = {each: sum(is_shown(item, each) for item in items) for each in Shown} | {
        Shown.TASKS: tasks
    }
    return tuple(
        Filter(
            f"{office_of(slug)}/" + ("" if each is Shown.ALL else f"?show={each.value}"),
            reader.say("office.filter.count", name=reader.say(f"office.filter.{each.value}"), count=counts[each]),
            each is shown,
        )
        for each in Shown
    )


def work_line(item: WorkItem, reader: Reader, *, today: date, subject: Subject) -> WorkLine:
    """Return a case as a line of the list."""
    found = item.application
    certificate = reader.say(f"kind.{found.certificate_kind.value}")
    request = reader.say(f"office.request.{found.request_kind.value}")
    why = (reader.say(f"office.why.{item.why.value}"), *_reasons(item, reader))
    return WorkLine(
        address=case_of_office(found.institution, found.application_id),
        case_number=found.case_number,
        kind=f"{certificate}: {request}",
        age=age(item.waiting_s, reader),
        why=why,
        points=points(found.risk, reader),
        risks=risks(found.risk, reader),
        due=_due(item.due, reader, today=today),
        officer=officer(found.assigned_to, reader, subject=subject),
        urgent=found.urgent,
    )


def task_line(item: TaskItem, reader: Reader) -> dict[str, str]:
    """Return a task as a line of the list."""
    task, key = item.task, f"office.task.{item.task.kind}"
    country = reader.country(canonical_country(task.detail)) if task.kind in _ABOUT_A_STATE else ""
    key = key if reader.has(key) else "office.task.other"
    return {
        "id": task.task_id,
        "case": case_of_office(task.institution, task.application_id),
        "case_number": item.case_number,
        "text": reader.say(key, country=country, detail=task.detail),
        "since": reader.moment(task.made_at),
    }


def age(seconds: int, reader: Reader) -> str:
    """Return how long something waits."""
    days = seconds // _DAY_S
    if not days:
        return reader.say("office.age.hours")
    return reader.say("office.age.day") if days == 1 else reader.say("office.age.days", days=days)


def points(codes: tuple[str, ...], reader: Reader) -> str:
    """Return what the signs weigh together."""
    return reader.say("office.points", points=risk_score(codes)) if codes else reader.say("office.points.none")


def risks(codes: tuple[str, ...], reader: Reader) -> tuple[str, ...]:
    """Return each sign in words."""
    return tuple(reader.say(f"risk.{each}") for each in codes if reader.has(f"risk.{each}"))


def officer(assigned_to: str | None, reader: Reader, *, subject: Subject) -> str:
    """Return whose case it is: the reader's, a colleague's or nobody's."""
    if assigned_to is None:
        return reader.say("office.assigned.nobody")
    return reader.say("office.assigned.you" if assigned_to == subject.id else "office.assigned.other")


def _due(due: date | None, reader: Reader, *, today: date) -> str:
    if due is None:
        return reader.say("office.due.none")
    return reader.say("office.due.started" if due < today else "office.due.starts", day=reader.day(due))


def _reasons(item: WorkItem, reader: Reader) -> tuple[str, ...]:
    """Return the first reasons of the rules, in their own words."""
    decision, facts = item.application.decision, item.application.facts
    if decision is None or facts is None or "reason" in decision or not decision.get("reasons"):
        return ()
    if item.application.certificate_kind in HEALTH:
        return health_reasons(item.application, reader)[:_REASONS_SHOWN]
    told = explain(decision_from_json(decision), read_facts(facts), reader.language)
    return told.paragraphs[: min(_REASONS_SHOWN, len(decision["reasons"]))]
