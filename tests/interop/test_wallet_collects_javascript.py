"""A wallet that nobody here wrote, on npm ``@openid4vc`` 0.4.6, collects at our issuer with all means of HAIP.

The worker shows a PID with the same library while the issuer asks. What the library lacks is done beside it in
``node/mends.mjs``; each such thing is an entry here that fails when it is no longer needed.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest

from portadoc.demo.story import INSPECTION, today
from portadoc.issuer.authorization.offers import Offer, OfferFlow
from portadoc.issuer.records.holders import holder_of
from portadoc.schemas.examples import example
from portadoc.schemas.openid4vci import DETAILS_TYPE, PRE_AUTHORIZED_CODE_GRANT
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.profiles import profile
from portadoc.serve.house import House
from portadoc.serve.run import listen
from portadoc.verification.presets.presets import preset
from tests.interop.collecting import CollectingWallet, Installation, collecting_wallet

pytestmark = pytest.mark.node

A1: Final = "fr-demo"
COPIES: Final = 10
HAIP: Final = "haip-1.0"
PROFILES: Final = ("ietf-latest", HAIP, "eudi-2026")
WORKER, TRAVELLER = IDENTITIES = ("pid-posted-worker", "pid-insured-traveller")
DETAILS: Final = [{"type": DETAILS_TYPE, "credential_configuration_id": "pda1"}]
only_haip = pytest.mark.parametrize("house", [HAIP], indirect=True)


@pytest.fixture(scope="module")
def wallet(node: str) -> Iterator[CollectingWallet]:
    with collecting_wallet(node) as wallet:
        yield wallet


@pytest.fixture(scope="module")
def installation(wallet: CollectingWallet, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation that knows the wallet's provider."""
    with listen("127.0.0.1", 0) as listener:
        made = Installation(tmp_path_factory.mktemp("collecting"), listener.getsockname()[1])
    wallet.does("certified", origin=made.origin, chains=made.believes(wallet.provider_keys))
    return made


@pytest.fixture(scope="module", params=PROFILES)
def house(request: pytest.FixtureRequest, installation: Installation, wallet: CollectingWallet) -> Iterator[House]:
    """The installation under each profile in turn; the wallet has a PID by then.

    HAIP has no pre-authorised code, and whoever has no PID cannot identify: so it was given under another profile.
    """
    if request.param == HAIP:
        with installation.under("ietf-latest") as earlier:
            give_identity(wallet, earlier)
    with installation.under(request.param) as house:
        if request.param != HAIP:
            give_identity(wallet, house)
        yield house


def give_identity(wallet: CollectingWallet, house: House) -> None:
    """Put the PIDs of two people into the wallet, under their names."""
    for name in IDENTITIES:
        record_id = house.issuer.upload("fr-identity", example(name, today(house)))
        session = offered(wallet, house.issuer.offer("fr-identity", record_id, ["pid"]))
        wallet.does("preAuthorized", session=session)
        wallet.does("collected", session=session, configuration="pid", held=name)


@dataclass(frozen=True)
class Collected:
    """What came of one way through issuance, and what went over the wire."""

    record_id: str
    offered: dict[str, Any]
    authorized: dict[str, Any]
    batch: dict[str, Any]
    notified: int
    traffic: list[dict[str, Any]]

    @property
    def session(self) -> int:
        return int(self.offered["session"])

    def sent(self, endpoint: str) -> list[dict[str, Any]]:
        """Return what was sent to an endpoint."""
        return [each for each in self.traffic if each["path"].endswith(f"/{endpoint}")]


@pytest.fixture(scope="module")
def collected(wallet: CollectingWallet, house: House) -> Collected:
    """Ten copies by the code flow, encrypted both ways, of which the issuer hears."""
    record_id = house.issuer.upload(A1, a1(house))
    told = wallet.does("offered", offerUri=by_code(house, record_id).offer_uri, signedMetadata=True)
    session = told["session"]
    authorized = wallet.does("authorized", session=session, pid=WORKER)
    batch = wallet.does(
        "collected", session=session, configuration="pda1", copies=COPIES, encrypted=True, held="a1"
    )
    notified = wallet.does("notified", session=session, event="credential_accepted")
    return Collected(record_id, told, authorized, batch, notified, wallet.does("traffic", session=session))


def a1(house: House, number: str | None = None) -> Pda1:
    """Return the A1 of the worker, perhaps under another number."""
    record = example("posted-worker-fr-de", today(house))
    assert isinstance(record, Pda1)
    return record if number is None else replace(record, document=replace(record.document, number=number))


def by_code(house: House, *record_ids: str) -> Offer:
    return house.issuer.offer_records(
        A1, {each: ["pda1"] for each in record_ids}, by_reference=True, flow=OfferFlow.AUTHORIZATION_CODE
    )


def offered(wallet: CollectingWallet, offer: Offer, **given: Any) -> int:
    """Let the wallet read an offer and the metadata; return the number of the session."""
    return int(wallet.does("offered", offerUri=offer.offer_uri, **given)["session"])


def require_apart(copies: list[dict[str, Any]], count: int) -> None:
    """Require so many copies, each with a key, status entry, identifiers and salts of its own."""
    assert len({copy["key"] for copy in copies}) == count
    entries = [copy["claims"]["status"]["status_list"] for copy in copies]
    assert len({(entry["uri"], entry["idx"]) for entry in entries}) == count
    assert len({copy["claims"][name] for copy in copies for name in ("jti", "sub")}) == 2 * count
    salts = [salt for copy in copies for salt in copy["salts"]]
    assert len(set(salts)) == len(salts) > 0


def test_the_worker_shows_a_pid_with_the_same_library_and_is_told_what_it_gets(collected: Collected) -> None:
    assert collected.authorized["shown"] == ["pid"]
    page = collected.authorized["page"]
    assert "What the wallet will get" in page
    assert "Wallet of strangers (test)" in page
    assert "A1-FR-2026-0004271" in page


def test_ten_copies_come_with_ten_keys_salts_and_status_entries(house: House, collected: Collected) -> None:
    copies = collected.batch["copies"]
    require_apart(copies, COPIES)
    assert collected.batch["statusLists"] == [{"status": 200, "type": "application/statuslist+jwt"}] * COPIES
    issued = house.issuer.credentials(A1, record_id=collected.record_id)
    assert {row.holder_thumbprint for row in issued} == {copy["key"] for copy in copies}
    assert {row.idx for row in issued} == {copy["claims"]["status"]["status_list"]["idx"] for copy in copies}


def test_the_issuer_hears_that_the_batch_was_accepted(house: House, collected: Collected) -> None:
    assert collected.notified == 204
    issued = house.issuer.credentials(A1, record_id=collected.record_id)
    assert [row.notified for row in issued] == ["credential_accepted"] * COPIES


def test_signed_metadata_are_read_and_their_chain_is_followed(collected: Collected) -> None:
    assert (collected.offered["version"], collected.offered["signer"]) == ("V1", "x5c")
    (metadata,) = collected.sent("openid-credential-issuer/issuer/fr-demo")
    assert metadata["answered"] == "application/jwt"


def test_the_request_is_pushed_with_pkce_by_an_attested_wallet(house: House, collected: Collected) -> None:
    *refused, pushed = collected.sent("par")
    if profile(house.settings.profile).dpop_required:  # use_dpop_nonce, and again with the nonce given
        (first,) = refused
        assert first["status"] == 400
        assert "nonce" not in first["dpop"]
        assert "nonce" in pushed["dpop"]
    assert pushed["status"] == 201
    assert {"code_challenge", "code_challenge_method", "issuer_state", "scope"} < set(pushed["fields"])
    assert {"oauth-client-attestation", "oauth-client-attestation-pop"} < set(pushed["headers"])
    assert {"aud", "challenge", "jti"} < set(pushed["possession"])
    assert set(collected.authorized["returned"]) == {"code", "iss"}


def test_the_token_is_bound_to_a_key_under_a_nonce_of_the_server(collected: Collected) -> None:
    (token,) = collected.sent("token")
    assert collected.authorized["type"] == "DPoP"
    assert "code_verifier" in token["fields"]
    assert {"nonce", "htu", "htm"} < set(token["dpop"])
    assert "challenge" in token["possession"]
    for endpoint in ("credential", "notification"):
        (asked,) = collected.sent(endpoint)
        assert asked["scheme"] == "DPoP"
        assert {"nonce", "ath"} < set(asked["dpop"])


def test_request_and_response_of_credentials_are_encrypted(collected: Collected) -> None:
    (asked,) = collected.sent("credential")
    assert (asked["type"], asked["answered"]) == ("application/jwt", "application/jwt")
    named = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": "response-1"}
    assert named.items() <= collected.batch["header"].items()


def test_what_was_collected_is_presented_with_the_same_library(
    wallet: CollectingWallet, house: House, collected: Collected
) -> None:
    asked = house.verifier.create_request(INSPECTION, preset("inspector-quick"))
    told = wallet.does("presented", link=asked.link, held="a1")
    assert told["answer"]["status"] == 200, told["answer"]
    result = house.verifier.result(INSPECTION, asked.transaction_id, asked.session_secret).result
    assert result is not None
    assert result.accepted, result.problem


def test_a_refresh_token_brings_fresh_copies_without_the_worker(
    wallet: CollectingWallet, house: House, collected: Collected
) -> None:
    session = collected.session
    assert wallet.does("refreshed", session=session)["type"] == "DPoP"
    again = wallet.does("collected", session=session, configuration="pda1", copies=2, proof="attestation")
    require_apart(collected.batch["copies"] + again["copies"], COPIES + 2)
    assert len(house.issuer.credentials(A1, record_id=collected.record_id)) >= COPIES + 2
    (token,) = (each for each in wallet.does("traffic", session=session) if each["path"].endswith("/token"))
    assert set(token["fields"]) == {"grant_type", "refresh_token"}
    assert {"nonce", "jti"} < set(token["dpop"])


@pytest.mark.parametrize("house", [each for each in PROFILES if each != HAIP], indirect=True)
def test_a_pre_authorised_code_with_a_wrong_transaction_code_and_then_the_right_one(
    wallet: CollectingWallet, house: House
) -> None:
    record_id = house.issuer.upload(A1, a1(house))
    offer = house.issuer.offer(A1, record_id, ["pda1"], tx_code=True)
    told = wallet.does("offered", offerUri=offer.offer_uri)
    assert told["grants"] == [PRE_AUTHORIZED_CODE_GRANT]
    assert offer.tx_code is not None
    wrong = "".join(str((int(digit) + 1) % 10) for digit in offer.tx_code)
    refused = wallet.fails("preAuthorized", session=told["session"], txCode=wrong)
    assert refused["answer"]["error"] == "invalid_grant"
    assert wallet.does("preAuthorized", session=told["session"], txCode=offer.tx_code)["type"] == "DPoP"
    batch = wallet.does("collected", session=told["session"], configuration="pda1", copies=2)
    require_apart(batch["copies"], 2)
    assert wallet.does("notified", session=told["session"], event="credential_accepted") == 204


@pytest.mark.parametrize("details", [None, DETAILS], ids=["scope", "details"])
def test_two_certificates_of_one_worker_come_from_one_offer_by_their_identifiers(
    wallet: CollectingWallet, house: House, details: Any
) -> None:
    records = {house.issuer.upload(A1, a1(house, number)): number for number in ("A1-FR-2026-1", "A1-FR-2026-2")}
    session = offered(wallet, by_code(house, *records))
    authorized = wallet.does("authorized", session=session, pid=WORKER, details=details)
    assert all(number in authorized["page"] for number in records.values())
    (named,) = authorized["details"]
    assert (named["type"], named["credential_configuration_id"]) == (DETAILS_TYPE, "pda1")
    copies = []
    for identifier in named["credential_identifiers"]:
        asked = wallet.does("collected", session=session, configuration="pda1", copies=2, identifier=identifier)
        assert len({copy["claims"]["document_number"] for copy in asked["copies"]}) == 1
        copies += asked["copies"]
    require_apart(copies, 4)
    assert {copy["claims"]["document_number"] for copy in copies} == set(records.values())


@only_haip
def test_the_pid_of_somebody_else_brings_nothing(wallet: CollectingWallet, house: House) -> None:
    session = offered(wallet, by_code(house, house.issuer.upload(A1, a1(house))))
    told = wallet.fails("authorized", session=session, pid=TRAVELLER)
    assert told["error"] == "the page has no form for /approve"
    assert not any(each["path"].endswith("/token") for each in wallet.does("traffic", session=session))


def test_a_certificate_that_is_not_decided_yet_comes_later(wallet: CollectingWallet, house: House) -> None:
    record, record_id = a1(house, "A1-FR-2026-LATER"), f"later-{house.settings.profile}"
    house.issuer.expect(A1, record_id, holder_of(record), ["pda1"])
    session = offered(wallet, by_code(house, record_id))
    wallet.does("authorized", session=session, pid=WORKER)
    promised = wallet.does("collected", session=session, configuration="pda1", copies=2, encrypted=True)
    assert (promised["status"], promised["copies"]) == (202, [])
    time.sleep(promised["interval"])
    waiting = wallet.does("delivered", session=session, encrypted=True)
    assert waiting == promised
    house.issuer.decided(A1, record_id, record)
    time.sleep(waiting["interval"])
    delivered = wallet.does("delivered", session=session, encrypted=True)
    assert delivered["status"] == 200
    require_apart(delivered["copies"], 2)
    assert {copy["claims"]["document_number"] for copy in delivered["copies"]} == {record.document.number}
    assert wallet.does("notified", session=session, event="credential_accepted") == 204
    issued = house.issuer.credentials(A1, record_id=record_id)
    assert [row.notified for row in issued] == ["credential_accepted"] * 2


def test_a_card_is_collected_in_the_same_way(wallet: CollectingWallet, house: House) -> None:
    record_id = house.issuer.upload("fr-health", example("insured-traveller", today(house)))
    offer = house.issuer.offer("fr-health", record_id, ["ehic"], flow=OfferFlow.AUTHORIZATION_CODE)
    session = offered(wallet, offer)
    wallet.does("authorized", session=session, pid=TRAVELLER)
    batch = wallet.does("collected", session=session, configuration="ehic", copies=2, encrypted=True)
    require_apart(batch["copies"], 2)
    assert {copy["claims"]["vct"] for copy in batch["copies"]} == {"urn:eudi:ehic:1"}


# Where the library differs: each of these fails when a later version does without what is done beside it.


@pytest.fixture(scope="module")
def by_details(wallet: CollectingWallet, house: House) -> dict[str, Any]:
    """What is asked for in a session whose token response names identifiers."""
    session = offered(wallet, by_code(house, house.issuer.upload(A1, a1(house))))
    (named,) = wallet.does("authorized", session=session, pid=WORKER, details=DETAILS)["details"]
    (identifier,) = named["credential_identifiers"]
    return {"session": session, "configuration": "pda1", "identifier": identifier}


@only_haip
def test_the_library_sends_no_state(collected: Collected) -> None:
    assert not any("state" in each["fields"] for each in collected.sent("par"))


@only_haip
def test_the_library_knows_no_challenge_for_the_proof_of_possession(
    wallet: CollectingWallet, house: House
) -> None:
    session = offered(wallet, by_code(house, house.issuer.upload(A1, a1(house))))
    told = wallet.fails("authorized", session=session, pid=WORKER, without=["challenge"])
    assert told["answer"]["error"] == "use_attestation_challenge"


def test_the_library_types_attestations_of_keys_as_before_1_0(
    wallet: CollectingWallet, house: House, by_details: dict[str, Any]
) -> None:
    if profile(house.settings.profile).attested_key_first:  # TS3 v1.5 has the earlier name
        assert len(wallet.does("collected", **by_details, without=["typ"])["copies"]) == 1
        return
    told = wallet.fails("collected", **by_details, without=["typ"])
    assert told["answer"] == {"error": "invalid_proof", "error_description": "key_attestation_invalid"}


@only_haip
def test_the_library_does_not_encrypt_requests(wallet: CollectingWallet, by_details: dict[str, Any]) -> None:
    told = wallet.fails("collected", **by_details, encrypted=True, without=["encrypting"])
    assert told["answer"]["error"] == "invalid_encryption_parameters"


@only_haip
def test_the_library_does_not_read_encrypted_responses(
    wallet: CollectingWallet, by_details: dict[str, Any]
) -> None:
    told = wallet.fails("collected", **by_details, encrypted=True, without=["decrypting"])
    assert "answer" not in told
    assert told["error"].startswith("Error retrieving credentials")


@only_haip
def test_the_library_wants_an_algorithm_beside_the_response_key(
    wallet: CollectingWallet, by_details: dict[str, Any]
) -> None:
    final = {"credential_response_encryption": {"jwk": {"kty": "EC"}, "enc": "A256GCM"}}
    told = wallet.fails("collected", **by_details, more=final)
    assert 'received undefined at "credential_response_encryption.alg"' in told["error"]


@only_haip
def test_the_library_cannot_ask_by_identifier(wallet: CollectingWallet, by_details: dict[str, Any]) -> None:
    named = {"credential_identifier": by_details["identifier"]}
    told = wallet.fails("collected", **by_details, more=named, without=["identifier"])
    assert "cannot be defined when 'credential_identifier' is set" in told["error"]
    refused = wallet.fails("collected", **by_details, without=["identifier"])
    assert refused["answer"]["error"] == "invalid_credential_request"


@only_haip
def test_the_library_refuses_a_notification_id_beside_credentials_that_come_later(
    wallet: CollectingWallet, house: House
) -> None:
    record = a1(house)
    house.issuer.expect(A1, "refused", holder_of(record), ["pda1"])
    session = offered(wallet, by_code(house, "refused"))
    wallet.does("authorized", session=session, pid=WORKER)
    wallet.does("collected", session=session, configuration="pda1")
    house.issuer.decided(A1, "refused", record)
    told = wallet.fails("delivered", session=session, without=["notificationId"])
    assert told["error"].startswith("Error retrieving deferred credentials")
    (row,) = house.issuer.credentials(A1, record_id="refused")
    assert row.issued_at is not None
