"""A server that hands out an altered copy of the app, as a poisoned cache or a broken deployment would."""

import gzip
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from portadoc.inspector.http.app_files import AppFiles, app_router
from portadoc.serve.run import listen
from portadoc.web.app import install_problems, protect
from tests.browser.inspector.running import STATIC


@dataclass(frozen=True)
class Copy:
    """A copy of the built app behind a server of its own; there is no service beside it."""

    folder: Path
    address: str

    def replace(self, name: str, old: bytes, new: bytes) -> None:
        """Change bytes of a file, with the listing left as it was."""
        place = self.folder / name
        content = place.read_bytes()
        assert old in content
        changed = content.replace(old, new)
        place.write_bytes(changed)
        if (self.folder / f"{name}.gz").exists():
            (self.folder / f"{name}.gz").write_bytes(gzip.compress(changed))

    def only(self, pattern: str) -> str:
        """Return the name of the one file that fits a pattern."""
        (found,) = (path for path in self.folder.glob(pattern) if path.suffix != ".gz")
        return found.relative_to(self.folder).as_posix()


@contextmanager
def served_copy(folder: Path) -> Iterator[Copy]:
    """Copy the built app and serve it."""
    shutil.copytree(STATIC, folder)
    app = FastAPI()
    listener = listen("127.0.0.1", 0)
    copy = Copy(folder, f"http://127.0.0.1:{listener.getsockname()[1]}/inspect/")
    app.include_router(app_router(AppFiles(folder)))
    install_problems(app)
    protect(app)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            threading.Event().wait(0.01)
        yield copy
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
