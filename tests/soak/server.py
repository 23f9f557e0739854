"""A real server process over real files, to be killed, starved and raced."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from portadoc.clock import SystemClock
from portadoc.errors import Error
from portadoc.keys.trust.trust_file import TRUST_FILE
from portadoc.randomness import system_random_bytes
from portadoc.schemas.profiles import profile
from portadoc.serve.house import read_trust
from portadoc.wallet_sim.store import MemoryStore
from portadoc.wallet_sim.transport import UnsafeLoopbackTransport
from portadoc.wallet_sim.wallet import Wallet

LINUX_ONLY: Final = pytest.mark.skipif(
    sys.platform != "linux", reason="needs /proc and limits for another process: NOT tested but on Linux"
)
START_S: Final = 60.0
TICK_S: Final = 0.02


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """``portadoc serve`` on one folder and one port; it may be started again after each end."""

    directory: Path
    workers: int = 1
    port: int = field(default_factory=free_port)
    wrapper: tuple[str, ...] = ()
    """Words put before the command, such as another namespace."""
    _process: subprocess.Popen[bytes] | None = None

    @property
    def origin(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What all runs have written to standard output and standard error."""
        return self.directory / "server.log"

    @property
    def pid(self) -> int:
        """The process that was started last."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> float:
        """Start and wait until it answers; return the seconds that took."""
        began = time.monotonic()
        command = [*self.wrapper, sys.executable, "-m", "portadoc", "serve", "--port", str(self.port)]
        command += ["--data-dir", str(self.directory), "--workers", str(self.workers)]
        if self.settings_file.exists():
            command += ["--config", str(self.settings_file)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        transport = loopback(self.origin, timeout_s=2.0)
        while time.monotonic() < began + START_S:
            with contextlib.suppress(Error):
                if transport.get(f"{self.origin}/trust").status == 200:
                    return time.monotonic() - began
            assert self._process.poll() is None, self.log.read_text()[-2000:]
            time.sleep(TICK_S)
        raise AssertionError("the server did not start: " + self.log.read_text()[-2000:])

    @property
    def settings_file(self) -> Path:
        """A settings file that is used when it is there."""
        return self.directory / "portadoc.toml"

    def kill(self) -> None:
        """End every process of the server at once, in the middle of whatever they do."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def kill_one_worker(self) -> float:
        """End one of the workers at once; return the seconds until another has taken its place."""
        before = self.worker_pids()
        began = time.monotonic()
        os.kill(before[0], signal.SIGKILL)
        while time.monotonic() < began + START_S:
            now = self.worker_pids()
            if before[0] not in now and len(now) == len(before):
                return time.monotonic() - began
            time.sleep(TICK_S)
        raise AssertionError("no worker took the place of the one that died")

    def stop(self) -> None:
        """Ask the server to end and wait for it; kill what is left."""
        assert self._process is not None
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=20)
        self.kill()

    def worker_pids(self) -> list[int]:
        """Return the processes that serve: the started one, or those under it."""
        return [self.pid] if self.workers == 1 else [pid for pid in children(self.pid) if serves(pid)]


def children(pid: int) -> list[int]:
    """Return the processes that a process has started. Linux only."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def serves(pid: int) -> bool:
    """Tell a worker that lives from one that is just ending and from the tracker of multiprocessing."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return bool(command) and b"resource_tracker" not in command


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used. Linux only."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def running(server: Server) -> Iterator[Server]:
    """Start a server and stop it when the block ends."""
    server.start()
    try:
        yield server
    finally:
        server.stop()


def loopback(origin: str, *, timeout_s: float = 30.0) -> UnsafeLoopbackTransport:
    """Return a transport to one origin on this machine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return UnsafeLoopbackTransport(frozenset({origin}), timeout_s=timeout_s)


def wallet_for(server: Server) -> Wallet:
    """Return an empty wallet that trusts what the server trusts and speaks real HTTP to it."""
    return Wallet(
        MemoryStore(),
        transport=loopback(server.origin),
        trust=read_trust(server.directory / "keys" / TRUST_FILE),
        clock=SystemClock(),
        random_bytes=system_random_bytes,
        profile=profile("ietf-latest"),
    )
