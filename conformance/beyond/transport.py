"""How the issuer can be reached: over TLS, and over TLS only. Spec: OpenID4VCI 1.0 §12.2.1, RFC 9325 §3.1.1."""

import socket
import ssl
import warnings
from typing import Final
from urllib.parse import urlsplit

from portadoc.conformance.beyond.proofs import OWN
from portadoc.conformance.checks import Check, Module, Record
from portadoc.conformance.conversation.published import well_known
from portadoc.conformance.trial import Trial

CERTIFICATE: Final = Check(
    "tls-certificate",
    "RFC 9525, OpenID4VCI 1.0 §12.2.1",
    "The certificate of the server is for the host that is asked",
    "The certificate is for another name, has ended, or its authority is unknown here.",
    "Serve a certificate for the public host; give --ca-file for an authority of your own.",
)
MODERN: Final = Check(
    "tls-version",
    "RFC 9325 §3.1.1",
    "The server does not speak TLS 1.0 or 1.1",
    "Old protocol versions are left on.",
    "Turn off everything before TLS 1.2.",
)
ONLY: Final = Check(
    "tls-only",
    "OpenID4VCI 1.0 §12.2.1",
    "The port of the service does not answer plain HTTP with content",
    "The server listens without TLS on the same port.",
    "Listen with TLS only.",
)
PUBLIC: Final = Check(
    "public-host",
    "OpenID4VCI 1.0 §12.2.1",
    "The host is a name of the public Internet",
    "The service runs on this machine.",
    "Show it where the service is in operation.",
)
TRUSTED: Final = Check(
    "public-certificate",
    "ETSI TS 119 411-1, RFC 9525",
    "The certificate is one that every wallet trusts",
    "The authority is not among those of the system.",
    "Show it where the service is in operation.",
)
REGISTERED: Final = Check(
    "registered-provider",
    "ARF 3.0 ISSU_24, CIR (EU) 2024/2980",
    "The provider stands in the lists of the Union, with the anchors of its certificates",
    "Lists are notified outside of the protocol.",
    "Compare the anchors with the list of the scheme.",
)
_PATIENCE_S: Final = 3.0


def run(trial: Trial, record: Record) -> None:
    """Look at the connection itself."""
    parts = urlsplit(trial.setting.url)
    if parts.scheme != "https":
        for check in (CERTIFICATE, MODERN, ONLY):
            record.not_applicable(check, "the issuer is asked over plain HTTP on this machine")
    else:
        host, port = parts.hostname or "", parts.port or 443
        answer = trial.wire.get(well_known(trial.setting.url, "openid-credential-issuer"))
        record.judge(CERTIFICATE, not answer.failure, "no connection under TLS was made", answer)
        old = _speaks_old(host, port)
        if old is None:
            record.not_applicable(MODERN, "this machine itself cannot speak old versions of TLS")
        else:
            record.judge(MODERN, not old, "it speaks TLS 1.1 or 1.0")
        record.judge(ONLY, not _answers_plain(host, port), "it answers plain HTTP")
    _in_public(trial, record)


def _in_public(trial: Trial, record: Record) -> None:
    if trial.on_loopback:
        record.not_applicable(PUBLIC, "the issuer is on this machine, which nobody else can reach")
        record.not_applicable(TRUSTED, "the issuer is on this machine, for which nobody certifies a public name")
    else:
        record.judge(PUBLIC, "." in (urlsplit(trial.setting.url).hostname or ""), "it is no public name")
        if trial.setting.own_authority:
            record.not_applicable(TRUSTED, "the run trusts an authority of its own (--ca-file)")
        else:
            record.judge(TRUSTED, urlsplit(trial.setting.url).scheme == "https", "there is none")
    record.not_applicable(REGISTERED, "whether a provider is notified cannot be asked of the provider")


def _speaks_old(host: str, port: int) -> bool | None:
    """Tell whether a server completes a handshake of TLS 1.1 or older; None when this machine cannot ask."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # only the version is asked about, and nothing is sent
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
    except (ValueError, ssl.SSLError):
        return None
    try:
        with (
            socket.create_connection((host, port), timeout=_PATIENCE_S) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            return True
    except ssl.SSLError as fault:
        return None if fault.reason in ("NO_PROTOCOLS_AVAILABLE", "UNSUPPORTED_PROTOCOL") else False
    except OSError:
        return False


def _answers_plain(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=_PATIENCE_S) as plain:
            plain.settimeout(_PATIENCE_S)
            plain.sendall(
                f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode("ascii", "replace")
            )
            return plain.recv(12).startswith((b"HTTP/1.1 2", b"HTTP/1.0 2"))
    except OSError:
        return False


MODULES: Final = (Module(f"{OWN}transport", "How the issuer can be reached", run),)
