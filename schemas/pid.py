"""The record of test person identification data, enough to play the identity side of a demonstration.

Portadoc reads PID and issues it only for tests. Spec: EUDI PID rulebook 1.7
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final

from portadoc.schemas.codes import (
    NATIONALITIES,
    PDA1_STATES,
    WORLD_COUNTRIES,
    require_code,
    require_country,
    require_distinct,
    require_period,
    require_some,
    require_text,
)

PID_SEXES: Final = (0, 1, 2, 3, 4, 5, 6, 9)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOfBirth:
    """Country and, where known, region and locality of birth."""

    country: str
    region: str | None = None
    locality: str | None = None

    def __post_init__(self) -> None:
        require_country("country", self.country, WORLD_COUNTRIES)
        require_text("region", self.region)
        require_text("locality", self.locality)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pid:
    """Person identification data. ``personal_number`` is the national number, not the social security one."""

    KIND: ClassVar[str] = "pid"
    RECORD_VERSION: ClassVar[int] = 1

    family_name: str
    given_name: str
    birthdate: date
    place_of_birth: PlaceOfBirth
    nationalities: tuple[str, ...]
    issuing_authority: str
    issuing_country: str
    date_of_expiry: date
    date_of_issuance: date | None = None
    birth_family_name: str | None = None
    birth_given_name: str | None = None
    sex: int | None = None
    personal_number: str | None = None
    document_number: str | None = None

    def __post_init__(self) -> None:
        for member in (
            "family_name",
            "given_name",
            "issuing_authority",
            "birth_family_name",
            "birth_given_name",
            "personal_number",
            "document_number",
        ):
            require_text(member, getattr(self, member))
        require_some("nationalities", self.nationalities)
        require_distinct("nationalities", self.nationalities)
        for index, nationality in enumerate(self.nationalities):
            require_country(f"nationalities/{index}", nationality, NATIONALITIES)
        require_country("issuing_country", self.issuing_country, PDA1_STATES)
        require_code("sex", self.sex, PID_SEXES)
        require_period("date_of_expiry", self.date_of_issuance, self.date_of_expiry)

    @property
    def document_end(self) -> date | None:
        """The last day of the document."""
        return self.date_of_expiry

    @property
    def coverage_end(self) -> date | None:
        """None: identity data cover no period."""
        return None
