"""A person as somebody who is trusted for it has identified them: by a wallet's PID or at an identity provider."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Self

from portadoc.days import read_day
from portadoc.schemas.claims import JsonObject


class IdentitySource(StrEnum):
    """By what a person was identified."""

    PID = "pid"
    PROVIDER = "provider"


class Assurance(StrEnum):
    """How sure that is. Spec: Regulation (EU) 910/2014 Art. 8."""

    SUBSTANTIAL = "substantial"
    HIGH = "high"


class Numbering(StrEnum):
    """Whose numbers: those of a state's register, or those of its social security."""

    NATIONAL = "national"
    SOCIAL_SECURITY = "social_security"


@dataclass(frozen=True, slots=True)
class IdentityNumber:
    """A number of the person, as it was told."""

    value: str = field(repr=False)
    numbering: Numbering


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A person who has been identified.

    ``vouched_by`` is the institution that signed the PID, or the id of the provider. ``shown_key`` is the
    thumbprint of the key that a PID is bound to: it proves who presented it, and is never the key to which a new
    credential is bound.
    """

    family_name: str = field(repr=False)
    given_name: str = field(repr=False)
    birth_date: date = field(repr=False)
    source: IdentitySource
    assurance: Assurance
    vouched_by: str
    birth_family_name: str | None = field(default=None, repr=False)
    birth_given_name: str | None = field(default=None, repr=False)
    town_of_birth: str | None = field(default=None, repr=False)
    numbers: tuple[IdentityNumber, ...] = ()
    shown_key: str | None = None

    def to_json(self) -> JsonObject:
        """Return what the database keeps while an authorization is under way."""
        return {
            "family_name": self.family_name,
            "given_name": self.given_name,
            "birth_date": self.birth_date.isoformat(),
            "source": self.source.value,
            "assurance": self.assurance.value,
            "vouched_by": self.vouched_by,
            "birth_family_name": self.birth_family_name,
            "birth_given_name": self.birth_given_name,
            "town_of_birth": self.town_of_birth,
            "numbers": [[each.value, each.numbering.value] for each in self.numbers],
            "shown_key": self.shown_key,
        }

    @classmethod
    def from_json(cls, kept: JsonObject) -> Self:
        """Return what ``to_json`` gave; it is our own."""
        numbers = tuple(IdentityNumber(value, Numbering(numbering)) for value, numbering in kept["numbers"])
        return cls(
            family_name=kept["family_name"],
            given_name=kept["given_name"],
            birth_date=read_day(kept["birth_date"]),
            source=IdentitySource(kept["source"]),
            assurance=Assurance(kept["assurance"]),
            vouched_by=kept["vouched_by"],
            birth_family_name=kept["birth_family_name"],
            birth_given_name=kept["birth_given_name"],
            town_of_birth=kept["town_of_birth"],
            numbers=numbers,
            shown_key=kept["shown_key"],
        )
