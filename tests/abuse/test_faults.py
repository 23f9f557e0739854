"""L02, L03, P11: the machine fails under a house: a clean 503 that says when to come back, and no repair after it.

What was sent during the fault was not used up: the same code, challenge and answer are good once it is over.
"""

import contextlib
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from portadoc.errors import Unavailable
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.serve.run import housekeeping
from portadoc.storage.sqlite import driver
from portadoc.wallet_sim.presentation import bind_answer, encrypt_answer
from portadoc.wallet_sim.transport import TransportResponse
from tests.abuse.requests_near_sound import HOLDER
from tests.abuse.town import GRANT, INSPECTION, ISSUER, Town, dumped, open_town, path_of
from tests.soak.client import Client
from tests.soak.server import LINUX_ONLY, Server, running

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
Writes = dict[str, tuple[str, dict[str, str], bytes]]


@pytest.fixture
def frail(tmp_path: Path) -> Iterator[Town]:
    """A town of its own, whose database will be harmed."""
    with open_town(tmp_path) as opened:
        opened.house.wallet.accept(opened.offer().offer_uri)
        opened.house.wallet.present(opened.ask().link)
        yield opened


def writes_of(town: Town) -> Writes:
    """Return sound requests that have to write, each with path, headers and body."""
    token, record_id = town.token(), town.record()
    preview = town.house.wallet.preview(town.ask().link)
    response = encrypt_answer(bind_answer(preview, means=town.house.wallet.means), preview.request)
    code = {"grant_type": GRANT, "pre-authorized_code": town.code()}
    wanted = {"credential_configuration_id": "pda1", "proofs": {"jwt": [town.proof(HOLDER)]}}
    offered = {"record_id": record_id, "configuration_ids": ["pda1"]}
    issuer, verifier = f"/issuer/{ISSUER}", f"/verifier/{INSPECTION}"
    bearer = {"content-type": JSON, "authorization": f"Bearer {token}"}
    json, form = {"content-type": JSON}, {"content-type": FORM}
    return {
        "token": (f"{issuer}/token", form, urlencode(code).encode()),
        "credential": (f"{issuer}/credential", bearer, dumped(wanted)),
        "offer": (f"{issuer}/management/offers", json, dumped(offered)),
        "request": (f"{verifier}/management/requests", json, dumped({"preset": "inspector-quick"})),
        "response": (
            path_of(preview.request.request.response_uri),
            form,
            urlencode({"response": response}).encode(),
        ),
        "withdrawal": (
            f"{issuer}/management/withdrawals",
            json,
            dumped({"id": record_id, "reason": "facts_changed"}),
        ),
    }


def send_all(town: Town, writes: Writes) -> dict[str, TransportResponse]:
    return {
        name: town.transport.request("POST", path, headers=headers, body=body)
        for name, (path, headers, body) in writes.items()
    }


def require_unavailable(answers: dict[str, TransportResponse], reason: str) -> None:
    """Require of every answer 503, when to come back, and the code; of a problem document the reason too."""
    for name, answer in answers.items():
        assert (name, answer.status) == (name, 503)
        assert answer.headers["retry-after"].isdecimal()
        told = answer.json()
        assert told.get("code", told.get("error_description")) == "storage_unavailable"
        assert told.get("params", {"reason": reason})["reason"] == reason


def require_reads(town: Town) -> None:
    """Require that what only reads goes on: metadata, status lists, challenges, requests."""
    list_id = town.house.issuer.credentials(ISSUER)[0].list_id
    for path in (f"/.well-known/openid-credential-issuer/issuer/{ISSUER}", f"/status/{list_id}", "/trust", "/"):
        assert (path, town.transport.get(path).status) == (path, 200)
    assert town.transport.request("POST", f"/issuer/{ISSUER}/nonce").status == 200


def pragma(town: Town, text: str) -> Any:
    """Set something on the one connection that writes."""
    with town.house.database.transaction() as connection:
        told = connection.exec_driver_sql(f"PRAGMA {text}")
        return told.scalar() if told.returns_rows else None


@dataclass
class Full:
    """No page more than the file has; what is free within it is used up first."""

    def __call__(self, town: Town) -> Callable[[], None]:
        pages = pragma(town, "page_count")
        pragma(town, f"max_page_count={pages}")
        with contextlib.suppress(Unavailable):
            for _ in range(2000):
                town.record()
        return lambda: pragma(town, f"max_page_count={pages + 100_000}")


@dataclass
class Locked:
    """Another process holds the write lock longer than we wait."""

    def __call__(self, town: Town) -> Callable[[], None]:
        pragma(town, "busy_timeout=30")
        other = driver().connect(str(town.house.settings.data_dir / "portadoc.sqlite"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        def end() -> None:
            other.execute("ROLLBACK")
            other.close()
            pragma(town, "busy_timeout=10000")

        return end


@dataclass
class ReadOnly:
    """The file can be read and not written."""

    def __call__(self, town: Town) -> Callable[[], None]:
        pragma(town, "query_only=ON")

        def end() -> None:  # a transaction can no longer begin there, so the connection is asked directly
            writer = town.house.database._writer.raw_connection()
            writer.cursor().execute("PRAGMA query_only=OFF")
            writer.close()

        return end


@pytest.mark.parametrize(
    ("harm", "reason"),
    [(Full(), "full"), (Locked(), "busy"), (ReadOnly(), "read_only")],
    ids=["disk-full", "locked", "read-only"],
)
def test_a_database_that_takes_no_writes_answers_503_and_recovers(
    frail: Town, harm: Callable[[Town], Callable[[], None]], reason: str
) -> None:
    writes = writes_of(frail)
    mend = harm(frail)
    answers = send_all(frail, writes)
    if reason == "full":  # where a page has room left, a write may still go through
        answers = {name: answer for name, answer in answers.items() if answer.status not in (200, 201)}
        assert answers
    require_unavailable(answers, reason)
    require_reads(frail)
    mend()
    statuses = {
        name: answer.status for name, answer in send_all(frail, {each: writes[each] for each in answers}).items()
    }
    assert set(statuses.values()) <= {200, 201}, statuses


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Server, Path]]:
    """A server whose folder is a disk of 4 MiB, and where this process sees that folder."""
    wrapper = ("unshare", "-rm", "sh", "-c", f'mount -t tmpfs -o size=4m tmpfs {tmp_path} && exec "$@"', "sh")
    possible = shutil.which("unshare") and subprocess.run([*wrapper, "true"], check=False).returncode == 0
    if not possible:
        pytest.skip("no namespace with a disk of its own can be made here: a really full disk is NOT tested")
    with running(Server(tmp_path, wrapper=wrapper)) as server:
        yield server, Path(f"/proc/{server.pid}/root{tmp_path}")


@LINUX_ONLY
def test_a_really_full_disk_answers_503_and_recovers(small_disk: tuple[Server, Path]) -> None:
    server, folder = small_disk
    client = Client.of(server.origin)
    record_id = client.upload()
    code, _ = client.offer(record_id)
    received = client.issue(record_id)
    filler = folder / "filler"
    with contextlib.suppress(OSError), filler.open("wb") as file:
        while True:
            file.write(bytes(4096))
            file.flush()
    with contextlib.suppress(Unavailable):
        for _ in range(2000):  # a little room is left inside the files
            client.upload()
    with pytest.raises(Unavailable):
        client.token(code)
    assert client.published(received.list_id)[1] == frozenset()
    filler.unlink()
    assert client.credential(client.token(code), client.nonce()).idx != received.idx
    assert "incident" not in server.log.read_text()


@LINUX_ONLY
def test_a_file_that_may_not_grow_answers_503_and_recovers(tmp_path: Path) -> None:
    with running(Server(tmp_path)) as server:
        client = Client.of(server.origin)
        record_id = client.upload()
        code, _ = client.offer(record_id)
        _, hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (4096, hard))
        for _ in range(3):
            with pytest.raises(Unavailable):
                client.token(code)
        assert client.nonce()
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (hard, hard))
        assert client.credential(client.token(code), client.nonce()).payload_digest
        assert "incident" not in server.log.read_text()


def test_housekeeping_goes_on_when_one_chore_fails_in_a_way_that_nobody_foresaw(
    frail: Town, caplog: pytest.LogCaptureFixture
) -> None:
    """Were it to end, status lists would run out unseen, and withdrawals never show."""
    with frail.house.database.transaction() as connection:
        connection.exec_driver_sql("DROP TABLE issuer_used_once")
        connection.exec_driver_sql("DROP TABLE verifier_status_lists")
    with housekeeping(frail.house, every_s=0.01):
        until(lambda: caplog.text.count("no such table") >= 3)
        row = frail.house.issuer.credentials(ISSUER)[0]
        published = f"/status/{row.list_id}"
        before = frail.transport.get(published).body
        frail.house.issuer.withdraw(ISSUER, row.record_id, reason=WithdrawalReason.FRAUD)
        until(lambda: frail.transport.get(published).body != before)


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, ten seconds at most."""
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to hold")
