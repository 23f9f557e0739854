"""The whole path in one process: issued, presented, accepted, withdrawn, presented again and refused."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI

from portadoc.clock import FixedClock
from portadoc.errors import Refused, Untrusted
from portadoc.fetch import Fetched
from portadoc.formats.openid4vp.request_object import ResponseMode
from portadoc.formats.openid4vp.transaction_data import INSPECTION as INSPECTION_ACKNOWLEDGED
from portadoc.formats.openid4vp.transaction_data import make_transaction_data
from portadoc.issuer.openid4vci import wallet_router as issuer_routes
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.issuer.service import Issuer, build_issuer
from portadoc.issuer.settings import InstitutionSettings as IssuingInstitution
from portadoc.issuer.settings import IssuerSettings
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.trust.trust_file import TRUST_FILE, trust_from_json
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.schemas.profiles import profile
from portadoc.storage.engine import open_database
from portadoc.verification.presets.presets import preset
from portadoc.verifier.asking import Asked
from portadoc.verifier.http.browser_api import browser_api_router
from portadoc.verifier.http.openid4vp import wallet_router as verifier_routes
from portadoc.verifier.http.pages import page_router
from portadoc.verifier.requests import Channel, CreatedRequest
from portadoc.verifier.results import Result
from portadoc.verifier.service import Verifier, build_verifier
from portadoc.verifier.settings import InstitutionSettings as VerifyingInstitution
from portadoc.verifier.settings import VerifierSettings
from portadoc.wallet_sim.store import MemoryStore
from portadoc.wallet_sim.transport import AsgiTransport
from portadoc.wallet_sim.wallet import Wallet
from portadoc.web.app import install_problems, protect

NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
BASE_URL = "http://127.0.0.1:8700"
TYPES = {"pda1": "urn:eudi:pda1:1", "pda1-rulebook": "urn:eudi:pda1:1", "pda1-webuild": "eu.we-build.pda1.1"}
INSPECTION = "de-inspection"


@dataclass
class InProcessFetch:
    """Fetches from the application itself; counts what it is asked for."""

    transport: AsgiTransport
    asked: int = 0

    def get(self, url: str, *, accept: tuple[str, ...], **_: Any) -> Fetched:
        self.asked += 1
        answer = self.transport.get(url, headers={"accept": accept[0]})
        assert (answer.status, answer.content_type) == (200, accept[0])
        return Fetched(url, answer.status, answer.content_type, answer.headers, answer.body)


@dataclass
class Town:
    """Issuer, verifier and wallet in one process."""

    issuer: Issuer
    verifier: Verifier
    wallet: Wallet
    clock: FixedClock
    fetch: InProcessFetch
    http: AsgiTransport

    def give(self, configuration: str) -> str:
        record_id = self.issuer.upload("fr-demo", example("posted-worker-fr-de", date(2026, 11, 22)))
        self.wallet.accept(self.issuer.offer("fr-demo", record_id, [configuration]).offer_uri)
        return record_id

    def ask(self, question: str = "inspector-quick", **options: Any) -> CreatedRequest:
        return self.verifier.create_request(INSPECTION, preset(question), asked=Asked(**options))

    def result(self, asked: CreatedRequest) -> Result:
        result = self.verifier.result(INSPECTION, asked.transaction_id, asked.session_secret).result
        assert result is not None
        return result


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    names = {"fr-demo": ("FR:TEST01", Role.ISSUER), INSPECTION: ("DE:TEST90", Role.VERIFIER)}
    ring = create_development_ring(
        tmp_path / "keys",
        [
            DevelopmentInstitution(
                slug, identifier, identifier[:2], slug, frozenset({role}), frozenset(TYPES.values())
            )
            for slug, (identifier, role) in names.items()
        ],
        base_url=BASE_URL,
        now=NOW,
        random_bytes=system_random_bytes,
        passphrase=b"test",
    )
    trust = trust_from_json(json.loads((tmp_path / "keys" / TRUST_FILE).read_text(encoding="utf-8")))
    clock, database, app = FixedClock(NOW), open_database("sqlite://"), FastAPI(openapi_url=None)
    transport = AsgiTransport(app, BASE_URL)
    issuing = IssuingInstitution(
        slug="fr-demo", institution_id="FR:TEST01", names={"en": "Test"}, configuration_ids=tuple(TYPES)
    )
    asking = VerifyingInstitution(
        slug=INSPECTION,
        institution_id="DE:TEST90",
        names={"en": "Test"},
        registered_types=tuple(sorted(set(TYPES.values()))),
    )
    issuer = build_issuer(
        IssuerSettings(base_url=BASE_URL, institutions=(issuing,), mode="development"),
        database,
        ring,
        clock,
        system_random_bytes,
    )
    fetch = InProcessFetch(transport)
    verifier = build_verifier(
        VerifierSettings(base_url=BASE_URL, institutions=(asking,), mode="development", request_uri_method="post"),
        database,
        ring,
        trust,
        fetch,
        clock,
        system_random_bytes,
    )
    app.include_router(issuer_routes(issuer))
    app.include_router(verifier_routes(verifier))
    app.include_router(page_router(verifier))
    app.include_router(browser_api_router(verifier))
    install_problems(app)
    protect(app)
    wallet = Wallet(
        MemoryStore(),
        transport=transport,
        trust=trust,
        clock=clock,
        random_bytes=system_random_bytes,
        profile=profile("ietf-latest"),
    )
    yield Town(issuer, verifier, wallet, clock, fetch, transport)
    database.close()


@pytest.mark.parametrize(
    ("configuration", "question"),
    [("pda1", "inspector-quick"), ("pda1-rulebook", "inspector-quick"), ("pda1-webuild", "inspector-quick")],
)
def test_issued_presented_withdrawn_and_refused(town: Town, configuration: str, question: str) -> None:
    record_id = town.give(configuration)
    before = town.fetch.asked
    first = town.ask(question)
    town.wallet.present(first.link)
    assert town.result(first).accepted
    assert town.fetch.asked == before + 2  # the whole list, and the withdrawals beside it
    town.wallet.present(town.ask(question).link)
    assert town.fetch.asked == before + 2  # nothing more for another presentation

    town.issuer.withdraw("fr-demo", record_id, reason=WithdrawalReason.ISSUED_IN_ERROR)
    town.clock.advance(60)
    town.issuer.publish_status_lists()
    assert town.verifier.refresh_status_lists(everything=True) == 1

    second = town.ask(question)
    with pytest.raises(Refused):
        town.wallet.present(second.link)
    problem = town.result(second).problem
    assert problem is not None
    assert problem.code == "revoked"
    assert town.result(first).accepted  # what was found then stays as it was


@pytest.mark.parametrize("mode", [ResponseMode.DIRECT_POST, ResponseMode.DIRECT_POST_JWT])
def test_the_wallet_answers_in_the_form_that_is_asked_for(town: Town, mode: ResponseMode) -> None:
    town.give("pda1")
    asked = town.ask(response_mode=mode)
    town.wallet.present(asked.link)
    assert town.result(asked).accepted


def test_on_the_same_device_the_wallet_leads_back_to_the_browser_that_asked(town: Town) -> None:
    town.give("pda1")
    asked = town.ask(channel=Channel.SAME_DEVICE)
    outcome = town.wallet.present(asked.link)
    back = urlsplit(outcome.redirect_uri or "")
    session = f"/verifier/{INSPECTION}/sessions/{asked.transaction_id}"
    assert back.path == f"{session}/return"
    cookie = {"cookie": f"portadoc-session={asked.session_secret}", "accept": "text/html"}
    assert "report-" not in town.http.get(session, headers=cookie).text
    assert town.http.get(f"{back.path}?{back.query}", headers={"accept": "text/html"}).status == 404
    assert town.http.get(f"{back.path}?{back.query}", headers=cookie).status == 303
    assert "report-green" in town.http.get(session, headers=cookie).text


def test_on_another_device_the_holder_gets_the_receipt_and_the_number_to_compare(town: Town) -> None:
    town.give("pda1")
    asked = town.ask(channel=Channel.CROSS_DEVICE)
    outcome = town.wallet.present(asked.link)
    page = town.http.get(outcome.redirect_uri or "", headers={"accept": "text/html"})
    view = town.verifier.session(INSPECTION, asked.transaction_id, asked.session_secret)
    assert view.request.confirmation in page.text
    assert view.receipt is not None
    assert view.receipt == town.http.get((outcome.redirect_uri or "").replace("?", "/file?")).text


@pytest.mark.parametrize("mode", [ResponseMode.DC_API, ResponseMode.DC_API_JWT])
def test_v59_a_page_asks_through_the_browser_of_the_holder(town: Town, mode: ResponseMode) -> None:
    town.give("pda1")
    asked = town.ask(channel=Channel.BROWSER, response_mode=mode)
    session = f"/verifier/{INSPECTION}/sessions/{asked.transaction_id}"
    own = {"cookie": f"portadoc-session={asked.session_secret}", "sec-fetch-site": "same-origin"}
    requests = town.http.get(f"{session}/requests", headers=own).json()["requests"]
    assert [each["protocol"] for each in requests] == ["openid4vp-v1-signed", "openid4vp-v1-unsigned"]
    protocol, data = requests[0]["protocol"], requests[0]["data"]
    with pytest.raises(Untrusted):
        town.wallet.preview_browser(protocol, data, origin="https://evil.example")
    preview = town.wallet.preview_browser(protocol, data, origin=BASE_URL)
    answer = {"protocol": protocol, "data": town.wallet.answer_browser(preview)}
    assert town.http.post_json(f"{session}/answers", answer, headers=own).json() == {}
    assert town.result(asked).accepted


def test_a_transaction_is_acknowledged_by_the_wallet(town: Town) -> None:
    town.give("pda1")
    details = {"site": "Hamburg", "verifier": "Test inspection", "purpose": "Test"}
    text = make_transaction_data(INSPECTION_ACKNOWLEDGED, details, credential_id="a1")
    asked = town.ask(transaction_data=(text,))
    town.wallet.present(asked.link)
    assert town.result(asked).accepted


def test_a_holder_who_declines_is_no_failure_of_the_wallet(town: Town) -> None:
    town.give("pda1")
    asked = town.ask()
    town.wallet.decline(town.wallet.preview(asked.link))
    assert town.result(asked).wallet_error == "access_denied"


def test_a_wallet_without_the_attestation_shows_nothing(town: Town) -> None:
    asked = town.ask()
    with pytest.raises(Refused):
        town.wallet.present(asked.link)
    result = town.result(asked)
    assert (result.accepted, result.presentations) == (False, ())


def test_the_way_back_carries_a_code_that_opens_the_result(town: Town) -> None:
    town.give("pda1")
    asked = town.ask(return_uri=f"{BASE_URL}/inspect/done")
    outcome = town.wallet.present(asked.link)
    assert outcome.redirect_uri is not None
    code = outcome.redirect_uri.partition("response_code=")[2]
    view = town.verifier.result(INSPECTION, asked.transaction_id, asked.session_secret, response_code=code)
    assert view.result is not None
    assert view.result.accepted


def test_only_what_was_asked_for_is_disclosed_and_kept(town: Town) -> None:
    town.give("pda1")
    asked = town.ask()
    outcome = town.wallet.present(asked.link)
    (shared,) = outcome.shared
    assert shared.disclosed == (("document_number",),)
    (presentation,) = town.result(asked).presentations
    assert "document_number" in presentation.report.claims
    assert "personal_administrative_number" not in presentation.report.claims
    assert "sub" not in presentation.report.claims
