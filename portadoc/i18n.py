"""Sentences for codes: ``portadoc/messages/<language>/<room>.json`` merged into one catalogue per language.

An entry is ``{"code": {"text": "...", "action": "..."}}``: what happened, and what the reader can do. Texts are
filled with the params of the error or check by ``{name}``; a missing param shows as ``{name}``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

from portadoc.errors import Misconfigured

LANGUAGES: Final = ("en", "fr")


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered sentence and the advice that goes with it (``action`` may be empty when nothing is to do)."""

    text: str
    action: str


class _KeepUnknown(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


@lru_cache(maxsize=8)
def catalogue(language: str) -> Mapping[str, Mapping[str, str]]:
    """Return every entry of a language. Raises Misconfigured[language_unknown], [message_duplicate]."""
    if language not in LANGUAGES:
        raise Misconfigured("language_unknown", language=language)
    merged: dict[str, Mapping[str, str]] = {}
    for file in sorted((resources.files("portadoc.messages") / language).iterdir(), key=lambda f: f.name):
        entries = json.loads(file.read_text(encoding="utf-8"))
        for code in entries:
            if code in merged:
                raise Misconfigured("message_duplicate", code=code)
        merged.update(entries)
    return merged


def load_all() -> None:
    """Read the sentences of every language now. Raises as ``catalogue``."""
    for language in LANGUAGES:
        catalogue(language)


def render(code: str, params: Mapping[str, object], language: str = "en") -> Message:
    """Return the sentence and advice for ``code``. Raises Misconfigured[message_missing] for an unknown code."""
    entry = catalogue(language).get(code)
    if entry is None:
        raise Misconfigured("message_missing", code=code)
    values = _KeepUnknown(params)
    return Message(entry["text"].format_map(values), entry.get("action", "").format_map(values))
