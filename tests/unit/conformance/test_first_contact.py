"""Where nothing that could be an issuer answers, the run ends before its first module and names the true cause."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from portadoc.cli import main
from portadoc.conformance.checks import Outcome
from portadoc.conformance.conversation.first_contact import first_contact
from portadoc.conformance.run import run
from portadoc.conformance.wire import Wire
from portadoc.errors import Error, Malformed, Refused, Unavailable
from portadoc.wallet_sim.transport import TransportResponse
from tests.flows.test_tls_leg import certify
from tests.unit.conformance.spoilt import Spoilt, at
from tests.unit.conformance.test_hostile_issuers import ODD, Failing
from tests.unit.conformance.workshop import URL, Bench

TRANSPORT = "portadoc-issuer-transport"
PUBLIC = "https://issuer.example"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    return certify(tmp_path_factory.mktemp("certificates"))


@contextmanager
def website(tls: tuple[str, str] | None = None) -> Iterator[int]:
    """Serve a website that knows no issuer, over TLS where a certificate and its key are given; yield the port."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("kit") / "kit")


def command(url: str, kit: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["conformance", "issuer", url, "--kit", kit, "--no-sign-in", *arguments])


def stopped(url: str, kit: str, *arguments: str) -> str:
    done = command(url, kit, *arguments)
    assert done.exit_code == 3, done.output
    (line,) = done.stdout.splitlines()
    return line.removeprefix("No module was run: ").removesuffix(".")


def test_a_port_where_nothing_listens(kit: str) -> None:
    port = free_port()
    for scheme in ("http", "https"):
        assert stopped(f"{scheme}://localhost:{port}/issuer", kit) == f"nothing answers at localhost:{port}"


def test_a_name_that_does_not_resolve(kit: str) -> None:
    assert stopped("https://issuer.invalid/x", kit) == "the name issuer.invalid does not resolve"


def test_another_website(kit: str) -> None:
    with website() as port:
        origin = f"http://127.0.0.1:{port}"
        assert stopped(origin, kit) == (
            f"127.0.0.1:{port} answers 404 text/html where an issuer publishes its metadata: there is no "
            f"OpenID4VCI issuer, or its identifier has a path (such as {origin}/issuer/NAME)"
        )
        assert "its identifier has another path" in stopped(f"{origin}/issuer/x", kit)


def test_https_at_a_port_of_plain_http(kit: str) -> None:
    with website() as port:
        assert stopped(f"https://127.0.0.1:{port}", kit) == f"127.0.0.1:{port} speaks plain HTTP and no TLS"


def test_http_at_a_port_of_tls(kit: str, certificates: tuple[str, str, str]) -> None:
    with website(certificates[1:]) as port:
        told = stopped(f"http://localhost:{port}/issuer/x", kit)
        assert told == f"localhost:{port} speaks TLS: use https://localhost:{port}/issuer/x"


def test_a_certificate_of_an_authority_that_is_unknown(
    kit: str, certificates: tuple[str, str, str], tmp_path: Path
) -> None:
    other = certify(tmp_path)[0]
    with website(certificates[1:]) as port:
        url = f"https://localhost:{port}"
        unknown = "the certificate of localhost is not believed: its authority is unknown"
        assert stopped(url, kit) == f"{unknown} (name it with --ca-file)"
        assert stopped(url, kit, "--ca-file", other) == f"{unknown} (--ca-file names another one)"
        assert "answers 404 text/html" in stopped(url, kit, "--ca-file", certificates[0])


def test_a_certificate_for_another_name(kit: str, certificates: tuple[str, str, str]) -> None:
    with website(certificates[1:]) as port:
        told = stopped(f"https://127.0.0.2:{port}", kit, "--ca-file", certificates[0])
    assert told in (
        "the certificate of 127.0.0.2 is not believed: it is for another name",
        f"nothing answers at 127.0.0.2:{port}",  # where the machine has that one loopback address alone
    )


def test_every_report_says_the_same(kit: str, tmp_path: Path) -> None:
    junit, markdown, url = tmp_path / "run.xml", tmp_path / "run.md", f"http://127.0.0.1:{free_port()}"
    done = command(url, kit, "--json", "--junit", str(junit), "--markdown", str(markdown))
    told = json.loads(done.stdout)
    cause = f"nothing answers at {url.removeprefix('http://')}"
    assert (done.exit_code, told["stopped"], told["modules"]) == (3, cause, [])
    assert (told["failed"], told["incomplete"]) == (False, True)
    error = ElementTree.parse(junit).getroot().find("testsuite/testcase/error")
    assert error is not None
    assert error.get("message") == cause
    assert f"`{url}`, profile `ietf-latest`" in markdown.read_text()
    assert f"No module was run: {cause}." in markdown.read_text()


FAILURES: Mapping[str, tuple[Error, str]] = {
    "scheme": (Refused("fetch_blocked", reason="scheme"), "issuer.example is not this machine"),
    "address": (Refused("fetch_blocked", reason="address"), "issuer.example has no public address"),
    "url": (Refused("fetch_blocked", reason="url"), "issuer.example:443 cannot be asked (fetch_blocked url)"),
    "timeout": (Unavailable("fetch_failed", reason="timeout"), "issuer.example:443 does not answer in time"),
    "protocol": (Unavailable("fetch_failed", reason="protocol"), "issuer.example:443 does not speak HTTP"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_told_by_its_cause(name: str) -> None:
    failure, told = FAILURES[name]
    wire = Wire(Failing(failure), max_requests=5, max_seconds=60)
    assert first_contact(wire, PUBLIC, own_authority=False).refusal.startswith(told)


def test_a_redirect_is_told(latest: Bench) -> None:
    wire = Wire(Spoilt(latest.transport, at("/", lambda _: ODD["redirect"])), max_requests=5, max_seconds=60)
    assert "answers with a redirect (302)" in first_contact(wire, URL, own_authority=False).refusal


@pytest.mark.parametrize("odd", ["array", "null", "number", "deep", "bytes", "objects"])
def test_an_issuer_whose_metadata_have_a_fault_is_one(odd: str, latest: Bench) -> None:
    spoilt = Spoilt(latest.transport, at("openid-credential-issuer", lambda _: ODD[odd]))
    assert not first_contact(Wire(spoilt, max_requests=5, max_seconds=60), URL, own_authority=False).refusal


def test_an_answer_that_is_too_long_is_one_of_an_issuer() -> None:
    wire = Wire(Failing(Malformed("limit_exceeded", what="response", limit=1)), max_requests=5, max_seconds=60)
    assert not first_contact(wire, PUBLIC, own_authority=False).refusal


def test_metadata_at_the_wrong_place_are_those_of_an_issuer(latest: Bench) -> None:
    found = TransportResponse(
        200, {"content-type": "application/json"}, b'{"credential_configurations_supported":{}}'
    )
    missing = TransportResponse(404, {"content-type": "text/html"}, b"")
    spoilt = Spoilt(latest.transport, lambda sent, _: found if sent.url.startswith(URL) else missing)
    assert not first_contact(Wire(spoilt, max_requests=5, max_seconds=60), URL, own_authority=False).refusal


def test_the_configurations_are_told(latest: Bench) -> None:
    wire = Wire(latest.transport, max_requests=5, max_seconds=60)
    assert first_contact(wire, URL, own_authority=False).configurations == ("pda1",)


@pytest.mark.parametrize("reason", ["dns", "connect", "timeout"])
def test_without_a_connection_nothing_about_it_passes(reason: str, latest: Bench) -> None:
    trial = latest.trial(Failing(Unavailable("fetch_failed", reason=reason)), url=PUBLIC)
    (module,) = run(trial, chosen=(TRANSPORT,)).modules
    outcomes = {found.check.id: found.outcome for found in module.findings}
    assert outcomes.pop("registered-provider") is Outcome.NOT_APPLICABLE
    assert set(outcomes.values()) == {Outcome.SKIPPED}
    assert len(outcomes) == 5
    assert "no connection was made" in module.findings[0].reason


def test_a_certificate_that_is_not_believed_is_none_that_every_wallet_trusts(latest: Bench) -> None:
    trial = latest.trial(Failing(Unavailable("fetch_failed", reason="tls")), url="https://issuer.invalid")
    (module,) = run(trial, chosen=(TRANSPORT,)).modules
    outcomes = {found.check.id: found.outcome for found in module.findings}
    assert outcomes["tls-certificate"] is outcomes["public-certificate"] is Outcome.FAILED
    assert outcomes["tls-version"] is outcomes["tls-only"] is Outcome.SKIPPED


@pytest.mark.parametrize("url", ["ftp://x", "https://a b/x", "https://u:p@issuer.example", "https://x:99999", "x"])
def test_what_is_no_address_is_refused_before_the_start(url: str, kit: str) -> None:
    done = command(url, kit)
    assert done.exit_code == 2
    assert "is not the address of an issuer" in done.output


@pytest.mark.parametrize("option", ["--offers-from", "--sign-in"])
def test_a_program_that_is_not_there_is_refused_before_the_start(option: str, kit: str) -> None:
    arguments = ["conformance", "issuer", PUBLIC, "--kit", kit, option, "/no/such/program --now"]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2
    assert "'/no/such/program --now' is no program that can be run" in done.output
