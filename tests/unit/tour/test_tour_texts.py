"""Every page has its words in every language, and every word has its place."""

import re
import string
from datetime import date
from pathlib import Path

import pytest

import portadoc.tour
from portadoc.i18n import LANGUAGES
from portadoc.tour.journeys import JOURNEYS
from portadoc.tour.rendering import SCREENS
from portadoc.tour.texts import Reader, page_texts

ROOM = Path(portadoc.tour.__file__).parent
TEMPLATES = sorted((ROOM / "templates").glob("*.html"))
NUMBERED = re.compile(r"(.+)\.[1-9]")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def wanted() -> set[str]:
    """Return every name that a template or a module asks for, with the parts that are put in at run time."""
    written = "".join(file.read_text(encoding="utf-8") for file in [*TEMPLATES, *ROOM.glob("*.py")])
    names = set(re.findall(r'(?:\bt|say|variant|lines)\(f?["\']([a-z][a-z0-9_.]+)["\'][,)]', written))
    names |= {f"{page}.title" for page in SCREENS} | {f"{page}.under" for page in SCREENS}
    names |= {f"step.{page}" for page in SCREENS} | {f"start.path.{page}" for page in SCREENS}
    names |= {f"role.{screen}" for screen in SCREENS.values()}
    names |= {f"start.role.{screen}{end}" for screen in SCREENS.values() for end in ("", ".does")}
    names |= {f"verdict.{verdict}" for verdict in ("accepted", "unknown", "refused")}
    names |= {f"language.{language}" for language in LANGUAGES} | {"value.yes", "value.no"}
    names |= {
        f"{id_}.{end}" for id_ in JOURNEYS for end in ("card.title", "card.text", "card.button", "refusal.next")
    }
    return names


def test_languages_hold_the_same_texts_with_the_same_places():
    english = page_texts("en")
    for language in LANGUAGES:
        other = page_texts(language)
        assert list(other) == list(english)
        for name, text in other.items():
            assert placeholders(text) == placeholders(english[name]), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_that_is_asked_for_is_there(language):
    texts = page_texts(language)
    numbered = {found[1] for name in texts if (found := NUMBERED.fullmatch(name))}
    missing = {
        name
        for name in wanted()
        if name not in texts and name not in numbered and not all(f"{id_}.{name}" in texts for id_ in JOURNEYS)
    }
    assert missing == set()


def test_every_text_is_asked_for():
    asked = wanted()
    unused = set()
    for name in page_texts("en"):
        plain = NUMBERED.sub(r"\1", name)
        own = plain.partition(".")[2] if plain.partition(".")[0] in JOURNEYS else plain
        if not asked & {name, plain, own} and not name.startswith("member."):
            unused.add(name)
    assert unused == set()


def test_french_has_no_breaking_space_before_its_double_signs():
    assert [name for name, text in page_texts("fr").items() if re.search(r" [:;!?»]|« ", text)] == []


@pytest.mark.parametrize(
    ("language", "day", "words"),
    [
        ("en", date(2026, 11, 1), "1 November 2026"),
        ("fr", date(2026, 11, 1), "1er novembre 2026"),
        ("fr", date(2027, 8, 31), "31 août 2027"),
    ],
)
def test_days_are_written_in_words(language, day, words):
    assert Reader(language).day(day) == words
    assert Reader(language).readable(day.isoformat()) == words


@pytest.mark.parametrize("value", ["2026-13-01", "12", 7, "-"])
def test_what_is_no_date_stays_as_it_is(value):
    assert Reader("en").readable(value) == str(value)


def test_a_journey_may_have_a_text_of_its_own():
    reader = Reader("en")
    assert reader.variant("request.title", "a1") == "The inspector asks"
    assert reader.variant("request.title", "other") == "The verifier asks"


def test_only_a_chosen_language_goes_along():
    assert Reader("fr").query == ""
    assert Reader("fr", chosen=True).query == "?lang=fr"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.name)
def test_templates_hold_no_script_style_or_foreign_address(template):
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|https?://|//[a-z]", text)
    assert text.count("| safe") == (1 if template.name == "parts.html" else 0)
