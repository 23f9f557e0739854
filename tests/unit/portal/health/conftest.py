"""An installation whose health insurance gives out cards, its example people, and two care providers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from portadoc.access import Role, Subject, SubjectKind
from portadoc.clock import FixedClock
from portadoc.portal.applications.application import Application
from portadoc.portal.health.insurance import CardCause
from portadoc.portal.health.replacements import Need
from portadoc.portal.health.service import Health
from portadoc.portal.service import Portal
from portadoc.randomness import system_random_bytes
from portadoc.serve.house import House, open_house
from portadoc.serve.settings import PortadocSettings
from tests.sparing import copy_installation

NOW: Final = int(datetime(2026, 11, 22, 10, 30, tzinfo=UTC).timestamp())
TODAY: Final = date(2026, 11, 22)
SLUG: Final = "fr-health"
JEAN_PIN, NADIA_PIN, LINA_PIN, KARIM_PIN = "TEST185041201", "TEST288062001", "TEST216090301", "TEST190013001"
BORN: Final = {JEAN_PIN: date(1985, 4, 12), NADIA_PIN: date(1988, 6, 20), LINA_PIN: date(2016, 9, 3)}
INSURED_UNTIL: Final = date(2028, 6, 30)

_PERSON = SubjectKind.PERSON
JEAN: Final = Subject("dev:jean-exemple", _PERSON, frozenset({Role.WORKER}), pin=JEAN_PIN)
KARIM: Final = Subject("dev:karim-essai", _PERSON, frozenset({Role.WORKER}), pin=KARIM_PIN)
NADIA: Final = Subject(
    "dev:nadia-modele",
    _PERSON,
    frozenset({Role.WORKER}),
    pin=NADIA_PIN,
    children=frozenset({LINA_PIN, "TEST119021501"}),
)
CLINIC: Final = Subject("dev:clinique-test", _PERSON, frozenset({Role.CARE_PROVIDER}), name="Clinique Test Berlin")
OTHER_CLINIC: Final = Subject("dev:other-clinic", _PERSON, frozenset({Role.CARE_PROVIDER}), name="Test Hospital")
HELENE: Final = Subject("dev:helene-sante", _PERSON, frozenset({Role.OFFICER}), institution=SLUG)


@dataclass
class Ward:
    """A portal of an insurance, and the quick ways to use it."""

    house: House
    clock: FixedClock

    @property
    def portal(self) -> Portal:
        return self.house.portal.portal

    @property
    def health(self) -> Health:
        return self.portal.health

    def card(
        self, subject: Subject = JEAN, pin: str = JEAN_PIN, cause: CardCause = CardCause.RENEWAL
    ) -> Application:
        """Return what comes of asking for a card."""
        return self.health.cards.ask(subject, SLUG, pin, cause, language="en")

    def code(self, subject: Subject = JEAN, pin: str = JEAN_PIN) -> str:
        """Return a new consent code."""
        return self.health.consents.make_code(subject, SLUG, pin).code

    def need(self, reason: str = "short_notice", first_day: date | None = None) -> Need:
        """Return for what a certificate is needed."""
        return self.health.replacements.need(reason, first_day, "en")

    def redeem(
        self, code: str, born: date = BORN[JEAN_PIN], subject: Subject = CLINIC, **named: Any
    ) -> Application:
        """Return what a care provider gets for a code."""
        return self.health.replacements.by_code(subject, SLUG, code, born, self.need(), **named)

    def again(self, application: Application, subject: Subject = JEAN) -> Application:
        """Return an application as it is now."""
        return self.portal.application(subject, SLUG, application.application_id)


@pytest.fixture(scope="session")
def made_ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation in which nothing has happened yet, made once."""
    folder = tmp_path_factory.mktemp("ward-made")
    settings = PortadocSettings(data_dir=folder)
    with open_house(settings, clock=FixedClock(NOW), random_bytes=system_random_bytes, environment={}):
        return folder


@pytest.fixture
def open_ward(tmp_path: Path, made_ward: Path) -> Iterator[Callable[..., Ward]]:
    """Return a maker of portals over one folder; to make another is to start again after a crash."""
    opened, clock = [], FixedClock(NOW)
    folder = tmp_path / "installation"
    copy_installation(made_ward, folder)

    def make(**portal: Any) -> Ward:
        settings = PortadocSettings(data_dir=folder, portal=portal)
        house = open_house(settings, clock=clock, random_bytes=system_random_bytes, environment={})
        opened.append(house)
        return Ward(house.__enter__(), clock)

    yield make
    for house in opened:
        house.__exit__(None, None, None)


@pytest.fixture
def ward(open_ward: Callable[..., Ward]) -> Ward:
    """A portal of an insurance."""
    return open_ward()
