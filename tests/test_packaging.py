"""What is shipped: one import name, every package listed, nothing else; locks that name no host."""

import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("schemas", "keys", "formats", "verification", "inspector", "issuer", "verifier", "wallet_sim")


def project() -> dict[str, object]:
    tables: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return tables


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the files that git knows, and of no other."""
    copied = tmp_path_factory.mktemp("source")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.split(b"\0")
    for name in filter(None, map(bytes.decode, listed)):
        place, copy = ROOT / name, copied / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if place.is_symlink():
            copy.symlink_to(place.readlink())
        elif place.is_file():
            copy.write_bytes(place.read_bytes())
    return copied


def run(source: Path, *arguments: str, **environment: str) -> None:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=source,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    told = done.stdout[-2000:] + done.stderr[-2000:]
    if "npm-cli.js ended with" in told:
        pytest.skip(f"the wheel was not built: the packages of the inspector app cannot be had:\n{told}")
    assert done.returncode == 0, told


@pytest.fixture(scope="module")
def built(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist, and with the wheel that was built from the sdist, the app in it."""
    target = tmp_path_factory.mktemp("dist")
    run(source, "-m", "build", "--no-isolation", "--outdir", str(target), PORTADOC_SKIP_WEB="")
    return target


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(next(built.glob("*.whl")))


def test_the_wheel_holds_one_import_name_and_its_data(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"portadoc"}
    for needed in (
        "portadoc/messages/en/verification.json",
        "portadoc/schemas/examples/posted-worker-fr-de.json",
        "portadoc/formats/sd_jwt/issuance.py",
        "portadoc/py.typed",
    ):
        assert needed in names
    assert [name for name in names if name.startswith("portadoc/tour/templates/")]
    assert [name for name in names if name.startswith("portadoc/schemas/vct/") and name.endswith(".json")]


def test_every_module_of_the_rooms_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    shipped = set(wheel.namelist())
    modules = {f"portadoc/{path.relative_to(ROOT)}" for room in ROOMS for path in (ROOT / room).rglob("*.py")}
    modules |= {
        str(path.relative_to(ROOT))
        for path in (ROOT / "portadoc").rglob("*.py")
        if not any((ROOT / parent).is_symlink() for parent in list(path.relative_to(ROOT).parents)[:-1])
    }
    assert modules - shipped == set()


def test_the_wheel_carries_the_inspector_app_with_every_byte_that_was_listed(wheel: zipfile.ZipFile) -> None:
    listing = json.loads(wheel.read("portadoc/inspector/static/files.json"))
    assert {"index.html", "service_worker.js", "manifest.webmanifest"} <= listing["files"].keys()
    for name, listed in listing["files"].items():
        content = wheel.read(f"portadoc/inspector/static/{name}")
        assert hashlib.sha256(content).hexdigest() == listed["sha256"], name
        if listed["gzip"] is not None:
            assert gzip.decompress(wheel.read(f"portadoc/inspector/static/{name}.gz")) == content
    assert not [name for name in wheel.namelist() if name.endswith((".ts", ".tsx")) or "node_modules" in name]


def test_the_sdist_holds_the_sources_of_the_app_and_nothing_built(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    for needed in ("build_web.py", "inspector/build.ts", "inspector/app/main.tsx", "inspector/package-lock.json"):
        assert needed in names
    assert not [name for name in names if name.startswith(("inspector/static", "inspector/node_modules"))]


def test_a_wheel_without_the_app_needs_no_node(source: Path, tmp_path: Path) -> None:
    run(source, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(tmp_path), PORTADOC_SKIP_WEB="1")
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert not [name for name in names if name.startswith("portadoc/inspector/static/")]
    assert "portadoc/inspector/http/app_files.py" in names
    assert not (source / "inspector/node_modules").exists()


def test_an_editable_install_builds_no_app(source: Path, tmp_path: Path) -> None:
    script = "import sys; from setuptools import build_meta; build_meta.build_editable(sys.argv[1])"
    run(source, "-c", script, str(tmp_path), PORTADOC_SKIP_WEB="")
    assert list(tmp_path.glob("*.whl"))
    assert not (source / "inspector/static").exists()


@pytest.mark.parametrize("name", ["runtime", "serving", "development"])
def test_locks_carry_hashes_and_name_no_host(name: str) -> None:
    text = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    for pinned in re.findall(r"^[a-z0-9][^\n]*==[^\n]*", text, re.MULTILINE | re.IGNORECASE):
        assert pinned.rstrip().endswith("\\"), pinned
    assert text.count("--hash=sha256:") > 20


def test_the_npm_lock_names_no_host() -> None:
    assert "://" not in (ROOT / "tests/interop/node/package-lock.json").read_text(encoding="utf-8")
    lock = json.loads((ROOT / "inspector/package-lock.json").read_text(encoding="utf-8"))
    for name, package in lock["packages"].items():
        assert "://" not in package.get("resolved", ""), name
        assert "integrity" in package or "link" in package or not name.startswith("node_modules/"), name


def test_dependency_floors_hold() -> None:
    from importlib.metadata import version

    floors = {"cryptography": (50,), "jwcrypto": (1, 6, 1), "pyjwt": (2, 15, 1), "starlette": (0, 49, 1)}
    for package, floor in floors.items():
        assert tuple(int(part) for part in version(package).split(".")[: len(floor)]) >= floor, package


def test_packages_known_to_accept_what_must_be_refused_stay_out() -> None:
    locked = (ROOT / "requirements/development.txt").read_text(encoding="utf-8")
    for name in ("python-jose", "python-jwt", "ecdsa"):
        assert re.search(rf"^{name}==", locked, re.MULTILINE) is None


def test_importing_the_package_loads_nothing_else() -> None:
    script = "import sys, portadoc; print([m for m in ('fastapi', 'cryptography', 'orjson') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
