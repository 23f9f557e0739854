"""The pages of docs/ that are written from the code are those that the code would write now."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from portadoc.i18n import LANGUAGES, catalogue
from portadoc.serve.settings import known_settings

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
EVERY_PAGE = sorted(str(path.relative_to(ROOT)) for path in (*ROOT.glob("*.md"), *DOCS.glob("*.md")))
PAGES = ("reference-cli.md", "reference-config.md", "reference-codes.md", "reference-endpoints.md", "dialects.md")


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


def test_every_generated_module_is_current(generate: ModuleType) -> None:
    stale = [path for path, write in generate.MODULES.items() if (ROOT / path).read_text("utf-8") != write()]
    assert stale == [], "run: make docs"


def test_the_pages_leave_nothing_out() -> None:
    settings, codes = page("reference-config.md"), page("reference-codes.md")
    assert [name for name in known_settings() if f"| `{name}` |" not in settings] == []
    assert [code for code in catalogue(LANGUAGES[0]) if f"| `{code}` |" not in codes] == []


def test_every_setting_says_what_it_means() -> None:
    assert [name for name, (_, meaning) in known_settings().items() if not meaning] == []


def test_pages_name_no_place_of_this_machine() -> None:
    for name in PAGES:
        assert str(ROOT) not in page(name)
        assert str(Path.home()) not in page(name)


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_every_link_leads_to_a_file(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    targets = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    inside = [target for target in targets if target and "://" not in target]
    assert [target for target in inside if not ((ROOT / name).parent / target).exists()] == []


def test_every_path_that_a_page_names_is_there() -> None:
    named = set()
    for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        named |= set(re.findall(r"`((?:portadoc|formats|keys|docs|tests|requirements)/[a-z_./]*)`", text))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
