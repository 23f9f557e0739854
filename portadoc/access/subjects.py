"""Who asks: a person, a machine or this installation itself, with what the login proved about it.

Nothing here comes from a request: a login or a token makes a ``Subject``, and no form, header or JSON member can
change one.
"""

from dataclasses import dataclass
from enum import StrEnum

from portadoc.access.actions import Action


class SubjectKind(StrEnum):
    """What kind of thing asks."""

    PERSON = "person"
    MACHINE = "machine"
    SYSTEM = "system"


class Role(StrEnum):
    """What a subject may be here. Everybody with a pin is a WORKER: an insured person is one too."""

    EMPLOYER_AGENT = "employer_agent"
    SELF_EMPLOYED = "self_employed"
    WORKER = "worker"
    OFFICER = "officer"
    SECOND_OFFICER = "second_officer"
    AUDITOR = "auditor"
    CARE_PROVIDER = "care_provider"
    INTEGRATOR = "integrator"


STAFF = frozenset({Role.OFFICER, Role.SECOND_OFFICER, Role.AUDITOR})
"""The roles that an institution gives to its own people: they need the stronger login."""


@dataclass(frozen=True, slots=True)
class Mandate:
    """What an employer lets somebody else do in its name: only ``actions``, from ``valid_from`` up to, not
    including, ``valid_until`` (epoch seconds)."""

    employer: str
    actions: frozenset[Action]
    valid_from: int
    valid_until: int


@dataclass(frozen=True, slots=True)
class Subject:
    """One that asks, as its login proved it.

    ``employers`` are those that the subject represents as one of their own people; an agent of another house
    and every machine has ``mandates`` instead. ``children`` are the pins of those that a parent acts for.
    ``institution`` is the slug that gave a staff role.
    """

    id: str
    kind: SubjectKind
    roles: frozenset[Role]
    pin: str | None = None
    employers: frozenset[str] = frozenset()
    children: frozenset[str] = frozenset()
    institution: str | None = None
    mandates: tuple[Mandate, ...] = ()
    name: str = ""
