"""The verdict: what the checks of one presentation come to, in the words that the law allows.

A document of an institution that is genuine and not withdrawn binds whoever reads it, even when it looks wrong
(Regulation (EC) 987/2009 art. 5; CJEU C-527/16): no verdict calls it invalid. Who doubts it asks the institution
that issued it for a review. Red and amber are no pass; a colour never stands without its sentence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from portadoc.verification.checks import (
    AUTHORISATION,
    CONTENT,
    COVERAGE_PERIOD,
    COVERS_WORK,
    DISCLOSURES,
    DOCUMENT_VALIDITY,
    HEADER,
    KEY_BINDING,
    LETS_THROUGH,
    PROCEDURE,
    SIGNATURE,
    STATUS,
    STRUCTURE,
    TECHNICAL_VALIDITY,
    TRUST_CHAIN,
    TYPE,
    Check,
    CheckKind,
    Outcome,
)


class Colour(StrEnum):
    """How far a verdict carries: go on, find out more, do not rely on it."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class Verdict(StrEnum):
    """The answer for the whole presentation."""

    AUTHENTIC_IN_FORCE = "authentic_in_force"
    APPLIED_NOT_DECIDED = "applied_not_decided"
    """Genuine, and no certificate: somebody asked for one. Whether anything was decided is not proven."""
    STATUS_NOT_KNOWN = "status_not_known"
    """Genuine; whether it was withdrawn cannot be known now."""
    PERIOD_NOT_SHOWN = "period_not_shown"
    """Genuine; the holder may have kept back when it begins or ends."""
    WORK_NOT_SHOWN = "work_not_shown"
    """Genuine; what was shown does not say whether the work in question is covered."""
    HOLDER_NOT_PROVEN = "holder_not_proven"
    """Genuine; who presents it is not shown to be its holder."""
    EFFECT_NOT_ESTABLISHED = "effect_not_established"
    """Withdrawn or replaced; whether that has an effect on the past day in question is not known."""
    WITHDRAWN_OR_REPLACED = "withdrawn_or_replaced"
    NOT_IN_FORCE_ON_DATE = "not_in_force_on_date"
    DOES_NOT_COVER_WORK = "does_not_cover_work"
    NOT_WHAT_WAS_ASKED = "not_what_was_asked"
    """Genuine, but of another type than was asked, or not made as its type says."""
    NOT_AUTHENTIC = "not_authentic"
    """No institution that is trusted for it vouches for what was presented."""

    @property
    def colour(self) -> Colour:
        """Return the colour that people see."""
        return _TOLD[self][0]

    @property
    def code(self) -> str:
        """Return the code of the verdict's sentence, and of what to do."""
        return _TOLD[self][1]

    @property
    def genuine(self) -> bool:
        """Tell whether the institution's own statement was read. Of such an A1 a review may be requested."""
        return self is not Verdict.NOT_AUTHENTIC


_TOLD: Final[Mapping[Verdict, tuple[Colour, str]]] = {
    Verdict.AUTHENTIC_IN_FORCE: (Colour.GREEN, "verdict_authentic_in_force"),
    Verdict.APPLIED_NOT_DECIDED: (Colour.AMBER, "verdict_applied_not_decided"),
    Verdict.STATUS_NOT_KNOWN: (Colour.AMBER, "verdict_status_not_known"),
    Verdict.PERIOD_NOT_SHOWN: (Colour.AMBER, "verdict_period_not_shown"),
    Verdict.WORK_NOT_SHOWN: (Colour.AMBER, "verdict_work_not_shown"),
    Verdict.HOLDER_NOT_PROVEN: (Colour.AMBER, "verdict_holder_not_proven"),
    Verdict.EFFECT_NOT_ESTABLISHED: (Colour.AMBER, "verdict_effect_not_established"),
    Verdict.WITHDRAWN_OR_REPLACED: (Colour.RED, "verdict_withdrawn_or_replaced"),
    Verdict.NOT_IN_FORCE_ON_DATE: (Colour.RED, "verdict_not_in_force_on_date"),
    Verdict.DOES_NOT_COVER_WORK: (Colour.RED, "verdict_does_not_cover_work"),
    Verdict.NOT_WHAT_WAS_ASKED: (Colour.RED, "verdict_not_what_was_asked"),
    Verdict.NOT_AUTHENTIC: (Colour.RED, "verdict_not_authentic"),
}


NOT_DECIDED: Final = "not_decided"
"""Code of what was asked for and nobody is known to have decided."""
UNREADABLE: Final = frozenset({"claim_missing", "claim_invalid", "layout_unknown", "vct_unknown"})
"""Codes of claims that are not there, or not in a form in which anything could be judged by them."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A step that ends this way leads to this verdict. Without ``codes`` every code does."""

    verdict: Verdict
    step: CheckKind
    outcome: Outcome
    codes: frozenset[str] = frozenset()

    def decides(self, check: Check) -> bool:
        """Tell whether the rule is about this check."""
        return (
            check.id == self.step.id
            and check.outcome is self.outcome
            and (not self.codes or check.code in self.codes)
        )


RULES: Final = (
    # What nobody vouches for: so is anything that no rule of this table names, such as a step that did not run.
    Rule(Verdict.NOT_AUTHENTIC, STRUCTURE, Outcome.FAIL),
    Rule(Verdict.NOT_AUTHENTIC, HEADER, Outcome.FAIL),
    Rule(Verdict.NOT_AUTHENTIC, TRUST_CHAIN, Outcome.FAIL),
    Rule(Verdict.NOT_AUTHENTIC, SIGNATURE, Outcome.FAIL),
    Rule(Verdict.NOT_AUTHENTIC, DISCLOSURES, Outcome.FAIL),
    Rule(Verdict.NOT_AUTHENTIC, AUTHORISATION, Outcome.FAIL),
    # What is genuine, but cannot be read as an answer to the question.
    Rule(Verdict.NOT_WHAT_WAS_ASKED, TYPE, Outcome.FAIL),
    Rule(Verdict.NOT_WHAT_WAS_ASKED, CONTENT, Outcome.FAIL),
    Rule(Verdict.NOT_WHAT_WAS_ASKED, TECHNICAL_VALIDITY, Outcome.FAIL, UNREADABLE),
    Rule(Verdict.NOT_WHAT_WAS_ASKED, DOCUMENT_VALIDITY, Outcome.FAIL, UNREADABLE),
    Rule(Verdict.NOT_WHAT_WAS_ASKED, COVERAGE_PERIOD, Outcome.FAIL, UNREADABLE),
    Rule(Verdict.NOT_WHAT_WAS_ASKED, COVERS_WORK, Outcome.FAIL, UNREADABLE),
    # What does not hold on the day or for the work in question. Every such verdict is red.
    Rule(Verdict.WITHDRAWN_OR_REPLACED, STATUS, Outcome.FAIL, frozenset({"revoked"})),
    Rule(Verdict.NOT_IN_FORCE_ON_DATE, TECHNICAL_VALIDITY, Outcome.FAIL),
    Rule(Verdict.NOT_IN_FORCE_ON_DATE, DOCUMENT_VALIDITY, Outcome.FAIL),
    Rule(Verdict.NOT_IN_FORCE_ON_DATE, COVERAGE_PERIOD, Outcome.FAIL),
    Rule(Verdict.DOES_NOT_COVER_WORK, STATUS, Outcome.FAIL, frozenset({"withdrawn_during_work"})),
    Rule(Verdict.DOES_NOT_COVER_WORK, COVERS_WORK, Outcome.FAIL),
    # What is not established. Every such verdict is amber: it never hides one of the above. That nothing is
    # decided comes first: no other word may let an application pass for a certificate.
    Rule(Verdict.APPLIED_NOT_DECIDED, COVERAGE_PERIOD, Outcome.UNKNOWN, frozenset({NOT_DECIDED})),
    Rule(Verdict.HOLDER_NOT_PROVEN, KEY_BINDING, Outcome.FAIL),
    Rule(Verdict.EFFECT_NOT_ESTABLISHED, STATUS, Outcome.UNKNOWN, frozenset({"effect_not_established"})),
    Rule(Verdict.STATUS_NOT_KNOWN, STATUS, Outcome.UNKNOWN),
    Rule(Verdict.STATUS_NOT_KNOWN, STATUS, Outcome.FAIL),
    Rule(Verdict.PERIOD_NOT_SHOWN, DOCUMENT_VALIDITY, Outcome.UNKNOWN),
    Rule(Verdict.PERIOD_NOT_SHOWN, COVERAGE_PERIOD, Outcome.UNKNOWN),
    Rule(Verdict.WORK_NOT_SHOWN, COVERS_WORK, Outcome.UNKNOWN),
    # What a seal never shows, said last: a verdict above says that besides something else is not established.
    Rule(Verdict.HOLDER_NOT_PROVEN, KEY_BINDING, Outcome.UNKNOWN),
)
"""Which check leads to which verdict; where several hold, the first rule of the table decides."""


def verdict_of(checks: Sequence[Check]) -> Verdict:
    """Return AUTHENTIC_IN_FORCE only if every step of the procedure ran and let the presentation through.

    A list of checks that is not that of the whole procedure proves nothing.
    """
    if tuple([check.id for check in checks]) != _STEPS:
        return Verdict.NOT_AUTHENTIC
    against = [check for check in checks if check.outcome not in LETS_THROUGH]
    if not against:
        return Verdict.AUTHENTIC_IN_FORCE
    if not all(any(rule.decides(check) for rule in RULES) for check in against):
        return Verdict.NOT_AUTHENTIC
    return next(rule.verdict for rule in RULES if any(map(rule.decides, against)))


def deciding_check(checks: Sequence[Check]) -> Check | None:
    """Return the check that the verdict rests on; None where nothing speaks against the presentation."""
    against = [check for check in checks if check.outcome not in LETS_THROUGH]
    by_rules = (check for rule in RULES for check in against if rule.decides(check))
    return next(by_rules, against[0] if against else None)


_STEPS: Final = tuple(kind.id for kind in PROCEDURE)
