"""Nothing is translated in vain: every text of the inspectors' book is said somewhere.

A key is used where the product's source has it as a literal, or where it fits a key with a gap, as
``f"colour.{each}"`` is, and what fills the gap is itself a literal somewhere.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from portadoc.catalogue import FALLBACK, texts

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
_BEFORE_GAP: Final = re.compile(r"[a-z_]+\.")
_PROSE: Final = re.compile(r'"""(?s:.*?)"""')
_NAMED: Final = re.compile(r"^\s*from\s+\S+\s+import\s*(?:\((?s:.*?)\)|.*$)", re.MULTILINE)
_WORD: Final = re.compile(r"[A-Za-z0-9_]+")
_MEMBER: Final = re.compile(r"^\s*([A-Za-z0-9_]+):|[{,]\s*([A-Za-z0-9_]+)(?=[,}])", re.MULTILINE)


def sources() -> Iterator[str]:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*"):
            below = path.relative_to(ROOT).parts
            if path.suffix in SUFFIXES and NOT_OURS.isdisjoint(below) and not path.is_symlink():
                yield _NAMED.sub("", _PROSE.sub("", path.read_text(encoding="utf-8")))


@cache
def said() -> tuple[frozenset[str], tuple[re.Pattern[str], ...], frozenset[str]]:
    """Return the keys that stand in the source, those with gaps, and every word that could fill one."""
    keys: set[str] = set()
    gaps: set[str] = set()
    words: set[str] = set()
    for source in sources():
        keys.update(key for key, _ in _QUOTED_KEY.findall(source))
        for _, literal in _LITERAL.findall(source):
            words.update(_WORD.findall(_GAP.sub(" ", literal)))
            if _BEFORE_GAP.match(literal) and _KEY.fullmatch(_GAP.sub("x", literal).removesuffix(".") + ".x"):
                gaps.add(literal if _GAP.search(literal) else literal + "{}")
        words.update(word for pair in _MEMBER.findall(source) for word in pair if word)
    patterns = (re.compile(r"([A-Za-z0-9_]+)".join(map(re.escape, _GAP.split(gap)))) for gap in gaps)
    return frozenset(keys), tuple(patterns), frozenset(words)


def is_said(key: str) -> bool:
    keys, patterns, words = said()
    found = (pattern.fullmatch(key) for pattern in patterns)
    return key in keys or any(
        fits is not None and words.issuperset(_WORD.findall(" ".join(fits.groups()))) for fits in found
    )


def test_every_text_of_the_inspectors_book_is_used() -> None:
    assert [key for key in texts(FALLBACK).entries if not is_said(key)] == []


def test_a_text_that_nobody_says_is_found() -> None:
    assert is_said("colour.green")
    for key in (
        "code_page.no_verdict",
        "colour.never_seen",
        "field.technical_period_xx",
        "verdict.made_up.sentence",
    ):
        assert not is_said(key)
