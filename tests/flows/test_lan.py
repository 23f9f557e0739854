"""``portadoc serve --lan``: HTTPS under an authority of the installation's own, here on loopback."""

import hashlib
import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from portadoc.cli import main
from portadoc.clock import FixedClock, SystemClock
from portadoc.errors import Misconfigured
from portadoc.randomness import system_random_bytes
from portadoc.serve.house import DEVELOPMENT_PASSPHRASE
from portadoc.serve.tls.lan import LanServer, open_lan, own_lan

DAY = 86_400


@dataclass(frozen=True)
class Running:
    port: int
    authority: Path
    said: str
    folder: Path

    def get(self, path: str, *, authority: Path | None = None, host: str = "127.0.0.1") -> tuple[int, bytes]:
        context = ssl.create_default_context(cafile=authority or self.authority)
        connection = http.client.HTTPSConnection(host, self.port, context=context, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        assert "Strict-Transport-Security" not in answer.headers
        connection.close()
        return answer.status, body


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The command itself, as an operator starts it."""
    folder = tmp_path_factory.mktemp("lan")
    command = [sys.executable, "-m", "portadoc", "serve", "--lan", "127.0.0.1", "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as process:
        said = ""
        assert process.stderr is not None
        while "started server process" not in said.lower():
            line = process.stderr.readline()
            assert line, said
            said += line
        port = int(re.search(r"https://127\.0\.0\.1:(\d+)/inspect/", said)[1])
        yield Running(port, folder / ".portadoc-lan/lan/lan-ca.pem", said, folder)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        assert process.returncode == 0


def test_the_app_is_served_over_https_that_holds_under_the_authority(running: Running) -> None:
    status, body = running.get("/inspect/api/configuration")
    assert status == 200
    assert json.loads(body)["operator"] == "DE:TEST90"
    assert running.get("/trust", host="localhost")[0] == 200


def test_nobody_else_is_believed(running: Running, tmp_path: Path) -> None:
    other = open_lan(
        tmp_path,
        address="127.0.0.1",
        passphrase=DEVELOPMENT_PASSPHRASE,
        clock=SystemClock(),
        random_bytes=system_random_bytes,
    )
    with pytest.raises(ssl.SSLCertVerificationError):
        running.get("/trust", authority=other.authority_file)


def test_the_terminal_tells_what_a_phone_needs(running: Running) -> None:
    der = ssl.PEM_cert_to_DER_cert(running.authority.read_text())
    digits = hashlib.sha256(der).hexdigest().upper()
    assert ":".join(re.findall("..", digits)) in running.said
    assert str(running.authority) in running.said
    assert "█" in running.said
    assert running.get("/inspect/lan-ca.pem") == (200, running.authority.read_bytes())


def test_keys_of_the_local_network_are_readable_by_their_owner_only(running: Running) -> None:
    folder = running.authority.parent
    assert folder.stat().st_mode & 0o077 == 0
    for name in ("lan-ca.key", "server.key"):
        assert (folder / name).stat().st_mode & 0o077 == 0
        assert b"ENCRYPTED" in (folder / name).read_bytes()


def test_commands_beside_the_server_call_it_under_its_own_authority(running: Running) -> None:
    def told(*arguments: str) -> Any:
        folder = ["--data-dir", str(running.folder / ".portadoc-lan"), "--json"]
        done = CliRunner().invoke(main, [*arguments, *folder], catch_exceptions=False)
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)

    offer = told("issuer", "offer", "fr-demo", "--example", "posted-worker-fr-de", "--type", "pda1")["offer_uri"]
    (held,) = told("wallet", "accept", offer)["credentials"]
    assert held["issuer"] == f"https://127.0.0.1:{running.port}/issuer/fr-demo"


def opened(folder: Path, *, address: str = "192.168.1.5", now: int = 1_795_000_000, **changed: bytes) -> LanServer:
    passphrase = changed.get("passphrase", DEVELOPMENT_PASSPHRASE)
    return open_lan(
        folder,
        address=address,
        passphrase=passphrase,
        clock=FixedClock(now),
        random_bytes=system_random_bytes,
    )


def test_the_authority_stays_while_certificates_follow_address_and_time(tmp_path: Path) -> None:
    first = opened(tmp_path)
    certificate = first.tls.certificate_file.read_bytes()
    assert opened(tmp_path).tls.certificate_file.read_bytes() == certificate
    moved = opened(tmp_path, address="192.168.1.6")
    assert moved.fingerprint == first.fingerprint
    assert moved.tls.certificate_file.read_bytes() != certificate
    fresh = moved.tls.certificate_file.read_bytes()
    later = opened(tmp_path, address="192.168.1.6", now=1_795_000_000 + 70 * DAY)
    assert later.fingerprint == first.fingerprint
    assert later.tls.certificate_file.read_bytes() != fresh
    assert opened(tmp_path, now=1_795_000_000 + 1_820 * DAY).fingerprint != first.fingerprint


def test_only_what_serves_a_local_network_calls_it_there(tmp_path: Path) -> None:
    made = opened(tmp_path)
    origin = made.origin(8700)
    found = own_lan(tmp_path, origin)
    assert found is not None
    assert (found.address, found.authority_file) == ("192.168.1.5", made.authority_file)
    assert own_lan(tmp_path / "other", origin) is None
    assert own_lan(tmp_path, "https://issuer.example") is None


def test_an_address_of_version_6_stands_in_brackets(tmp_path: Path) -> None:
    assert opened(tmp_path, address="fd00::7").origin(8700) == "https://[fd00::7]:8700"


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    mine, other = opened(tmp_path / "mine"), opened(tmp_path / "other")
    mine.authority_file.write_bytes(other.authority_file.read_bytes())
    with pytest.raises(Misconfigured, match="lan_files_unusable"):
        opened(tmp_path / "mine")
    with pytest.raises(Misconfigured, match="passphrase_wrong"):
        opened(tmp_path / "other", passphrase=b"another")


@pytest.mark.parametrize(
    "option", [["--workers", "2"], ["--host", "0.0.0.0"], ["--public-url", "https://x.example"]]
)
def test_options_that_lan_decides_by_itself_are_refused(tmp_path: Path, option: list[str]) -> None:
    command = [sys.executable, "-m", "portadoc", "serve", "--lan", "127.0.0.1", *option]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--lan" in done.stderr
    assert not (tmp_path / ".portadoc-lan").exists()
