"""The pages of docs/ that are written from the code are those that the code would write now."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from portadoc.i18n import LANGUAGES, catalogue
from portadoc.serve.settings import known_settings

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = ("reference-cli.md", "reference-config.md", "reference-codes.md", "reference-endpoints.md")


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_generated_page_is_known_here(generate: ModuleType) -> None:
    assert tuple(generate.PAGES) == PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_current(generate: ModuleType, name: str) -> None:
    assert page(name) == generate.PAGES[name](), "run: make docs"


def test_the_pages_leave_nothing_out() -> None:
    settings, codes = page("reference-config.md"), page("reference-codes.md")
    assert [name for name in known_settings() if f"| `{name}` |" not in settings] == []
    assert [code for code in catalogue(LANGUAGES[0]) if f"| `{code}` |" not in codes] == []


def test_every_setting_says_what_it_means() -> None:
    assert [name for name, (_, meaning) in known_settings().items() if not meaning] == []


def test_pages_name_no_place_of_this_machine() -> None:
    for name in PAGES:
        assert "/work/" not in page(name)
        assert str(Path.home()) not in page(name)
