"""Collects one check a step; authenticating steps stop the run, judging steps never do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from portadoc.errors import Error, Param
from portadoc.verification.report import NO_PARAMS, PROCEDURE, Check, CheckKind, Outcome

Result = TypeVar("Result")


class Stopped(Exception):
    """An authenticating step failed: nothing after it may be read."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a judging step found."""

    outcome: Outcome
    code: str
    params: Mapping[str, Param] = field(default_factory=dict)


class Run:
    """The checks of one run of the procedure, in its order."""

    def __init__(self) -> None:
        self._checks: list[Check] = []

    def authenticate(self, kind: CheckKind, step: Callable[[], Result]) -> Result:
        """Run a step whose failure ends the run. Raises Stopped."""
        try:
            result = step()
        except Error as error:
            self._record(kind, Outcome.FAIL, error.code, error.params, error.spec)
            raise Stopped from error
        self._record(kind, Outcome.PASS, f"{kind.id}_ok")
        return result

    def judge(self, kind: CheckKind, step: Callable[[], Finding]) -> None:
        """Run a step and record what it found; an Error that it raises is a failed check."""
        try:
            found = step()
        except Error as error:
            self._record(kind, Outcome.FAIL, error.code, error.params, error.spec)
        else:
            self._record(kind, found.outcome, found.code, found.params)

    def finish(self) -> tuple[Check, ...]:
        """Return the checks, with a NOT_RUN check for each step that was not reached."""
        for kind in PROCEDURE[len(self._checks) :]:
            self._record(kind, Outcome.NOT_RUN, "step_not_run")
        return tuple(self._checks)

    def _record(
        self,
        kind: CheckKind,
        outcome: Outcome,
        code: str,
        params: Mapping[str, Param] = NO_PARAMS,
        clause: str | None = None,
    ) -> None:
        self._checks.append(Check(kind.id, outcome, code, clause or kind.clause, params))
