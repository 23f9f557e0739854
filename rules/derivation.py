"""The derivation of a decision: which rows were looked at, under which provision, with which facts and parameters.

A step quotes a fact by its JSON pointer in the case's facts, with the value that was read there; an independent
checker can look each of them up again. Steps stand in the order in which the rows were tried.
"""

from datetime import date
from enum import Enum
from typing import Any, Final, NamedTuple

from portadoc.rules.facts import Facts
from portadoc.rules.law import Law, Pack

Quoted = tuple[str, Any]
"""A JSON pointer and the value there, or the name of a parameter and its value."""

MET: Final = "met"
NOT_MET: Final = "not_met"
UNKNOWN: Final = "unknown"
NOT_APPLICABLE: Final = "not_applicable"


class Step(NamedTuple):
    """One row: ``result`` says whether the condition of the provision is met (not that of the table's row)."""

    rule: str
    provision: str
    result: str
    facts: tuple[Quoted, ...]
    parameters: tuple[Quoted, ...]


class Case:
    """One case on its way through the rows: the facts and the law to read, the steps and infos to add to.

    Lives for one determination and is never shared; facts and law are frozen.
    """

    __slots__ = ("facts", "info", "law", "pack", "steps")

    def __init__(self, facts: Facts, law: Law) -> None:
        self.facts = facts
        self.law = law
        self.pack: Pack = law.pack_of(facts.regime)
        self.steps: list[Step] = []
        self.info: list[str] = []

    def step(
        self,
        rule: str,
        provision: str,
        result: str,
        facts: tuple[Quoted, ...] = (),
        parameters: tuple[str, ...] = (),
    ) -> None:
        """Record a row; parameters are given by name and quoted with their value."""
        quotes = self.law.quotes
        self.steps.append(Step(rule, provision, result, facts, tuple([quotes[name] for name in parameters])))

    def met(self, rule: str, provision: str, *facts: Quoted, parameters: tuple[str, ...] = ()) -> None:
        self.step(rule, provision, MET, facts, parameters)

    def not_met(self, rule: str, provision: str, *facts: Quoted, parameters: tuple[str, ...] = ()) -> None:
        self.step(rule, provision, NOT_MET, facts, parameters)

    def unknown(self, rule: str, provision: str, *facts: Quoted, parameters: tuple[str, ...] = ()) -> None:
        self.step(rule, provision, UNKNOWN, facts, parameters)

    def note(self, code: str) -> None:
        """Add an information once."""
        if code not in self.info:
            self.info.append(code)


def plain(value: Any) -> Any:
    """Return a quoted value as plain JSON."""
    if value is None or type(value) in (str, bool, int, float):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list | frozenset):
        return [plain(item) for item in (sorted(value) if isinstance(value, frozenset) else value)]
    raise TypeError(type(value).__name__)


def step_to_json(step: Step) -> dict[str, Any]:
    return {
        "rule": step.rule,
        "provision": step.provision,
        "result": step.result,
        "facts": [[pointer, plain(value)] for pointer, value in step.facts],
        "parameters": [[name, plain(value)] for name, value in step.parameters],
    }
