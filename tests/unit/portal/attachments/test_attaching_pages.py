"""Attachments through the doors of a whole installation: who may, from where, and how much."""

import asyncio
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from portadoc.access import Role, Subject, SubjectKind
from portadoc.clock import FixedClock
from portadoc.portal.drafts import Wish
from portadoc.portal.login.proved import Proved, subject_id_of
from portadoc.randomness import system_random_bytes
from portadoc.serve.app import create_app
from portadoc.serve.development.people import PEOPLE, STRONG_ACR
from portadoc.serve.house import House, open_house
from portadoc.serve.settings import PortadocSettings

NOW = int(datetime(2026, 11, 22, 10, 30, tzinfo=UTC).timestamp())
OURS = {"sec-fetch-site": "same-origin"}
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


class Visitor:
    """Somebody who is signed in, in front of the whole installation."""

    def __init__(self, house: House, app: Any, sub: str) -> None:
        person = PEOPLE[sub]
        issuer = f"{house.settings.base_url}/development-login"
        groups = tuple(("groups", each) for each in person.claims.get("groups", ()))
        companies = tuple(person.claims.get("companies", ()))
        proved = Proved(
            "development", issuer, sub, STRONG_ACR, person.name, person.claims.get("pin"), companies, groups
        )
        self.id = subject_id_of(issuer, sub)
        self._cookie = f"portadoc-portal={house.portal.login.sessions.open(proved)}"
        self._app, self._origin = app, house.settings.base_url

    def ask(self, method: str, path: str, **sent: Any) -> httpx.Response:
        headers = {**OURS, "cookie": self._cookie, "accept": "application/json", **sent.pop("headers", {})}

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url=self._origin) as client:
                return await client.request(method, path, headers=headers, **sent)

        return asyncio.run(asked())

    def attach(self, path: str, content: bytes = PDF, **sent: Any) -> httpx.Response:
        return self.ask("POST", path, files=[("files", ("contract.pdf", content, "text/html"))], **sent)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A whole installation with its example people."""
    settings = PortadocSettings(data_dir=tmp_path_factory.mktemp("house"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with open_house(
            settings, clock=FixedClock(NOW), random_bytes=system_random_bytes, environment={}
        ) as opened:
            yield opened


@pytest.fixture(scope="module")
def people(house: House) -> dict[str, Visitor]:
    """Everybody, signed in."""
    app = create_app(house)
    return {sub: Visitor(house, app, sub) for sub in PEOPLE}


@pytest.fixture
def address(house: House, people: dict[str, Visitor]) -> str:
    """Where the attachments of a new draft of Claire's are."""
    claire = Subject(
        people["claire-test"].id,
        SubjectKind.PERSON,
        frozenset({Role.EMPLOYER_AGENT}),
        employers=frozenset({"TEST12345"}),
    )
    draft = house.portal.portal.start(claire, "fr-demo", Wish())
    return f"/portal/attachments/fr-demo/{draft.application_id}"


def test_an_employer_attaches_a_file_that_the_officer_downloads(people: dict[str, Visitor], address: str) -> None:
    claire, anne = people["claire-test"], people["anne-agent"]
    sent = claire.attach(address)
    assert (sent.status_code, sent.headers["location"]) == (303, address)
    page = anne.ask("GET", address, headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "contract.pdf" in page.text
    assert "<form method" not in page.text.partition("<main")[2].partition("</main>")[0]
    link = page.text.partition(f'href="{address}/')[2].partition('"')[0]
    for who in (claire, anne):
        got = who.ask("GET", f"{address}/{link}")
        assert (got.content, got.headers["content-type"]) == (PDF, "application/pdf")
        assert "sandbox" in got.headers["content-security-policy"]


@pytest.mark.parametrize(
    "sub", ["ivan-interim", "jean-exemple", "sofia-muster", "helene-sante", "clinique-test", "victor-audit"]
)
def test_j02_attachments_of_others_are_not_there(sub: str, people: dict[str, Visitor], address: str) -> None:
    people["claire-test"].attach(address)
    stranger = people[sub]
    assert stranger.ask("GET", address).status_code == 404
    assert stranger.attach(address).status_code == 404


def test_j01_an_officer_sees_the_files_and_adds_none(people: dict[str, Visitor], address: str) -> None:
    answer = people["anne-agent"].attach(address)
    assert (answer.status_code, answer.json()["code"]) == (403, "access_denied")


def test_j17_files_from_another_site_are_refused(people: dict[str, Visitor], address: str) -> None:
    answer = people["claire-test"].attach(address, headers={"sec-fetch-site": "cross-site"})
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site_request")


def test_j06_a_file_is_judged_by_its_bytes_and_its_size(people: dict[str, Visitor], address: str) -> None:
    claire = people["claire-test"]
    assert claire.attach(address, b"<html>").status_code == 415
    assert claire.attach(address, PDF + b" " * 8 * 1024 * 1024 + b"%%EOF").status_code == 413
    assert claire.attach(address, PDF + b" " * 25 * 1024 * 1024).status_code == 413
    assert claire.attach(address, PDF + b" " * 7 * 1024 * 1024 + b"%%EOF").status_code == 303


def test_what_is_wrong_with_a_file_is_said_at_the_form_in_units_that_people_read(
    people: dict[str, Visitor], address: str
) -> None:
    claire, page = people["claire-test"], {"accept": "text/html"}
    large = claire.attach(address, PDF + b" " * 8 * 1024 * 1024 + b"%%EOF", headers=page)
    assert (large.status_code, "larger than 8 MB" in large.text) == (413, True)
    odd = claire.attach(address, b"<html>", headers={**page, "accept-language": "de"})
    assert (odd.status_code, "kein vollständiges PDF" in odd.text) == (415, True)
    for answer in (large, odd):
        assert '<input type="file"' in answer.text
        assert f'href="/portal/fr-demo/requests/{address.rsplit("/", 1)[1]}"' in answer.text
    huge = claire.attach(address, PDF + b" " * 25 * 1024 * 1024, headers=page)
    assert huge.status_code == 413
    assert "At most 24 MB" in huge.text
    assert f'href="{address}"' in huge.text
