"""Trust by a trusted list alone: an attestation is green, falls with its issuer, is not believed past its list."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from portadoc.clock import FixedClock
from portadoc.errors import Refused, Unavailable
from portadoc.fetch import Fetched
from portadoc.formats.trust_lists.listing import StatusChange
from portadoc.formats.trust_lists.lote_making import ServiceEntry
from portadoc.issuer.openid4vci import wallet_router as issuer_routes
from portadoc.issuer.service import Issuer, build_issuer
from portadoc.issuer.settings import InstitutionSettings as IssuingInstitution
from portadoc.issuer.settings import IssuerSettings
from portadoc.keys.certificates import from_pem, to_pem
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file
from portadoc.keys.trust.trust_list import AuthorisationRule, ListForm
from portadoc.keys.trust.trust_list_file import TrustListSource
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.schemas.profiles import profile
from portadoc.storage.engine import open_database
from portadoc.verification.presets.presets import Preset, preset
from portadoc.verifier.http.openid4vp import wallet_router as verifier_routes
from portadoc.verifier.results import Result
from portadoc.verifier.service import Verifier, build_verifier
from portadoc.verifier.settings import InstitutionSettings as VerifyingInstitution
from portadoc.verifier.settings import VerifierSettings
from portadoc.wallet_sim.store import MemoryStore
from portadoc.wallet_sim.transport import AsgiTransport
from portadoc.wallet_sim.wallet import Wallet
from portadoc.web.app import install_problems, protect
from tests.unit.formats.trust_list_workshop import LIST_URI, Provider, lote, operator, provider

NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
HOUR = 3600
BASE_URL = "http://127.0.0.1:8700"
PDA1 = "urn:eudi:pda1:1"
ISSUER, ASKER = "fr-demo", "de-inspection"
ATTESTING = frozenset({KeyPurpose.CREDENTIAL, KeyPurpose.STATUS, KeyPurpose.DOCUMENT_SEAL})


@dataclass
class Network:
    """Fetches from the application itself, and the trusted list from its scheme operator."""

    transport: AsgiTransport
    edition: str = ""
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, *, accept: tuple[str, ...], **_: Any) -> Fetched:
        self.asked.append(url)
        if url == LIST_URI:
            if not self.edition:
                raise Unavailable("fetch_failed", reason="connect")
            return Fetched(url, 200, "application/jwt", {}, self.edition.encode())
        answer = self.transport.get(url, headers={"accept": accept[0]})
        return Fetched(url, answer.status, answer.content_type, answer.headers, answer.body)


@dataclass
class Land:
    """An issuer that a trusted list names, a verifier and a wallet that trust by the list, and its operator."""

    issuer: Issuer
    verifier: Verifier
    wallet: Wallet
    clock: FixedClock
    network: Network
    authority: bytes

    def publish(
        self,
        sequence: int,
        *,
        withdrawn_at: int | None = None,
        status_withdrawn_at: int | None = None,
        valid_s: int = 12 * HOUR,
    ) -> int:
        """Publish an edition and let the verifier fetch; return how many lists came."""
        body: Provider = replace(provider(0), name="Caisse (test data)", identifier="NTRFR-TEST01", country="FR")
        services = (
            self.service("Attestations", KeyPurpose.CREDENTIAL, withdrawn_at),
            self.service("Validity", KeyPurpose.STATUS, status_withdrawn_at),
        )
        issued_at = self.clock.now()
        self.network.edition = lote(
            body.entry(services=services),
            provider(1).entry(),
            sequence=sequence,
            issued_at=issued_at,
            next_update=issued_at + valid_s,
        )
        return self.verifier.refresh_trust_lists(everything=True)

    def service(self, name: str, purpose: KeyPurpose, withdrawn_at: int | None) -> ServiceEntry:
        approved = StatusChange(NOW - 24 * HOUR, True)
        if withdrawn_at is None:
            return ServiceEntry(name, purpose, self.authority, approved)
        return ServiceEntry(name, purpose, self.authority, StatusChange(withdrawn_at, False), (approved,))

    def give(self) -> None:
        record_id = self.issuer.upload(ISSUER, example("posted-worker-fr-de", date(2026, 11, 22)))
        self.wallet.accept(self.issuer.offer(ISSUER, record_id, ["pda1"]).offer_uri)

    def check(self, question: Preset | None = None) -> Result:
        """Ask, let the wallet answer, and return what came of it."""
        asked = self.verifier.create_request(ASKER, question or preset("inspector-quick"))
        try:
            self.wallet.present(asked.link)
        except Refused as refusal:
            if refusal.code != "presentation_refused":
                raise
        result = self.verifier.result(ASKER, asked.transaction_id, asked.session_secret).result
        assert result is not None
        return result

    def found(self, question: Preset | None = None) -> str:
        result = self.check(question)
        problem = result.problem
        assert result.verdict is not None
        return f"{result.verdict.colour} {problem.full_code}" if problem else str(result.verdict.colour)


def without_attesters(trust: TrustStore) -> TrustStore:
    """Return the operator's own trust without anybody whose attestations would be believed by it."""
    return TrustStore(
        tuple(each for each in trust.anchors if not each.purposes & ATTESTING),
        tuple(
            replace(each, purposes=each.purposes - ATTESTING)
            for each in trust.authorisations
            if each.purposes - ATTESTING
        ),
    )


@pytest.fixture
def land(tmp_path: Path) -> Iterator[Land]:
    ring = create_development_ring(
        tmp_path,
        [
            DevelopmentInstitution(
                ISSUER, "FR:TEST01", "FR", "Caisse (test data)", frozenset({Role.ISSUER}), frozenset({PDA1})
            ),
            DevelopmentInstitution(ASKER, "DE:TEST90", "DE", "Inspection (test data)", frozenset({Role.VERIFIER})),
        ],
        base_url=BASE_URL,
        now=NOW,
        random_bytes=system_random_bytes,
        passphrase=b"test",
    )
    authority = leave_the_authority_to_the_list(tmp_path)
    trust = without_attesters(read_trust_file(tmp_path / TRUST_FILE))
    rule = AuthorisationRule(
        entity="NTRFR-TEST01",
        institution="FR:TEST01",
        issuers=frozenset({f"{BASE_URL}/issuer/{ISSUER}"}),
        credential_types=frozenset({PDA1}),
    )
    clock, database, app = FixedClock(NOW), open_database("sqlite://"), FastAPI(openapi_url=None)
    transport = AsgiTransport(app, BASE_URL)
    network = Network(transport)
    issuing = IssuingInstitution(
        slug=ISSUER, institution_id="FR:TEST01", names={"en": "Test"}, configuration_ids=("pda1",)
    )
    asking = VerifyingInstitution(
        slug=ASKER, institution_id="DE:TEST90", names={"en": "Test"}, registered_types=(PDA1, "eu.we-build.pda1.1")
    )
    issuer = build_issuer(
        IssuerSettings(base_url=BASE_URL, institutions=(issuing,), mode="development"),
        database,
        ring,
        clock,
        system_random_bytes,
    )
    verifier = build_verifier(
        VerifierSettings(base_url=BASE_URL, institutions=(asking,), mode="development"),
        database,
        ring,
        trust,
        network,
        clock,
        system_random_bytes,
        trust_list_sources=(TrustListSource(LIST_URI, ListForm.LOTE, (operator().der,), (rule,)),),
    )
    app.include_router(issuer_routes(issuer))
    app.include_router(verifier_routes(verifier))
    install_problems(app)
    protect(app)
    wallet = Wallet(
        MemoryStore(),
        transport=transport,
        trust=verifier.trust,
        clock=clock,
        random_bytes=system_random_bytes,
        profile=profile("ietf-latest"),
    )
    yield Land(issuer, verifier, wallet, clock, network, authority)
    database.close()


def leave_the_authority_to_the_list(folder: Path) -> bytes:
    """Cut the issuer's chains down to the signer, as HAIP wants them under an anchor; return the authority.

    Spec: HAIP 1.0 §6.1.1: the anchor itself is not in the header.
    """
    authorities = set()
    for file in folder.glob(f"{ISSUER}*.chain.pem"):
        chain = from_pem(file.read_text())
        if len(chain) == 2 and ("credential" in file.name or "status" in file.name):
            authorities.add(chain[1])
            file.write_text(to_pem(chain[:1]))
    (authority,) = authorities
    return authority


def test_v32_an_attestation_is_green_by_the_list_alone(land: Land) -> None:
    with pytest.raises(Exception, match="anchor_unknown"):
        land.give()  # the wallet trusts nobody yet either
    assert land.publish(1) == 1
    land.give()
    result = land.check()
    assert (result.accepted, result.verdict) == (True, "authentic_in_force")
    assert land.network.asked.count(LIST_URI) == 1


def test_v32_b12_what_the_next_edition_withdraws_is_refused_from_that_time_on(land: Land) -> None:
    land.publish(1)
    land.give()
    assert land.found() == "green"
    land.clock.advance(2 * HOUR)
    land.publish(2, withdrawn_at=NOW + 3 * HOUR)
    assert land.found() == "green", "announced, not in force yet"
    land.clock.advance(HOUR)
    assert land.found() == "red issuer_untrusted.withdrawn"


@pytest.mark.parametrize("announced_s", [0, HOUR])
def test_v41_b12_with_the_service_for_status_its_lists_fall_though_they_are_held(
    land: Land, announced_s: int
) -> None:
    land.publish(1)
    land.give()
    assert land.found() == "green"
    land.clock.advance(HOUR)
    land.publish(2, status_withdrawn_at=land.clock.now() + announced_s)
    land.clock.advance(announced_s)
    assert land.found() == "amber status_invalid.issuer_untrusted"


def test_v32_b12_an_older_edition_does_not_bring_back_who_was_withdrawn(land: Land) -> None:
    land.publish(1)
    land.give()
    land.clock.advance(HOUR)
    land.publish(2, withdrawn_at=NOW + HOUR)
    assert land.publish(1) == 0
    (problem,) = land.verifier.trust_lists.problems.values()
    assert problem.code == "trust_list_rollback"
    assert land.found() == "red issuer_untrusted.withdrawn"


def test_v32_past_its_next_update_nothing_of_the_list_is_believed(land: Land) -> None:
    land.publish(1, valid_s=HOUR)
    land.give()
    land.network.edition = ""  # the scheme operator cannot be reached
    land.clock.advance(HOUR)
    assert land.verifier.refresh_trust_lists(everything=True) == 0
    assert land.found() == "green"
    land.clock.advance(1)
    assert land.found() == "red issuer_untrusted.list_stale"
    land.publish(2)
    assert land.found() == "green"


def naming(*lists: str) -> Preset:
    """Return a question for attestations of institutions that one of these trusted lists names."""
    query = preset("inspector-quick").query
    authorities = [{"type": "etsi_tl", "values": list(lists)}]
    credentials = [{**each, "trusted_authorities": authorities} for each in query["credentials"]]
    return Preset(id="listed", query={**query, "credentials": credentials})


def test_g09_v32_a_question_for_institutions_of_the_list_is_met(land: Land) -> None:
    land.publish(1)
    land.give()
    assert land.found(naming("https://lists.example.test/other", LIST_URI)) == "green"


def test_g09_v32_a_question_for_institutions_of_another_list_is_not_met(land: Land) -> None:
    land.publish(1)
    land.give()
    asked = land.verifier.create_request(ASKER, naming("https://lists.example.test/other"))
    with pytest.raises(Refused) as refusal:
        land.wallet.present(asked.link)
    assert refusal.value.code == "query_unsatisfied"
