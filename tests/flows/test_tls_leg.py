"""The whole path over TLS: every role calls the others by HTTPS, under a certificate authority of our own."""

import http.client
import os
import re
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portadoc.cli import main
from portadoc.clock import SystemClock
from portadoc.demo.story import present, today
from portadoc.errors import Refused, Unavailable
from portadoc.fetch import UnsafeLoopbackFetch
from portadoc.formats.jws import unverified_claims
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.serve.house import House, open_house
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings
from portadoc.serve.tls.server_certificate import ServerTls
from portadoc.verification.presets.presets import preset


def certify(directory: Path) -> tuple[str, str, str]:
    """Write a certificate authority and a server certificate for this machine; return their files."""
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
    now = datetime.now(UTC)

    def certificate(
        subject: x509.Name, key: ec.EllipticCurvePrivateKey, extensions: list[tuple[x509.ExtensionType, bool]]
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(authority_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(authority_key, hashes.SHA256())

    authority_id = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    authority = certificate(
        authority_name,
        authority_key,
        [(x509.BasicConstraints(True, 0), True), (usage, True), (authority_id, False)],
    )
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    server = certificate(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
        server_key,
        [
            (names, False),
            (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_id), False),
        ],
    )
    files = {
        "ca.pem": authority.public_bytes(serialization.Encoding.PEM),
        "server.pem": server.public_bytes(serialization.Encoding.PEM),
        "server.key": server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    }
    for name, content in files.items():
        (directory / name).write_bytes(content)
    return str(directory / "ca.pem"), str(directory / "server.pem"), str(directory / "server.key")


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    """Files of the authority, the server's certificate and its key."""
    return certify(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, tls: tuple[str, str, str]) -> Iterator[House]:
    """A house that serves HTTPS on this machine and calls itself by it."""
    directory = tmp_path_factory.mktemp("house")
    ca_file, certificate, private_key = tls
    with listen("127.0.0.1", 0) as listener:
        settings = PortadocSettings(
            base_url=f"https://localhost:{listener.getsockname()[1]}", data_dir=directory / "data"
        )
        with (
            open_house(
                settings,
                clock=SystemClock(),
                random_bytes=system_random_bytes,
                environment=dict(os.environ),
                ca_file=ca_file,
            ) as opened,
            serving(opened, listener, tls=ServerTls(Path(certificate), Path(private_key))),
        ):
            yield opened


def test_the_whole_path_holds_over_tls(house: House) -> None:
    record_id = house.issuer.upload("fr-demo", example("posted-worker-fr-de", today(house)))
    offer = house.issuer.offer("fr-demo", record_id, ["pda1"], tx_code=True, by_reference=True)
    assert "https%3A%2F%2Flocalhost" in offer.offer_uri
    (held,) = house.wallet.accept(offer.offer_uri, tx_code=offer.tx_code)
    assert held.issuer.startswith("https://localhost:")
    _, accepted = present(house, "inspector-quick")
    assert accepted.accepted
    house.issuer.withdraw("fr-demo", record_id, reason=WithdrawalReason.FACTS_CHANGED)
    house.issuer.publish_status_lists()
    assert house.verifier.refresh_status_lists(everything=True) == 1
    _, refused = present(house, "inspector-quick")
    assert refused.problem is not None
    assert refused.problem.code == "revoked"


def test_a_server_under_another_authority_is_not_called(house: House, tmp_path: Path) -> None:
    other_ca, _, _ = certify(tmp_path)
    with pytest.warns(UserWarning, match="UnsafeLoopbackFetch"):
        fetch = UnsafeLoopbackFetch(frozenset({house.settings.base_url}), ca_file=other_ca)
    with pytest.raises(Unavailable, match="fetch_failed") as failed:
        fetch.get(f"{house.settings.base_url}/trust", accept=("application/json",))
    assert failed.value.params["reason"] == "tls"
    with pytest.raises(Refused, match="fetch_blocked"):
        fetch.get("https://localhost:1/trust", accept=("application/json",))


def test_answers_over_tls_ask_for_tls_ever_after(house: House, tls: tuple[str, str, str]) -> None:
    context = ssl.create_default_context(cafile=tls[0])
    port = int(house.settings.base_url.rpartition(":")[2])
    connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=5)
    connection.request("GET", "/trust")
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    connection.close()


OF_STANDARDS = ("https://www.w3.org/", "https://self-issued.me/v2")
"""Names that specifications give, which are addresses only in form."""


def addresses(value: Any) -> Iterator[str]:
    """Yield every http address in a document, wherever it stands."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from addresses(each)
    elif isinstance(value, str):
        yield from re.findall(r"https?://[^\s\"'<>]+", unquote(value))


def test_every_address_that_is_published_begins_with_the_public_origin(house: House) -> None:
    origin, issuer = house.settings.base_url, f"{house.settings.base_url}/issuer/fr-demo"
    record_id = house.issuer.upload("fr-demo", example("posted-worker-fr-de", today(house)))
    offers = [house.issuer.offer("fr-demo", record_id, ["pda1"], by_reference=each) for each in (False, True)]
    request = house.verifier.create_request("de-inspection", preset("inspector-quick"))
    transport = house.wallet.means.transport

    def document(path: str) -> Any:
        answer = transport.get(f"{origin}{path}", headers={"accept": "application/json"})
        assert answer.status == 200, path
        return answer.json()

    metadata = document("/.well-known/openid-credential-issuer/issuer/fr-demo")
    published = [
        metadata,
        document("/.well-known/oauth-authorization-server/issuer/fr-demo"),
        document("/.well-known/jwt-vc-issuer/issuer/fr-demo"),
        document(f"/types/{quote('urn:eudi:pda1:1', safe='')}"),
        [offer.offer_uri for offer in offers],
        request.link,
        unverified_claims(transport.get(request.request_uri).text),
        list(house.issuer.status_list_uris()),
        [unverified_claims(held.sd_jwt.partition("~")[0]) for held in house.wallet.credentials()],
    ]
    assert metadata["credential_issuer"] == issuer
    found = [each for each in addresses(published) if not each.startswith(OF_STANDARDS)]
    assert len(found) > 15
    assert {each for each in found if not each.startswith(f"{origin}/")} <= {origin}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--tls-certificate", "server.pem"], "belong together"),
        (["--tls-certificate", "server.pem", "--tls-key", "server.key"], "--public-url https://HOST"),
        (["--lan", "127.0.0.1", "--tls-certificate", "a", "--tls-key", "b"], "--lan says"),
    ],
)
def test_options_for_tls_that_do_not_go_together_are_refused(
    options: list[str], said: str, tmp_path: Path
) -> None:
    done = CliRunner().invoke(main, ["serve", "--port", "0", "--data-dir", str(tmp_path), *options])
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
    assert list(tmp_path.iterdir()) == []


def test_a_certificate_for_another_host_stops_the_start(tls: tuple[str, str, str], tmp_path: Path) -> None:
    Path(tls[2]).chmod(0o600)
    files = ["--tls-certificate", tls[1], "--tls-key", tls[2]]
    address = ["--port", "0", "--public-url", "https://issuer.example", "--data-dir", str(tmp_path)]
    done = CliRunner().invoke(main, ["serve", *address, *files])
    assert done.exit_code != 0
    assert "tls_host_not_certified" in done.stderr
    assert list(tmp_path.iterdir()) == []
