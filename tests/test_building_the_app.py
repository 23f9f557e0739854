"""What a build of the app says: one line when it works, the reason and the remedy when it does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import build_web

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def no_registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the installation of packages fail as it does without the npm registry."""
    program = tmp_path / "npm-cli.js"
    program.write_text("console.error('npm error code SELF_SIGNED_CERT_IN_CHAIN'); process.exit(1)")
    node, _ = build_web._node()
    monkeypatch.setattr(build_web, "_node", lambda: (node, program))
    monkeypatch.setattr(build_web, "digest_of_sources", lambda root: "changed")
    monkeypatch.setattr(build_web, "ROOT", tmp_path)
    monkeypatch.setattr(build_web, "build_app", lambda: build_web.run_node(tmp_path, "build.ts") or True)
    monkeypatch.delenv(build_web.SKIP, raising=False)
    (tmp_path / "inspector").mkdir()
    (tmp_path / "inspector/package-lock.json").write_text("{}")


@pytest.mark.usefixtures("no_registry")
def test_without_the_registry_it_says_what_failed_and_how_to_mend_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="1"):
        build_web.main([])
    told = capsys.readouterr().err
    assert "npm-cli.js ended with 1" in told
    assert "SELF_SIGNED_CERT_IN_CHAIN" in told
    assert "NODE_EXTRA_CA_CERTS" in told
    assert "PORTADOC_SKIP_WEB=1" in told


@pytest.mark.usefixtures("no_registry")
def test_serving_goes_on_without_the_app_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    build_web.main(["if-possible"])
    told = capsys.readouterr().err
    assert "SELF_SIGNED_CERT_IN_CHAIN" in told
    assert "/inspect/ shows a page that says so" in told


def test_a_build_that_works_is_one_line() -> None:
    environment = {name: value for name, value in os.environ.items() if name != build_web.SKIP}
    command = [sys.executable, "build_web.py", "if-possible"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 1, done.stdout
    assert done.stderr == ""


def test_serve_builds_where_it_can() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.partition("\nserve:")[2].partition("\n\n")[0]
    assert "build_web.py if-possible" in recipe


@pytest.mark.usefixtures("no_registry")
def test_types_that_cannot_be_checked_without_the_registry_are_skipped_aloud(
    capsys: pytest.CaptureFixture[str],
) -> None:
    build_web.main(["check"])
    assert "SKIPPED: the types of the inspector app were not checked" in capsys.readouterr().err
