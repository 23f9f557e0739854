"""The canonical records of a European Health Insurance Card and of the certificate that provisionally replaces it.

Spec: Decisions S1 (point 5) and S2 of the Administrative Commission
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final

from portadoc.schemas.codes import require_code, require_period, require_plain_end, require_text
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


PRC_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "loss": ("Card lost", "Carte perdue"),
    "theft": ("Card stolen", "Carte volée"),
    "short_notice": ("Departure at short notice", "Départ précipité"),
    "other": ("Other exceptional circumstances", "Autres circonstances exceptionnelles"),
}
"""Why a certificate stands in for the card: the exceptional circumstances of Decision S1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prc:
    """One provisional replacement certificate.

    ``issuing_authority`` is the institution and its State, ``acronym`` the short name under which it is known.
    ``card_number`` and ``card_expiry`` are those of the card that is missing, where they are known. The
    certificate holds from ``valid_from`` to ``valid_to``, both included; it may be issued after that
    (``issued_on``).
    """

    KIND: ClassVar[str] = "prc"
    RECORD_VERSION: ClassVar[int] = 1

    insured: InsuredPerson
    issuing_authority: IssuingAuthority
    valid_from: date
    valid_to: date
    issued_on: date
    reason: str
    acronym: str | None = None
    card_number: str | None = None
    card_expiry: date | None = None

    def __post_init__(self) -> None:
        require_text("acronym", self.acronym, longest=50)
        require_text("card_number", self.card_number)
        require_code("reason", self.reason, PRC_REASONS)
        require_period("valid_to", self.valid_from, self.valid_to)
        require_plain_end("valid_to", self.valid_to)
        require_period("valid_from", self.insured.date_of_birth, self.valid_from)
        require_period("card_expiry", self.insured.date_of_birth, self.card_expiry)
        require_period("issued_on", self.insured.date_of_birth, self.issued_on)

    @property
    def document_end(self) -> date | None:
        """The last day of the document: that of what it covers."""
        return self.valid_to

    @property
    def coverage_end(self) -> date | None:
        """The last day of what it covers."""
        return self.valid_to


def warnings(record: Ehic | Prc) -> tuple[RecordWarning, ...]:
    """Return what is unusual about a valid record; nothing here stops issuance."""
    if isinstance(record, Prc):
        return institution_warnings(issuing_authority=record.issuing_authority.id)
    found = institution_warnings(
        issuing_authority=record.issuing_authority.id, authentic_source=record.authentic_source.id
    )
    if len(record.card_number) != 20 or not record.card_number.startswith("80"):
        found += (RecordWarning("card_number_unusual", "/card_number"),)
    return found
