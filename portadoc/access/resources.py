"""What is asked about, and the circumstances: only what a rule looks at."""

from dataclasses import dataclass
from enum import StrEnum


class ResourceKind(StrEnum):
    """What kind of thing is asked about."""

    APPLICATION = "application"
    """A request for an A1, a bilateral or a maintenance certificate, with its documents and attachments."""
    HEALTH = "health"
    """A European Health Insurance Card or a provisional replacement certificate, asked for or held."""
    OFFICE = "office"
    """The work list and figures of an institution."""
    PERSON = "person"
    """Everything that the portal keeps of one person."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that is asked about.

    ``institution`` is the slug of the institution that it belongs to. ``applicant_employer`` is the employer in
    whose name it was asked for, None where a person asked in his or her own name, even if that person has an
    employer. ``applicant_subject`` is the id of who asked; ``worker_pin`` the person whom it is about.
    ``named_employer`` is the employer whom it concerns, also where a worker asked and named it. ``decided_by`` is
    the officer whose decision waits for a second person, ``decided_by_pin`` that person's number, if any.
    """

    kind: ResourceKind
    institution: str
    applicant_employer: str | None = None
    applicant_subject: str | None = None
    worker_pin: str | None = None
    assigned_to: str | None = None
    decided_by: str | None = None
    named_employer: str | None = None
    decided_by_pin: str | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """That a person lets one care provider ask for a replacement certificate, until ``valid_until``."""

    pin: str
    given_to: str
    valid_until: int


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances: the time (epoch seconds), why it is asked (auditors have to say), a person's consent."""

    now: int
    purpose: str = ""
    consent: Consent | None = None
