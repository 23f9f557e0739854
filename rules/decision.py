"""What a determination says: a ``Finding`` of the articles, and the ``Decision`` that goes out.

A finding speaks in articles of Regulation 883/2004; the procedure translates them into those of the case's
instrument. Reason and info codes are those of the catalogue "rules".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from portadoc.days import kept_day
from portadoc.rules.derivation import Quoted, Step, plain, step_to_json


class Outcome(StrEnum):
    """GRANT: positive; REVIEW: a person decides or facts lack; REFUSE: not here; EXCEPTION_ROUTE: art. 16."""

    GRANT = "GRANT"
    REVIEW = "REVIEW"
    REFUSE = "REFUSE"
    EXCEPTION_ROUTE = "EXCEPTION_ROUTE"


class Action(StrEnum):
    ISSUE_A1 = "ISSUE_A1"
    ISSUE_OTHER = "ISSUE_OTHER"
    DETERMINE_AND_NOTIFY = "DETERMINE_AND_NOTIFY"
    FORWARD = "FORWARD"
    SEND_A001 = "SEND_A001"
    AWAIT_REPLY = "AWAIT_REPLY"
    REQUEST_INFO = "REQUEST_INFO"
    MANUAL_REVIEW = "MANUAL_REVIEW"
    REQUEST_REVIEW = "REQUEST_REVIEW"
    RECORD = "RECORD"
    NONE = "NONE"


MISSING_DATA: Final = "MISSING_DATA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one route. ``instrument`` is given only where ``article`` must not be translated."""

    outcome: Outcome
    action: Action
    reasons: tuple[str, ...] = ()
    competent_state: str | None = None
    article: str | None = None
    instrument: str | None = None
    status_code: str | None = None
    validity_start: date | None = None
    validity_end: date | None = None
    max_months: int | None = None
    provisional: bool = False
    redirect_state: str | None = None
    default_state: str | None = None
    notify_states: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One automated decision and the steps that led to it. ``simulation``: under law that is not in force."""

    outcome: Outcome
    competent_state: str | None
    article: str | None
    instrument: str | None
    status_code: str | None
    action: Action
    validity_start: date | None
    validity_end: date | None
    max_months: int | None
    provisional: bool
    redirect_state: str | None
    default_state: str | None
    notify_states: tuple[str, ...]
    reasons: tuple[str, ...]
    info: tuple[str, ...]
    questions: tuple[str, ...]
    derivation: tuple[Step, ...]
    law_version: str
    pack: str
    simulation: bool = False
    automated: bool = True


def review(*reasons: str, action: Action = Action.MANUAL_REVIEW, questions: Iterable[str] = ()) -> Finding:
    """Send the case to a person."""
    return Finding(outcome=Outcome.REVIEW, action=action, reasons=reasons, questions=tuple(questions))


def ask(*pointers: str, reasons: Iterable[str] = ()) -> Finding:
    """Ask for the facts that a row needs."""
    return Finding(
        outcome=Outcome.REVIEW,
        action=Action.REQUEST_INFO,
        reasons=(MISSING_DATA, *reasons),
        questions=pointers,
    )


def refuse(
    *reasons: str,
    competent_state: str | None = None,
    article: str | None = None,
    action: Action = Action.NONE,
    redirect_state: str | None = None,
    questions: tuple[str, ...] = (),
) -> Finding:
    """Say that what was asked for cannot be given here, and whose legislation applies instead."""
    return Finding(
        outcome=Outcome.REFUSE,
        action=action,
        reasons=reasons,
        competent_state=competent_state,
        article=article,
        redirect_state=redirect_state,
        questions=questions,
    )


def forward(state: str | None, *, competent_state: str | None, article: str | None, reason: str) -> Finding:
    """Refuse as the wrong institution and name the right one."""
    return refuse(
        reason,
        competent_state=competent_state,
        article=article,
        action=Action.FORWARD,
        redirect_state=state,
    )


def exception_route(
    *reasons: str, requested: str | None, default_state: str | None, action: Action = Action.SEND_A001
) -> Finding:
    """Point to an agreement of the two States (art. 16(1)); ``default_state``'s law applies meanwhile."""
    return Finding(
        outcome=Outcome.EXCEPTION_ROUTE,
        action=action,
        reasons=reasons,
        competent_state=requested,
        article="16(1)",
        default_state=default_state,
    )


def merge_questions(first: Finding, second: Finding) -> Finding:
    """Join two findings that ask for facts, so that a person is asked once."""
    return replace(
        first,
        reasons=tuple(dict.fromkeys(first.reasons + second.reasons)),
        questions=tuple(dict.fromkeys(first.questions + second.questions)),
    )


def decision_to_json(decision: Decision) -> dict[str, Any]:
    """Write a decision as plain JSON values; days are ISO 8601."""
    return {
        "outcome": decision.outcome.value,
        "competent_state": decision.competent_state,
        "article": decision.article,
        "instrument": decision.instrument,
        "status_code": decision.status_code,
        "action": decision.action.value,
        "validity_start": plain(decision.validity_start),
        "validity_end": plain(decision.validity_end),
        "max_months": decision.max_months,
        "provisional": decision.provisional,
        "redirect_state": decision.redirect_state,
        "default_state": decision.default_state,
        "notify_states": list(decision.notify_states),
        "reasons": list(decision.reasons),
        "info": list(decision.info),
        "questions": list(decision.questions),
        "derivation": [step_to_json(step) for step in decision.derivation],
        "law_version": decision.law_version,
        "pack": decision.pack,
        "simulation": decision.simulation,
        "automated": decision.automated,
    }


def decision_from_json(kept: Mapping[str, Any]) -> Decision:
    """Return a decision that ``decision_to_json`` wrote; facts and figures that it quotes stay plain values."""
    days = {name: kept_day(kept[name]) for name in ("validity_start", "validity_end")}
    lists = {name: tuple(kept[name]) for name in ("notify_states", "reasons", "info", "questions")}
    steps = [
        Step(
            step["rule"],
            step["provision"],
            step["result"],
            tuple([(pointer, value) for pointer, value in step["facts"]]),
            tuple([(name, value) for name, value in step["parameters"]]),
        )
        for step in kept["derivation"]
    ]
    named = {"outcome": Outcome(kept["outcome"]), "action": Action(kept["action"]), "derivation": tuple(steps)}
    return Decision(**{**kept, **days, **lists, **named})


__all__ = [
    "MISSING_DATA",
    "Action",
    "Decision",
    "Finding",
    "Outcome",
    "Quoted",
    "Step",
    "ask",
    "decision_from_json",
    "decision_to_json",
    "exception_route",
    "forward",
    "merge_questions",
    "refuse",
    "review",
]
