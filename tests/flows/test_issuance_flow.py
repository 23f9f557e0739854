"""Issuance with the simulated wallet, and an issuer process that is killed while it works."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI

from portadoc.clock import FixedClock
from portadoc.errors import Error
from portadoc.issuer import InstitutionSettings, Issuer, IssuerSettings, WithdrawalReason, build_issuer
from portadoc.issuer.openid4vci import wallet_router
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.trust.trust_file import TRUST_FILE, trust_from_json
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.schemas.profiles import profile
from portadoc.storage import open_database
from portadoc.wallet_sim.store import MemoryStore
from portadoc.wallet_sim.transport import AsgiTransport
from portadoc.wallet_sim.wallet import Wallet

NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
BASE_URL = "http://127.0.0.1:8700"
KILLS = 3

SETTINGS = IssuerSettings(
    base_url=BASE_URL,
    mode="development",
    institutions=(
        InstitutionSettings(
            slug="fr-demo",
            institution_id="FR:TEST01",
            names={"en": "Test"},
            configuration_ids=("pda1", "pda1-rulebook", "pda1-webuild"),
        ),
        InstitutionSettings(
            slug="fr-health", institution_id="FR:TEST02", names={"en": "Test"}, configuration_ids=("ehic",)
        ),
    ),
    status_list_size=4096,
)


@dataclass
class Office:
    """An issuer and a wallet that meets it in this process."""

    issuer: Issuer
    wallet: Wallet
    clock: FixedClock

    def record(self) -> str:
        return self.issuer.upload("fr-demo", example("posted-worker-fr-de"))


def new_ring(directory: Path) -> KeyRing:
    vcts = frozenset({"urn:eudi:pda1:1", "eu.we-build.pda1.1", "urn:eudi:ehic:1"})
    institutions = [
        DevelopmentInstitution(each.slug, each.institution_id, "FR", "Test", frozenset({Role.ISSUER}), vcts)
        for each in SETTINGS.institutions
    ]
    return create_development_ring(
        directory,
        institutions,
        base_url=BASE_URL,
        now=NOW,
        random_bytes=system_random_bytes,
        passphrase=b"test",
    )


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    ring, clock, database = new_ring(tmp_path / "keys"), FixedClock(NOW), open_database("sqlite://")
    issuer = build_issuer(SETTINGS, database, ring, clock, system_random_bytes)
    app = FastAPI(openapi_url=None)
    app.include_router(wallet_router(issuer))
    wallet = Wallet(
        MemoryStore(),
        transport=AsgiTransport(app, BASE_URL),
        trust=trust_from_json(json.loads((tmp_path / "keys" / TRUST_FILE).read_text(encoding="utf-8"))),
        clock=clock,
        random_bytes=system_random_bytes,
        profile=profile("ietf-latest"),
    )
    yield Office(issuer, wallet, clock)
    database.close()


@pytest.mark.parametrize("by_reference", [False, True])
@pytest.mark.parametrize("with_tx_code", [False, True])
def test_a_wallet_takes_an_offer_and_tells_that_it_has_it(
    office: Office, by_reference: bool, with_tx_code: bool
) -> None:
    offer = office.issuer.offer(
        "fr-demo", office.record(), ["pda1"], tx_code=with_tx_code, by_reference=by_reference
    )
    (held,) = office.wallet.accept(offer.offer_uri, tx_code=offer.tx_code)
    (row,) = office.issuer.credentials("fr-demo")
    assert (held.vct, row.notified, row.issued_at) == ("urn:eudi:pda1:1", "credential_accepted", NOW)


@pytest.mark.parametrize(
    ("institution", "configuration_id", "record"),
    [
        ("fr-demo", "pda1", "posted-worker-fr-de"),
        ("fr-demo", "pda1-rulebook", "posted-worker-fr-de"),
        ("fr-demo", "pda1-webuild", "posted-worker-fr-de"),
        ("fr-health", "ehic", "insured-traveller"),
    ],
)
def test_every_layout_comes_in_a_batch_of_copies_with_keys_of_their_own(
    office: Office, institution: str, configuration_id: str, record: str
) -> None:
    record_id = office.issuer.upload(institution, example(record))
    offer = office.issuer.offer(institution, record_id, [configuration_id])
    held = office.wallet.accept(offer.offer_uri, copies=5)
    assert len({copy.holder_key["x"] for copy in held}) == 5
    assert len({row.idx for row in office.issuer.credentials(institution)}) == 5


def test_an_offer_taken_by_one_wallet_is_gone_for_the_next(office: Office) -> None:
    offer = office.issuer.offer("fr-demo", office.record(), ["pda1"])
    office.wallet.accept(offer.offer_uri)
    with pytest.raises(Error):
        office.wallet.accept(offer.offer_uri)


def test_a_withdrawn_record_gives_no_more_copies(office: Office) -> None:
    record_id = office.record()
    offers = [office.issuer.offer("fr-demo", record_id, ["pda1"]) for _ in range(2)]
    office.wallet.accept(offers[0].offer_uri)
    done = office.issuer.withdraw("fr-demo", record_id, reason=WithdrawalReason.FACTS_CHANGED)
    assert (len(done.credential_ids), office.issuer.publish_status_lists()) == (1, 1)
    with pytest.raises(Error):
        office.wallet.accept(offers[1].offer_uri)
    assert len(office.issuer.credentials("fr-demo")) == 1


CHILD = """
import sys
from functools import partial
from pathlib import Path
sys.path.insert(0, {root!r})
from portadoc.clock import FixedClock
from portadoc.formats.key_proof import make_key_proof
from portadoc.issuer import IssuerSettings, build_issuer
from portadoc.issuer.authorization.requesters import RequestHead
from portadoc.issuer.authorization.sender import PresentedToken
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.signer import LocalSigner
from portadoc.randomness import system_random_bytes as random_bytes
from portadoc.schemas.examples import example
from portadoc.schemas.openid4vci import CredentialRequest, Proofs, TokenRequest
from portadoc.storage import open_database

settings = IssuerSettings.model_validate_json({settings!r})
ring = KeyRing.open(Path({keys!r}), passphrase=b"test")
issuer = build_issuer(settings, open_database({database!r}), ring, FixedClock({now}), random_bytes)
record_id = issuer.upload("fr-demo", example("posted-worker-fr-de"))
head = RequestHead(path="/issuer/fr-demo/token")
bearer = partial(PresentedToken, as_dpop=False, proofs=(), method="POST", path="/issuer/fr-demo/credential")
holders = [LocalSigner(new_private_key("ES256", random_bytes)) for _ in range(2)]
while True:
    uri = issuer.offer("fr-demo", record_id, ["pda1"], by_reference=True).offer_uri
    offer = issuer.offer_by_reference("fr-demo", uri.rpartition("%2F")[2])
    code = offer.grants.pre_authorized_code.pre_authorized_code
    grant_type = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
    token = issuer.redeem("fr-demo", TokenRequest(grant_type=grant_type, pre_authorized_code=code), head=head)
    nonce = issuer.new_nonce("fr-demo")
    proofs = [
        make_key_proof(
            audience=offer.credential_issuer, nonce=nonce, iat={now}, signer=holder, client_id=None
        )
        for holder in holders
    ]
    asked = CredentialRequest(credential_configuration_id="pda1", proofs=Proofs(jwt=tuple(proofs)))
    response = issuer.issuance.issue(issuer.granted("fr-demo", bearer(token=token.access_token)), asked)
    print(response.notification_id, flush=True)
"""


def test_p1_a_killed_issuer_loses_nothing_it_answered_and_uses_no_entry_twice(tmp_path: Path) -> None:
    new_ring(tmp_path / "keys")
    url = f"sqlite:///{tmp_path / 'issuer.sqlite'}"
    child = CHILD.format(
        root=str(Path(__file__).resolve().parents[2]),
        settings=SETTINGS.model_dump_json(),
        keys=str(tmp_path / "keys"),
        database=url,
        now=NOW,
    )
    answered: set[str] = set()
    for kill in range(KILLS):
        answered |= run_until_killed(child, answers=10 + 7 * kill)
    ring, database = KeyRing.open(tmp_path / "keys", passphrase=b"test"), open_database(url)
    clock = FixedClock(NOW)
    issuer = build_issuer(SETTINGS, database, ring, clock, system_random_bytes)
    rows = issuer.credentials("fr-demo")
    assert answered <= {row.notification_id for row in rows if row.issued_at is not None}
    assert len({(row.list_id, row.idx) for row in rows}) == len(rows)
    clock.advance(61)
    unfinished = {row.credential_id for row in issuer.unfinished("fr-demo")}
    assert unfinished == {row.credential_id for row in rows if row.issued_at is None}
    database.close()


def run_until_killed(child: str, *, answers: int) -> set[str]:
    """Return what a process said before it was killed in the middle of its work."""
    with subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().strip() for _ in range(answers)]
        os.kill(process.pid, signal.SIGKILL)
        said += process.stdout.read().split()
    assert all(said), "the process died before it was killed"
    return set(said)
