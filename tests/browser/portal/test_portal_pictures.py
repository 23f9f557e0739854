"""The pictures of docs/portal-pages.md: taken by ``make screenshots``; what they show really happened."""

import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from PIL import Image

from portadoc.serve.house import House
from portadoc.serve.settings import DEMO_INSTITUTIONS
from tests.browser.portal.at_the_keyboard import (
    ROOT,
    WIDE,
    Person,
    chromium_program,
    newest_code,
    portal_house,
)
from tests.browser.portal.test_journeys import POSTED, TAKES_A_PLACE, in_days, request

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PICTURES: Final = ROOT / "docs/screenshots/portal"
PAGE: Final = ROOT / "docs/portal-pages.md"
LARGEST_PICTURE: Final = 70_000
PHONE: Final = 390
COLOURS: Final = 48
TALLEST: Final = 1500
AN_INSTANT_MS: Final = 1_100
"""Histories go by seconds."""
OWN: Final = "/portal/fr-demo/attestations"
OFFICE: Final = "/portal/fr-demo/office"
CARDS: Final = "/portal/fr-health/health/"
HEAD: Final = """# The pages of the portal

Taken by `make screenshots` on a house in which everything shown really happened; people, companies and numbers are
test data. The portal speaks eight languages and needs neither a script nor a pointer; each page was also looked at
320 pixels wide and in dark colours, and axe finds nothing in it (`tests/browser/portal`).
"""
SHOWN: Final = {
    "An employer asks": {
        "start": "The way in: one door for each kind of visitor.",
        "question": "One question a page; what a register knows is not asked.",
        "errors": "What is wrong is said on top and beside the field, and nothing typed is lost.",
        "check": "All answers before anything is sent, with where the known ones come from.",
        "granted": "The decision with its validity, that it was made by fixed rules, the article and the reasons.",
        "hand-over": "The code for the worker's wallet; what opens it goes to the worker another way.",
        "refused": "A refusal with its reason; one click lets a person look at it.",
        "proof": "Who leaves within 48 hours is first in line and has a proof of application at once.",
        "space": "The own space: certificates, and every request with its state.",
    },
    "A worker": {
        "worker-new-phone": "Jean Exemple asks himself, on a phone, because his employer does not.",
        "worker-change-phone": "Something changed: what a worker says of what the employer asked for.",
        "worker-granted-de-phone": "The same decision in German.",
        "worker-space-phone": "A worker's own space.",
        "offer": "An offer: by QR code into the wallet of a phone, or into the one of this device.",
        "offer-phone": "The same page on the phone, where the button comes first.",
        "attestations": "All that a worker has, and what is in a wallet.",
        "attestation-again-phone": "A new phone: whether the old one is lost decides when its copies end.",
        "attestation": "One of them after a phone was lost: what is in wallets, papers and receipts, history.",
    },
    "An insured person and a hospital": {
        "cards": "Nadia Modèle's card and those of her children; who asked about her stands below.",
        "lost": "What follows when a card is reported as lost.",
        "consent-code-phone": "A consent code, shown once, to be told to a doctor or hospital.",
        "replacement": "With it a hospital gets a replacement certificate at once.",
        "public-page-phone": "Anybody may check a paper by its code, and learns only whether what is typed fits.",
    },
    "An officer": {
        "office-list": "The work list: urgent first, then by doubts and age.",
        "office-case": "A case: what the applicant says, what the rules found, and each fact beside the register.",
        "office-departs": "Who decides against what the rules found is told so before.",
        "office-approve": "A second officer approves, or sends it back.",
        "office-figures-fr": "Figures of the service, in French.",
    },
}
NAMES: Final = [name for part in SHOWN.values() for name in part]


@dataclass
class Album:
    """Takes pictures."""

    browser: "Browser"
    house: House
    taken: list[str] = field(default_factory=list)

    def take(self, person: Person, name: str) -> None:
        """Write the page as it is, small: few colours, nothing below what a reader looks at."""
        page, width = person.page, PHONE if name.endswith("-phone") else WIDE
        page.set_viewport_size({"width": width, "height": 844})
        shot = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
        shot = shot.crop((0, 0, shot.width, min(shot.height, TALLEST)))
        often = sorted(shot.getcolors(shot.width * shot.height), reverse=True)[:COLOURS]
        palette = Image.new("P", (1, 1))
        palette.putpalette([part for _, colour in often for part in colour])
        flat = shot.quantize(palette=palette, dither=Image.Dither.NONE)
        flat.save(PICTURES / f"{name}.png", optimize=True)
        page.set_viewport_size({"width": WIDE, "height": 844})
        self.taken.append(name)

    def person(self, name: str, **more: object) -> Person:
        return Person(self.browser, self.house, name, **more)


def page_of_pictures() -> str:
    """Return docs/portal-pages.md."""
    lines = [HEAD]
    for title, pictures in SHOWN.items():
        lines += [f"## {title}", ""]
        for name, words in pictures.items():
            width = 260 if name.endswith("-phone") else 640
            shown = f'<img src="screenshots/portal/{name}.png" width="{width}" alt="{words}">'
            lines += [words, "", shown, ""]
    return "\n".join(lines)


def test_every_page_of_the_portal_stands_in_the_documentation_with_its_picture() -> None:
    assert PAGE.read_text(encoding="utf-8") == page_of_pictures()
    assert sorted(each.stem for each in PICTURES.iterdir()) == sorted(NAMES)
    assert [each.name for each in PICTURES.iterdir() if each.stat().st_size > LARGEST_PICTURE] == []


@pytest.fixture
def album(tmp_path: Path) -> Iterator[Album]:
    here = {**DEMO_INSTITUTIONS, "fr-demo": {**DEMO_INSTITUTIONS["fr-demo"], "four_eyes": True}}
    with portal_house(tmp_path, institutions=here) as house, chromium_program() as browser:
        yield Album(browser, house)


@pytest.mark.soak
@pytest.mark.skipif(os.environ.get("PORTADOC_WRITE_EXPECTED") != "1", reason="make screenshots takes the pictures")
def test_taking_the_pictures(album: Album) -> None:
    for old in PICTURES.glob("*.png"):
        old.unlink()
    _employer(album)
    _worker(album)
    _insured(album)
    _officers(album)
    assert sorted(album.taken) == sorted(NAMES)
    PAGE.write_text(page_of_pictures(), encoding="utf-8")


def _employer(album: Album) -> None:
    anybody = album.person("")
    anybody.open("/portal/")
    album.take(anybody, "start")
    claire = album.person("Claire Test")
    claire.open("/portal/fr-demo/requests/new")
    claire.press("Start")
    while "/questions/" in claire.page.url:
        question = claire.page.url.rsplit("/", 1)[1]
        if question == "situation":
            album.take(claire, "question")
        if question == "period":
            claire.say("start", "2027-01-10")
            claire.press("Continue")
            album.take(claire, "errors")
        for name, value in POSTED[question].items():
            claire.say(name, value)
        claire.press("Continue")
    album.take(claire, "check")
    claire.press("Send the request")
    album.take(claire, "granted")
    claire.press("QR code for the worker")
    album.take(claire, "hand-over")
    _refused_and_urgent(album, claire)
    claire.open("/portal/fr-demo/")
    album.take(claire, "space")


def _refused_and_urgent(album: Album, claire: Person) -> None:
    karim = {"worker_pin": {"worker_pin": "TEST190013001"}}
    leaving = {"period": {"start": in_days(album.house, 1), "end": in_days(album.house, 30)}}
    replaced = {"replaced_posting": {"start": "2026-02-01", "end": "2026-10-31", "ended_early": "unknown"}}
    request(claire, {**POSTED, **TAKES_A_PLACE, **karim, **leaving, **replaced})
    album.take(claire, "proof")
    later = {"period": {"start": "2027-08-01", "end": "2027-10-31"}}
    replaced = {"replaced_posting": {"start": "2026-08-01", "end": "2027-07-15", "ended_early": "no"}}
    request(claire, {**POSTED, **TAKES_A_PLACE, **later, **replaced})
    album.take(claire, "refused")
    claire.say("said", "The other worker went home early.")
    claire.press("Have a person look at it")


def _worker(album: Album) -> None:
    jean = album.person("Jean Exemple")
    jean.open("/portal/fr-demo/requests/new")
    album.take(jean, "worker-new-phone")
    jean.open("/portal/fr-demo/")
    jean.press_on(jean.page.locator(".card h3 a").first)
    granted = jean.page.url
    jean.open(f"{granted}/change")
    album.take(jean, "worker-change-phone")
    german = album.person("Jean Exemple", locale="de-DE")
    german.open(granted)
    album.take(german, "worker-granted-de-phone")
    _own_attestations(album, jean)


def _own_attestations(album: Album, jean: Person) -> None:
    jean.open("/portal/fr-demo/")
    album.take(jean, "worker-space-phone")
    jean.open(OWN)
    jean.press("Put into the wallet")
    album.take(jean, "offer")
    album.take(jean, "offer-phone")
    _collect(album, jean)
    jean.open(OWN)
    album.take(jean, "attestations")
    jean.press("Look at it")
    attestation = jean.page.url
    jean.press("Put it on a new phone")
    jean.say("phone", "lost")
    jean.page.wait_for_timeout(AN_INSTANT_MS)
    album.take(jean, "attestation-again-phone")
    jean.press("Go on")
    jean.page.wait_for_timeout(AN_INSTANT_MS)
    _collect(album, jean)
    jean.open(attestation)
    album.take(jean, "attestation")


def _collect(album: Album, jean: Person) -> None:
    link = jean.page.locator("a.button[href^='openid-credential-offer']").get_attribute("href")
    album.house.wallet.accept(str(link), tx_code=newest_code(album.house), copies=2)


def _insured(album: Album) -> None:
    nadia = album.person("Nadia Modèle", to=CARDS)
    album.take(nadia, "cards")
    nadia.press_on(nadia.page.get_by_role("link", name=re.compile("Report the card as lost ?: Lina")))
    album.take(nadia, "lost")
    nadia.open(CARDS)
    nadia.press("Make a consent code")
    album.take(nadia, "consent-code-phone")
    code = nadia.page.locator(".secret").inner_text()
    clinic = album.person("Clinique Test Berlin", to=f"{CARDS}replacement")
    for name, value in (("code", code), ("birth_date", "1988-06-20"), ("reason", "short_notice")):
        clinic.say(name, value)
    clinic.press("Get the certificate")
    album.take(clinic, "replacement")
    anybody = album.person("")
    anybody.open(f"/v/{clinic.page.locator('dd').nth(1).inner_text()}")
    anybody.say("first_day", in_days(album.house, 0))
    anybody.press("Compare")
    album.take(anybody, "public-page-phone")


def _officers(album: Album) -> None:
    anne = album.person("Anne Agent", office=True)
    anne.open(f"{OFFICE}/")
    album.take(anne, "office-list")
    anne.open(f"{OFFICE}/?show=contested")
    anne.press("A1-")
    case = anne.page.url
    anne.press("Take the case")
    album.take(anne, "office-case")
    anne.open(f"{case}/decide")
    anne.say("outcome", "grant")
    anne.say("reason", "The other posting ended early, for a reason that nobody foresaw.")
    anne.say("article", "Article 12(1)")
    anne.press_on(anne.page.locator("form.question button"))
    album.take(anne, "office-departs")
    anne.say("sure", "yes")
    anne.press_on(anne.page.locator("form.question button"))
    paul = album.person("Paul Second", office=True)
    paul.open(f"{OFFICE}/?show=approval")
    paul.press("A1-")
    album.take(paul, "office-approve")
    french = album.person("Anne Agent", office=True, locale="fr-FR")
    french.open(f"{OFFICE}/figures")
    album.take(french, "office-figures-fr")
