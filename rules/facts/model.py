"""What is known of one case, as frozen values; ``None`` is always "not known" or "does not arise", never zero.

Shares are percent of all work, third States included. Periods are inclusive; a ``None`` end is open. States are
ISO 3166-1 codes with ``GR`` and ``UK``; ``XX`` is a State outside that nobody named. Nothing here is verified: the
facts are what applicants, registers and officers said.

Spec: Regulation (EC) 987/2009 art. 2-3 (information), 14-21
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from portadoc.rules.facts.kinds import (
    ActivityKind,
    ApplicantKind,
    CertificateStatus,
    CoverBasis,
    EmployerKind,
    ExceptionReply,
    NationalityClass,
    PaidBy,
    Regime,
    Relation,
    Replaces,
    RequestKind,
    Waters,
)

Plain = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Request:
    """``asked_state``: whose institution got the request; a null ``requested_legislation`` asks which applies."""

    asked_state: str | None
    requested_legislation: str | None
    kind: RequestKind
    request_date: date | None
    period_start: date | None
    period_end: date | None
    transitional: bool | None = None
    auto_renewing: bool | None = None
    regular_pattern: bool | None = None


@dataclass(frozen=True, slots=True)
class Person:
    nationality_class: NationalityClass | None
    nationality_states: tuple[str, ...]
    residence_state: str | None
    legally_resident: bool | None
    deceased: bool | None
    withdrawal_agreement: bool | None


@dataclass(frozen=True, slots=True)
class HomeActivity:
    """What the employer does in its own State; shares in percent."""

    turnover_share: float | None = None
    admin_staff_only: bool | None = None
    admin_staff_share: float | None = None
    home_assignments_share: float | None = None
    months_active: float | None = None


@dataclass(frozen=True, slots=True)
class Employer:
    """``seat_state`` is where its essential decisions are taken (reg. 987/2009 art. 14(5a))."""

    ref: str
    seat_state: str | None
    registered_state: str | None
    kind: EmployerKind | None
    seat_clear: bool | None
    home_activity: HomeActivity


@dataclass(frozen=True, slots=True)
class Activity:
    """One line of the work that is expected in the next 12 months."""

    state: str | None
    kind: ActivityKind | None
    share_of_time: float | None
    share_of_pay: float | None
    employer: str | None
    start: date | None
    end: date | None
    regular: bool | None
    telework: bool | None = None
    third_state: bool | None = None
    fixed_place: bool | None = None
    turnover_share: float | None = None
    past_share_of_time: float | None = None
    share_min: float | None = None
    share_max: float | None = None
    host_classification: str | None = None
    role: str | None = None
    place: str | None = None
    trade: str | None = None


@dataclass(frozen=True, slots=True)
class PriorCover:
    """Cover under the sending legislation just before; ``since`` is its first day without a break."""

    basis: CoverBasis | None
    since: date | None
    gap_days_before_start: int | None
    days: int | None


@dataclass(frozen=True, slots=True)
class ReplacedPosting:
    start: date | None
    end: date | None
    employer_same: bool | None
    ended_early: bool | None


@dataclass(frozen=True, slots=True)
class Pause:
    start: date | None
    end: date | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Posting:
    home_state: str | None
    host_state: str | None
    host_undertakings: tuple[str, ...]
    start: date | None
    end: date | None
    replaces: Replaces | None
    replaced_posting: ReplacedPosting | None
    prior_cover: PriorCover | None
    recruited_for_posting: bool | None
    direct_relationship: bool | None
    group_company: bool | None
    paid_by: PaidBy | None
    hired_out_onward: bool | None
    worked_in_home_state_before: bool | None = None
    pauses: tuple[Pause, ...] = ()


@dataclass(frozen=True, slots=True)
class PreviousPosting:
    host_state: str | None
    start: date | None
    end: date | None
    same_undertakings: bool | None
    relation: Relation | None


@dataclass(frozen=True, slots=True)
class SelfEmployedHome:
    months_active_before: float | None
    keeps_means: bool | None
    similar_activity: bool | None
    prior_status: str | None
    business_suspended: bool | None = None
    real_home_activity: bool | None = None


@dataclass(frozen=True, slots=True)
class Mariner:
    flag_state: str | None
    flag_states: tuple[str, ...]
    remunerator_state: str | None
    waters: Waters | None


@dataclass(frozen=True, slots=True)
class HomeBase:
    state: str | None
    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class Aircrew:
    home_bases: tuple[HomeBase, ...]
    commercial_air_services: bool | None


@dataclass(frozen=True, slots=True)
class Telework:
    share_in_residence: float | None
    digital_link: bool | None
    other_state_share: float | None
    other_activity_in_residence: bool | None
    joint_consent: bool | None
    residence_signatory: bool | None
    seat_signatory: bool | None


@dataclass(frozen=True, slots=True)
class ContractStaff:
    employed_state: str | None
    last_subject_state: str | None
    nationality_states: tuple[str, ...]
    option_state: str | None
    option_used_before: bool | None
    exercised_at_contract: bool | None


@dataclass(frozen=True, slots=True)
class Period:
    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class ExceptionRequest:
    other_state: str | None
    reply: ExceptionReply | None
    agreed_period: Period | None
    grounds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExistingCertificate:
    state: str | None
    article: str | None
    start: date | None
    end: date | None
    status: CertificateStatus | None
    employer_same: bool | None
    host_state: str | None


@dataclass(frozen=True, slots=True)
class CashBenefit:
    state: str | None
    kind: str | None


@dataclass(frozen=True, slots=True)
class Voluntary:
    branch: str | None
    state: str | None
    compulsory_state: str | None
    earlier_activity_in_state: bool | None
    national_law_allows: bool | None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A notice of another State's institution; ``further`` holds the members that this type does not name."""

    sed: str | None
    receiving_state: str | None
    legislation_state: str | None
    article: str | None
    nationalities: tuple[str, ...]
    sender_state: str | None
    workplaces: tuple[str, ...]
    resident_in_receiving: bool | None
    benefits_paid: bool | None
    existing_membership: Period | None
    further: Mapping[str, Plain]


@dataclass(frozen=True, slots=True)
class Procedure:
    """A question of procedure; ``further`` holds the members that this type does not name."""

    kind: str | None
    informed_on: date | None
    objection_on: date | None
    evaluated_on: date | None
    residence_state: str | None
    work_states: tuple[str, ...]
    first_requested: str | None
    host: str | None
    a1_issuer: str | None
    a1_status: str | None
    doubt: bool | None
    further: Mapping[str, Plain]


@dataclass(frozen=True, slots=True)
class Facts:
    """One case. ``unknown`` names the lists that are null: nobody said whether there are any such things."""

    applicant_kind: ApplicantKind
    regime: Regime
    request: Request
    person: Person
    employers: tuple[Employer, ...]
    activities: tuple[Activity, ...]
    posting: Posting | None
    previous_postings: tuple[PreviousPosting, ...]
    self_employed_home: SelfEmployedHome | None
    mariner: Mariner | None
    aircrew: Aircrew | None
    telework: Telework | None
    contract_staff: ContractStaff | None
    existing_a1: tuple[ExistingCertificate, ...]
    exception: ExceptionRequest | None
    incoming: Incoming | None
    procedure: Procedure | None
    cash_benefit: CashBenefit | None
    pension_states: tuple[str, ...]
    voluntary: Voluntary | None
    bilateral_agreement: str | None
    notes: tuple[str, ...]
    unknown: frozenset[str]
