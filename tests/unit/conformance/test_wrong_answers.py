"""Metadata, tokens, nonces and answers that are wrong in one way, and the check that says so."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from portadoc.conformance.checks import Outcome, RunReport
from portadoc.conformance.programs import GivenOffer, Want
from portadoc.formats import jws
from portadoc.keys.key_ring import KeyPurpose
from portadoc.schemas.examples import example
from portadoc.wallet_sim.transport import TransportResponse
from tests.unit.conformance.spoilt import Sent, Spoil, Spoilt, at, with_headers, with_members
from tests.unit.conformance.workshop import SLUG, URL, Bench

SUITE, OWN = "oid4vci-1_0-issuer-", "portadoc-issuer-"
METADATA, SIGNED, HAPPY = f"{SUITE}metadata-test", f"{SUITE}metadata-test-signed", f"{SUITE}happy-flow"
ISSUER, SERVER = "openid-credential-issuer", "oauth-authorization-server"


def told(report: RunReport, outcome: Outcome = Outcome.FAILED) -> set[str]:
    return {found.check.id for each in report.modules for found in each.findings if found.outcome is outcome}


def changed(change: Callable[[dict[str, Any]], None]) -> Callable[[TransportResponse], TransportResponse]:
    """Return a change of a JSON answer, made in place; other answers stay as they are."""

    def apply(answer: TransportResponse) -> TransportResponse:
        if answer.content_type != "application/json":
            return answer
        content = answer.json()
        change(content)
        return replace(answer, body=json.dumps(content).encode())

    return apply


def configured(**members: Any) -> Callable[[TransportResponse], TransportResponse]:
    """Return a change of every configuration; None takes a member out."""

    def change(content: dict[str, Any]) -> None:
        for each in content["credential_configurations_supported"].values():
            each.update(members)
            for name in [name for name, value in each.items() if value is None]:
                del each[name]

    return changed(change)


def private_keys(content: dict[str, Any]) -> None:
    for key in content["credential_request_encryption"]["jwks"]["keys"]:
        key["d"] = "AAAA"


def twice_english(content: dict[str, Any]) -> None:
    content["display"] = [{"name": "A", "locale": "en"}, {"name": "B", "locale": "en"}]


OF_THE_ISSUER = {
    "metadata-readable": with_headers(content_type="text/html"),
    "metadata-issuer": with_members(credential_issuer=f"{URL}/"),
    "metadata-required-members": with_members(credential_endpoint=None),
    "metadata-known-members": with_members(credential_endpiont="https://x.example"),
    "configurations-complete": configured(vct=None),
    "format-current": configured(format="vc+sd-jwt"),
    "signing-algorithms": configured(credential_signing_alg_values_supported=["HS256"]),
    "proof-types-co-presence": configured(cryptographic_binding_methods_supported=None),
    "proof-algorithms": configured(proof_types_supported={"jwt": {"proof_signing_alg_values_supported": []}}),
    "scope-syntax": configured(scope="pda1 of France"),
    "display-in-credential-metadata": configured(display=[]),
    "display-locales": changed(twice_english),
    "nonce-endpoint": with_members(nonce_endpoint=None),
    "batch-size": with_members(batch_credential_issuance={"batch_size": 1}),
    "encryption-parameters": changed(private_keys),
    "request-encryption-too": with_members(credential_request_encryption=None),
    "metadata-https": with_members(nonce_endpoint=f"{URL}/nonce#part"),
}
WARNINGS = {"metadata-known-members", "format-current"}


@pytest.mark.parametrize("check", OF_THE_ISSUER)
def test_issuer_metadata_that_are_wrong_in_one_way_fail_their_check(check: str, latest: Bench) -> None:
    report = latest.run(METADATA, transport=Spoilt(latest.transport, at(ISSUER, OF_THE_ISSUER[check])))
    outcome = Outcome.WARNED if check in WARNINGS else Outcome.FAILED
    assert told(report, outcome) == {check}
    assert outcome is Outcome.FAILED or told(report) == set()


@pytest.mark.parametrize(
    ("check", "change"),
    [
        ("server-metadata", with_members(issuer=f"{URL}/")),
        ("code-challenge-methods", with_members(code_challenge_methods_supported=["S256", "plain"])),
        ("server-high-assurance", with_members(pushed_authorization_request_endpoint=None)),
        ("server-high-assurance", with_members(authorization_response_iss_parameter_supported=None)),
        ("server-high-assurance", with_members(dpop_signing_alg_values_supported=None)),
        ("server-high-assurance", with_members(token_endpoint_auth_methods_supported=["none"])),
    ],
)
def test_server_metadata_that_are_wrong_in_one_way_fail_their_check(check: str, change: Any, haip: Bench) -> None:
    assert told(haip.run(METADATA, transport=Spoilt(haip.transport, at(SERVER, change)))) == {check}


def test_a_configuration_without_scope_fails_where_scopes_are_due(haip: Bench) -> None:
    report = haip.run(METADATA, transport=Spoilt(haip.transport, at(ISSUER, configured(scope=None))))
    assert told(report) == {"scope-present"}


class TestSignedMetadata:
    def signed(self, bench: Bench, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> set[str]:
        """Return what fails when the signed metadata are signed anew after a change."""
        signer = bench.issuer_signer(KeyPurpose.METADATA)

        def spoil(sent: Sent, answer: TransportResponse) -> TransportResponse:
            if answer.content_type != "application/jwt" or ISSUER not in sent.url:
                return answer
            header = {"typ": "openidvci-issuer-metadata+jwt", "x5c": _x5c(signer.chain)}
            claims = jws.unverified_claims(answer.text)
            change(header, claims)
            return replace(answer, body=jws.sign(header, claims, signer).encode())

        return told(bench.run(SIGNED, transport=Spoilt(bench.transport, spoil)))

    def test_it_is_sound_when_nothing_is_changed(self, eudi: Bench) -> None:
        assert self.signed(eudi, lambda header, claims: None) == set()

    def test_another_subject_fails(self, eudi: Bench) -> None:
        assert self.signed(eudi, lambda header, claims: claims.update(sub=f"{URL}/")) == {
            "signed-metadata-subject"
        }

    def test_another_content_fails(self, eudi: Bench) -> None:
        found = self.signed(eudi, lambda header, claims: claims.update(nonce_endpoint="https://x.example"))
        assert found == {"signed-metadata-same"}

    def test_another_type_fails(self, eudi: Bench) -> None:
        assert self.signed(eudi, lambda header, claims: header.update(typ="JWT")) == {"signed-metadata-signature"}

    def test_another_certificate_fails(self, eudi: Bench) -> None:
        other = _x5c(eudi.issuer_signer(KeyPurpose.STATUS).chain)
        assert self.signed(eudi, lambda header, claims: header.update(x5c=other)) == {"signed-metadata-signature"}

    def test_none_at_all_fails_where_they_are_due(self, eudi: Bench) -> None:
        plain = Spoilt(eudi.transport, at(ISSUER, with_headers(content_type="application/json")))
        assert told(eudi.run(SIGNED, transport=plain)) == {"signed-metadata-offered"}


def _x5c(chain: tuple[bytes, ...]) -> list[str]:
    return [base64.b64encode(der).decode() for der in chain]


@pytest.mark.parametrize(
    ("check", "change"),
    [
        ("issuer-info", with_members(issuer_info=None)),
        ("credential-reuse-policy", configured(credential_metadata={})),
        ("key-attestations-asked", configured(proof_types_supported={"jwt": {}})),
    ],
)
def test_european_metadata_that_lack_something_fail_their_check(check: str, change: Any, eudi: Bench) -> None:
    report = eudi.run(f"{OWN}european-metadata", transport=Spoilt(eudi.transport, at(ISSUER, change)))
    assert told(report) == {check}


def last_code(answer: TransportResponse) -> TransportResponse:
    """Give the nonce that was given first, over and over."""
    return replace(answer, body=b'{"c_nonce":"the-same-nonce-for-everybody"}')


def without_identifiers(content: dict[str, Any]) -> None:
    for each in content.get("authorization_details", []):
        each["credential_identifiers"] = []


def old_shape(content: dict[str, Any]) -> None:
    if "credentials" in content:
        content["credential"] = content.pop("credentials")[0]["credential"]


ON_THE_WAY: dict[str, tuple[str, Callable[[TransportResponse], TransportResponse]]] = {
    "token-response": ("/token", with_members(token_type="Bearer")),
    "token-no-store": ("/token", with_headers(cache_control="max-age=60")),
    "token-known-members": ("/token", with_members(c_nonce="old")),
    "nonce-no-store": ("/nonce", with_headers(cache_control=None)),
    "credential-response": ("/credential", changed(old_shape)),
    "credential-no-store": ("/credential", with_headers(cache_control=None)),
    "credential-known-members": ("/credential", with_members(format="dc+sd-jwt")),
    "credential-media-type": ("/credential", with_headers(content_type="text/plain")),
    "notification-taken": ("/notification", lambda answer: replace(answer, status=500)),
}


@pytest.mark.parametrize("check", ON_THE_WAY)
def test_an_answer_on_the_way_that_is_wrong_fails_its_check(check: str, latest: Bench) -> None:
    path, change = ON_THE_WAY[check]

    def spoil(sent: Sent, answer: TransportResponse) -> TransportResponse:
        there = urlsplit(sent.url).path.endswith(path) and answer.status < 300
        return change(answer) if there else answer

    report = latest.run(HAPPY, transport=Spoilt(latest.transport, spoil))
    assert told(report, Outcome.WARNED if check.endswith("known-members") else Outcome.FAILED) == {check}


def test_a_nonce_that_everybody_gets_fails(latest: Bench) -> None:
    report = latest.run(HAPPY, transport=Spoilt(latest.transport, at("/nonce", last_code)))
    assert "nonce-response" in told(report)


def test_details_without_identifiers_fail(haip: Bench) -> None:
    report = haip.run(HAPPY, transport=Spoilt(haip.transport, at("/token", changed(without_identifiers))))
    assert "credential-identifiers" in told(report)


@pytest.mark.parametrize(
    ("check", "outcome", "members"),
    [
        ("offer-known-members", Outcome.WARNED, {"user_pin_required": False}),
        ("offer-fits-metadata", Outcome.FAILED, {"credential_configuration_ids": ["pda1", "other"]}),
    ],
)
def test_an_offer_that_is_wrong_fails_its_check(
    check: str, outcome: Outcome, members: dict[str, Any], latest: Bench
) -> None:
    class Changed:
        def take(self, want: Any) -> Any:
            given = latest.operator.take(want)
            if given is None:
                return None
            query = dict(parse_qsl(urlsplit(given.link).query))
            content = {**json.loads(query["credential_offer"]), **members}
            link = f"openid-credential-offer://?{urlencode({'credential_offer': json.dumps(content)})}"
            return replace(given, link=link)

    assert check in told(latest.run(HAPPY, offers=Changed()), outcome)


class TestAuthorizationEndpoint:
    def begins_everything(self, sent: Sent, answer: TransportResponse) -> TransportResponse:
        if "/authorize" in sent.url and answer.status >= 400:
            return TransportResponse(200, {"content-type": "text/html"}, b"<h1>Sign in</h1>")
        return answer

    @pytest.mark.parametrize(
        ("name", "checks"),
        [
            ("par-required", {"par-required"}),
            ("request-uris", {"request-uri-unknown", "request-uri-of-another"}),
            ("authorization-response", {"request-uri-once"}),
        ],
    )
    def test_one_that_begins_whatever_comes_fails(self, name: str, checks: set[str], haip: Bench) -> None:
        assert told(haip.run(f"{OWN}{name}")) == set()
        report = haip.run(f"{OWN}{name}", transport=Spoilt(haip.transport, self.begins_everything))
        assert told(report) == checks

    def test_one_that_begins_nothing_fails(self, haip: Bench) -> None:
        closed = Spoilt(haip.transport, at("/authorize?", lambda answer: replace(answer, status=404, headers={})))
        assert told(haip.run(f"{OWN}request-uris", transport=closed)) == {"request-uri-begun"}

    def test_numbered_references_fail(self, haip: Bench) -> None:
        numbered = Spoilt(haip.transport, at("/par", with_members(request_uri="urn:1")))
        assert "request-uri-entropy" in told(haip.run(f"{OWN}request-uris", transport=numbered))

    @pytest.mark.parametrize(
        ("check", "wrong"),
        [
            ("iss-in-answer", lambda url: url.replace("iss=", "was=")),
            ("iss-in-answer", lambda url: f"{url}%2F"),
            ("state-in-answer", lambda url: url.replace("state=", "state=x")),
            ("answer-to-the-address", lambda url: url.replace("://back", "://other")),
        ],
    )
    def test_an_answer_that_is_wrong_fails_its_check(self, check: str, wrong: Any, haip: Bench) -> None:
        def sign_in(address: str) -> str:
            parts = urlsplit(haip.operator.sign_in(address))
            by_name = dict(parse_qsl(parts.query))
            iss = by_name.pop("iss")
            return str(wrong(f"{parts.scheme}://{parts.netloc}?{urlencode(by_name)}&{urlencode({'iss': iss})}"))

        assert told(haip.run(f"{OWN}authorization-response", sign_in=sign_in)) == {check}


def on_success(path: str, change: Callable[[TransportResponse], TransportResponse]) -> Spoil:
    def spoil(sent: Sent, answer: TransportResponse) -> TransportResponse:
        return change(answer) if urlsplit(sent.url).path.endswith(path) and answer.status < 300 else answer

    return spoil


def other_identifiers(content: dict[str, Any]) -> None:
    for each in content.get("authorization_details", []):
        each["credential_identifiers"] = [f"other-{len(json.dumps(content))}"]


class TestRefreshing:
    NAME = f"{OWN}refresh-tokens"

    def refreshing(self, bench: Bench, change: Callable[[TransportResponse], TransportResponse]) -> set[str]:
        def spoil(sent: Sent, answer: TransportResponse) -> TransportResponse:
            asked = b"grant_type=refresh_token" in sent.body
            word = answer.json().get("error") if answer.content_type == "application/json" else None
            return change(answer) if asked and word not in ("use_dpop_nonce",) else answer

        return told(bench.run(self.NAME, transport=Spoilt(bench.transport, spoil)))

    def test_one_that_takes_any_key_fails(self, haip: Bench) -> None:
        def takes_all(answer: TransportResponse) -> TransportResponse:
            return answer if answer.status == 200 else replace(answer, status=200, body=b'{"access_token":"x"}')

        assert {"refresh-token-of-another-key"} <= self.refreshing(haip, takes_all)

    def test_one_that_refuses_every_refresh_fails(self, haip: Bench) -> None:
        refuse = replace
        found = self.refreshing(
            haip, lambda answer: refuse(answer, status=400, body=b'{"error":"unsupported_grant_type"}')
        )
        assert "refresh-token" in found

    def test_an_old_token_that_stays_good_fails(self, haip: Bench) -> None:
        given: list[TransportResponse] = []

        def keeps(answer: TransportResponse) -> TransportResponse:
            if answer.status == 200:
                given.append(answer)
            return given[-1] if given else answer

        assert self.refreshing(haip, keeps) == {"refresh-token-rotated"}

    def test_identifiers_that_change_fail(self, haip: Bench) -> None:
        assert self.refreshing(haip, changed(other_identifiers)) == {"credential-identifiers-stable"}


def test_a_right_code_that_is_refused_after_a_wrong_one_fails(latest: Bench) -> None:
    transport = Spoilt(
        latest.transport,
        on_success("/token", lambda answer: replace(answer, status=400, body=b'{"error":"invalid_grant"}')),
    )
    assert told(latest.run(f"{OWN}transaction-codes", transport=transport)) == {"tx-code-right"}


class TestMoreThanOne:
    def test_one_identifier_for_everything_fails(self, latest: Bench) -> None:
        def one(content: dict[str, Any]) -> None:
            for each in content.get("authorization_details", []):
                each["credential_identifiers"] = each["credential_identifiers"][:1]

        report = latest.run(
            f"{OWN}several-credentials", transport=Spoilt(latest.transport, at("/token", changed(one)))
        )
        assert told(report) == {"several-identifiers"}

    def test_the_same_credential_for_both_fails(self, latest: Bench) -> None:
        first: list[bytes] = []

        def same(answer: TransportResponse) -> TransportResponse:
            first.append(answer.body)
            return replace(answer, body=first[0])

        transport = Spoilt(latest.transport, on_success("/credential", same))
        assert told(latest.run(f"{OWN}several-credentials", transport=transport)) == {"several-credentials"}

    def test_fewer_credentials_than_attested_keys_fail(self, latest: Bench) -> None:
        def one(content: dict[str, Any]) -> None:
            content["credentials"] = content["credentials"][:1]

        transport = Spoilt(latest.transport, on_success("/credential", changed(one)))
        report = latest.run(f"{OWN}attestation-proof-type", transport=transport)
        assert told(report) == {"attestation-proof-type"}

    @pytest.mark.parametrize(
        ("check", "path", "change"),
        [
            ("deferred-response", "/credential", lambda answer: replace(answer, status=200)),
            ("deferred-response", "/credential", with_members(interval=None)),
            ("deferred-no-store", "/credential", with_headers(cache_control=None)),
            ("deferred-waiting", "/deferred", with_members(transaction_id="another")),
        ],
    )
    def test_a_deferred_answer_that_is_wrong_fails(
        self, check: str, path: str, change: Any, latest: Bench
    ) -> None:
        def spoil(sent: Sent, answer: TransportResponse) -> TransportResponse:
            return change(answer) if sent.url.endswith(path) and answer.status == 202 else answer

        report = latest.run(f"{OWN}deferred-issuance", transport=Spoilt(latest.transport, spoil))
        assert told(report) == {check}

    def test_what_is_never_ready_is_skipped_and_not_passed(self, latest: Bench) -> None:
        class Slow:
            def take(self, want: Any) -> Any:
                return None if want.value == "deferred-ready" else latest.operator.take(want)

        report = latest.run(f"{OWN}deferred-issuance", offers=Slow())
        assert (told(report), told(report, Outcome.SKIPPED), report.incomplete) == (
            set(),
            {"deferred-ready"},
            True,
        )

    def test_a_notification_that_cannot_be_repeated_fails(self, latest: Bench) -> None:
        seen: set[bytes] = set()

        def spoil(sent: Sent, answer: TransportResponse) -> TransportResponse:
            if not sent.url.endswith("/notification") or sent.body not in seen:
                seen.add(sent.body)
                return answer
            return replace(answer, status=400, body=b'{"error":"invalid_notification_id"}')

        report = latest.run(f"{OWN}notifications", transport=Spoilt(latest.transport, spoil))
        assert told(report) == {"notification-again"}


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("happy-flow-additional-requests", "request-again"),
        ("happy-flow-multiple-clients", "two-wallets"),
        ("happy-flow-skip-notification", "without-notification"),
    ],
)
def test_an_issuer_that_gives_one_credential_alone_fails(name: str, check: str, latest: Bench) -> None:
    given: list[bool] = []

    def spoil(sent: Sent, answer: TransportResponse) -> TransportResponse:
        if not sent.url.endswith("/credential") or answer.status != 200:
            return answer
        given.append(True)
        if len(given) == 1:
            return answer
        return replace(answer, status=400, body=b'{"error":"credential_request_denied"}')

    assert told(latest.run(f"{SUITE}{name}", transport=Spoilt(latest.transport, spoil))) == {check}


def test_a_challenge_that_everybody_gets_fails(latest: Bench) -> None:
    same = at("/challenge", with_members(attestation_challenge="the-same"))
    report = latest.run(f"{OWN}attestation-challenge", transport=Spoilt(latest.transport, same))
    assert told(report) == {"challenge-response"}


def test_a_server_that_tells_no_nonce_fails(haip: Bench) -> None:
    def spoil(sent: Sent, answer: TransportResponse) -> TransportResponse:
        if sent.dpop_nonce != "nobody-gave-this-nonce":
            return answer
        return with_headers(dpop_nonce=None)(answer)

    report = haip.run(f"{OWN}dpop-nonce-told", transport=Spoilt(haip.transport, spoil))
    assert told(report) == {"dpop-nonce-told"}


def test_a_wallet_provider_that_nobody_trusts_is_told_as_such(haip: Bench) -> None:
    report = haip.run(
        f"{SUITE}fail-client-attestation-no-sub",
        transport=Spoilt(
            haip.transport,
            at("/par", lambda answer: replace(answer, status=401, body=b'{"error":"invalid_client"}')),
        ),
    )
    assert told(report) == {"attested-client-taken"}


def test_a_server_that_refuses_unknown_scopes_fails(haip: Bench) -> None:
    def spoil(sent: Sent, answer: TransportResponse) -> TransportResponse:
        if b"nobody-knows" not in sent.body:
            return answer
        return replace(answer, status=400, body=b'{"error":"invalid_scope"}')

    name = f"{OWN}unknown-scope"
    assert told(haip.run(name)) == set()
    assert told(haip.run(name, transport=Spoilt(haip.transport, spoil))) == {"unknown-scope-ignored"}


class TestOffersByReference:
    @staticmethod
    def offers(bench: Bench) -> Any:
        class ByReference:
            def take(self, want: Any) -> Any:
                given = bench.operator.take(want)
                if given is None or want is not Want.PRE_AUTHORIZED:
                    return given
                made = bench.issuer.offer(
                    SLUG, bench.issuer.upload(SLUG, example("posted-worker-fr-de")), ["pda1"], by_reference=True
                )
                return GivenOffer(made.offer_uri)

        return ByReference()

    def test_they_are_fetched(self, latest: Bench) -> None:
        assert told(latest.run(HAPPY, offers=self.offers(latest))) == set()

    def test_one_that_is_gone_fails_and_its_address_stays_secret(self, latest: Bench) -> None:
        fetched: list[str] = []

        def gone(sent: Sent, answer: TransportResponse) -> TransportResponse:
            if sent.method != "GET" or "/.well-known/" in sent.url:
                return answer
            fetched.append(sent.url)
            return replace(answer, status=404)

        report = latest.run(HAPPY, offers=self.offers(latest), transport=Spoilt(latest.transport, gone))
        assert told(report) == {"the-way-there"}
        (failed,) = [each for each in report.modules[0].findings if each.outcome is Outcome.FAILED]
        assert failed.sent == "GET the offer's address"
        assert fetched


@pytest.mark.parametrize(
    ("lives", "due"), [(300, set()), (301, {"bearer-token-life"}), (None, {"token-response", "bearer-token-life"})]
)
def test_a_token_that_is_bound_to_no_key_may_live_for_five_minutes(
    lives: int | None, due: set[str], latest: Bench
) -> None:
    def spoil(sent: Sent, answer: TransportResponse) -> TransportResponse:
        if SERVER in sent.url:
            unbound = with_members(dpop_signing_alg_values_supported=None)
            return with_members(token_endpoint_auth_methods_supported=["none"])(unbound(answer))
        return with_members(expires_in=lives)(answer) if sent.url.endswith("/token") else answer

    report = latest.run(HAPPY, transport=Spoilt(latest.transport, spoil), sign_in=None)
    assert told(report) == due


def test_a_wallet_that_nobody_vouches_for_is_not_told_to_import_a_provider(haip: Bench) -> None:
    names = ("portadoc-issuer-request-uri-of-another-client", f"{HAPPY}")
    report = haip.carried_out(haip.trial(attested=False), *names)
    failed = [found for each in report.modules for found in each.findings if found.outcome is Outcome.FAILED]
    assert failed
    for found in failed:
        assert "--public-client" in found.reason + found.check.cause
        assert "wallet provider is not trusted" not in found.check.cause
