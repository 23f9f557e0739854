"""The app over HTTPS under the authority of ``serve --lan``: what a phone gets, on loopback here."""

import base64
import hashlib
import os
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from playwright.sync_api import Error, expect

from portadoc.clock import SystemClock
from portadoc.randomness import system_random_bytes
from portadoc.serve.house import DEVELOPMENT_PASSPHRASE, open_house
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings
from portadoc.serve.tls.lan import open_lan
from tests.browser.inspector.running import (
    CHROMIUM,
    FLAGS,
    have_the_app,
    third_parties,
    visiting,
    wait_until_installed,
)


@pytest.fixture(scope="module")
def lan(tmp_path_factory):
    """A house on the local network that this machine is to itself; yields its origin and its files."""
    have_the_app()
    folder, listener = tmp_path_factory.mktemp("lan"), listen("127.0.0.1", 0)
    made = {"clock": SystemClock(), "random_bytes": system_random_bytes}
    lan = open_lan(folder, address="127.0.0.1", passphrase=DEVELOPMENT_PASSPHRASE, **made)
    origin = lan.origin(listener.getsockname()[1])
    settings = PortadocSettings(base_url=origin, data_dir=folder)
    with (
        open_house(
            settings,
            environment=dict(os.environ),
            ca_file=str(lan.authority_file),
            own_address=lan.address,
            **made,
        ) as house,
        serving(house, listener, lan=lan),
    ):
        yield origin, lan


def key_pin(file):
    """Return the SHA-256 of a certificate's key, as Chromium takes it."""
    certificate = x509.load_der_x509_certificate(ssl.PEM_cert_to_DER_cert(file.read_text()))
    key = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


def test_the_app_is_installed_over_https_and_starts_without_a_network(lan, browsers, tmp_path):
    origin, files = lan
    pin = key_pin(files.tls.certificate_file)
    # Chromium believes a pinned key only in a profile that was named.
    context = browsers.chromium.launch_persistent_context(
        str(tmp_path / "profile"),
        executable_path=CHROMIUM,
        args=[*FLAGS, f"--ignore-certificate-errors-spki-list={pin}"],
    )
    requested = []
    context.on("request", lambda request: requested.append(request.url))
    page = context.new_page()
    page.goto(f"{origin}/inspect/")
    assert page.evaluate("isSecureContext && typeof navigator.mediaDevices.getUserMedia") == "function"
    wait_until_installed(page)
    context.set_offline(True)
    page.reload()
    expect(page.locator("main")).to_be_visible()
    assert third_parties(requested, origin) == []
    context.close()


def test_a_browser_that_does_not_know_the_authority_refuses(lan, browser_program):
    origin, _ = lan
    with visiting(browser_program, f"{origin}/inspect/") as visit, pytest.raises(Error, match="ERR_CERT"):
        visit.page.goto(visit.address)
