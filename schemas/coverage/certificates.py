"""The canonical records of certificates of coverage that are no A1: work in a State outside the coordination.

A bilateral certificate says that a legislation keeps applying under an agreement with the State of work; a
maintenance certificate, that it does by national law alone where there is no agreement. Neither has a place for
work in one of the 32 states of the A1: there Regulation (EC) 883/2004, or what extends it, decides.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from portadoc.errors import Refused
from portadoc.schemas.codes import (
    EMPLOYMENT_TYPES,
    NATIONALITIES,
    PDA1_STATES,
    WORLD_COUNTRIES,
    require_code,
    require_country,
    require_distinct,
    require_period,
    require_plain_end,
    require_some,
    require_text,
)
from portadoc.schemas.pda1 import AuthenticSource, IssuingAuthority, RecordWarning, institution_warnings


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageDocument:
    """The document: number, dates, and the number of the one that it replaces."""

    number: str
    date_of_issuance: date
    date_of_expiry: date | None = None
    replaces: str | None = None

    def __post_init__(self) -> None:
        require_text("number", self.number)
        require_text("replaces", self.replaces)
        require_period("date_of_expiry", self.date_of_issuance, self.date_of_expiry)
        if self.number == self.replaces:
            raise Refused("document_replaces_itself", member="number")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredPerson:
    """Whom the legislation keeps applying to."""

    pin: str
    surnames: str
    forenames: str
    date_of_birth: date
    nationalities: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("pin", "surnames", "forenames"):
            require_text(name, getattr(self, name))
        require_some("nationalities", self.nationalities)
        require_distinct("nationalities", self.nationalities)
        for index, nationality in enumerate(self.nationalities):
            require_country(f"nationalities/{index}", nationality, NATIONALITIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredActivity:
    """An employer, or a self-employed activity."""

    type: str
    name: str
    id: str

    def __post_init__(self) -> None:
        require_code("type", self.type, EMPLOYMENT_TYPES)
        require_text("name", self.name)
        require_text("id", self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLegislation:
    """The State whose legislation keeps applying, and when. ``end`` is inclusive; None means no end is set."""

    state: str
    start: date
    end: date | None

    def __post_init__(self) -> None:
        require_country("state", self.state)
        require_period("end", self.start, self.end)
        require_plain_end("end", self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageCertificate:
    """What both kinds have in common; there is no certificate that is neither of them.

    ``state_of_work`` is the State outside the coordination in which the person works. Raises
    Refused[coverage_state_coordinated] for one of the 32 states of the A1, and Malformed or Refused with the
    ``member`` concerned.
    """

    KIND: ClassVar[str]
    RECORD_VERSION: ClassVar[int] = 1

    document: CoverageDocument
    person: CoveredPerson
    legislation: KeptLegislation
    state_of_work: str
    employments: tuple[CoveredActivity, ...]
    issuing_authority: IssuingAuthority
    authentic_source: AuthenticSource

    def __post_init__(self) -> None:
        if self.state_of_work in PDA1_STATES:
            raise Refused("coverage_state_coordinated", member="state_of_work", state=self.state_of_work)
        require_country("state_of_work", self.state_of_work, WORLD_COUNTRIES)
        require_some("employments", self.employments)
        require_period("legislation/start", self.person.date_of_birth, self.legislation.start)

    @property
    def document_end(self) -> date | None:
        """The last day of the document; None when none is set."""
        return self.document.date_of_expiry

    @property
    def coverage_end(self) -> date | None:
        """The last day of what it covers; None when none is set."""
        return self.legislation.end


@dataclass(frozen=True, slots=True, kw_only=True)
class BilateralCertificate(CoverageCertificate):
    """Under an agreement with the State of work. ``agreement`` is its title, with its date."""

    KIND: ClassVar[str] = "bilateral"

    agreement: str

    def __post_init__(self) -> None:
        CoverageCertificate.__post_init__(self)
        require_text("agreement", self.agreement)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceCertificate(CoverageCertificate):
    """By national law alone: there is no agreement with the State of work, whose own law may apply as well.

    ``national_law`` is the provision by which the legislation keeps applying.
    """

    KIND: ClassVar[str] = "maintenance"

    national_law: str

    def __post_init__(self) -> None:
        CoverageCertificate.__post_init__(self)
        require_text("national_law", self.national_law)


def warnings(record: CoverageCertificate) -> tuple[RecordWarning, ...]:
    """Return what is unusual about a valid record; nothing here stops issuance."""
    return institution_warnings(
        issuing_authority=record.issuing_authority.id, authentic_source=record.authentic_source.id
    )
