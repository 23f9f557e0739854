"""What papers take is loaded before one is asked for, as far as it is installed."""

import subprocess
import sys

import pytest

from portadoc.paper import readiness


def test_what_a_paper_takes_is_loaded_by_it_and_not_by_the_server_itself() -> None:
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    assert said.split() == ["0", "typst", "True"]


PROGRAM = """
import sys
import portadoc.serve.run
loaded = [name for name in ("typst", "pyhanko.sign.signers") if name in sys.modules]
from portadoc.paper.readiness import make_ready
found = make_ready()
print(len(loaded), found[0], "pyhanko.sign.signers" in sys.modules)
"""


def test_without_the_extra_there_is_nothing_to_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "find_spec", lambda name: None)
    assert readiness.make_ready() == ()
