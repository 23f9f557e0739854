"""A result as people read it: the verdict, the three lines of validity, every check with its sentence."""

from dataclasses import dataclass
from typing import Final, Literal

from portadoc.tour.labels import ShownClaim, shown_claims
from portadoc.tour.texts import Reader
from portadoc.verification.checks import COVERAGE_PERIOD, DOCUMENT_VALIDITY, TECHNICAL_VALIDITY
from portadoc.verification.rendering.shown import ShownCheck, shown_report
from portadoc.verification.rendering.wording import Words
from portadoc.verifier.results import Decision, Result

VALIDITY_LINES: Final = (TECHNICAL_VALIDITY.id, DOCUMENT_VALIDITY.id, COVERAGE_PERIOD.id)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an answer is not accepted: sentence, advice, code."""

    text: str
    action: str
    code: str


@dataclass(frozen=True, slots=True)
class ShownResult:
    """What came of a question. ``verdict`` is for the style sheet; ``reason`` is None for an accepted one."""

    verdict: Literal["accepted", "unknown", "refused"]
    headline: str
    sentence: str
    reason: Reason | None
    validity: tuple[ShownCheck, ...]
    checks: tuple[ShownCheck, ...]
    claims: tuple[ShownClaim, ...]
    institution_id: str
    as_of: int | None


def shown_result(result: Result, vct: str, reader: Reader) -> ShownResult:
    """Return a result in the reader's language. The tour asks for one attestation, of the type ``vct``."""
    verdict = _verdict(result)
    report = result.presentations[0].report if result.presentations else None
    shown = shown_report(report, reader.language) if report else None
    says_it_all = shown is not None and (result.accepted or not result.problems)
    return ShownResult(
        verdict=verdict,
        headline=shown.headline if shown and says_it_all else reader.say(f"verdict.{verdict}"),
        sentence=shown.sentence if shown and says_it_all else "",
        reason=_reason(result, Words(reader.language)),
        validity=tuple(check for check in shown.checks if check.id in VALIDITY_LINES) if shown else (),
        checks=shown.checks if shown else (),
        claims=shown_claims(vct, report.claims, reader) if report and report.credential_type == vct else (),
        institution_id=(report.institution_id if report else None) or "",
        as_of=report.as_of if report else None,
    )


def _verdict(result: Result) -> Literal["accepted", "unknown", "refused"]:
    match result.decision:
        case Decision.ACCEPTED:
            return "accepted"
        case Decision.UNDECIDED:
            return "unknown"
        case Decision.REFUSED:
            return "refused"


def _reason(result: Result, words: Words) -> Reason | None:
    problem = result.problem
    if problem is None:
        return None
    message = words.message(problem.code, problem.params)
    return Reason(message.text, message.action, problem.full_code)
