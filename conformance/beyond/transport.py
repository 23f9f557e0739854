"""How the issuer can be reached: over TLS, and over TLS only. Spec: OpenID4VCI 1.0 §12.2.1, RFC 9325 §3.1.1."""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from portadoc.conformance.beyond.proofs import OWN
from portadoc.conformance.checks import Check, Lacking, Module, Record
from portadoc.conformance.conversation.connection import NO_CONNECTION, answers_plain, speaks_old_tls
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
_UNDER_TLS: Final = ("protocol", "truncated", "content_encoding", "limit_exceeded")
"""Failures that come after the handshake."""


def run(trial: Trial, record: Record) -> None:
    """Look at the connection itself; without one nothing was seen, and nothing passes."""
    _connection(trial, record)
    record.not_applicable(REGISTERED, "whether a provider is notified cannot be asked of the provider")


def _connection(trial: Trial, record: Record) -> None:
    parts = urlsplit(trial.setting.url)
    if parts.scheme != "https" and trial.on_loopback:
        for check in (CERTIFICATE, MODERN, ONLY):
            record.not_applicable(check, "the issuer is asked over plain HTTP on this machine")
        _in_public(trial, record, believed=False)
        return
    answer = trial.wire.get(well_known(trial.setting.url, "openid-credential-issuer"))
    words = answer.failure.split()
    believed = "tls" not in words
    if believed and answer.failure and not set(words) & set(_UNDER_TLS):
        for check in (CERTIFICATE, MODERN, ONLY, PUBLIC, TRUSTED):
            record.skipped(check, f"{NO_CONNECTION} ({answer.failure})")
        return
    record.judge(CERTIFICATE, believed, "no connection under TLS was made", answer)
    host, port = parts.hostname or "", parts.port or 443
    _look(record, MODERN, lambda: speaks_old_tls(host, port), "it speaks TLS 1.1 or 1.0")
    _look(record, ONLY, lambda: answers_plain(host, port), "it answers plain HTTP")
    _in_public(trial, record, believed=believed)


def _look(record: Record, check: Check, seen: Callable[[], bool | None], reason: str) -> None:
    try:
        found = seen()
    except Lacking as lack:
        record.skipped(check, str(lack))
        return
    if found is None:
        record.not_applicable(check, "this machine itself cannot speak old versions of TLS")
    else:
        record.judge(check, not found, reason)


def _in_public(trial: Trial, record: Record, *, believed: bool) -> None:
    if trial.on_loopback:
        record.not_applicable(PUBLIC, "the issuer is on this machine, which nobody else can reach")
        record.not_applicable(TRUSTED, "the issuer is on this machine, for which nobody certifies a public name")
    else:
        record.judge(PUBLIC, "." in (urlsplit(trial.setting.url).hostname or ""), "it is no public name")
        if trial.setting.own_authority:
            record.not_applicable(TRUSTED, "the run trusts an authority of its own (--ca-file)")
        else:
            record.judge(TRUSTED, believed, "this machine does not believe it")


MODULES: Final = (Module(f"{OWN}transport", "How the issuer can be reached", run),)
