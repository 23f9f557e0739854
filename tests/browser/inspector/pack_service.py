"""A small service that hands out the built app and one trust pack of a test's own making, and nothing else."""

import binascii
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from fastapi import FastAPI, Response

from portadoc.inspector.http.app_files import AppFiles, app_router
from portadoc.serve.run import listen
from portadoc.web.app import install_problems, protect
from tests.browser.inspector.running import STATIC

OPERATOR = "DE:TEST90"


@dataclass
class PackService:
    """What it says: whom to believe, and the pack as it is now."""

    address: str
    anchors: Sequence[bytes] = ()
    pack: bytes = field(default=b"", repr=False)

    def configuration(self) -> dict[str, object]:
        """Return what an app is told first."""
        return {
            "operator": OPERATOR,
            "institution": "de-inspection",
            "name": "Testdaten",
            "country": "DE",
            "anchors": [binascii.b2a_base64(each, newline=False).decode() for each in self.anchors],
            "pack": "/verifier/de-inspection/trust/pack",
            "serverTime": int(time.time()),
            "presets": [],
            "verificationHosts": [],
            "languages": ["en"],
        }


@contextmanager
def pack_service() -> Iterator[PackService]:
    """Serve the app as it is built; the pack is what the block makes it."""
    app, listener = FastAPI(), listen("127.0.0.1", 0)
    service = PackService(f"http://127.0.0.1:{listener.getsockname()[1]}/inspect/")
    app.add_api_route("/inspect/api/configuration", service.configuration)
    app.add_api_route(
        "/verifier/de-inspection/trust/pack",
        lambda: Response(service.pack, media_type="application/octet-stream"),
    )
    app.include_router(app_router(AppFiles(STATIC)))
    install_problems(app)
    protect(app)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            threading.Event().wait(0.01)
        yield service
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
