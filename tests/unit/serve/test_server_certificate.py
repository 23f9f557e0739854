"""The server's own certificate and key: what is not fit for the origin is refused before anybody is served."""

import shutil
import ssl
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from portadoc.errors import Misconfigured
from portadoc.serve.tls.server_certificate import ServerTls, open_server_certificate
from tests.flows.test_tls_leg import certify

DAY = 86_400


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority, a server's certificate and its key; another pair in ``other``."""
    folder = tmp_path_factory.mktemp("certificates")
    (folder / "other").mkdir()
    for each in (folder, folder / "other"):
        certify(each)
        (each / "server.key").chmod(0o600)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "files")
    return tmp_path / "files"


def opened(folder: Path, *, host: str = "localhost", now: int | None = None) -> ServerTls:
    now = int(time.time()) if now is None else now
    return open_server_certificate(folder / "server.pem", folder / "server.key", host=host, now=now)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "LOCALHOST"])
def test_a_certificate_that_fits_is_used_with_tls_1_2_or_newer(folder: Path, host: str) -> None:
    context = opened(folder, host=host).context()
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert not any("CBC" in each["name"] for each in context.get_ciphers())


def test_a_chain_may_follow_the_certificate(folder: Path) -> None:
    whole = (folder / "server.pem").read_text() + (folder / "ca.pem").read_text()
    (folder / "server.pem").write_text(whole)
    opened(folder)


def refused(folder: Path, **changes: object) -> str:
    with pytest.raises(Misconfigured) as refusal:
        opened(folder, **changes)  # type: ignore[arg-type]
    return refusal.value.code


def test_a_key_that_others_can_read_is_refused(folder: Path) -> None:
    (folder / "server.key").chmod(0o640)
    assert refused(folder) == "tls_key_exposed"


def test_a_key_of_another_certificate_is_refused(folder: Path) -> None:
    shutil.copy2(folder / "other/server.key", folder / "server.key")
    assert refused(folder) == "tls_key_differs"


def test_a_chain_that_does_not_follow_is_refused(folder: Path) -> None:
    whole = (folder / "server.pem").read_text() + (folder / "other/ca.pem").read_text()
    (folder / "server.pem").write_text(whole)
    assert refused(folder) == "tls_chain_broken"


@pytest.mark.parametrize("away_s", [-DAY, 2 * DAY])
def test_a_certificate_outside_its_time_is_refused(folder: Path, away_s: int) -> None:
    assert refused(folder, now=int(time.time()) + away_s) == "tls_certificate_expired"


@pytest.mark.parametrize("host", ["issuer.example", "127.0.0.2", "localhost.example", "sub.localhost"])
def test_a_certificate_for_another_name_is_refused(folder: Path, host: str) -> None:
    assert refused(folder, host=host) == "tls_host_not_certified"


def test_files_that_are_none_are_refused(folder: Path) -> None:
    key = serialization.load_pem_private_key((folder / "server.key").read_bytes(), None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    (folder / "server.key").write_bytes(locked)
    assert refused(folder) == "tls_file_unusable"
    (folder / "server.key").write_text("none")
    assert refused(folder) == "tls_file_unusable"
    (folder / "server.pem").unlink()
    assert refused(folder) == "tls_file_unusable"
