"""An installation with a portal, its example people, and how they fill in a form."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from portadoc.access import Role, Subject, SubjectKind
from portadoc.clock import FixedClock
from portadoc.portal.applications.application import Application, Capacity
from portadoc.portal.drafts import Wish
from portadoc.portal.questions.flows import next_question
from portadoc.portal.service import Portal
from portadoc.randomness import system_random_bytes
from portadoc.serve.house import House, open_house
from portadoc.serve.settings import PortadocSettings
from tests.sparing import copy_installation

NOW: Final = int(datetime(2026, 11, 22, 10, 30, tzinfo=UTC).timestamp())
TODAY: Final = date(2026, 11, 22)
SLUG: Final = "fr-demo"

CLAIRE: Final = Subject(
    "dev:claire-test",
    SubjectKind.PERSON,
    frozenset({Role.EMPLOYER_AGENT}),
    employers=frozenset({"TEST12345"}),
)
IVAN: Final = Subject(
    "dev:ivan-interim", SubjectKind.PERSON, frozenset({Role.EMPLOYER_AGENT}), employers=frozenset({"TEST23456"})
)
JEAN: Final = Subject("dev:jean-exemple", SubjectKind.PERSON, frozenset({Role.WORKER}), pin="TEST185041201")
ANNE: Final = Subject("dev:anne-agent", SubjectKind.PERSON, frozenset({Role.OFFICER}), institution=SLUG)
PAUL: Final = Subject(
    "dev:paul-second",
    SubjectKind.PERSON,
    frozenset({Role.OFFICER, Role.SECOND_OFFICER}),
    institution=SLUG,
)
HELENE: Final = Subject("dev:helene-sante", SubjectKind.PERSON, frozenset({Role.OFFICER}), institution="fr-health")

POSTING: Final[Mapping[str, Mapping[str, str]]] = {
    "worker_pin": {"worker_pin": "TEST185041201"},
    "situation": {"situation": "posting"},
    "host_state": {"host_state": "DE"},
    "period": {"start": "2027-01-04", "end": "2027-06-30"},
    "workplaces": {"0.name": "Baustelle Test GmbH", "0.street": "Probeweg 3", "0.town": "Hamburg"},
    "replaces": {"replaces": "none"},
    "link": {
        "direct_relationship": "yes",
        "paid_by": "employer",
        "hired_out_onward": "no",
        "only_this_work": "yes",
    },
    "history": {"earlier_posting": "no", "other_certificate": "no"},
    "recruited_for_posting": {"recruited_for_posting": "no"},
    "withdrawal_agreement": {"withdrawal_agreement": "no"},
    "employer_contacted": {"employer_contacted": "refused"},
    "employer_number": {"employer_number": "TEST12345"},
    "unchanged": {"unchanged": "yes"},
    "new_end": {"new_end": "2027-12-31"},
    "withdrawal": {"reason": "not_happening", "effective_from": "2027-01-04"},
}


@dataclass
class Desk:
    """A portal and the quick ways to use it."""

    house: House
    clock: FixedClock

    @property
    def portal(self) -> Portal:
        return self.house.portal.portal

    def fill(self, subject: Subject, draft: Application, **changes: Mapping[str, str]) -> Application:
        """Answer every question of a draft, and return it."""
        given, current = {**POSTING, **changes}, draft
        while (asked := next_question(current.answers, self.portal.known(current))) is not None:
            assert asked.id in given, f"nobody answers {asked.id}"
            current = self.portal.answer(subject, SLUG, draft.application_id, asked.id, given[asked.id])
        return current

    def draft(self, subject: Subject = CLAIRE, *, wish: Wish | None = None, **changes: Any) -> Application:
        """Return a draft in which everything is answered."""
        return self.fill(subject, self.portal.start(subject, SLUG, wish or Wish()), **changes)

    def submit(self, subject: Subject = CLAIRE, *, wish: Wish | None = None, **changes: Any) -> Application:
        """Return what comes of a request with these answers."""
        made = self.draft(subject, wish=wish, **changes)
        return self.portal.submit(subject, SLUG, made.application_id)

    def again(self, application: Application) -> Application:
        """Return an application as the applicant sees it now."""
        return self.portal.application(CLAIRE, SLUG, application.application_id)


def settings_for(folder: Path, **portal: Any) -> PortadocSettings:
    """Return the settings of a development installation in a folder."""
    return PortadocSettings(data_dir=folder, portal=portal)


@pytest.fixture(scope="session")
def made_portal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation in which nothing has happened yet, made once."""
    folder = tmp_path_factory.mktemp("portal-made")
    with open_house(settings_for(folder), clock=FixedClock(NOW), random_bytes=system_random_bytes, environment={}):
        return folder


@pytest.fixture
def clock() -> FixedClock:
    """A clock that the test moves."""
    return FixedClock(NOW)


@pytest.fixture
def open_desk(tmp_path: Path, made_portal: Path, clock: FixedClock) -> Iterator[Callable[..., Desk]]:
    """Return a maker of portals over one folder; to make another is to start again after a crash."""
    opened = []
    folder = tmp_path / "installation"
    copy_installation(made_portal, folder)

    def make(*, four_eyes: bool = False, institutions: Mapping[str, Any] = {}, **portal: Any) -> Desk:
        settings = PortadocSettings(
            data_dir=folder, portal=portal, **({"institutions": institutions} if institutions else {})
        )
        if four_eyes:
            here = settings.institutions[SLUG].model_copy(update={"four_eyes": True})
            settings = settings.model_copy(update={"institutions": {**settings.institutions, SLUG: here}})
        house = open_house(settings, clock=clock, random_bytes=system_random_bytes, environment={})
        opened.append(house)
        return Desk(house.__enter__(), clock)

    yield make
    for house in opened:
        house.__exit__(None, None, None)


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    """A portal."""
    return open_desk()


def days(count: int) -> timedelta:
    """Return a number of days."""
    return timedelta(days=count)


def as_worker() -> Wish:
    """Return what a worker asks for whose employer fails to."""
    return Wish(capacity=Capacity.WORKER)


@pytest.fixture
def machine_answers(desk: Desk) -> Callable[[], dict[str, Any]]:
    """Return what a machine sends for a plain posting."""

    def make() -> dict[str, Any]:
        draft = desk.portal.start(CLAIRE, SLUG, Wish())
        given = dict(desk.fill(CLAIRE, draft).answers)
        desk.portal.withdraw(CLAIRE, SLUG, draft.application_id)
        return given

    return make
