"""What a verifier decided before it looked at the presentation."""

import unicodedata
from dataclasses import dataclass, field
from datetime import date

from portadoc.errors import Refused
from portadoc.formats.animated_qr.proximity import UNSOLICITED
from portadoc.keys.algorithms import SIGNATURE_ALGORITHMS
from portadoc.schemas.profiles import ProtocolProfile
from portadoc.verification.answers import TypeMetadataAnswers, known_type_metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyBindingRequired:
    """The holder has to prove possession of the key: to this audience, for this nonce, within ``max_age_s``.

    ``transaction_data`` are the texts that the holder has to acknowledge with it; no others may be.
    """

    audience: str
    nonce: str
    max_age_s: int
    transaction_data: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyBindingUnsolicited:
    """The holder signed for this audience within ``max_age_s``, and nobody gave a challenge.

    That shows a fresh signature and no holder: whoever looked over a shoulder may show it once more.
    """

    audience: str
    max_age_s: int
    nonce: str = field(default=UNSOLICITED, init=False)
    transaction_data: tuple[str, ...] = field(default=(), init=False)


@dataclass(frozen=True, slots=True)
class KeyBindingRefused:
    """No key binding belongs here (a credential at issuance, a stored file): one that is there is refused.

    ``shown`` says that somebody shows it as being about themselves: of a copy nobody knows whose it is.
    """

    shown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkAsked:
    """The work in question: where it is done, for whom, and when. All that is set has to be covered.

    ``state`` is a country code as in the record; ``employers`` are identifiers of employers, one of which has to
    be covered; ``first`` and ``last`` are days, both included; one alone stands for both, and without days the day
    in question counts. Raises Refused[work_period_reversed], [work_employer_empty].
    """

    state: str | None = None
    employers: frozenset[str] = frozenset()
    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        if self.first is not None and self.last is not None and self.last < self.first:
            raise Refused("work_period_reversed")
        if not all(map(levelled, self.employers)):
            raise Refused("work_employer_empty")

    def days(self, on_date: date) -> tuple[date, date]:
        """Return the first and the last day of the work; ``on_date`` is the day in question."""
        first = self.first or self.last or on_date
        return first, self.last or first


def levelled(identifier: str) -> str:
    """Return the letters and digits of an identifier: spaces, dots and dashes only help the eye."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", identifier))).upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationPolicy:
    """Every decision of the verifier, fixed beforehand. Spec: RFC 9901 §7.3 step 1.

    ``on_date`` is the day for which document validity and coverage are judged, ``work`` the work in question, if
    there is one; ``clock_skew_s`` is the tolerance for technical times in seconds. ``policy_version`` is the
    digest of the rules, where they are published. That nothing was withdrawn is not known any more by a list older
    than ``max_status_age_s``; without a bound it is until the list ends.
    """

    policy_id: str
    accepted_types: frozenset[str]
    key_binding: KeyBindingRequired | KeyBindingUnsolicited | KeyBindingRefused
    status_required: bool
    profile: ProtocolProfile
    on_date: date
    work: WorkAsked | None = None
    max_status_age_s: int | None = None
    policy_version: str = ""
    type_metadata: TypeMetadataAnswers = field(default_factory=known_type_metadata)
    clock_skew_s: int = 60
    allowed_algs: frozenset[str] = frozenset(SIGNATURE_ALGORITHMS)
