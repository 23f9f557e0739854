"""The whole path in one process: issued, presented, accepted, withdrawn, presented again and refused."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from portadoc.clock import FixedClock
from portadoc.errors import Refused
from portadoc.fetch import Fetched
from portadoc.issuer.openid4vci import wallet_router as issuer_routes
from portadoc.issuer.service import Issuer, WithdrawalReason, build_issuer
from portadoc.issuer.settings import InstitutionSettings as IssuingInstitution
from portadoc.issuer.settings import IssuerSettings
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.trust.trust_file import TRUST_FILE, trust_from_json
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.schemas.profiles import profile
from portadoc.storage.engine import open_database
from portadoc.verification.presets.presets import preset
from portadoc.verifier.http.openid4vp import wallet_router as verifier_routes
from portadoc.verifier.requests import CreatedRequest
from portadoc.verifier.results import Result
from portadoc.verifier.asking import Asked
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
    yield Town(issuer, verifier, wallet, clock, fetch)
    database.close()


@pytest.mark.parametrize(
    ("configuration", "question"),
    [("pda1", "inspector-quick"), ("pda1-rulebook", "inspector-quick"), ("pda1-webuild", "inspector-webuild")],
)
def test_issued_presented_withdrawn_and_refused(town: Town, configuration: str, question: str) -> None:
    record_id = town.give(configuration)
    before = town.fetch.asked
    first = town.ask(question)
    town.wallet.present(first.link)
    assert town.result(first).accepted
    assert town.fetch.asked == before + 1

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
