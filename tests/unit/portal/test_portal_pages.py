"""The pages of the portal over the real services: a served installation, the real sign-in, no scripts."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from html.parser import HTMLParser
from importlib import resources
from urllib.parse import urlencode

import httpx
import pytest

from portadoc.catalogue import WITH_TEXTS, texts
from portadoc.clock import FixedClock
from portadoc.portal.pages.words import Words
from portadoc.portal.questions.flows import FLOWS
from portadoc.portal.questions.form import Capacity, Case, FieldKind, Known, Shape
from portadoc.randomness import system_random_bytes
from portadoc.serve.house import open_house
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings
from portadoc.web.pages.reader import Reader

NOW = 1_795_343_400  # 2026-11-22
SPACE = "/portal/fr-demo/"
ANSWERS = (
    {"worker_pin": "TEST185041201"},
    {"situation": "posting"},
    {"host_state": "DE"},
    {"start": "2027-01-10", "end": "2027-05-31"},
    {"0.name": "Baustelle <Nord> & Söhne", "0.town": "Berlin"},
    {"replaces": "none"},
    {"direct_relationship": "yes", "paid_by": "employer", "hired_out_onward": "no", "only_this_work": "yes"},
    {"earlier_posting": "no", "other_certificate": "no"},
)


@dataclass
class Form:
    """A form with its fields as they stand."""

    action: str
    fields: dict[str, str]


class Markup(HTMLParser):
    """What a page is made of; each element has to be closed where it stands."""

    VOID = frozenset({"meta", "link", "img", "input", "br", "hr", "path", "rect"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.forms: list[Form] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.append((tag, values))
        if tag not in self.VOID:
            self._open.append(tag)
        if tag == "form":
            self.forms.append(Form(values["action"], {}))
        elif tag == "input" and "name" in values and values.get("type") in ("hidden", "text", "date"):
            self.forms[-1].fields[values["name"]] = values.get("value", "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def of(self, tag: str) -> list[dict[str, str]]:
        return [values for name, values in self.tags if name == tag]


class Browser:
    """A browser of one person, without scripts."""

    def __init__(self, base_url: str, person: str | None = None, *, staff: bool = False) -> None:
        self.http = httpx.Client(
            base_url=base_url,
            follow_redirects=True,
            trust_env=False,
            verify=False,  # there is no TLS on loopback, and reading the roots takes long
            headers={"accept": "text/html"},
            timeout=30,
        )
        if person is not None:
            self.page = self.get("/portal/login?provider=development" + ("&for=office" if staff else ""))
            self.post("/development-login/authorize", {**self.markup.forms[0].fields, "sub": person})
            assert self.page.status_code == 200, self.page.text

    def close(self) -> None:
        self.http.close()

    @property
    def markup(self) -> Markup:
        return Markup(self.page.text)

    @property
    def path(self) -> str:
        return self.page.url.path

    def get(self, address: str, **headers: str) -> httpx.Response:
        self.page = self.http.get(address, headers=headers)
        return self.page

    def post(self, address: str, fields: dict[str, str], *, site: str = "same-origin") -> httpx.Response:
        self.page = self.http.post(
            address,
            content=urlencode(fields),
            headers={"sec-fetch-site": site, "content-type": "application/x-www-form-urlencoded"},
        )
        return self.page

    def submit(self, *, form: int = -1, **fields: str) -> httpx.Response:
        found = self.markup.forms[form]
        return self.post(found.action, {**found.fields, **fields})

    def start(self, capacity: str) -> None:
        self.post("/portal/fr-demo/requests", {"kind": "a1", "capacity": capacity})

    def answer(self, fields: dict[str, str]) -> None:
        self.submit(**fields)
        assert self.page.status_code == 200, self.page.text


@pytest.fixture(scope="module")
def portal_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A whole installation on loopback."""
    with listen("127.0.0.1", 0) as listener:
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = PortadocSettings(base_url=base_url, data_dir=tmp_path_factory.mktemp("house"))
        with (
            open_house(settings, clock=FixedClock(NOW), random_bytes=system_random_bytes, environment={}) as house,
            serving(house, listener),
        ):
            yield base_url


@pytest.fixture
def browse(portal_url: str) -> Iterator[Callable[..., Browser]]:
    """Return what opens a browser, for an example person or for nobody."""
    with ExitStack() as stack:
        yield lambda *person, **how: stack.enter_context(closing(Browser(portal_url, *person, **how)))


@pytest.fixture
def claire(browse: Callable[..., Browser]) -> Browser:
    """The agent of an employer."""
    return browse("claire-test")


@pytest.fixture(scope="module")
def granted(portal_url: str) -> str:
    """The address of a request that was granted."""
    with closing(Browser(portal_url, "claire-test")) as browser:
        browser.start("employer")
        for fields in ANSWERS:
            browser.answer(fields)
        assert browser.path.endswith("/check")
        assert "Known from: person register" in browser.page.text
        browser.submit()
        assert browser.page.status_code == 200
        return browser.path


def test_the_first_page_has_three_doors_and_eight_languages(browse: Callable[..., Browser]) -> None:
    browser = browse()
    page = browser.get("/portal/")
    assert len([each for each in browser.markup.of("li") if each.get("class") == "door"]) == 3
    assert {each["lang"] for each in browser.markup.of("a") if "lang" in each} == set(WITH_TEXTS)
    assert not browser.markup.of("script")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    browser.get("/portal/?lang=de")
    assert browser.http.cookies["portadoc-portal-language"] == "de"


def test_a_posting_is_asked_checked_sent_and_decided_with_reasons(claire: Browser, granted: str) -> None:
    page = claire.get(granted)
    assert "The certificate is granted" in page.text
    assert "decided automatically" in page.text
    assert "Article 12(1), Regulation (EC) No 883/2004" in page.text
    assert "Have a person look at it" in page.text
    assert "Baustelle &lt;Nord&gt; &amp; Söhne" in page.text
    assert re.search(r"A1-2026-\d{6}-.", page.text)


def test_what_is_missing_is_said_at_the_top_and_at_the_field_and_nothing_typed_is_lost(claire: Browser) -> None:
    claire.start("employer")
    for fields in ANSWERS[:3]:
        claire.answer(fields)
    page = claire.submit(start="2027-05-31", end="2027-01-10")
    assert page.status_code == 422
    assert re.search(r"<title>Error: ", page.text)
    markup = claire.markup
    fields = {each["name"]: each for each in markup.of("input") if "name" in each}
    assert (fields["start"]["value"], fields["end"]["value"]) == ("2027-05-31", "2027-01-10")
    assert fields["end"]["aria-invalid"] == "true"
    assert fields["end"]["aria-describedby"] in {each["id"] for each in markup.of("p") if "id" in each}
    assert {"href": f"#{fields['end']['id']}"} in markup.of("a")


def test_a_line_can_be_added_without_losing_what_was_typed(claire: Browser) -> None:
    claire.start("employer")
    for fields in ANSWERS[:4]:
        claire.answer(fields)
    claire.submit(**{"0.name": "First site", "more": "2"})
    fields = {each["name"]: each.get("value", "") for each in claire.markup.of("input") if "name" in each}
    assert fields["0.name"] == "First site"
    assert fields["1.name"] == ""
    claire.submit(**{"0.name": "First site", "more": "99999999999"})
    assert claire.page.status_code == 200


def test_an_answer_can_be_changed_from_the_check_page(claire: Browser) -> None:
    claire.start("employer")
    for fields in ANSWERS:
        claire.answer(fields)
    base = claire.path.removesuffix("/check")
    claire.get(f"{base}/questions/host_state")
    claire.answer({"host_state": "BE"})
    assert claire.path == f"{base}/check"
    assert "Belgium" in claire.page.text


def test_what_registers_know_cannot_be_asked_or_answered(claire: Browser) -> None:
    claire.start("employer")
    for fields in ANSWERS[:1]:
        claire.answer(fields)
    base = claire.path.rsplit("/", 1)[0]
    assert claire.get(f"{base}/worker").status_code == 404
    assert claire.post(f"{base}/nonsense", {"given_name": "X"}).status_code == 404
    claire.post(f"{base}/worker", {"given_name": "X"})
    assert (claire.page.status_code, claire.path) == (200, f"{base}/situation")


def test_an_answer_to_a_question_that_another_tab_made_needless_leads_to_the_next_one(claire: Browser) -> None:
    claire.start("employer")
    for fields in ANSWERS[:2]:
        claire.answer(fields)
    base = claire.path.rsplit("/", 1)[0]
    claire.post(f"{base}/situation", {"situation": "several_states"})
    claire.post(f"{base}/host_state", {"host_state": "DE"})
    assert claire.page.status_code == 200
    assert "That question is not asked any more" in claire.page.text
    assert not claire.path.endswith("/host_state")


def test_j17_a_form_of_another_site_changes_nothing(claire: Browser, granted: str) -> None:
    claire.post(f"{granted}/contest", {}, site="cross-site")
    assert claire.page.status_code == 403
    assert "The certificate is granted" in claire.get(granted).text


def test_j02_a_request_of_others_is_not_there(browse: Callable[..., Browser], granted: str) -> None:
    others = browse("ivan-interim")
    for address in (
        granted,
        f"{granted}/check",
        f"{granted}/hand-over",
        f"{granted}/questions",
        f"{granted}/paper.pdf",
    ):
        assert others.get(address).status_code == 404, address
    assert granted not in others.get(SPACE).text


def test_who_is_not_signed_in_is_led_to_the_doors(browse: Callable[..., Browser], granted: str) -> None:
    browser = browse()
    browser.get(granted)
    assert browser.path == "/portal/"
    assert "You are signed out" in browser.page.text
    assert browser.http.get(granted, headers={"accept": "application/json"}).status_code in (401, 403)


def test_the_worker_sees_the_certificate_and_takes_it_into_the_wallet(
    browse: Callable[..., Browser], granted: str
) -> None:
    jean = browse("jean-exemple")
    assert granted in jean.get(SPACE).text
    assert "Put into the wallet" in jean.page.text
    jean.get(f"{granted}/hand-over")
    jean.submit()
    assert "<svg" in jean.page.text
    assert "openid-credential-offer://" in jean.page.text


def test_the_hand_over_desk_shows_no_code_that_opens_the_offer_to_the_employer(
    claire: Browser, granted: str
) -> None:
    claire.get(f"{granted}/hand-over")
    claire.submit()
    assert "was sent to the worker" in claire.page.text
    assert "One-time code" not in claire.page.text
    assert "Jean Exemple" in claire.get(f"{SPACE}hand-over").text


def test_a_form_of_the_hand_over_that_is_sent_again_makes_no_other_offer(claire: Browser, granted: str) -> None:
    for page in (f"{granted}/hand-over", granted):
        claire.get(page)
        form = next(each for each in claire.markup.forms if each.action.endswith("/hand-over"))
        assert "<svg" in claire.post(form.action, form.fields).text
        claire.post(form.action, form.fields)
        assert (claire.page.status_code, claire.path) == (200, f"{granted}/hand-over")
        assert "<svg" not in claire.page.text
        assert "The QR code was shown once" in claire.page.text


def test_a_refusal_says_its_kind_in_the_readers_language_and_no_internal_word(
    claire: Browser, browse: Callable[..., Browser], granted: str
) -> None:
    claire.get("/portal/?lang=pl")
    assert "Tej strony nie ma" in claire.get(f"{SPACE}requests/unknown").text
    assert "Tej strony nie ma" in claire.get(f"{SPACE}nowhere/at/all").text
    claire.post(f"{granted}/change", {"kind": "nonsense"})
    assert "W podanych danych" in claire.page.text
    assert re.search(r'<div lang="en">\s*<p>What was chosen', claire.page.text)
    anne = browse("anne-agent")
    anne.get("/portal/?lang=de")
    page = anne.get(f"{SPACE}requests/new")
    assert page.status_code == 403
    assert "Das können Sie hier nicht tun." in page.text
    assert "start" not in page.text.partition("<main")[2].partition("</main>")[0].replace("Startseite", "")


def test_the_first_page_says_what_each_institution_does_and_leads_there(browse: Callable[..., Browser]) -> None:
    assert "European Health Insurance Card" in browse().get("/portal/").text
    doors = {
        "jean-exemple": "/portal/fr-health/health/",
        "clinique-test": "/portal/fr-health/health/replacement",
        "victor-audit": "/portal/fr-demo/office/audit",
    }
    for person, door in doors.items():
        page = browse(person, staff=person == "victor-audit").get("/portal/").text
        assert f'href="{door}"' in page, person
        assert 'href="/portal/fr-demo/health/' not in page


def test_the_name_of_a_known_person_is_one_name(claire: Browser) -> None:
    claire.start("employer")
    for fields in ANSWERS:
        claire.answer(fields)
    assert "Jean Exemple, 12 April 1985" in claire.page.text


def test_something_changed_begins_a_request_with_what_was_told_before(claire: Browser, granted: str) -> None:
    claire.get(f"{granted}/change")
    claire.post(f"{granted}/change", {"kind": "extension"})
    assert claire.path.endswith("/questions/new_end")
    assert "31 May 2027" in claire.page.text
    claire.post(f"{granted}/change", {"kind": "correction"})
    assert claire.path.endswith("/check")
    assert "You report that something was wrong. It is about the certificate of request" in claire.page.text
    assert granted in claire.page.text
    begun = claire.path
    claire.post(f"{granted}/change", {"kind": "correction"})
    assert claire.path == begun
    assert claire.post(f"{granted}/change", {"kind": "nonsense"}).status_code == 400


def test_a_worker_says_what_changed_though_the_employer_asked(
    browse: Callable[..., Browser], granted: str
) -> None:
    jean = browse("jean-exemple")
    jean.get(f"{granted}/change")
    assert [form.fields["kind"] for form in jean.markup.forms if "kind" in form.fields] == ["report", "correction"]
    jean.post(f"{granted}/change", {"kind": "report"})
    assert jean.page.status_code == 200
    assert jean.path.endswith("/check")
    assert "You report that something has changed." in jean.page.text


def test_before_sending_it_is_said_which_certificate_is_replaced(claire: Browser, granted: str) -> None:
    claire.start("employer")
    for fields in ANSWERS:
        claire.answer({**fields, "end": "2027-06-30"} if "end" in fields else fields)
    assert claire.path.endswith("/check")
    assert "the new certificate replaces that of request" in claire.page.text
    assert granted in claire.page.text


def test_every_page_has_one_main_one_heading_and_labels(claire: Browser, granted: str) -> None:
    for address in (
        "/portal/",
        SPACE,
        f"{SPACE}requests/new",
        granted,
        f"{granted}/hand-over",
        f"{granted}/change",
    ):
        claire.get(address)
        markup = claire.markup
        assert len(markup.of("main")) == len(markup.of("h1")) == 1, address
        ids = [each["id"] for _, each in markup.tags if "id" in each]
        assert len(set(ids)) == len(ids), address
        labelled = {each.get("for") for each in markup.of("label")}
        assert all(each["id"] in labelled for each in markup.of("input") if each.get("type") != "hidden"), address


@pytest.mark.parametrize("capacity", [Capacity.EMPLOYER, Capacity.SELF_EMPLOYED, Capacity.WORKER])
def test_every_question_field_and_option_has_words(capacity: Capacity) -> None:
    entries = texts("en", "portal").entries
    case = Case(Known(capacity, "FR"), {"forms_of_work": "mixed", "employer": {"name": "Test"}})
    words = Words(Reader("en", "portal"), case)
    for each in {each.id: each for flow in FLOWS.values() for each in flow}.values():
        assert words.title(each) != each.id, each.id
        assert words.short(each) != words.title(each), each.id
        assert each.shape is not Shape.ROWS or f"question.{each.id}.row" in entries, each.id
        for field in each.fields:
            assert each.shape is Shape.ONE or words.label(each, field) != words.title(each), (each.id, field.name)
            options = field.choices(case) if field.kind is FieldKind.CHOICE else ()
            assert all(words.option(each, field, option) != option for option in options), (each.id, field.name)


def test_the_words_of_buttons_are_short() -> None:
    entries = texts("en", "portal").entries
    assert {key: text for key, text in entries.items() if key.startswith("button.") and len(text) > 30} == {}


def test_every_text_that_a_page_names_is_there() -> None:
    entries = texts("en", "portal").entries
    folder = resources.files("portadoc.portal.pages") / "templates"
    named = {
        key
        for file in folder.iterdir()
        for key in re.findall(r"""\bt\(["']([a-z0-9_.]+)["'][,)]""", file.read_text(encoding="utf-8"))
    }
    assert named
    assert named - set(entries) == set()


BUSINESS = {"name": "Atelier", "street": "Rue 1", "town": "Lyon", "country": "FR"}
ABROAD = {
    "situation": {"situation": "posting"},
    "host_state": {"host_state": "IT"},
    "period": {"start": "2027-01-10", "end": "2027-05-31"},
    "workplaces": {"0.name": "Sito", "0.town": "Torino"},
    "history": {"earlier_posting": "no", "other_certificate": "no"},
}
JOURNEYS = {
    "sofia-muster": (
        "self_employed",
        {
            **ABROAD,
            "own_seat": BUSINESS,
            "months_active": {"months_active": "60"},
            "own_business": {
                "real_activity": "yes",
                "keeps_means": "yes",
                "similar_activity": "yes",
                "only_this_work": "yes",
            },
        },
    ),
    "jean-exemple": (
        "worker",
        {
            **ABROAD,
            "period": {"start": "2027-08-01", "end": "2027-11-30"},  # on the days before there is a certificate
            "employer_contacted": {"employer_contacted": "no_answer"},
            "employer_number": {"employer_number": "TEST12345"},
            "replaces": {"replaces": "none"},
            "link": ANSWERS[6],
        },
    ),
}


@pytest.mark.parametrize("person", JOURNEYS)
def test_a_person_asks_in_his_or_her_own_name_and_is_told_a_decision(
    browse: Callable[..., Browser], person: str
) -> None:
    capacity, answers = JOURNEYS[person]
    browser = browse(person)
    browser.start(capacity)
    asked = []
    while "/questions/" in browser.path:
        asked.append(browser.path.rsplit("/", 1)[1])
        browser.answer(answers[asked[-1]])
    assert len(asked) == len(set(asked)) <= 10
    browser.submit()
    assert "The certificate is granted" in browser.page.text
    assert browser.path in browser.get(SPACE).text


def test_contesting_what_was_granted_is_seen_on_its_page_and_is_offered_once(
    browse: Callable[..., Browser],
) -> None:
    browser, granted = browse("sofia-muster"), "The certificate is granted"
    browser.get(SPACE)
    for address in re.findall(r'href="(/portal/fr-demo/requests/[0-9a-f-]{30,})"', browser.page.text):
        if granted in browser.get(address).text:
            break
    assert granted in browser.page.text
    assert "A person looks at it" not in browser.page.text
    browser.post(f"{browser.path}/contest", {"said": "The period is wrong."})
    assert browser.page.status_code == 200
    assert "A person looks at it" in browser.page.text
    assert "looks at the decision again" in browser.page.text
    assert not any(each.action.endswith("/contest") for each in browser.markup.forms)


def test_the_paper_is_a_file_and_the_proof_is_there_while_nothing_is_decided(
    claire: Browser, granted: str
) -> None:
    paper = claire.get(f"{granted}/paper.pdf")
    assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
    assert paper.content.startswith(b"%PDF")
    claire.start("employer")
    for fields in ANSWERS:
        claire.answer({**fields, "hired_out_onward": "yes"} if "paid_by" in fields else fields)
    claire.submit()
    assert "This refusal is not final" in claire.page.text
    claire.post(f"{claire.path}/contest", {})
    assert "With a case officer" in claire.page.text
    proof = claire.get(f"{claire.path}/proof.pdf")
    assert (proof.status_code, proof.headers["content-type"]) == (200, "application/pdf")
