"""One attestation as its person sees it: what it is, for which days, what it is worth today. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from portadoc.days import kept_day
from portadoc.portal.applications.application import Application
from portadoc.portal.neighbours import Collected, Deed, HeldRecord
from portadoc.schemas.claims import Json, JsonObject

CARD: Final = "ehic"
SHOWN_KINDS: Final = frozenset({"pda1", "bilateral", "maintenance", CARD})
"""What is taken along in a wallet; proofs and replacement certificates are papers."""


class Standing(StrEnum):
    """What an attestation is worth today."""

    NOT_BEGUN = "not_begun"
    IN_FORCE = "in_force"
    ENDS_SOON = "ends_soon"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"

    @property
    def can_be_collected(self) -> bool:
        """Whether a wallet can have it."""
        return self in (Standing.NOT_BEGUN, Standing.IN_FORCE, Standing.ENDS_SOON)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """An attestation with its record, and the application that it came of, if it came of one here.

    ``employer_grants`` are the offers that its employer collected.
    """

    pin: str = field(repr=False)
    kind: str
    number: str
    name: str = field(repr=False)
    first_day: date | None
    last_day: date | None
    states: tuple[str, ...]
    employers: tuple[str, ...] = field(repr=False)
    provisional: bool
    standing: Standing
    record: HeldRecord = field(repr=False)
    application: Application | None = field(repr=False)
    employer_grants: frozenset[str] = frozenset()

    @property
    def attestation_id(self) -> str:
        """By what it is called in addresses."""
        return self.record.record_id

    @property
    def about(self) -> str:
        """By what its offers are counted."""
        return self.record.record_id if self.application is None else self.application.application_id

    @property
    def own_collections(self) -> tuple[Collected, ...]:
        """What the person's own wallets got."""
        return tuple(each for each in self.record.collections if each.grant_id not in self.employer_grants)

    @property
    def is_on_a_phone(self) -> bool:
        """Whether a wallet of the person's own got copies that count still."""
        return any(each.valid for each in self.own_collections)

    @property
    def ended_by(self) -> Deed | None:
        """What ended it before its time, None where nothing did."""
        return _ending(self.record)

    @property
    def has_paper(self) -> bool:
        """Whether there is a sealed paper of it that is in force."""
        case = self.application
        return case is not None and case.has_certificate and case.record_id == self.record.record_id


def attestation_of(
    record: HeldRecord,
    *,
    pin: str,
    today: date,
    soon: timedelta,
    application: Application | None,
    employer_grants: frozenset[str],
) -> Attestation:
    """Return an attestation as it stands ``today``; ``soon`` is how long before its end it is said to near it."""
    content = record.content
    is_card = content["kind"] == CARD
    days = content if is_card else content["legislation"]
    first_day, last_day = kept_day(days["start"]), kept_day(content["date_of_expiry"] if is_card else days["end"])
    person = content["insured" if is_card else "person"]
    return Attestation(
        pin=pin,
        kind=content["kind"],
        number=content["card_number"] if is_card else content["document"]["number"],
        name=f"{person['forenames']} {person['surnames']}",
        first_day=first_day,
        last_day=last_day,
        states=_states(content),
        employers=tuple(dict.fromkeys(each["name"] for each in content.get("employments") or ())),
        provisional=bool(days.get("provisional")) and not is_card,
        standing=_standing(record, first_day, last_day, today=today, soon=soon),
        record=record,
        application=application,
        employer_grants=employer_grants,
    )


def _states(content: JsonObject) -> tuple[str, ...]:
    """Return where it is for: the countries of work; of a card none, it is for all of them."""
    places: list[Mapping[str, Json]] = content.get("countries_of_work") or []
    state = content.get("state_of_work")
    return tuple(dict.fromkeys([*(str(each["country"]) for each in places), *([str(state)] if state else [])]))


def _ending(record: HeldRecord) -> Deed | None:
    """Return the deed that ended a record; one that only prolonged it, for days of its own, did not."""
    if record.withdrawn_at is None:
        return None
    ends = [each for each in record.deeds if each.cause is not None and each.verb != "reissue"]
    return ends[-1] if ends else None


def _standing(
    record: HeldRecord, first_day: date | None, last_day: date | None, *, today: date, soon: timedelta
) -> Standing:
    if record.withdrawn_at is not None:
        ending = _ending(record)
        return Standing.WITHDRAWN if ending is None or ending.successor is None else Standing.REPLACED
    if last_day is not None and last_day < today:
        return Standing.ENDED
    if first_day is not None and first_day > today:
        return Standing.NOT_BEGUN
    return Standing.ENDS_SOON if last_day is not None and last_day - today <= soon else Standing.IN_FORCE
