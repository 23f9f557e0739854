"""Run a house behind a server: one process on uvicorn, or several workers on granian."""

import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Final

import uvicorn

from portadoc.clock import SystemClock
from portadoc.errors import Error, Misconfigured
from portadoc.fetch import is_loopback_host
from portadoc.paper.readiness import make_ready
from portadoc.randomness import system_random_bytes
from portadoc.serve.app import create_app
from portadoc.serve.house import House, open_house
from portadoc.serve.settings import PortadocSettings
from portadoc.serve.tls.lan import LanServer
from portadoc.serve.tls.server_certificate import ServerTls
from portadoc.web.app import incidents_noted
from portadoc.web.loopback import OwnNetwork

HOUSEKEEPING_S: Final = 20.0
GRACE_S: Final = 10
"""Seconds that requests under way have to end when the server is told to stop."""
_START_S: Final = 10.0
_log = logging.getLogger("portadoc.housekeeping")


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. Raises Misconfigured[port_taken]."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as exc:
        listener.close()
        raise Misconfigured("port_taken", host=host, port=port) from exc
    listener.listen(128)
    return listener


@contextmanager
def listen_on_lan(address: str, port: int) -> Iterator[list[socket.socket]]:
    """Yield a listening socket on ``address``, and one on loopback for this machine's own management.

    Raises Misconfigured[port_taken].
    """
    with ExitStack() as opened:
        listeners = [opened.enter_context(listen(address, port))]
        if not is_loopback_host(address):
            listeners.append(opened.enter_context(listen("127.0.0.1", listeners[0].getsockname()[1])))
        yield listeners


def server_for(
    house: House,
    *,
    tls: ServerTls | None = None,
    lan: LanServer | None = None,
) -> uvicorn.Server:
    """Return a server of one process; forwarded headers are not believed. ``lan`` brings its own ``tls``."""
    tls = lan.tls if lan else tls
    app = create_app(house, lan_authority=lan.authority_file if lan else None)
    return uvicorn.Server(
        uvicorn.Config(
            OwnNetwork(app) if lan else app,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=True,
            lifespan="off",
            ssl_context_factory=None if tls is None else partial(_context, tls),
            timeout_keep_alive=20,
            timeout_graceful_shutdown=GRACE_S,
        )
    )


def _context(tls: ServerTls, _config: uvicorn.Config, _default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    return tls.context()


def serve_one(
    settings: PortadocSettings,
    listeners: Sequence[socket.socket],
    *,
    ready: Callable[[], None],
    tls: ServerTls | None = None,
    lan: LanServer | None = None,
) -> None:
    """Serve until the process is told to stop; every key is tried before, then ``ready`` is called.

    Raises Misconfigured.
    """
    with open_house(
        settings,
        clock=SystemClock(),
        random_bytes=system_random_bytes,
        environment=dict(os.environ),
        ca_file=str(lan.authority_file) if lan else None,
        own_address=lan.address if lan else None,
    ) as house:
        house.key_ring.check()
        with housekeeping(house):
            ready()
            server_for(house, tls=tls, lan=lan).run(sockets=list(listeners))


@contextmanager
def serving(
    house: House,
    listener: socket.socket,
    *,
    tls: ServerTls | None = None,
    lan: LanServer | None = None,
) -> Iterator[None]:
    """Serve a house in a thread for as long as the block runs. Raises Misconfigured[server_not_started]."""
    server = server_for(house, tls=tls, lan=lan)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="portadoc-server")
    thread.start()
    try:
        waited = 0.0
        while not server.started:
            if waited >= _START_S or not thread.is_alive():
                raise Misconfigured("server_not_started")
            threading.Event().wait(0.01)
            waited += 0.01
        yield
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def housekeeping(house: House, *, every_s: float = HOUSEKEEPING_S) -> Iterator[None]:
    """Publish, refresh and forget in the background for as long as the block runs.

    A chore that fails is logged and tried again in the next round; the others do not wait for it.
    """
    stop = threading.Event()

    def rounds() -> None:
        _do(publications(house))  # at once: lists may have run out while nobody served
        _do({"papers": make_ready, "unfinished applications": house.portal.portal.resume_unfinished})
        while not stop.wait(every_s):
            _do({**publications(house), **other_chores(house)})

    thread = threading.Thread(target=rounds, name="portadoc-housekeeping", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=_START_S)


def publications(house: House) -> Mapping[str, Callable[[], object]]:
    """Return what signs the status lists that are due, by name; each institution by itself."""
    issuer = house.issuer
    return {
        f"status lists of {slug}": partial(issuer.publish_status_lists, slug) for slug in issuer.settings.by_slug
    }


def other_chores(house: House) -> Mapping[str, Callable[[], object]]:
    """Return what else has to be done again and again, by name."""
    return {
        "trusted lists": house.verifier.refresh_trust_lists,
        "keys of issuers": house.verifier.refresh_issuer_keys,
        "certificates of seals": house.verifier.refresh_seal_certificates,
        "status lists of others": house.verifier.refresh_status_lists,
        "expired grants": house.issuer.forget_expired,
        "expired requests": house.verifier.forget,
        "old visits": house.inspector.forget,
        "unfinished applications": house.portal.portal.resume_unfinished,
        "reminders": house.portal.portal.remind,
        "messages to employers": house.portal.portal.tell_employers,
        "news of certificates": house.portal.portal.tell_news,
        "old keys of machines": house.portal.portal.forget,
        "old sign-ins": house.portal.login.forget,
    }


def _do(chores: Mapping[str, Callable[[], object]]) -> None:
    for name, chore in chores.items():
        with incidents_noted():
            try:
                chore()
            except Error as error:
                _log.error("housekeeping failed, %s: %s", name, error)


def worker_environment(settings: PortadocSettings, settings_file: str | None) -> Mapping[str, str]:
    """Return the variables by which a worker process finds the same settings."""
    values = {"PORTADOC_BASE_URL": settings.base_url, "PORTADOC_DATA_DIR": str(settings.data_dir.resolve())}
    return {**values, "PORTADOC_SETTINGS_FILE": settings_file} if settings_file else values
