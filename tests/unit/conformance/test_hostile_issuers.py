"""Whatever an issuer answers becomes a finding, never a traceback, within the bounds of requests and time."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from portadoc.conformance.checks import RUNS, Outcome
from portadoc.conformance.run import run
from portadoc.conformance.wire import Exhausted, Wire
from portadoc.errors import Malformed, Unavailable
from portadoc.wallet_sim.transport import MAX_RESPONSE_BYTES, Transport, TransportResponse
from tests.unit.conformance.spoilt import Spoil, Spoilt, at
from tests.unit.conformance.workshop import Bench

JSON = {"content-type": "application/json"}
ODD: Mapping[str, TransportResponse] = {
    "html": TransportResponse(200, {"content-type": "text/html"}, b"<h1>It works</h1>"),
    "redirect": TransportResponse(302, {"location": "http://169.254.169.254/"}, b""),
    "array": TransportResponse(200, JSON, b"[]"),
    "null": TransportResponse(200, JSON, b"null"),
    "number": TransportResponse(200, JSON, b'{"error":7,"credentials":7,"c_nonce":7,"access_token":7}'),
    "deep": TransportResponse(200, JSON, b'{"display":' + b"[" * 5_000 + b"]" * 5_000 + b"}"),
    "bytes": TransportResponse(200, JSON, bytes(range(256))),
    "nothing": TransportResponse(204, {}, b""),
    "headers": TransportResponse(
        401, {"www-authenticate": 'DPoP error="' + "a" * 4_000, "dpop-nonce": "\x7f"}, b""
    ),
    "objects": TransportResponse(
        200,
        JSON,
        b'{"credential_configurations_supported":{"pda1":{"format":"dc+sd-jwt","vct":[],"scope":{},'
        b'"proof_types_supported":{"jwt":[]},"credential_metadata":7}},"credential_issuer":[],'
        b'"credential_endpoint":"x:y","authorization_details":[7,{"credential_configuration_id":[]}],'
        b'"credentials":[7,{"credential":{}},{"credential":"a.b.c~"}],"access_token":"t","expires_in":true,'
        b'"credential_request_encryption":{"jwks":{"keys":[7]}},"credential_response_encryption":{}}',
    ),
}
SEVERAL = (
    "oid4vci-1_0-issuer-metadata-test",
    "oid4vci-1_0-issuer-happy-flow",
    "oid4vci-1_0-issuer-batch-issuance",
    "oid4vci-1_0-issuer-fail-invalid-nonce",
    "oid4vci-1_0-issuer-fail-client-attestation-no-sub",
    "portadoc-issuer-authorization-response",
)
PLACES = ("/.well-known/openid-credential-issuer", "/.well-known/oauth", "/token", "/nonce", "/par", "/credential")


class Failing(Transport):
    """An issuer that gives no usable answer at all."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    @property
    def loopback_origins(self) -> frozenset[str]:
        return frozenset()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        max_bytes: int = MAX_RESPONSE_BYTES,
    ) -> TransportResponse:
        raise self._failure


def always(place: str, odd: TransportResponse) -> Spoil:
    """Answer so, whatever is asked at a place."""
    return at(place, lambda _: odd)


def delivering(body: bytes) -> Callable[[TransportResponse], TransportResponse]:
    """Deliver something else in the place of credentials."""
    return lambda answer: replace(answer, body=body) if answer.status == 200 else answer


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("odd", ODD)
def test_an_odd_answer_at_one_endpoint_is_a_finding(odd: str, place: str, benches: dict[str, Bench]) -> None:
    bench = benches["eudi-2026" if place == "/par" else "ietf-latest"]
    report = bench.run(*SEVERAL, transport=Spoilt(bench.transport, at(place, lambda _: ODD[odd])))
    assert report.failed
    assert all(each.findings for each in report.modules)


@pytest.mark.parametrize(
    "failure",
    [
        Unavailable("fetch_failed", reason="timeout"),
        Unavailable("fetch_failed", reason="tls"),
        Malformed("limit_exceeded", what="response", limit=1),
    ],
)
def test_no_answer_at_all_is_a_finding(failure: Exception, latest: Bench) -> None:
    report = latest.run(*SEVERAL, transport=Failing(failure))
    assert report.modules[0].outcome is Outcome.FAILED
    arrived = report.modules[0].findings[0].arrived
    assert arrived.startswith(f"no usable answer ({failure.args[0]}")


BESIDE = {
    "/status/": "portadoc-issuer-credential-content",
    "/types/": "portadoc-issuer-credential-content",
    "/challenge": "portadoc-issuer-attestation-challenge",
    "/deferred": "portadoc-issuer-deferred-issuance",
    "/notification": "portadoc-issuer-notifications",
}


@pytest.mark.parametrize("place", BESIDE)
def test_an_odd_answer_beside_the_way_is_a_finding(place: str, latest: Bench) -> None:
    for odd in ODD.values():
        report = latest.run(BESIDE[place], transport=Spoilt(latest.transport, always(place, odd)))
        assert report.modules[0].findings


def test_credentials_that_are_nonsense_are_findings(latest: Bench) -> None:
    for text in ("", "~", "a.b.c~", "e30.e30.AA~", "eyJhbGciOiJub25lIn0.e30.~", "é" * 50):
        body = b'{"credentials":[{"credential":"' + text.encode() + b'"}]}'
        spoilt = Spoilt(latest.transport, at("/credential", delivering(body)))
        names = ("portadoc-issuer-credential-content", "oid4vci-1_0-issuer-batch-issuance")
        report = latest.run(*names, transport=spoilt)
        assert report.failed


def test_a_run_sends_no_more_requests_than_it_may(latest: Bench) -> None:
    trial = latest.trial()
    trial.wire = Wire(latest.transport, max_requests=12, max_seconds=60)
    report = run(trial)
    assert report.requests == 12
    assert report.incomplete
    last = report.modules[-1].findings[-1]
    assert (last.outcome, last.check) == (Outcome.SKIPPED, RUNS)


def test_a_run_ends_when_its_time_is_up(latest: Bench) -> None:
    wire = Wire(latest.transport, max_requests=12, max_seconds=0)
    with pytest.raises(Exhausted):
        wire.get("http://127.0.0.1:8700/")


def test_what_stops_one_module_stops_no_other(latest: Bench) -> None:
    spoilt = Spoilt(latest.transport, always("/notification", ODD["html"]))
    report = latest.run("oid4vci-1_0-issuer-metadata-test", "portadoc-issuer-notifications", transport=spoilt)
    assert [each.outcome for each in report.modules] == [Outcome.PASSED, Outcome.FAILED]
