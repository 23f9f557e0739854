"""Several worker processes on granian, each with a house of its own over the same database and keys."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.server import Server

from portadoc.clock import SystemClock
from portadoc.randomness import system_random_bytes
from portadoc.serve.app import create_app
from portadoc.serve.house import open_house
from portadoc.serve.run import GRACE_S, housekeeping, worker_environment
from portadoc.serve.settings import PortadocSettings, gather_settings, read_settings
from portadoc.serve.tls.server_certificate import ServerTls
from portadoc.web.logs import set_up_logging

_open = ExitStack()


def serve_many(
    settings: PortadocSettings,
    *,
    host: str,
    port: int,
    workers: int,
    settings_file: str | None,
    ready: Callable[[], None],
    tls: ServerTls | None = None,
) -> None:
    """Serve with ``workers`` processes until told to stop; a worker that dies is replaced.

    Keys and tables are made, and every key is tried, before the workers start; then ``ready`` is called.
    Raises Misconfigured[sqlite_too_old] and others.
    """
    _try_out(settings, workers)
    os.environ.update(worker_environment(settings, settings_file))
    ready()
    Server(
        "portadoc.serve.workers:application",
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        workers=workers,
        factory=True,
        http=HTTPModes.http1,  # a head of HTTP/2 could fill the memory before it is judged
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE_S,
        log_access=False,
        ssl_cert=tls.certificate_file if tls else None,
        ssl_key=tls.key_file if tls else None,
        ssl_protocol_min=SSLProtocols.tls12,
    ).serve()


def _try_out(settings: PortadocSettings, workers: int) -> None:
    environment = dict(os.environ)
    clock, random_bytes = SystemClock(), system_random_bytes
    with open_house(
        settings, clock=clock, random_bytes=random_bytes, environment=environment, workers=workers
    ) as house:
        house.key_ring.check()


def application() -> Any:
    """Return the application of one worker; granian calls it once a process."""
    set_up_logging()
    file = os.environ.get("PORTADOC_SETTINGS_FILE")
    settings = read_settings(gather_settings(Path(file) if file else None))
    house = _open.enter_context(
        open_house(
            settings,
            clock=SystemClock(),
            random_bytes=system_random_bytes,
            environment=dict(os.environ),
            workers=2,
        )
    )
    _open.enter_context(housekeeping(house))
    return create_app(house)
