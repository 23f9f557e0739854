"""Every code has its sentence in every language, and every sentence has a code that uses it."""

import ast
import re
import string
from pathlib import Path

import pytest

from portadoc.i18n import LANGUAGES, catalogue, render

ROOT = Path(__file__).resolve().parent.parent
FAMILIES = {"Error", "Malformed", "Untrusted", "Refused", "Conflict", "Unavailable", "Misconfigured"}
ROOMS = (
    "conformance",
    "schemas",
    "rules",
    "keys",
    "formats",
    "verification",
    "inspector",
    "issuer",
    "portal",
    "verifier",
    "wallet_sim",
    "portadoc",
)


def modules() -> list[Path]:
    return [
        path
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        if not any((ROOT / parent).is_symlink() for parent in list(path.relative_to(ROOT).parents)[:-1])
    ]


def raised_codes() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or ast.unparse(node.func).split(".")[-1] not in FAMILIES:
                continue
            if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                found[node.args[0].value] = f"{path.relative_to(ROOT)}:{node.lineno}"
    return found


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_raised_code_has_a_sentence(language: str) -> None:
    missing = {code: place for code, place in raised_codes().items() if code not in catalogue(language)}
    assert missing == {}


def test_languages_hold_the_same_codes_with_the_same_params() -> None:
    english = catalogue("en")
    for language in LANGUAGES:
        other = catalogue(language)
        assert set(other) == set(english)
        for code, entry in other.items():
            for part in ("text", "action"):
                assert placeholders(entry.get(part, "")) == placeholders(english[code].get(part, "")), code


def test_every_sentence_belongs_to_a_code_that_the_code_names() -> None:
    everything = "\n".join(path.read_text(encoding="utf-8") for path in modules())
    words = set(re.findall(r"[a-z][a-z0-9_]+", everything))
    unused = {code for code in catalogue("en") if code not in words and not code.endswith("_ok")}
    assert unused == set()


def test_a_missing_param_stays_visible() -> None:
    code = next(code for code, entry in catalogue("en").items() if placeholders(entry["text"]))
    assert "{" in render(code, {}).text
