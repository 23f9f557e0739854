"""One catalogue in eight languages: complete, with the same params, without markup, and honest about its state."""

import json
import re
from datetime import date
from importlib import resources

import pytest

from portadoc import i18n
from portadoc.catalogue import (
    BOOKS,
    FALLBACK,
    LANGUAGES,
    WITH_TEXTS,
    day_in_words,
    load_all,
    reason_text,
    text,
    texts,
    verdict_text,
)
from portadoc.catalogue.countries import country_name
from portadoc.catalogue.reasons import GROUP_OF, REASON_GROUPS, UNFORESEEN, reason_group
from portadoc.errors import Misconfigured
from portadoc.verification.verdict import Colour, Verdict

REVIEWED = {"texts": {"en", "fr"}, "portal": {"en"}, "rules": {"en"}, "authorize": {"en"}}
LONGEST_BUTTON = 30
LONGEST_HEADLINE = 80
PARAM = re.compile(r"\{([a-z_]+)\}")
MARKUP = re.compile(r"[<>]|&[a-z]+;|&#|\*\*|`")
INVISIBLE = re.compile("[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
READ_FOR_CHECKS = ("verification", "formats", "formats_protocol", "keys", "schemas", "seal")
OF_THE_DEVICE = {"clock_wrong", "kb_unsolicited"}
"""Codes that only the app itself can find out."""
NO_CHECK = re.compile(r"verdict_|frame|what_|said_|verify_seal_|text_stays_locked")
INVALID = {
    "de": "ungültig",
    "en": "invalid",
    "es": "inválid",
    "fr": "invalid",
    "it": "invalid",
    "pl": "nieważn",
    "pt": "inválid",
    "ro": "nevalabil",
}


def raw(language: str, book: str = "texts") -> dict[str, object]:
    file = resources.files("portadoc.catalogue") / book / f"{language}.json"
    return dict(json.loads(file.read_text(encoding="utf-8")))


def entries(language: str, book: str = "texts") -> dict[str, str]:
    return dict(texts(language, book).entries)


def test_the_24_languages_of_the_union_have_names_of_their_own() -> None:
    assert len(LANGUAGES) == 24
    assert list(LANGUAGES) == sorted(LANGUAGES)
    assert len(set(LANGUAGES.values())) == 24
    assert all(re.fullmatch(r"[a-z]{2}", code) for code in LANGUAGES)


@pytest.mark.parametrize("book", BOOKS)
def test_the_catalogue_has_a_file_for_each_language_that_it_says_it_has(book: str) -> None:
    folder = resources.files("portadoc.catalogue") / book
    assert {file.name for file in folder.iterdir()} == {f"{language}.json" for language in WITH_TEXTS}


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("language", WITH_TEXTS)
def test_every_key_is_there_in_every_language(language: str, book: str) -> None:
    assert sorted(set(entries(FALLBACK, book)) ^ set(entries(language, book))) == []


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("language", WITH_TEXTS)
def test_every_text_has_the_params_of_the_english_one(language: str, book: str) -> None:
    english = entries(FALLBACK, book)
    other = {
        key: each
        for key, each in entries(language, book).items()
        if sorted(set(PARAM.findall(each))) != sorted(set(PARAM.findall(english[key])))
        or "{" in PARAM.sub("", each)
        or "}" in PARAM.sub("", each)
    }
    assert other == {}


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("language", WITH_TEXTS)
def test_texts_are_plain_lines_and_never_empty(language: str, book: str) -> None:
    for key, each in entries(language, book).items():
        assert each == each.strip(), key
        assert each, key
        assert not MARKUP.search(each), key
        assert not INVISIBLE.search(each), key
        assert "  " not in each, key


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("language", WITH_TEXTS)
def test_a_file_says_what_it_is_and_is_sorted(language: str, book: str) -> None:
    members = raw(language, book)
    assert list(members)[:3] == ["_language", "_name", "_reviewed_by_speaker"]
    assert list(members)[3:] == sorted(list(members)[3:])
    assert members["_language"] == language
    assert str(members["_name"]).casefold() == LANGUAGES[language].casefold()
    assert members["_reviewed_by_speaker"] is (language in REVIEWED[book])
    assert texts(language, book).reviewed_by_speaker is (language in REVIEWED[book])


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("language", WITH_TEXTS)
def test_buttons_and_headlines_are_short_enough(language: str, book: str) -> None:
    for key, each in entries(language, book).items():
        shown = PARAM.sub("10000", each)
        if key.startswith("button."):
            assert len(shown) <= LONGEST_BUTTON, (key, each)
        if key.endswith(".headline"):
            assert len(shown) <= LONGEST_HEADLINE, (key, each)


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("language", [language for language in WITH_TEXTS if language != FALLBACK])
def test_texts_are_translated(language: str, book: str) -> None:
    """Long sentences that read as in English were forgotten; short words may be the same."""
    english = entries(FALLBACK, book)
    same = [key for key, each in entries(language, book).items() if each == english[key]]
    assert [key for key in same if len(PARAM.sub("", english[key])) > 20] == []


def test_the_first_day_of_a_month_is_written_as_the_language_writes_it() -> None:
    told = {language: day_in_words(date(2026, 12, 1), language) for language in ("en", "fr", "it")}
    assert told == {"en": "1 December 2026", "fr": "1er décembre 2026", "it": "1º dicembre 2026"}
    assert day_in_words(date(2026, 12, 11), "fr") == "11 décembre 2026"


def test_what_was_loaded_needs_no_file_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    load_all()
    monkeypatch.setattr(resources, "files", lambda package: pytest.fail(f"{package} was read again"))
    for book in BOOKS:
        for language in LANGUAGES:
            assert texts(language, book).entries
    assert country_name("DE", "sv") == "Germany"


@pytest.mark.parametrize("language", WITH_TEXTS)
def test_every_verdict_has_headline_sentence_and_action(language: str) -> None:
    for verdict in Verdict:
        for part in ("headline", "sentence", "action"):
            assert verdict_text(verdict.value, part, language)
    for colour in Colour:
        assert text(f"colour.{colour.value}", language)


@pytest.mark.parametrize("language", WITH_TEXTS)
def test_no_verdict_calls_a_genuine_document_invalid(language: str) -> None:
    """Regulation (EC) 987/2009 art. 5, CJEU C-527/16."""
    told = {key: each for key, each in entries(language).items() if key.startswith("verdict.")}
    assert [key for key, each in told.items() if INVALID[language] in each.casefold()] == []


def test_k07_a_static_code_is_labelled_document_authentic_and_holder_not_proven() -> None:
    assert verdict_text("holder_not_proven", "headline", "en", "seal") == (
        "Document authentic and in force; holder not proven"
    )


def test_a_verdict_has_the_words_of_the_first_variant_that_has_any() -> None:
    base = verdict_text("holder_not_proven", "action", "en")
    assert verdict_text("holder_not_proven", "action", "en", "prc") == base
    assert verdict_text("holder_not_proven", "action", "en", "prc", "seal") != base


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - set(WITH_TEXTS)))
def test_a_language_without_texts_is_spoken_in_english_and_says_so(language: str) -> None:
    found = texts(language)
    assert (found.asked, found.language, found.name) == (language, FALLBACK, LANGUAGES[language])
    assert found.entries == texts(FALLBACK).entries


def test_params_are_filled_and_what_is_not_given_stays() -> None:
    assert text("note.codes_left", "en", count=3, total=9) == "Parts read: 3 of 9"
    assert text("note.codes_left", "en", count=3) == "Parts read: 3 of {total}"
    assert text("note.paired", "en", name="{count}<b>") == "Registered as {count}<b>."


@pytest.mark.parametrize("language", ["", "xx", "EN", "en-GB", "../en"])
def test_an_unknown_language_is_refused(language: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        texts(language)
    assert refused.value.code == "language_unknown"


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(Misconfigured) as refused:
        text("verdict.fine", "en")
    assert refused.value.code == "message_missing"


def test_every_reason_group_has_a_sentence_and_every_sentence_a_group() -> None:
    said = {key.removeprefix("reason.") for key in entries(FALLBACK) if key.startswith("reason.")}
    assert set(REASON_GROUPS) ^ said == set()


def test_every_code_that_a_check_can_carry_has_a_group() -> None:
    codes = set()
    for room in READ_FOR_CHECKS:
        file = resources.files("portadoc.messages") / "en" / f"{room}.json"
        codes |= set(json.loads(file.read_text(encoding="utf-8")))
    assert sorted(code for code in codes if code not in GROUP_OF and not NO_CHECK.match(code)) == []


def test_the_table_names_no_code_that_nobody_raises() -> None:
    known = i18n.catalogue("en")
    assert sorted(code for code in GROUP_OF if code.split(".")[0] not in {*known, *OF_THE_DEVICE}) == []


def test_a_code_belongs_to_one_group() -> None:
    named = [code for codes in REASON_GROUPS.values() for code in codes.split()]
    assert sorted({code for code in named if named.count(code) > 1}) == []


def test_a_reason_of_a_code_can_have_a_group_of_its_own() -> None:
    assert reason_group("chain_invalid") == "signer_unknown"
    assert reason_group("chain_invalid", reason="path_length") == "signer_unknown"
    assert reason_group("chain_invalid", reason="expired") == "certificate_expired"
    assert reason_group("brand_new_code") == UNFORESEEN
    assert reason_text("revoked", "en") == "The institution withdrew or replaced the document."
