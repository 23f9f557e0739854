"""What the kit asks, what it found, and how an explanation of it is put together."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NoReturn

from portadoc.conformance.wire import Answer

if TYPE_CHECKING:
    from portadoc.conformance.trial import Trial


class Severity(StrEnum):
    """Whether an issuer that fails a check breaks a rule, or departs from what is recommended."""

    FAIL = "fail"
    WARN = "warn"


class Outcome(StrEnum):
    """What came of a check. ``not_applicable`` and ``skipped`` show nothing, for reasons that lie elsewhere."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    NOT_APPLICABLE = "not_applicable"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a clause asks. ``title`` says what holds of an issuer that passes."""

    id: str
    clause: str
    title: str
    cause: str
    mend: str
    severity: Severity = Severity.FAIL


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of a check: ``sent`` and ``arrived`` say how it was seen; neither holds a secret."""

    check: Check
    outcome: Outcome
    reason: str = ""
    sent: str = ""
    arrived: str = ""


RUNS: Final = Check(
    "the-way-there",
    "OpenID4VCI 1.0 §3.3, §3.4",
    "The steps before what the module asks about succeed",
    "An ordinary step is refused or answered in an unexpected form.",
    "Mend the step that is named; other modules say more about it.",
)
"""Stands for every step that is a means and not the subject of a module."""


class Stopped(Exception):
    """The module cannot go on; its last finding says why."""


class Lacking(Exception):
    """What the module needs is not there: an offer, a person, a program."""


@dataclass(slots=True)
class Record:
    """The findings of one module, in the order in which they came."""

    findings: list[Finding] = field(default_factory=list)

    def judge(self, check: Check, sound: bool, reason: str, at: Answer | None = None) -> bool:
        """Note that a check holds, or else why not; return whether it holds."""
        if sound:
            self._note(check, Outcome.PASSED, "", at)
        else:
            self._note(check, Outcome.WARNED if check.severity is Severity.WARN else Outcome.FAILED, reason, at)
        return sound

    def require(self, check: Check, sound: bool, reason: str, at: Answer | None = None) -> None:
        """Note as ``judge``, and end the module when the check does not hold. Raises Stopped."""
        if not self.judge(check, sound, reason, at):
            raise Stopped

    def step(self, sound: bool, reason: str, at: Answer | None = None) -> None:
        """End the module when a step that is only a means does not succeed. Raises Stopped."""
        if not sound:
            self.stop(reason, at)

    def stop(self, reason: str, at: Answer | None = None) -> NoReturn:
        """Note that the way to what the module asks about is blocked. Raises Stopped."""
        self._note(RUNS, Outcome.FAILED, reason, at)
        raise Stopped

    def not_applicable(self, check: Check, reason: str) -> None:
        """Note that a check says nothing about this issuer, profile or place."""
        self._note(check, Outcome.NOT_APPLICABLE, reason, None)

    def skipped(self, check: Check, reason: str) -> None:
        """Note that a check could not be carried out for want of something."""
        self._note(check, Outcome.SKIPPED, reason, None)

    def _note(self, check: Check, outcome: Outcome, reason: str, at: Answer | None) -> None:
        self.findings.append(Finding(check, outcome, reason, at.sent if at else "", at.arrived if at else ""))


Run = Callable[["Trial", Record], None]


@dataclass(frozen=True, slots=True)
class Module:
    """A procedure with a name of its own; ``profiles`` are those in which it is run, all of them when empty."""

    name: str
    title: str
    run: Run
    profiles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ModuleReport:
    """What a module found."""

    module: Module
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Outcome:
        """The gravest outcome of the module's findings."""
        found = {each.outcome for each in self.findings}
        for outcome in (Outcome.FAILED, Outcome.SKIPPED, Outcome.WARNED, Outcome.PASSED):
            if outcome in found:
                return outcome
        return Outcome.NOT_APPLICABLE


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run found out about an issuer under a profile.

    ``stopped`` says why no module was run: nothing that could be an issuer answered. It is empty otherwise.
    """

    issuer: str
    profile: str
    started_at: int
    requests: int
    modules: tuple[ModuleReport, ...]
    stopped: str = ""

    @property
    def failed(self) -> bool:
        """Whether a rule is broken."""
        return any(each.outcome is Outcome.FAILED for each in self.modules)

    @property
    def incomplete(self) -> bool:
        """Whether something was left out for want of something."""
        skipped = any(found.outcome is Outcome.SKIPPED for each in self.modules for found in each.findings)
        return skipped or bool(self.stopped)
