"""The canonical record of a European Health Insurance Card. Spec: Decision S2 of the Administrative Commission"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from portadoc.schemas.codes import require_period, require_plain_end, require_text
from portadoc.schemas.pda1 import AuthenticSource, IssuingAuthority, RecordWarning, institution_warnings


@dataclass(frozen=True, slots=True, kw_only=True)
class InsuredPerson:
    """Fields 3 to 6 of the card: the person who is insured."""

    pin: str
    surnames: str
    forenames: str
    date_of_birth: date

    def __post_init__(self) -> None:
        require_text("pin", self.pin)
        require_text("surnames", self.surnames)
        require_text("forenames", self.forenames)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ehic:
    """One European Health Insurance Card.

    ``to_representative`` says that the holder of the credential represents the insured person (a parent, a
    guardian); the credential then names the insured person. ``start`` and ``end`` are the period of coverage.
    """

    KIND: ClassVar[str] = "ehic"
    RECORD_VERSION: ClassVar[int] = 1

    insured: InsuredPerson
    card_number: str
    issuing_authority: IssuingAuthority
    authentic_source: AuthenticSource
    date_of_issuance: date
    date_of_expiry: date
    start: date
    end: date | None = None
    to_representative: bool = False

    def __post_init__(self) -> None:
        require_text("card_number", self.card_number)
        require_period("date_of_expiry", self.date_of_issuance, self.date_of_expiry)
        require_period("end", self.start, self.end)
        require_plain_end("end", self.end)
        require_period("start", self.insured.date_of_birth, self.start)

    @property
    def document_end(self) -> date | None:
        """The last day of the document."""
        return self.date_of_expiry

    @property
    def coverage_end(self) -> date | None:
        """The last day of what it covers; None when none is set."""
        return self.end


def warnings(record: Ehic) -> tuple[RecordWarning, ...]:
    """Return what is unusual about a valid record; nothing here stops issuance."""
    found = institution_warnings(
        issuing_authority=record.issuing_authority.id, authentic_source=record.authentic_source.id
    )
    if len(record.card_number) != 20 or not record.card_number.startswith("80"):
        found += (RecordWarning("card_number_unusual", "/card_number"),)
    return found
