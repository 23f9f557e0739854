"""What came of one request: written once, with the answer, and never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Self

from portadoc.errors import Error, Param
from portadoc.formats import strict_json
from portadoc.schemas.claims import JsonObject
from portadoc.verification.rendering.report_json import report_from_json, report_to_json
from portadoc.verification.report import VerificationReport
from portadoc.verification.verdict import RULES, Colour, Verdict

MAX_RESULT_BYTES: Final = 4 * 1024 * 1024
MAX_RESULT_DEPTH: Final = 64
"""Deep enough for claims of the greatest depth inside the report, the presentations and the result."""

_GRAVITY: Final = tuple(dict.fromkeys(rule.verdict for rule in RULES))
_WITHHELD: Final = "withheld"
_TWO_PERSONS: Final = "person_mismatch"
_NOT_COMPARABLE: Final = "person_not_comparable"
_HOLDER_OPEN: Final = frozenset({"binding_mismatch", _NOT_COMPARABLE})


class Decision(StrEnum):
    """What a result comes to: green, amber (a person has to find out more), red."""

    ACCEPTED = "accepted"
    UNDECIDED = "undecided"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an answer is not accepted."""

    code: str
    params: Mapping[str, Param] = field(default_factory=dict)

    @property
    def full_code(self) -> str:
        """Return the code with its reason, such as ``kb_invalid.aud``."""
        reason = self.params.get("reason")
        return f"{self.code}.{reason}" if reason else self.code


@dataclass(frozen=True, slots=True)
class PresentationResult:
    """One presentation: which query it answers, and its report with the claims that were asked for.

    ``surplus`` is the number of disclosures that nobody asked for; they were dropped. Spec: OpenID4VP 1.0 §6.4.
    """

    query_id: str
    report: VerificationReport
    surplus: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one request. Whether it is accepted is computed from what was found, never set.

    ``problems`` concern the answer as a whole; ``wallet_error`` is what the wallet sent in place of presentations,
    with its own words for it, made plain.
    """

    presentations: tuple[PresentationResult, ...] = ()
    problems: tuple[Problem, ...] = ()
    wallet_error: str | None = None
    wallet_error_description: str = ""

    @property
    def accepted(self) -> bool:
        """Tell whether the answer is complete and every presentation in it is valid."""
        return self._all_valid and self.problem is None

    @property
    def _all_valid(self) -> bool:
        """Tell whether there are presentations and the verdict on each is green, whatever became of its steps."""
        return bool(self.presentations) and all(each.report.valid for each in self.presentations)

    @property
    def problem(self) -> Problem | None:
        """Return the first reason why the answer is not accepted, if there is one."""
        for each in self.presentations:
            check = each.report.first_problem
            if check is not None:
                return Problem(check.code, check.params)
        if self.problems:
            return self.problems[0]
        return None if self.wallet_error is None else Problem("wallet_refused", {"error": self.wallet_error})

    @property
    def kept(self) -> bool:
        """Tell whether the wallet gave what was asked for: accepted, or all is well but whose they are.

        A wallet cannot mend what attestations do not say of their person; somebody has to look.
        """
        return self._all_valid and (self.problem is None or self.problem.code == _NOT_COMPARABLE)

    @property
    def decision(self) -> Decision:
        """Return what the result comes to. What is amber is neither accepted nor refused."""
        if self.accepted:
            return Decision.ACCEPTED
        amber = self.verdict is not None and self.verdict.colour is Colour.AMBER
        return Decision.UNDECIDED if amber else Decision.REFUSED

    @property
    def verdict(self) -> Verdict | None:
        """Return the gravest verdict over all presentations together; None where nothing was presented.

        What does not answer the question follows from what is wrong with a presentation, where something is; that
        two presentations are two persons' does not.
        """
        if not self.presentations:
            return None
        verdicts = {each.report.verdict for each in self.presentations} | {
            Verdict.HOLDER_NOT_PROVEN if each.code in _HOLDER_OPEN else Verdict.NOT_WHAT_WAS_ASKED
            for each in self.problems
            if self._all_valid or each.code == _TWO_PERSONS
        }
        return next((verdict for verdict in _GRAVITY if verdict in verdicts), Verdict.AUTHENTIC_IN_FORCE)

    def without_claims(self) -> Self:
        """Return what was found without anything of the presentations: id, outcome and code of each check."""
        bare = (PresentationResult(each.query_id, _without_content(each.report)) for each in self.presentations)
        problems = (Problem(each.code, _withheld(each.params)) for each in self.problems)
        return replace(self, presentations=tuple(bare), problems=tuple(problems))

    def to_json(self) -> JsonObject:
        """Return the result as JSON; what can be computed is there for the reader and ignored by ``from_text``."""
        problem = self.problem
        return {
            "accepted": self.accepted,
            "decision": self.decision,
            "code": problem.full_code if problem else None,
            "verdict": self.verdict,
            "colour": self.verdict and self.verdict.colour,
            "wallet_error": self.wallet_error,
            "wallet_error_description": self.wallet_error_description,
            "problems": [{"code": each.code, "params": dict(each.params)} for each in self.problems],
            "presentations": [
                {"query_id": each.query_id, "report": report_to_json(each.report), "surplus": each.surplus}
                for each in self.presentations
            ],
        }

    def to_text(self) -> str:
        """Return the stored form."""
        return strict_json.dumps(self.to_json()).decode("utf-8")

    @classmethod
    def from_text(cls, stored: str) -> "Result":
        """Return what ``to_text`` stored."""
        read = strict_json.loads_object(
            stored, what="result", max_bytes=MAX_RESULT_BYTES, max_depth=MAX_RESULT_DEPTH
        )
        return cls(
            presentations=tuple(
                PresentationResult(each["query_id"], report_from_json(each["report"]), each["surplus"])
                for each in read["presentations"]
            ),
            problems=tuple(Problem(each["code"], each["params"]) for each in read["problems"]),
            wallet_error=read["wallet_error"],
            wallet_error_description=read["wallet_error_description"],
        )


def _without_content(report: VerificationReport) -> VerificationReport:
    """Return what the asking party knew beforehand, and how each check ended."""
    return VerificationReport(
        checks=tuple(check._replace(params=_withheld(check.params)) for check in report.checks),
        as_of=report.as_of,
        policy_id=report.policy_id,
        policy_version=report.policy_version,
        on_date=report.on_date,
    )


def _withheld(params: Mapping[str, Param]) -> Mapping[str, Param]:
    """Return the reason, which belongs to the code, and what fills the places of all else in its sentence."""
    texts = {name: value for name, value in params.items() if isinstance(value, str)}
    return {name: value if name == "reason" else _WITHHELD for name, value in texts.items()}


def refused(error: Error) -> Result:
    """Return the result of an answer that could not be read."""
    return Result(problems=(Problem(error.code, error.params),))
