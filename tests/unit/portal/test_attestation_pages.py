"""The pages of a person's own attestations, over a served installation: no scripts, and nobody else's door."""

import html
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest

from portadoc.catalogue import WITH_TEXTS, texts
from portadoc.clock import FixedClock
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.schemas.pda1 import Pda1
from portadoc.serve.house import House, open_house
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings
from tests.unit.portal.test_portal_pages import NOW, Browser

HERE = "/portal/fr-demo/attestations"
TODAY = date(2026, 11, 22)
PEOPLE = {
    "Jean Exemple": ("TEST185041201", date(1985, 4, 12)),
    "Karim Essai": ("TEST190013001", date(1990, 1, 30)),
}
Browse = Callable[..., Browser]


@dataclass
class Office:
    """A served installation whose issuer was brought records."""

    house: House

    def bring(self, name: str, number: str, *, first: int = -30, last: int = 200) -> str:
        """Return the id of an A1 about an example person, its days counted from today."""
        pin, born = PEOPLE[name]
        made = example("posted-worker-fr-de", TODAY)
        assert isinstance(made, Pda1)
        forenames, surnames = name.split()
        days = replace(made.legislation, start=TODAY + timedelta(days=first), end=TODAY + timedelta(days=last))
        return self.house.issuer.upload(
            "fr-demo",
            replace(
                made,
                person=replace(made.person, pin=pin, date_of_birth=born, forenames=forenames, surnames=surnames),
                legislation=days,
                document=replace(made.document, number=number, date_of_expiry=days.end),
            ),
        )

    def take(self, record_id: str, copies: int = 2) -> None:
        made = self.house.issuer.offer("fr-demo", record_id, ["pda1"], by_reference=True)
        self.house.wallet.accept(made.offer_uri, copies=copies)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with listen("127.0.0.1", 0) as listener:
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = PortadocSettings(
            base_url=base_url, data_dir=tmp_path_factory.mktemp("house"), portal={"offers_per_hour": 3}
        )
        with (
            open_house(settings, clock=FixedClock(NOW), random_bytes=system_random_bytes, environment={}) as house,
            serving(house, listener),
        ):
            yield Office(house)


@pytest.fixture(scope="module")
def signed_in(office: Office) -> Iterator[Browse]:
    """Return what opens a browser of an example person, each once."""
    with ExitStack() as stack:
        known: dict[str, Browser] = {}

        def browse(person: str) -> Browser:
            if person not in known:
                url = office.house.settings.base_url
                known[person] = stack.enter_context(closing(Browser(url, person)))
            return known[person]

        yield browse


@pytest.fixture
def jean(signed_in: Browse) -> Browser:
    return signed_in("jean-exemple")


def test_a_worker_is_led_there_and_finds_what_is_attested(office: Office, jean: Browser) -> None:
    record_id = office.bring("Jean Exemple", "A1-FR-2026-1")
    assert f'href="{HERE}"' in jean.get("/portal/").text
    assert f'href="{HERE}"' in jean.get("/portal/fr-demo/").text
    listed = jean.get(HERE).text
    assert f"{HERE}/{record_id}" in listed
    assert "Ateliers Fictifs du Massif SAS" in listed
    shown = jean.get(f"{HERE}/{record_id}")
    assert shown.headers["cache-control"] == "no-store"
    for told in ("A1-FR-2026-1", "Germany", "Jean Exemple", "Not collected yet", "Valid"):
        assert told in shown.text


@pytest.mark.parametrize("person", ["karim-essai", "claire-test", "anne-agent"])
def test_j02_nobody_else_sees_it_or_can_do_anything_with_it(
    office: Office, signed_in: Browse, person: str
) -> None:
    record_id = office.bring("Jean Exemple", "A1-FR-2026-2")
    other = signed_in(person)
    assert record_id not in other.get(HERE).text
    assert other.get(f"{HERE}/{record_id}").status_code == 404
    assert other.get(f"{HERE}/{record_id}/receipt.json").status_code == 404
    assert other.get(f"{HERE}/{record_id}/again").status_code == 404
    for act in ("collect", "again"):
        assert other.post(f"{HERE}/{record_id}/{act}", {"seen": "", "phone": "lost"}).status_code == 404
    assert "attestations" not in other.get("/portal/fr-demo/").text or person == "karim-essai"


def test_without_a_sign_in_everything_leads_to_it(office: Office) -> None:
    with closing(Browser(office.house.settings.base_url)) as nobody:
        nobody.get(HERE)
        assert nobody.path == "/portal/"


@pytest.mark.parametrize("act", ["collect", "again"])
def test_j17_only_our_own_pages_change_anything(office: Office, jean: Browser, act: str) -> None:
    record_id = office.bring("Jean Exemple", "A1-FR-2026-3")
    jean.get(f"{HERE}/{record_id}")
    fields = {"seen": jean.markup.forms[-1].fields["seen"], "phone": "lost"}
    assert jean.post(f"{HERE}/{record_id}/{act}", fields, site="cross-site").status_code == 403
    assert jean.get(f"{HERE}/{record_id}/{act}").status_code in (200, 405)
    assert office.house.portal.portal.own.collecting.seen("fr-demo", _of(office, record_id)) == fields["seen"]


def _of(office: Office, record_id: str) -> Any:
    @dataclass
    class Named:
        about: str

    return Named(record_id)


def test_collecting_leads_to_the_page_of_the_offer_and_the_same_form_makes_one(
    office: Office, jean: Browser
) -> None:
    record_id = office.bring("Jean Exemple", "A1-FR-2026-4")
    jean.get(f"{HERE}/{record_id}")
    form = jean.markup.forms[-1]
    offer = jean.post(form.action, form.fields)
    assert re.fullmatch(r"/issuer/fr-demo/offers/[A-Za-z0-9_-]{43}/page", jean.path)
    assert "openid-credential-offer://" in offer.text
    assert "a code of 6 digits" in offer.text  # which went another way
    again = jean.post(form.action, form.fields)
    assert jean.path == f"{HERE}/{record_id}"
    assert "an offer was made already" in again.text
    assert jean.get(urlsplit(str(offer.url)).path).status_code == 200  # the first one holds


def test_a_code_that_could_be_sent_nowhere_stands_on_a_page_without_the_qr_code(
    office: Office, jean: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_id = office.bring("Jean Exemple", "A1-FR-2026-5")
    monkeypatch.setattr(type(office.house.portal.portal.own.collecting), "_contact", lambda *_: None)
    jean.get(f"{HERE}/{record_id}")
    shown = jean.submit().text
    (code,) = re.findall(r'<strong class="secret">([0-9]{6})</strong>', shown)
    assert "<svg" not in shown
    assert "openid-credential-offer" not in shown
    (place,) = re.findall(r'href="[^"]*(/issuer/fr-demo/offers/[^"]+)"', shown)
    assert code not in jean.get(place).text
    assert code not in jean.get(f"{HERE}/{record_id}").text


def test_for_a_new_phone_one_says_where_the_old_one_is(office: Office, jean: Browser) -> None:
    record_id = office.bring("Jean Exemple", "A1-FR-2026-6")
    office.take(record_id)
    assert "Put it on a new phone" in jean.get(f"{HERE}/{record_id}").text
    jean.get(f"{HERE}/{record_id}/again")
    asked = jean.submit()
    assert asked.status_code == 422
    assert "Choose one of the two" in asked.text
    jean.submit(phone="lost")
    assert jean.path.endswith("/page")
    shown = jean.get(f"{HERE}/{record_id}").text
    assert "Phone reported as lost: the copies on it ended" in shown
    assert "It is on no phone now." in shown
    assert "Put it on a new phone" not in shown


def test_too_many_offers_have_to_wait(office: Office, jean: Browser) -> None:
    record_id = office.bring("Jean Exemple", "A1-FR-2026-7")
    for _ in range(3):
        jean.get(f"{HERE}/{record_id}")
        assert jean.submit().status_code == 200
    jean.get(f"{HERE}/{record_id}")
    refused = jean.submit()
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "3600"


def test_a_withdrawn_one_says_why_in_plain_words_and_gives_a_receipt(office: Office, jean: Browser) -> None:
    record_id = office.bring("Jean Exemple", "A1-FR-2026-8")
    office.take(record_id)
    office.house.issuer.withdraw("fr-demo", record_id, reason=WithdrawalReason.FRAUD)
    office.house.issuer.publish_status_lists("fr-demo")
    shown = jean.get(f"{HERE}/{record_id}").text
    assert "Withdrawn" in shown
    assert "Ask the institution why." in shown
    assert "Without effect from 22 November 2026." in shown
    assert "fraud" not in shown.lower()
    assert f"{HERE}/{record_id}/collect" not in shown
    answer = jean.get(f"{HERE}/{record_id}/receipt.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="receipt.json"'
    told = json.loads(answer.text)
    assert (told["standing"], len(told["withdrawn"])) == ("withdrawn", 1)
    assert [each["copies"] for each in told["collected"]] == [2]


def test_nothing_on_the_pages_or_in_the_receipt_links_copies_that_count(office: Office, jean: Browser) -> None:
    record_id = office.bring("Jean Exemple", "A1-FR-2026-9")
    office.take(record_id, copies=3)
    copies = office.house.issuer.credentials("fr-demo", record_id=record_id)
    told = jean.get(f"{HERE}/{record_id}").text + jean.get(f"{HERE}/{record_id}/receipt.json").text
    for each in copies:
        for secret in (each.credential_id, each.holder_thumbprint, each.grant_id, each.list_id):
            assert secret not in told


@pytest.mark.parametrize("language", WITH_TEXTS)
def test_every_page_is_written_for_its_reader_and_needs_no_script(
    office: Office, jean: Browser, language: str
) -> None:
    record_id = office.bring("Jean Exemple", f"A1-FR-2026-{language}")
    words = texts(language, "portal").entries
    titles = {
        HERE: words["own.title"],
        f"{HERE}/{record_id}": words["kind.a1"],
        f"{HERE}/{record_id}/again": words["own.again.question"],
    }
    for address, title in titles.items():
        shown = jean.get(f"{address}?lang={language}")
        assert shown.status_code == 200
        assert html.escape(title, quote=False) in html.unescape(shown.text)
        assert f'<html lang="{language}">' in shown.text
        assert not re.search(r"<script|<iframe|style=|\son[a-z]+=|<meta http-equiv", shown.text)
        ids = re.findall(r'\sid="([^"]+)"', shown.text)
        assert len(set(ids)) == len(ids)
        heads = [int(level) for level in re.findall(r"<h([1-6])", shown.text)]
        assert all(after <= before + 1 for before, after in pairwise(heads))
        assert jean.markup.of("h1")
    jean.get(f"{HERE}?lang=en")
