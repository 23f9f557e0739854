"""What a verification found: one check a step, and a verdict that is computed from them, never set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Final

from portadoc.schemas.catalogue import A1_TYPES, EVERY_LAYOUT, OLD_VCTS
from portadoc.schemas.claims import ClaimPath, JsonObject
from portadoc.schemas.projections.reading import Deviation
from portadoc.schemas.seals import SEAL_TYPES
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
from portadoc.verification.verdict import Colour, Verdict, deciding_check, verdict_of

__all__ = [
    "AUTHORISATION",
    "CONTENT",
    "COVERAGE_PERIOD",
    "COVERS_WORK",
    "DISCLOSURES",
    "DOCUMENT_VALIDITY",
    "HEADER",
    "KEY_BINDING",
    "LETS_THROUGH",
    "PROCEDURE",
    "SIGNATURE",
    "STATUS",
    "STRUCTURE",
    "TECHNICAL_VALIDITY",
    "TRUST_CHAIN",
    "TYPE",
    "Check",
    "CheckKind",
    "Colour",
    "Outcome",
    "ReviewRequest",
    "Verdict",
    "VerificationReport",
]

REVIEW_LEGAL_BASIS: Final = "Regulation (EC) No 987/2009, Article 5(2)"
_REVIEWED: Final = A1_TYPES | {SEAL_TYPES["pda1"]}


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """Whom to ask when a genuine document is doubted, about which document, and by what right.

    ``document_reference`` is None where the holder keeps the document's number back.
    """

    institution_id: str
    document_reference: str | None
    legal_basis: str = REVIEW_LEGAL_BASIS


@dataclass(frozen=True)
class VerificationReport:
    """The checks of one presentation as of one time, and what the presentation proves if they hold.

    ``claims`` holds verified claims only: it is empty unless signature and disclosures hold. ``layout`` is the id
    of the layout in which they were read, and ``deviations`` every place where they deviate from it. The record is
    computed from the claims, so that a report with fewer claims never says more than those. ``on_date`` is the day
    for which document and coverage were judged. ``disclosed`` and ``issued_positions`` say how the claims
    travelled; they serve the check of the query and are not stored.
    """

    checks: tuple[Check, ...]
    as_of: int
    policy_id: str
    institution_id: str | None = None
    credential_type: str | None = None
    claims: JsonObject = field(default_factory=dict)
    layout: str | None = None
    deviations: tuple[Deviation, ...] = ()
    policy_version: str = ""
    on_date: date | None = None
    disclosed: tuple[ClaimPath, ...] = field(default=(), compare=False, repr=False)
    issued_positions: Mapping[ClaimPath, tuple[int, ...]] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def verdict(self) -> Verdict:
        """Return what the checks come to."""
        return verdict_of(self.checks)

    @property
    def colour(self) -> Colour:
        """Return the colour of the verdict."""
        return self.verdict.colour

    @property
    def valid(self) -> bool:
        """Tell whether the verdict is AUTHENTIC_IN_FORCE."""
        return self.verdict is Verdict.AUTHENTIC_IN_FORCE

    @property
    def first_problem(self) -> Check | None:
        """Return the first check that keeps the presentation out, if there is one."""
        problems = (check for check in self.checks if check.outcome not in LETS_THROUGH)
        failed = [check for check in problems if check.outcome is not Outcome.NOT_RUN]
        return next((check for check in failed if check.outcome is Outcome.FAIL), failed[0] if failed else None)

    @property
    def deciding_check(self) -> Check | None:
        """Return the check that the verdict rests on; None where nothing speaks against the presentation."""
        return deciding_check(self.checks)

    def check(self, kind: CheckKind) -> Check:
        """Return the check of one step. Raises KeyError when the report has no such step."""
        for check in self.checks:
            if check.id == kind.id:
                return check
        raise KeyError(kind.id)

    @property
    def record(self) -> JsonObject:
        """Return what the claims say in the vocabulary of the canonical record: as much as is there."""
        if self.layout is None:
            return {}
        return EVERY_LAYOUT[self.layout].restore(self.claims).record_fields

    @property
    def old_type_of(self) -> str | None:
        """Return the type that took the place of the credential's, where that is an accepted old identifier."""
        return None if self.credential_type is None else OLD_VCTS.get(self.credential_type)

    @property
    def review_request(self) -> ReviewRequest | None:
        """Return the request for review that the reader of a genuine A1 may send to who issued it.

        Spec: Regulation (EC) 987/2009 art. 5(2), CJEU C-527/16.
        """
        if not self.verdict.genuine or self.institution_id is None or self.credential_type not in _REVIEWED:
            return None
        number = self.record.get("document", {}).get("number")
        return ReviewRequest(self.institution_id, number)
