"""Every negative module against an issuer that accepts what is wrong, or refuses it by another word or form."""

import pytest

from portadoc.conformance.beyond import proofs, protection, pushed_requests, sender_constraint
from portadoc.conformance.checks import Outcome, RunReport
from portadoc.conformance.suite import client_attestations, credential_requests
from tests.unit.conformance.spoilt import Spoilt, accepting, only_refusals, other_word, with_headers, with_members
from tests.unit.conformance.workshop import Bench

SUITE, OWN = "oid4vci-1_0-issuer-", "portadoc-issuer-"
BY_NAME = {
    **{each.name: each.check.id for each in credential_requests.CASES + proofs.CASES + protection.CASES},
    **{each.name: each.name.removeprefix(SUITE).removeprefix(OWN) for each in client_attestations.CASES},
    **{f"{OWN}{each.name}": f"{each.name}-refused" for each in pushed_requests.CASES},
    **{f"{OWN}dpop-{each.name}": f"dpop-{each.name}-refused" for each in sender_constraint.CASES},
    f"{OWN}nonce-replay": "nonce-replay-refused",
    f"{OWN}dpop-stolen-token": "dpop-stolen-token-refused",
    f"{OWN}dpop-replay": "dpop-replay-refused",
    f"{OWN}dpop-downgrade": "dpop-downgrade-refused",
    f"{OWN}client-attestation-pop-replay": "client-attestation-pop-replay",
    f"{OWN}client-authentication-required": "client-authentication-required",
    f"{OWN}authorization-code-of-another-client": "code-of-another-client",
    f"{OWN}unknown-grant-type": "grant-type-unknown",
}
SEVERAL = {
    f"{OWN}token-request-protection": {
        "token-request-without-dpop",
        "token-request-with-another-key",
        "token-request-without-client",
    },
    f"{OWN}authorization-code-faults": {"pkce-wrong-verifier", "pkce-no-verifier", "redirect-uri-mismatch"},
    f"{OWN}authorization-code-reuse": {"code-reuse", "code-reuse-revokes"},
    f"{OWN}pre-authorized-code-faults": {
        "pre-authorized-code-unknown",
        "pre-authorized-code-reuse",
        "tx-code-unasked",
    },
    f"{OWN}transaction-codes": {"tx-code-missing", "tx-code-wrong"},
    f"{OWN}notifications": {"notification-id-unknown", "notification-event-unknown"},
    f"{OWN}deferred-issuance": {
        "deferred-transaction-of-another",
        "deferred-transaction-unknown",
        "deferred-once",
    },
}
EXPECTED = {**{name: {check} for name, check in BY_NAME.items()}, **SEVERAL}
ONLY_STRICT = {  # what only an issuer asks whose operator has set it so
    f"{OWN}key-attestation-without-exp",
    f"{OWN}key-attestation-of-weak-keys",
    f"{OWN}plain-request-where-encryption-is-required",
}
ONLY_EUROPEAN = {f"{OWN}proof-by-the-second-key"}
ONLY_ASSURED = {f"{OWN}client-authentication-required", f"{OWN}token-request-protection"}


def bench_of(name: str, benches: dict[str, Bench]) -> Bench:
    if name in ONLY_STRICT:
        return benches["strict"]
    if name in ONLY_EUROPEAN:
        return benches["eudi-2026"]
    return benches["haip-1.0" if name in ONLY_ASSURED else "ietf-latest"]


def failed(report: RunReport) -> set[str]:
    return {
        found.check.id for each in report.modules for found in each.findings if found.outcome is Outcome.FAILED
    }


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_an_issuer_that_accepts_it_fails_the_check_and_no_other(name: str, benches: dict[str, Bench]) -> None:
    bench = bench_of(name, benches)
    assert failed(bench.run(name)) == set()
    report = bench.run(name, transport=Spoilt(bench.transport, only_refusals(accepting)))
    assert failed(report) == EXPECTED[name]
    reasons = [found.reason for found in report.modules[0].findings if found.outcome is Outcome.FAILED]
    assert all("was accepted" in each for each in reasons)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_an_issuer_that_refuses_it_by_another_word_fails_the_check(name: str, benches: dict[str, Bench]) -> None:
    bench = bench_of(name, benches)
    report = bench.run(name, transport=Spoilt(bench.transport, only_refusals(other_word)))
    found = failed(report) - {"www-authenticate"}
    assert found == EXPECTED[name]


FORMS = [
    ("error-media-type", with_headers(content_type="text/html"), Outcome.FAILED),
    ("error-members", with_members(c_nonce="old"), Outcome.WARNED),
    ("error-no-store", with_headers(cache_control=None), Outcome.WARNED),
]
ENDPOINTS = (
    f"{SUITE}fail-invalid-nonce",
    f"{SUITE}fail-client-attestation-no-sub",
    f"{OWN}pkce-plain",
    f"{OWN}unknown-grant-type",
    f"{OWN}notifications",
    f"{OWN}dpop-htu",
)


@pytest.mark.parametrize("name", ENDPOINTS)
@pytest.mark.parametrize(("check", "change", "outcome"), FORMS, ids=[each[0] for each in FORMS])
def test_a_refusal_in_another_form_is_told_apart(
    name: str, check: str, change: object, outcome: Outcome, latest: Bench
) -> None:
    report = latest.run(name, transport=Spoilt(latest.transport, only_refusals(change)))  # type: ignore[arg-type]
    told = {found.check.id for found in report.modules[0].findings if found.outcome is outcome}
    assert told == {check}


def test_a_refusal_with_another_status_is_told_apart(latest: Bench) -> None:
    def teapot(answer: object) -> object:
        return type(answer)(418, answer.headers, answer.body)  # type: ignore[attr-defined, call-arg]

    transport = Spoilt(latest.transport, only_refusals(teapot))  # type: ignore[arg-type]
    assert failed(latest.run(f"{SUITE}fail-invalid-nonce", transport=transport)) == {"error-status"}
