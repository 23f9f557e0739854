"""The words of the office: what its pages and its papers say, beside the words that all roles share."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources


@cache
def office_texts(language: str) -> Mapping[str, str]:
    """Return every text of one of ``portadoc.i18n.LANGUAGES``."""
    file = resources.files("portadoc.inspector.pages") / "texts" / f"{language}.json"
    texts: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return texts


def office_text(name: str, language: str, /, **params: object) -> str:
    """Return a text, filled. Raises KeyError for a name that there is not."""
    return office_texts(language)[name].format_map(params)
