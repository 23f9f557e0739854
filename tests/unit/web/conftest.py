"""Call an ASGI application in process, byte by byte as a server would."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.types import ASGIApp


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


async def _call(app: ASGIApp, scope: dict[str, Any], chunks: Sequence[bytes]) -> Answer:
    incoming = [
        {"type": "http.request", "body": chunk, "more_body": n + 1 < len(chunks)} for n, chunk in enumerate(chunks)
    ]
    outgoing: list[Any] = []

    async def receive() -> Any:
        return incoming.pop(0) if incoming else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        outgoing.append(message)

    await app(scope, receive, send)
    starts = [message for message in outgoing if message["type"] == "http.response.start"]
    assert len(starts) == 1, outgoing
    headers = {name.decode().lower(): value.decode() for name, value in starts[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in outgoing)
    return Answer(starts[0]["status"], headers, body)


@pytest.fixture
def call() -> Callable[..., Answer]:
    """``call(app, method, target, headers=[(name, value)], chunks=[...], client=(host, port), scheme=...)``."""

    def send(
        app: ASGIApp,
        method: str,
        target: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        chunks: Sequence[bytes] = (b"",),
        client: tuple[str, int] | None = ("127.0.0.1", 50000),
        scheme: str = "http",
        http_version: str = "1.1",
    ) -> Answer:
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": http_version,
            "method": method,
            "scheme": scheme,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
            "client": client,
            "server": ("127.0.0.1", 8700),
        }
        return asyncio.run(_call(app, scope, chunks))

    return send
