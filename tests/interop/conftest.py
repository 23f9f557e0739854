"""What the interoperation tests share: libraries of other makers under Node.js, and a house on loopback."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from portadoc.clock import SystemClock
from portadoc.randomness import system_random_bytes
from portadoc.serve.house import House, open_house
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings
from tests.interop.peers import PyeudiwProcess

SCRIPTS: Final = Path(__file__).resolve().parent / "node"
PYTHON_PEERS: Final = Path(__file__).resolve().parent / "python_peers"
ENVIRONMENT: Final = Path(__file__).resolve().parent.parent.parent / ".venv-peers"
OLDEST_NODE: Final = 20
INSTALL_S: Final = 120
RUN_S: Final = 60
_NO_NETWORK: Final = re.compile(r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH)\b")
_NO_INDEX: Final = re.compile(
    r"(NewConnectionError|ConnectTimeoutError|Temporary failure|No matching distribution)"
)


RunScript = Callable[[str, object], Any]
"""Gives a script of ``node/`` one JSON value and returns the one that it answers."""


@pytest.fixture(scope="session")
def node() -> str:
    """The path of Node.js, with the locked packages installed; skips aloud where Node.js or npm is absent."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node.js or npm is absent: no interoperation with JavaScript libraries was tried")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < OLDEST_NODE:
        pytest.skip(f"Node.js {version} is older than {OLDEST_NODE}: no interoperation with it was tried")
    _install(npm)
    return node


@pytest.fixture(scope="session")
def run_script(node: str) -> RunScript:
    """Runs a script of ``node/`` by its name."""
    return lambda script, question: _run([node, str(SCRIPTS / script)], question)


def _run(command: list[str], question: object) -> Any:
    """Return the answer of a script; fails the test with its last words when it ends badly."""
    done = subprocess.run(
        command,
        input=json.dumps(question),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=RUN_S,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{command[-1]} ended with {done.returncode}:\n{done.stderr[-4000:]}", pytrace=False)
    return json.loads(done.stdout)


def _install(npm: str) -> None:
    """Install exactly what the lock names, unless that is there already; no package's own script runs."""
    lock = hashlib.sha256((SCRIPTS / "package-lock.json").read_bytes()).hexdigest()
    stamp = SCRIPTS / "node_modules" / ".installed-lock"
    if stamp.is_file() and stamp.read_text(encoding="ascii") == lock:
        return
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm ci took longer than {INSTALL_S} s: JavaScript libraries could not be installed")
    unreachable = _NO_NETWORK.search(done.stderr)
    if unreachable:
        pytest.skip(f"npm ci had no network ({unreachable[0]}): JavaScript libraries could not be installed")
    if done.returncode:
        pytest.fail(f"npm ci ended with {done.returncode}:\n{done.stderr[-4000:]}", pytrace=False)
    stamp.write_text(lock, encoding="ascii")


@pytest.fixture(scope="session")
def pyeudiw() -> Iterator[PyeudiwProcess]:
    """PyPI ``pyeudiw`` in an environment of its own: it needs a ``cryptography`` older than ours."""
    python = _environment_of_peers()
    with subprocess.Popen(
        [str(python), "-I", str(PYTHON_PEERS / "judge.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        yield PyeudiwProcess(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=RUN_S)


def _environment_of_peers() -> Path:
    """Return the Python that has exactly what the requirements name, by hash; nothing is built from source."""
    requirements = PYTHON_PEERS / "requirements.txt"
    lock = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp, python = ENVIRONMENT / ".installed-lock", ENVIRONMENT / "bin" / "python"
    if stamp.is_file() and stamp.read_text(encoding="ascii") == lock:
        return python
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)],
        [*pip, "--only-binary", ":all:", "--require-hashes", "-r", str(requirements)],
    ):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip(f"pip took longer than {INSTALL_S} s: PyPI pyeudiw could not be installed")
        if done.returncode and _NO_INDEX.search(done.stderr):
            pytest.skip("pip had no index or no fitting wheel: PyPI pyeudiw could not be installed")
        if done.returncode:
            pytest.fail(f"{command[2:4]} ended with {done.returncode}:\n{done.stderr[-4000:]}", pytrace=False)
    stamp.write_text(lock, encoding="ascii")
    return python


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A whole installation with its demonstration institutions, served on a free port of 127.0.0.1."""
    with listen("127.0.0.1", 0) as listener:
        settings = PortadocSettings(
            base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", data_dir=tmp_path_factory.mktemp("house")
        )
        with (
            open_house(
                settings, clock=SystemClock(), random_bytes=system_random_bytes, environment=dict(os.environ)
            ) as house,
            serving(house, listener),
        ):
            yield house
