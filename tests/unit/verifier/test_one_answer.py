"""Two worker processes, one request, two answers at one moment: one is taken, and what it left never changes."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

AHEAD_S = 0.004


@pytest.fixture
def shared(make_world: Callable[..., Any], tmp_path: Path) -> Iterator[tuple[Any, list[Any]]]:
    """A world over a database file, and two processes that take answers over the same file."""
    url = f"sqlite:///{tmp_path / 'shared.sqlite'}"
    world = make_world(database_url=url)
    told = {
        "keys": str(world.keys.ring.directory),
        "settings": world.settings.model_dump_json(),
        "database": url,
        "status": world.status_token(),
        "now": world.NOW,
        "base_url": world.BASE_URL,
    }
    script = str(Path(__file__).with_name("answering_process.py"))
    workers = [
        subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    try:
        for worker in workers:
            tell(worker, told)
        assert [worker.stdout.readline() for worker in workers if worker.stdout] == ["ready\n"] * 2
        yield world, workers
    finally:
        for worker in workers:
            worker.communicate(timeout=20)


def tell(worker: Any, message: dict[str, Any]) -> None:
    worker.stdin.write(json.dumps(message) + "\n")
    worker.stdin.flush()


def race(session: Any, workers: list[Any], responses: list[str]) -> list[int]:
    at = time.monotonic() + AHEAD_S
    for worker, response in zip(workers, responses, strict=True):
        tell(worker, {"uri": session.request["response_uri"], "response": response, "at": at})
    return [int(worker.stdout.readline()) for worker in workers]


@pytest.mark.parametrize(
    "rounds", [pytest.param(40, marks=pytest.mark.slow), pytest.param(500, marks=pytest.mark.soak)]
)
def test_g03_v50_of_two_answers_to_two_processes_one_is_taken_and_the_result_never_changes(
    shared: Any, rounds: int
) -> None:
    world, workers = shared
    credential = world.credential()
    first_was_taken = 0
    for _ in range(rounds):
        session = world.ask()
        good = [session.encrypted(session.payload(session.present(credential))) for _ in workers]
        statuses = race(session, workers, good)
        assert sorted(statuses) == [200, 400]
        first_was_taken += statuses[0] == 200
        view = session.view()
        assert (view.result.accepted, view.receipt is None) == (True, False)
        again = race(session, workers, good)
        assert (again, session.view()) == ([400, 400], view)
    assert 0 < first_was_taken < rounds  # they did meet: neither process was always the first


@pytest.mark.slow
def test_g03_a_good_and_a_bad_answer_at_once_leave_the_result_of_one_of_them(shared: Any) -> None:
    world, workers = shared
    credential = world.credential()
    for number in range(20):
        session = world.ask()
        bad = session.encrypted(session.payload(session.present(credential, nonce="other")))
        good = session.encrypted(session.payload(session.present(credential)))
        statuses = race(session, workers, [good, bad] if number % 2 else [bad, good])
        code = session.code
        assert (sorted(statuses), code) in (([200, 400], "accepted"), ([400, 400], "kb_invalid.nonce"))
        race(session, workers, [good, bad])
        assert session.code == code
