"""An application: who asks what for whom, where it stands, and everything that was decided on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from portadoc.schemas.claims import Json, JsonObject

NOTHING: Final[Mapping[str, Json]] = MappingProxyType({})


class CertificateKind(StrEnum):
    """What is asked for."""

    A1 = "a1"
    BILATERAL = "bilateral"
    MAINTENANCE = "maintenance"
    EHIC = "ehic"
    PRC = "prc"


HEALTH: Final = frozenset({CertificateKind.EHIC, CertificateKind.PRC})
"""What is decided from the insurance register, not by the law of posting."""


class RequestKind(StrEnum):
    """Why it is asked for. All but NEW name the application that came before."""

    NEW = "new"
    EXTENSION = "extension"
    CORRECTION = "correction"
    """Something was wrong in the certificate."""
    CHANGE = "change"
    """Something has become different since: "something changed"."""
    WITHDRAWAL = "withdrawal"


class ApplicationState(StrEnum):
    """Where an application stands. That a certificate has expired follows from its dates and is no state."""

    DRAFT = "draft"
    WAITING_FOR_ANSWERS = "waiting_for_answers"
    IN_REVIEW = "in_review"
    AWAITING_OTHER_STATE = "awaiting_other_state"
    PROVISIONAL = "provisional"
    GRANTED = "granted"
    REFUSED = "refused"
    FORWARDED = "forwarded"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


IN_FORCE: Final = frozenset({ApplicationState.GRANTED, ApplicationState.PROVISIONAL})
OPEN: Final = frozenset(
    {
        ApplicationState.DRAFT,
        ApplicationState.WAITING_FOR_ANSWERS,
        ApplicationState.IN_REVIEW,
        ApplicationState.AWAITING_OTHER_STATE,
    }
)
"""States of an application on which nothing is decided yet."""


class Step(StrEnum):
    """What this installation itself has still to do, without anybody. It goes on after a crash."""

    DECIDE = "decide"
    """The facts are recorded: decide, check, record the decision."""
    ISSUE = "issue"
    """The decision is recorded: record what is certified, sign, check, release."""
    CLOSE = "close"
    """It is decided: withdraw the proof that it was not, and whatever was recorded and will not be released."""
    REPLACE = "replace"
    """The certificate is out: withdraw the one that it replaces, on the day from which it does."""
    CONFIRM = "confirm"
    """It is provisional, the other States were told and none objects for two months: certify it as definitive."""
    REVOKE = "revoke"
    """A withdrawal is decided: withdraw the certificate."""


class Capacity(StrEnum):
    """In which capacity somebody applies."""

    EMPLOYER = "employer"
    SELF_EMPLOYED = "self_employed"
    WORKER = "worker"
    INSURED_PERSON = "insured_person"


class Awaited(StrEnum):
    """What is awaited of the applicant in WAITING_FOR_ANSWERS."""

    FACTS = "facts"
    """Answers to the questions named."""
    EXCEPTION_WISH = "exception_wish"
    """Whether to ask both States for an exception. Spec: Regulation (EC) 883/2004 art. 16."""


class Actor(StrEnum):
    """Who did something."""

    APPLICANT = "applicant"
    RULES = "rules"
    OFFICER = "officer"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who applies: the subject of the login, the employer or the personal number for which it speaks."""

    subject_id: str
    capacity: Capacity


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One thing that happened, in order. ``what`` is a text key below ``history.``; ``details`` fill it."""

    at: int
    what: str
    actor: Actor
    actor_id: str = ""
    state: ApplicationState
    reason: str = ""
    details: Mapping[str, Json] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One application as it is now. Immutable: each act gives a new one with a higher ``version``.

    ``answers`` are by question; ``known`` is what registers said; ``facts`` is what is judged (shape of the
    decision engine), None until it is submitted, as ``case_number`` is empty; ``decision`` is the last decision
    as JSON, None before. Times are epoch seconds; ``opened_at`` is when what is under way now began. ``awaits``
    says what is awaited of the applicant, ``asked`` holds the pointers of missing facts. ``proposed`` is what one
    officer decided and a second one has to approve, ``revocation`` why and from when the certificate is to end.
    ``risk`` holds the codes of why a person should look closely.
    """

    application_id: str
    case_number: str
    institution: str
    request_kind: RequestKind
    certificate_kind: CertificateKind
    state: ApplicationState
    applicant: Party
    employer_id: str | None
    worker_pin: str | None
    created_at: int
    language: str = "en"
    version: int = 1
    changed_at: int = 0
    submitted_at: int | None = None
    opened_at: int | None = None
    decided_at: int | None = None
    departure: date | None = None
    period_end: date | None = None
    urgent: bool = False
    predecessor: str | None = None
    successor: str | None = None
    answers: Mapping[str, Json] = field(default_factory=lambda: NOTHING, repr=False)
    known: Mapping[str, Json] = field(default_factory=lambda: NOTHING, repr=False)
    facts: JsonObject | None = field(default=None, repr=False)
    decision: JsonObject | None = field(default=None, repr=False)
    automated: bool = True
    final: bool = False
    awaits: Awaited | None = None
    asked: tuple[str, ...] = ()
    step: Step | None = None
    step_due_at: int = 0
    step_tries: int = 0
    revocation: JsonObject | None = None
    proposed: JsonObject | None = field(default=None, repr=False)
    risk: tuple[str, ...] = ()
    record_id: str | None = None
    proof_record_id: str | None = None
    document_number: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    seal_code: str | None = field(default=None, repr=False)
    assigned_to: str | None = None
    history: tuple[HistoryEntry, ...] = field(default=(), repr=False)

    @property
    def is_open(self) -> bool:
        """Whether nothing is decided yet."""
        return self.state in OPEN

    @property
    def is_in_force(self) -> bool:
        """Whether what was granted stands (its dates apart)."""
        return self.state in IN_FORCE

    @property
    def has_certificate(self) -> bool:
        """Whether a certificate of ours exists that is neither withdrawn nor replaced."""
        return self.is_in_force and self.record_id is not None and self.step is not Step.ISSUE

    def expired(self, today: date) -> bool:
        """Tell whether the certificate has ended by its dates."""
        return self.valid_to is not None and self.valid_to < today

    @property
    def outcome(self) -> str | None:
        """The outcome of the last decision, as the decision engine names it."""
        return None if self.decision is None else str(self.decision.get("outcome"))

    @property
    def reasons(self) -> tuple[str, ...]:
        """The codes of the reasons of the last decision."""
        return () if self.decision is None else tuple(map(str, self.decision.get("reasons") or ()))
