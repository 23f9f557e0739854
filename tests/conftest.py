"""What every test may use: where outside material lies, and aloud skipping where it is absent."""

import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tests.sparing import spare_applications

ROOT = Path(__file__).resolve().parent.parent

gc.set_threshold(200_000, 4, 10)  # looked at seldom: what a test makes lives until its end, and most is dead then
spare_applications()

settings.register_profile("suite", deadline=None)
settings.register_profile("long", deadline=None, max_examples=5000)
settings.register_profile("mutation", deadline=None, max_examples=10, derandomize=True, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where the code is changed on purpose, begin with the tests that notice most."""
    if os.environ.get("HYPOTHESIS_PROFILE") == "mutation":
        items.sort(key=lambda item: "exactly" not in item.nodeid)


def pytest_collection_finish() -> None:
    """Spare each later collection of garbage the many thousand tests that stay until the end anyway."""
    gc.collect()
    gc.freeze()


def _outside(variable: str, default: str) -> Path:
    path = Path(os.environ.get(variable, ROOT / ".." / "shared" / default))
    if not path.is_dir():
        pytest.skip(f"{variable} is not set and {default} is not beside the project: outside vectors not read")
    return path


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder of test data from elsewhere, read in place."""
    return _outside("PORTADOC_VECTORS", "vectors")


@pytest.fixture
def as_expected(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the file of that name in ``expected`` beside the test; ``make expected`` rewrites it."""

    def compare(name: str, text: str) -> None:
        place = request.path.parent / "expected" / name
        if "PORTADOC_WRITE_EXPECTED" in os.environ:
            place.parent.mkdir(exist_ok=True)
            place.write_text(text, encoding="utf-8")
        assert text == place.read_text(encoding="utf-8")

    return compare
