"""What every test may use: where outside material lies, and aloud skipping where it is absent."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _outside(variable: str, default: str) -> Path:
    path = Path(os.environ.get(variable, ROOT / ".." / "shared" / default))
    if not path.is_dir():
        pytest.skip(f"{variable} is not set and {default} is not beside the project: outside vectors not read")
    return path


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder of test data from elsewhere, read in place."""
    return _outside("PORTADOC_VECTORS", "vectors")
