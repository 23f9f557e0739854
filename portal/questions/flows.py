"""In which order questions come, and which of them are asked in a case.

Every condition looks only at what stands before it, so going through the questions once in order says which apply;
an answer that no longer applies, because an earlier one was changed, is as if it had never been given.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Refused
from portadoc.portal.questions.form import Case, Known, Question, Told
from portadoc.portal.questions.parties import PARTIES
from portadoc.portal.questions.posting import EXTENSION, POSTING, SITUATION, WITHDRAWAL
from portadoc.portal.questions.several_states import SEVERAL_STATES
from portadoc.schemas.claims import Json, JsonObject

_COVERAGE: Final = (*EXTENSION, *PARTIES, *SITUATION, *SEVERAL_STATES, *POSTING)
_PLACE: Final = re.compile(r"/\d+")
FLOWS: Final[Mapping[str, tuple[Question, ...]]] = {
    "a1": _COVERAGE,
    "bilateral": _COVERAGE,
    "maintenance": _COVERAGE,
}
"""The questions for each kind of certificate, in order."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A question that applies: with the answer given, or with what is known instead of an answer."""

    question: Question
    answered: bool
    value: Json
    told: Told | None = None


def entries(answers: Mapping[str, Json], known: Known) -> tuple[Entry, ...]:
    """Return the questions that apply, in order, up to and with the first that nobody has answered."""
    return _walk(answers, known)[0]


def case_of(answers: Mapping[str, Json], known: Known) -> Case:
    """Return what is known and answered, without answers to questions that do not apply."""
    return _walk(answers, known)[1]


def next_question(answers: Mapping[str, Json], known: Known) -> Question | None:
    """Return the first question that applies and is not answered; None when the form is complete."""
    reached = entries(answers, known)
    if not reached or reached[-1].answered:
        return None
    return reached[-1].question


def question(name: str, answers: Mapping[str, Json], known: Known) -> Question:
    """Return a question that may be answered now: one that applies and is not known. Raises Refused[not_found]."""
    for entry in entries(answers, known):
        if entry.question.id == name and entry.told is None:
            return entry.question
    raise Refused("not_found")


def previous_question(name: str, answers: Mapping[str, Json], known: Known) -> Question | None:
    """Return the question that was asked before this one, None for the first."""
    before: Question | None = None
    for entry in entries(answers, known):
        if entry.question.id == name:
            return before
        if entry.told is None:
            before = entry.question
    return before


def questions_for(pointers: tuple[str, ...], answers: Mapping[str, Json], known: Known) -> tuple[str, ...]:
    """Return the names of the questions that apply and give facts at these places."""
    asked = [entry.question for entry in entries(answers, known) if entry.told is None]
    return tuple(each.id for each in asked if any(_gives(each, pointer) for pointer in pointers))


def answers_that_apply(answers: Mapping[str, Json], known: Known) -> JsonObject:
    """Return the answers without those whose question does not apply any more."""
    return {
        each.question.id: each.value for each in entries(answers, known) if each.answered and each.told is None
    }


def _gives(question: Question, pointer: str) -> bool:
    place = _PLACE.sub("/0", pointer)  # a table gives the facts of all its rows
    return any(place == own or place.startswith(f"{own}/") for own in question.pointers)


def _walk(answers: Mapping[str, Json], known: Known) -> tuple[tuple[Entry, ...], Case]:
    values: dict[str, Json] = {name: told.value for name, told in known.told.items()}
    case, found = Case(known, values), []
    for each in WITHDRAWAL if known.request == "withdrawal" else FLOWS.get(known.certificate, ()):
        if not each.when(case):
            continue
        told = known.told.get(each.id)
        if told is None and each.id not in answers:
            found.append(Entry(each, answered=False, value=None))
            break
        values[each.id] = answers[each.id] if told is None else told.value
        found.append(Entry(each, answered=True, value=values[each.id], told=told))
    return tuple(found), case
