"""The canonical record of a proof of application: what was asked, by whom, when. It says nothing of a decision.

Spec: Regulation (EC) 987/2009 art. 3(3), 15(1) and 19(2): who asks is told, and what is asked is decided later
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import ClassVar, Final, NamedTuple

from portadoc.errors import Malformed
from portadoc.schemas.codes import (
    require_code,
    require_country,
    require_distinct,
    require_period,
    require_plain_end,
    require_some,
    require_text,
)
from portadoc.schemas.pda1 import IssuingAuthority, RecordWarning, institution_warnings

ASKED_KINDS: Final = {"a1": ("A1 certificate", "Certificat A1")}
"""What can be asked for with a proof that others may read, in English and French."""
_TIME: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)


class Filed(NamedTuple):
    """When an application was filed: the day, and the time of day as ``HH:MM``, both in UTC."""

    on: date
    time: str


def filed_at(now: int) -> Filed:
    """Return day and time of a moment (epoch seconds)."""
    moment = datetime.fromtimestamp(now, UTC)
    return Filed(moment.date(), f"{moment:%H:%M}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Whom an application is about: enough to compare a person with, and no number of theirs."""

    surnames: str
    forenames: str
    date_of_birth: date

    def __post_init__(self) -> None:
        require_text("surnames", self.surnames)
        require_text("forenames", self.forenames)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerEmployer:
    """For whom the worker works."""

    name: str
    id: str

    def __post_init__(self) -> None:
        require_text("name", self.name)
        require_text("id", self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for: a kind of certificate, on the legislation of a State, for work in States, for a time.

    None of it is decided. ``end`` is inclusive; None means that no end was asked for. States of work are kept in
    the order of their codes.
    """

    kind: str
    state: str
    states_of_work: tuple[str, ...]
    start: date
    end: date | None = None

    def __post_init__(self) -> None:
        require_code("kind", self.kind, ASKED_KINDS)
        require_country("state", self.state)
        require_some("states_of_work", self.states_of_work)
        require_distinct("states_of_work", self.states_of_work)
        for index, state in enumerate(self.states_of_work):
            require_country(f"states_of_work/{index}", state)
        object.__setattr__(self, "states_of_work", tuple(sorted(self.states_of_work)))
        require_period("end", self.start, self.end)
        require_plain_end("end", self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationProof:
    """One proof that an application was filed with an institution.

    ``reference`` is the number of the case, ``issuing_authority`` the institution that has it. ``employer`` is
    None for self-employed persons. ``filed_on`` and ``filed_time`` are in UTC, as ``filed_at`` gives them.
    Raises Malformed or Refused with the ``member`` concerned.
    """

    KIND: ClassVar[str] = "application"
    RECORD_VERSION: ClassVar[int] = 1

    reference: str
    issuing_authority: IssuingAuthority
    person: Worker
    asked: Asked
    filed_on: date
    filed_time: str
    employer: WorkerEmployer | None = None
    urgent: bool = False

    def __post_init__(self) -> None:
        require_text("reference", self.reference, longest=50)
        if not _TIME.fullmatch(self.filed_time):
            raise Malformed("text_invalid", member="filed_time", longest=5)
        require_period("filed_on", self.person.date_of_birth, self.filed_on)
        require_period("asked/start", self.person.date_of_birth, self.asked.start)

    @property
    def document_end(self) -> date | None:
        """The last day of the document: a proof has none of its own, its seal has."""
        return None

    @property
    def coverage_end(self) -> date | None:
        """The last day of what it covers: it covers nothing."""
        return None


def warnings(record: ApplicationProof) -> tuple[RecordWarning, ...]:
    """Return what is unusual about a valid record; nothing here stops issuance."""
    return institution_warnings(issuing_authority=record.issuing_authority.id)
