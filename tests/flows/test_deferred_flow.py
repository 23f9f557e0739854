"""Two processes that deliver the same deferred credentials over one database file, and one that dies of it."""

import signal
import subprocess
import sys
from pathlib import Path

from portadoc.clock import FixedClock
from portadoc.formats.key_proof import make_key_proof
from portadoc.issuer import Issuer, build_issuer
from portadoc.issuer.entitlements import entitlement
from portadoc.issuer.records.holders import holder_of
from portadoc.issuer.store import token_store
from portadoc.issuer.store.token_store import Grant
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.signer import LocalSigner
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.schemas.openid4vci import CredentialRequest, DeferredCredentialRequest, Proofs
from portadoc.storage import Database, open_database
from tests.flows.test_issuance_flow import BASE_URL, NOW, SETTINGS, new_ring

ISSUER = "fr-demo"
TRANSACTIONS = 12
PROCESSES = 2

CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from portadoc.clock import FixedClock
from portadoc.errors import Error, Unavailable
from portadoc.issuer import IssuerSettings, build_issuer
from portadoc.issuer.entitlements import entitlement
from portadoc.issuer.store.token_store import Grant
from portadoc.keys.key_ring import KeyRing
from portadoc.randomness import system_random_bytes as random_bytes
from portadoc.schemas.openid4vci import DeferredCredentialRequest
from portadoc.storage import open_database

settings = IssuerSettings.model_validate_json({settings!r})
ring = KeyRing.open(Path({keys!r}), passphrase=b"test")
database = open_database({database!r}, workers={workers})
issuer = build_issuer(settings, database, ring, FixedClock({now}), random_bytes)
grant = Grant(
    institution="fr-demo", token_digest="token", grant_id="grant", entitlements=(entitlement("case", "pda1"),),
    identified=False, client_id=None, dpop_thumbprint=None,
)
print("ready", flush=True)
sys.stdin.readline()
for transaction in {transactions!r}:
    while True:
        try:
            answer = issuer.issuance.deliver(grant, DeferredCredentialRequest(transaction_id=transaction))
            if answer.credentials is None:
                continue
            print(transaction, flush=True)
        except Unavailable:
            continue
        except Error as error:
            assert error.code == "transaction_unknown", error
        break
"""

DIES = """
import os, signal
issuer.issuance.copies._sign = lambda *copy: os.kill(os.getpid(), signal.SIGKILL)
"""
"""The process dies where it would sign."""


def test_s23_of_two_processes_one_delivers_each_transaction(tmp_path: Path) -> None:
    new_ring(tmp_path / "keys")
    url = f"sqlite:///{tmp_path / 'issuer.sqlite'}"
    ring, database = KeyRing.open(tmp_path / "keys", passphrase=b"test"), open_database(url, workers=PROCESSES)
    issuer = build_issuer(SETTINGS, database, ring, FixedClock(NOW), system_random_bytes)
    transactions = [deferred(issuer, grant) for grant in [waiting(issuer, database)] * TRANSACTIONS]
    issuer.decided(ISSUER, "case", example("posted-worker-fr-de"))
    child = CHILD.format(
        root=str(Path(__file__).resolve().parents[2]),
        settings=SETTINGS.model_dump_json(),
        keys=str(tmp_path / "keys"),
        database=url,
        workers=PROCESSES,
        now=NOW,
        transactions=transactions,
    )
    delivered = delivered_by(child)
    assert sorted(delivered) == sorted(transactions)
    rows = issuer.credentials(ISSUER)
    assert [row.issued_at for row in rows] == [NOW] * TRANSACTIONS
    assert len({row.idx for row in rows}) == TRANSACTIONS
    database.close()


def test_l01_a_delivery_whose_process_is_killed_is_fetched_again(tmp_path: Path) -> None:
    """SIGKILL between the intents and the first signature: a minute later there are copies for the same keys."""
    new_ring(tmp_path / "keys")
    url = f"sqlite:///{tmp_path / 'issuer.sqlite'}"
    ring, database = KeyRing.open(tmp_path / "keys", passphrase=b"test"), open_database(url, workers=PROCESSES)
    clock = FixedClock(NOW)
    issuer = build_issuer(SETTINGS, database, ring, clock, system_random_bytes)
    grant = waiting(issuer, database)
    transaction = deferred(issuer, grant)
    issuer.decided(ISSUER, "case", example("posted-worker-fr-de"))
    child = CHILD.replace("print(", f"{DIES}\nprint(", 1).format(
        root=str(Path(__file__).resolve().parents[2]),
        settings=SETTINGS.model_dump_json(),
        keys=str(tmp_path / "keys"),
        database=url,
        workers=PROCESSES,
        now=NOW,
        transactions=[transaction],
    )
    killed = subprocess.run(
        [sys.executable, "-c", child], input="go\n", capture_output=True, text=True, timeout=60
    )
    assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, "ready\n")
    assert [(row.issued_at, row.withdrawn_at) for row in issuer.credentials(ISSUER)] == [(None, None)]
    asked = DeferredCredentialRequest(transaction_id=transaction)
    assert issuer.issuance.deliver(grant, asked).transaction_id == transaction
    clock.advance(60)
    assert issuer.issuance.deliver(grant, asked).credentials
    dead, alive = sorted(issuer.credentials(ISSUER), key=lambda row: row.issued_at or 0)
    assert (dead.withdrawn_at, alive.issued_at, alive.withdrawn_at) == (NOW + 60, NOW + 60, None)
    assert dead.holder_thumbprint == alive.holder_thumbprint
    assert dead.idx != alive.idx
    database.close()


def waiting(issuer: Issuer, database: Database) -> Grant:
    """Return a grant for a record that is expected."""
    issuer.expect(ISSUER, "case", holder_of(example("posted-worker-fr-de")), ["pda1"])
    grant = Grant(
        institution=ISSUER,
        token_digest="token",
        grant_id="grant",
        entitlements=(entitlement("case", "pda1"),),
        identified=False,
        client_id=None,
        dpop_thumbprint=None,
    )
    with database.transaction() as connection:
        token_store.insert_token(connection, grant, copies=TRANSACTIONS, now=NOW, expires_at=NOW + 7200)
    return grant


def deferred(issuer: Issuer, grant: Grant) -> str:
    """Ask for the record and return the transaction."""
    proof = make_key_proof(
        audience=f"{BASE_URL}/issuer/{ISSUER}",
        nonce=issuer.new_nonce(ISSUER),
        iat=NOW,
        signer=LocalSigner(new_private_key("ES256", system_random_bytes)),
        client_id=None,
    )
    request = CredentialRequest(credential_configuration_id="pda1", proofs=Proofs(jwt=(proof,)))
    return str(issuer.issuance.issue(grant, request).transaction_id)


def delivered_by(child: str) -> list[str]:
    """Let the processes go at once and return every transaction that any of them delivered."""
    processes = [
        subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate()[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES
    return [transaction for each in told for transaction in each]
