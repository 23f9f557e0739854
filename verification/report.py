"""What a verification found: one check a step, and a verdict that is computed from them, never set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from portadoc.errors import Param
from portadoc.schemas.claims import JsonObject


class Outcome(StrEnum):
    """How one check ended. Only PASS, WARNING and NOT_APPLICABLE let a presentation through."""

    PASS = "pass"  # noqa: S105
    WARNING = "warning"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"
    FAIL = "fail"
    NOT_RUN = "not_run"


class Verdict(StrEnum):
    """The answer for the whole presentation. STATUS_UNKNOWN is an answer of its own and never a pass."""

    VALID = "valid"
    STATUS_UNKNOWN = "status_unknown"
    INVALID = "invalid"


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
)
_LETS_THROUGH: Final = frozenset({Outcome.PASS, Outcome.WARNING, Outcome.NOT_APPLICABLE})
NO_PARAMS: Final[Mapping[str, Param]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one step: ``code`` and ``params`` select and fill its sentence."""

    id: str
    outcome: Outcome
    code: str
    clause: str
    params: Mapping[str, Param] = field(default_factory=dict)

    @property
    def full_code(self) -> str:
        """Return the code with its reason, such as ``kb_invalid.aud``."""
        reason = self.params.get("reason")
        return f"{self.code}.{reason}" if reason else self.code


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """The checks of one presentation as of one time, and what the presentation proves if they hold.

    ``claims`` holds verified claims only: it is empty unless signature and disclosures hold.
    """

    checks: tuple[Check, ...]
    as_of: int
    policy_id: str
    institution_id: str | None = None
    credential_type: str | None = None
    claims: JsonObject = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """Return VALID only if every step of the procedure ran and let the presentation through."""
        if tuple(check.id for check in self.checks) != tuple(kind.id for kind in PROCEDURE):
            return Verdict.INVALID
        outcomes = {check.outcome for check in self.checks}
        if outcomes <= _LETS_THROUGH:
            return Verdict.VALID
        return Verdict.STATUS_UNKNOWN if outcomes <= _LETS_THROUGH | {Outcome.UNKNOWN} else Verdict.INVALID

    @property
    def valid(self) -> bool:
        """Tell whether the verdict is VALID."""
        return self.verdict is Verdict.VALID

    @property
    def first_problem(self) -> Check | None:
        """Return the first check that keeps the presentation out, if there is one."""
        problems = (check for check in self.checks if check.outcome not in _LETS_THROUGH)
        failed = [check for check in problems if check.outcome is not Outcome.NOT_RUN]
        return next((check for check in failed if check.outcome is Outcome.FAIL), failed[0] if failed else None)

    def check(self, kind: CheckKind) -> Check:
        """Return the check of one step. Raises KeyError when the report has no such step."""
        for check in self.checks:
            if check.id == kind.id:
                return check
        raise KeyError(kind.id)
