"""Processes that seal are killed in the middle of it: what was said is kept, nothing is half there or twice."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portadoc.clock import SystemClock
from portadoc.errors import Error
from portadoc.issuer import WithdrawalReason
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.serve.house import House, open_house
from portadoc.serve.settings import PortadocSettings

PROCESS = Path(__file__).with_name("sealing_process.py")
ROOT = PROCESS.parents[2]
SAID_BEFORE_THE_KILL = (1, 23, pytest.param(7, marks=pytest.mark.soak))


def said_until_killed(folder: Path, record_id: str, lines: int) -> list[list[str]]:
    """Return what two processes have said by the time that they are killed together, after some lines of one."""
    started = [
        subprocess.Popen(
            [sys.executable, str(PROCESS), str(folder), record_id],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for _ in range(2)
    ]
    first = started[0].stdout
    assert first is not None
    said = [first.readline() for _ in range(lines)]
    for process in started:
        os.kill(process.pid, signal.SIGKILL)
    for process in started:
        said += process.communicate(timeout=30)[0].splitlines(keepends=True)
    return [line.rstrip("\n").split(" ", 2) for line in said if line.endswith("\n")]


@pytest.mark.skipif(sys.platform != "linux", reason="kills processes as Linux does")
@pytest.mark.parametrize("lines", SAID_BEFORE_THE_KILL)
def test_a_kill_in_the_middle_of_sealing_loses_nothing_that_was_said(tmp_path: Path, lines: int) -> None:
    clock, folder = SystemClock(), tmp_path / "installation"
    settings = PortadocSettings(data_dir=folder)

    def opened() -> AbstractContextManager[House]:
        return open_house(settings, clock=clock, random_bytes=system_random_bytes, environment=dict(os.environ))

    with opened() as house:
        record = example("posted-worker-fr-de", datetime.fromtimestamp(clock.now(), UTC).date())
        record_id = house.issuer.upload("fr-demo", record)
    said = said_until_killed(folder, record_id, lines)
    assert len(said) >= lines
    with opened() as house:
        rows = {row.credential_id: row for row in house.issuer.credentials("fr-demo")}
        # every seal that was said has a recorded intent that was marked, and its code still gives it
        for credential_id, code, text in said:
            assert rows[credential_id].issued_at is not None
            assert house.issuer.seals.codes.seal_behind(code, "1991-04-17", source="192.0.2.1") == text
        # no entry stands twice; what was not marked has no code
        assert len({(row.list_id, row.idx) for row in rows.values()}) == len(rows)
        with house.database.read() as connection:
            coded = set(connection.exec_driver_sql("SELECT credential_id FROM issuer_seal_codes").scalars())
        assert coded == {row.credential_id for row in rows.values() if row.issued_at is not None}
        # all of it can be withdrawn with the record, what was never said too
        done = house.issuer.withdraw("fr-demo", record_id, reason=WithdrawalReason.ISSUED_IN_ERROR)
        assert set(done.credential_ids) == set(rows)


def test_threads_that_seal_and_one_that_withdraws_leave_no_seal_behind(tmp_path: Path) -> None:
    clock = SystemClock()
    settings = PortadocSettings(data_dir=tmp_path / "installation")
    with open_house(
        settings, clock=clock, random_bytes=system_random_bytes, environment=dict(os.environ)
    ) as house:
        record = example("posted-worker-fr-de", datetime.fromtimestamp(clock.now(), UTC).date())
        record_id = house.issuer.upload("fr-demo", record)
        refused: list[str] = []

        def seal_on() -> None:
            try:
                while True:
                    house.issuer.seal("fr-demo", record_id, pin="none")
            except Error as error:
                refused.append(error.code)

        threads = [threading.Thread(target=seal_on) for _ in range(3)]
        for thread in threads:
            thread.start()
        while len(house.issuer.credentials("fr-demo")) < 6:
            continue
        house.issuer.withdraw("fr-demo", record_id, reason=WithdrawalReason.FRAUD)
        for thread in threads:
            thread.join(timeout=30)
        assert refused == ["record_withdrawn"] * 3
        assert all(row.withdrawn_at is not None for row in house.issuer.credentials("fr-demo"))
