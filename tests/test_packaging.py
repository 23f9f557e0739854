"""What is shipped: one import name, every package listed, nothing else; locks that name no host."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("schemas", "keys", "formats", "verification", "issuer", "verifier", "wallet_sim")


def project() -> dict[str, object]:
    tables: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return tables


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from the sdist of the files that git knows."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.split(b"\0")
    for name in filter(None, map(bytes.decode, listed)):
        place, copy = ROOT / name, source / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if place.is_symlink():
            copy.symlink_to(place.readlink())
        elif place.is_file():
            copy.write_bytes(place.read_bytes())
    built = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target)],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    return zipfile.ZipFile(next(target.glob("*.whl")))


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


@pytest.mark.parametrize("name", ["requirements/runtime.txt", "requirements/development.txt"])
def test_locks_carry_hashes_and_name_no_host(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    for pinned in re.findall(r"^[a-z0-9][^\n]*==[^\n]*", text, re.MULTILINE | re.IGNORECASE):
        assert pinned.rstrip().endswith("\\"), pinned
    assert text.count("--hash=sha256:") > 20


def test_the_npm_lock_names_no_host() -> None:
    assert "://" not in (ROOT / "tests/interop/node/package-lock.json").read_text(encoding="utf-8")


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
