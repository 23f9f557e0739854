"""Nothing is translated in vain: every text of every book is said somewhere.

A key is used where the product's source has it as a literal, or where it fits a key with a gap, as
``f"colour.{each}"`` is, and what fills the gap is itself a literal somewhere. Keys that are made of what the form
or the rules are made of are listed from these.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from portadoc.catalogue import BOOKS, FALLBACK, texts
from portadoc.portal.applications.application import HEALTH, ApplicationState
from portadoc.portal.questions.flows import FLOWS, WITHDRAWAL
from portadoc.portal.questions.form import FieldKind, Question, Shape
from portadoc.rules.decision import Action, Outcome
from portadoc.rules.explanation import article_key

ROOT: Final = Path(__file__).resolve().parents[3]
ROOMS: Final = (
    "formats", "inspector/app", "inspector/core", "inspector", "issuer", "portadoc", "portal", "rules", "schemas",
    "verification", "verifier", "wallet_sim",
)  # fmt: skip
SUFFIXES: Final = frozenset({".py", ".ts", ".tsx", ".html", ".typ"})
NOT_OURS: Final = frozenset({"node_modules", "static", "tests", "__pycache__", "build"})
_LITERAL: Final = re.compile(r"""(["'`])((?:(?!\1)[^\n])*)\1""")
_KEY: Final = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)+")
_QUOTED_KEY: Final = re.compile(rf"""["'`]({_KEY.pattern})["'`]""")
_GAP: Final = re.compile(r"\$?\{[^{}]*\}")
_JOINED: Final = re.compile(r"""["']\s*[~+]\s*[\w.]+\s*[~+]\s*["']""")
_BEFORE_GAP: Final = re.compile(r"[a-z_]+\.")
_FILLING: Final = r"([A-Za-z0-9_/-]+)"
_ROWS: Final = re.compile(r"[a-z]+-\{[a-z]+\}")
_PLACE: Final = re.compile(r"/(\d+|\{[^{}]*\})")
_ARTICLE: Final = re.compile(r"\d+(\(\w+\))*")
_PROSE: Final = re.compile(r'"""(?s:.*?)"""')
_NAMED: Final = re.compile(r"^\s*from\s+\S+\s+import\s*(?:\((?s:.*?)\)|.*$)", re.MULTILINE)
_WORD: Final = re.compile(r"[A-Za-z0-9_]+")
_MEMBER: Final = re.compile(r"^\s*([A-Za-z0-9_]+):|[{,]\s*([A-Za-z0-9_]+)(?=[,}])", re.MULTILINE)


def sources() -> Iterator[str]:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*"):
            below = path.relative_to(ROOT).parts
            if path.suffix in SUFFIXES and NOT_OURS.isdisjoint(below) and not path.is_symlink():
                yield _JOINED.sub("{}", _NAMED.sub("", _PROSE.sub("", path.read_text(encoding="utf-8"))))


@cache
def said() -> tuple[frozenset[str], tuple[re.Pattern[str], ...], frozenset[str]]:
    """Return the keys that stand in the source, those with gaps, and every word that could fill one."""
    keys: set[str] = set()
    gaps: set[str] = set()
    words: set[str] = set()
    for source in sources():
        keys.update(key for key, _ in _QUOTED_KEY.findall(source))
        for _, literal in _LITERAL.findall(source):
            words.add(literal)
            words.update(_WORD.findall(_GAP.sub(" ", literal)))
            if _BEFORE_GAP.match(literal) and _KEY.fullmatch(_GAP.sub("x", literal).removesuffix(".") + ".x"):
                gaps.add(literal if _GAP.search(literal) else literal + "{}")
        words.update(word for pair in _MEMBER.findall(source) for word in pair if word)
    patterns = (re.compile(_FILLING.join(map(re.escape, _GAP.split(gap)))) for gap in gaps)
    return frozenset(keys), tuple(patterns), frozenset(words)


def keys_of_a_question(question: Question) -> Iterator[str]:
    """Yield under which keys ``pages.words`` looks for the words of a question, apart from the audience."""
    yield from ("title", "short", "help", "row")
    for field in question.fields:
        label, option = (
            ("label", "option") if question.shape is Shape.ONE else (field.name, f"{field.name}.option")
        )
        yield from (label, f"{field.name}.short", f"{field.name}.hint")
        if field.kind is FieldKind.CHOICE:
            yield from (f"{option}.{{}}", "option.{}.hint")


@cache
def made_of_the_form() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """Return the keys that the form makes, of its questions and kinds of fields, and those with a gap."""
    asked = {question.id: question for flow in (*FLOWS.values(), WITHDRAWAL) for question in flow}.values()
    kinds = {field.kind for question in asked for field in question.fields}
    assert kinds == set(FieldKind)
    made = {
        f"question.{question.id}.{audience}{what}"
        for question in asked
        for what in keys_of_a_question(question)
        for audience in ("", "self.", "worker.")
    }
    return (
        frozenset(made | {f"expected.{kind.value}_missing" for kind in kinds}),
        tuple(re.compile(_FILLING.join(map(re.escape, key.split("{}")))) for key in made if "{}" in key),
    )


def is_of_the_form(key: str) -> bool:
    keys, patterns = made_of_the_form()
    found = (pattern.fullmatch(key) for pattern in patterns)
    return key in keys or any(fits is not None and said()[2].issuperset(fits.groups()) for fits in found)


@cache
def made_of_decisions() -> frozenset[str]:
    """Return the keys that decisions make: of the articles they name, their rows, and of how they end."""
    written = {literal for source in sources() for _, literal in _LITERAL.findall(source)}
    words = said()[2]
    return frozenset(
        {
            "step",
            *(article_key(each) for each in written if _ARTICLE.fullmatch(each)),
            *(f"headline.{end.value}.{action.value}".lower() for end in Outcome for action in Action),
            *(f"headline.{state.value}.{kind.value}" for state in ApplicationState for kind in HEALTH),
            *(
                f"row.{each.partition('{')[0]}{word}"
                for each in written
                if _ROWS.fullmatch(each)
                for word in words
            ),
        }
    )


@cache
def quoted_pointers() -> frozenset[str]:
    """Return what stands in the source as a JSON pointer, or as the end of one, without places in lists."""
    ends = {_GAP.sub("", each, count=1) if each.startswith("{") else each for each in said()[2]}
    pointers = {each for each in ends if each.startswith("/")}
    return frozenset({_PLACE.sub("", each) for each in pointers} | {_GAP.sub("*", each) for each in pointers})


def is_fact(key: str) -> bool:
    """Tell whether a key is that of a fact which the rules quote."""
    book, _, path = key.partition(".")
    pointer, known = "/" + path.replace(".", "/"), quoted_pointers()
    above, _, name = pointer.rpartition("/")
    cuts = (index for index, character in enumerate(pointer) if character == "/" and index)
    return book in ("fact", "question") and (
        pointer in known
        or (f"{above}/*" in known and name in said()[2])
        or any(pointer[cut:] in known and pointer[:cut] in known for cut in cuts)
    )


def is_made(key: str) -> bool:
    return is_of_the_form(key) or key in made_of_decisions() or is_fact(key)


def is_said(key: str) -> bool:
    keys, patterns, words = said()
    found = (pattern.fullmatch(key) for pattern in patterns)
    return key in keys or any(fits is not None and words.issuperset(fits.groups()) for fits in found)


def test_every_text_of_the_inspectors_book_is_used() -> None:
    assert [key for key in texts(FALLBACK).entries if not is_said(key)] == []


@pytest.mark.parametrize("book", sorted(set(BOOKS) - {"texts"}))
def test_every_text_of_the_portal_and_the_rules_is_used(book: str) -> None:
    assert [key for key in texts(FALLBACK, book).entries if not is_said(key) and not is_made(key)] == []


def test_a_text_that_nobody_says_is_found() -> None:
    assert is_said("colour.green")
    for key in (
        "code_page.no_verdict",
        "colour.never_seen",
        "field.technical_period_xx",
        "verdict.made_up.sentence",
    ):
        assert not is_said(key)


def test_a_made_text_that_nobody_says_is_found() -> None:
    for key in ("question.worker.title", "question.posting.start", "article.12_1", "row.row-19", "step"):
        assert is_made(key) or is_said(key), key
    for key in (
        "question.worker_contact.title",
        "question.worker.made_up",
        "fact.posting.made_up",
        "article.99_1",
    ):
        assert not is_made(key), key
        assert not is_said(key), key
