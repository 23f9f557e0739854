"""The steps of the procedure, how each can end, and the run that collects one check a step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple, TypeVar

from portadoc.errors import Error, Param

Result = TypeVar("Result")


class Outcome(StrEnum):
    """How one check ended. Only PASS, WARNING and NOT_APPLICABLE let a presentation through."""

    PASS = "pass"  # noqa: S105
    WARNING = "warning"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"
    FAIL = "fail"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True)
class CheckKind:
    """A step of the procedure: its stable id and the clause that asks for it."""

    id: str
    clause: str


STRUCTURE: Final = CheckKind("structure", "RFC 9901 §4")
HEADER: Final = CheckKind("header", "SD-JWT VC §2.2.1")
TRUST_CHAIN: Final = CheckKind("trust_chain", "HAIP 1.0 §6.1.1")
SIGNATURE: Final = CheckKind("signature", "RFC 9901 §7.1")
DISCLOSURES: Final = CheckKind("disclosures", "RFC 9901 §7.1")
AUTHORISATION: Final = CheckKind("authorisation", "SD-JWT VC §2.5")
TYPE: Final = CheckKind("type", "SD-JWT VC §2.2.2.1")
KEY_BINDING: Final = CheckKind("key_binding", "RFC 9901 §7.3")
CONTENT: Final = CheckKind("content", "SD-JWT VC §2.2.2")
STATUS: Final = CheckKind("status", "Token Status List §8.3")
TECHNICAL_VALIDITY: Final = CheckKind("technical_validity", "RFC 7519 §4.1")
DOCUMENT_VALIDITY: Final = CheckKind("document_validity", "DC4EU common rulebook §2.7")
COVERAGE_PERIOD: Final = CheckKind("coverage_period", "DC4EU common rulebook §2.7")
COVERS_WORK: Final = CheckKind("covers_work", "Regulation (EC) 883/2004 Title II")

PROCEDURE: Final = (
    STRUCTURE,
    HEADER,
    TRUST_CHAIN,
    SIGNATURE,
    DISCLOSURES,
    AUTHORISATION,
    TYPE,
    KEY_BINDING,
    CONTENT,
    STATUS,
    TECHNICAL_VALIDITY,
    DOCUMENT_VALIDITY,
    COVERAGE_PERIOD,
    COVERS_WORK,
)
LETS_THROUGH: Final = frozenset({Outcome.PASS, Outcome.WARNING, Outcome.NOT_APPLICABLE})
NO_PARAMS: Final[Mapping[str, Param]] = MappingProxyType({})


class Check(NamedTuple):
    """The outcome of one step: ``code`` and ``params`` select and fill its sentence."""

    id: str
    outcome: Outcome
    code: str
    clause: str
    params: Mapping[str, Param] = NO_PARAMS

    @property
    def full_code(self) -> str:
        """Return the code with its reason, such as ``kb_invalid.aud``."""
        reason = self.params.get("reason")
        return f"{self.code}.{reason}" if reason else self.code


class Stopped(Exception):
    """An authenticating step failed: nothing after it may be read."""


class Finding(NamedTuple):
    """What a judging step found."""

    outcome: Outcome
    code: str
    params: Mapping[str, Param] = NO_PARAMS


class Run:
    """The checks of one run, in order: an authenticating step that fails stops it, a judging step never does."""

    def __init__(self, procedure: tuple[CheckKind, ...] = PROCEDURE) -> None:
        self._procedure = procedure
        self._checks: list[Check] = []

    def authenticate(self, kind: CheckKind, step: Callable[[], Result], *, passed: str | None = None) -> Result:
        """Run a step whose failure ends the run; ``passed`` is the code of one that holds. Raises Stopped."""
        try:
            result = step()
        except Error as error:
            self._checks.append(_failed(kind, error))
            raise Stopped from error
        self._checks.append(Check(kind.id, Outcome.PASS, passed or f"{kind.id}_ok", kind.clause))
        return result

    def judge(self, kind: CheckKind, step: Callable[[], Finding]) -> None:
        """Run a step and record what it found; an Error that it raises is a failed check."""
        self._checks.append(judged(kind, step))

    def finish(self) -> tuple[Check, ...]:
        """Return the checks, with a NOT_RUN check for each step that was not reached."""
        for kind in self._procedure[len(self._checks) :]:
            self._checks.append(Check(kind.id, Outcome.NOT_RUN, "step_not_run", kind.clause))
        return tuple(self._checks)


def judged(kind: CheckKind, step: Callable[[], Finding]) -> Check:
    """Return the check of a judging step; an Error that it raises is a failed check."""
    try:
        found = step()
    except Error as error:
        return _failed(kind, error)
    return Check(kind.id, found.outcome, found.code, kind.clause, found.params)


def _failed(kind: CheckKind, error: Error) -> Check:
    return Check(kind.id, Outcome.FAIL, error.code, error.spec or kind.clause, error.params)
