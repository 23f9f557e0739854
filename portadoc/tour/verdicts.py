"""A result as people read it: the verdict, the three lines of validity, every check with its sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from portadoc.errors import Param
from portadoc.i18n import Message, render
from portadoc.tour.labels import ShownClaim, shown_claims
from portadoc.tour.texts import Reader
from portadoc.verification.report import (
    COVERAGE_PERIOD,
    DOCUMENT_VALIDITY,
    TECHNICAL_VALIDITY,
    Check,
    Colour,
    Outcome,
)
from portadoc.verifier.results import Result

VALIDITY_LINES: Final = (TECHNICAL_VALIDITY.id, DOCUMENT_VALIDITY.id, COVERAGE_PERIOD.id)
_NEEDS_ADVICE: Final = frozenset({Outcome.FAIL, Outcome.UNKNOWN, Outcome.WARNING})


@dataclass(frozen=True, slots=True)
class ShownCheck:
    """One check: its name, how it ended (a value for the style sheet, a word for people), and why."""

    title: str
    outcome: str
    word: str
    sentence: str
    advice: str
    clause: str
    code: str


@dataclass(frozen=True, slots=True)
class ShownResult:
    """What came of a question. ``reason`` is the first problem, empty when the answer is accepted."""

    verdict: Literal["accepted", "unknown", "refused"]
    reason: Message
    code: str
    validity: tuple[ShownCheck, ...]
    checks: tuple[ShownCheck, ...]
    claims: tuple[ShownClaim, ...]
    institution_id: str
    as_of: int | None


def shown_result(result: Result, vct: str, reader: Reader) -> ShownResult:
    """Return a result in the reader's language. The tour asks for one attestation, of the type ``vct``."""
    problem = result.problem
    report = result.presentations[0].report if result.presentations else None
    checks = report.checks if report else ()
    return ShownResult(
        verdict=_verdict(result),
        reason=_message(problem.code, problem.params, reader) if problem else Message("", ""),
        code=problem.full_code if problem else "",
        validity=tuple(_shown_check(check, reader) for check in checks if check.id in VALIDITY_LINES),
        checks=tuple(_shown_check(check, reader) for check in checks),
        claims=shown_claims(vct, report.claims, reader) if report and report.credential_type == vct else (),
        institution_id=(report.institution_id if report else None) or "",
        as_of=report.as_of if report else None,
    )


def _verdict(result: Result) -> Literal["accepted", "unknown", "refused"]:
    if result.accepted:
        return "accepted"
    colours = {each.report.colour for each in result.presentations}
    return "refused" if result.problems or Colour.RED in colours or not colours else "unknown"


def _shown_check(check: Check, reader: Reader) -> ShownCheck:
    message = _message(check.code, check.params, reader)
    return ShownCheck(
        title=reader.say(f"check.{check.id}"),
        outcome=check.outcome.value,
        word=reader.say(f"outcome.{check.outcome.value}"),
        sentence=message.text,
        advice=message.action if check.outcome in _NEEDS_ADVICE else "",
        clause=check.clause,
        code=check.full_code,
    )


def _message(code: str, params: Mapping[str, Param], reader: Reader) -> Message:
    return render(code, {name: reader.readable(value) for name, value in params.items()}, reader.language)
