"""Live results: a page hears when its session moves on, by server-sent events.

One look at the database a second serves all pages of a process, however many they are; a connection lasts for a
bounded time and ends when its session does. The browser opens the next one by itself. Spec: HTML §9.2.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Final

from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from portadoc.errors import Unavailable
from portadoc.verifier.service import Verifier
from portadoc.verifier.sessions import FINAL_STAGES, Stage, Transaction
from portadoc.web.answers import NO_STORE

PERIOD_S: Final = 1.0
_REMINDER_S: Final = 15.0
_RETRY_MS: Final = 2000
_MAX_OF_ONE_SESSION: Final = 8


class StageBoard:
    """Where the sessions stand that somebody watches: read together, at most once a period."""

    def __init__(
        self, verifier: Verifier, *, period_s: float = PERIOD_S, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._verifier = verifier
        self._monotonic = monotonic
        self._watched: Counter[Transaction] = Counter()
        self._stages: dict[Transaction, Stage] = {}
        self._read_at = float("-inf")
        self._lock = threading.Lock()
        self.period_s = period_s

    def enter(self, transaction: Transaction) -> None:
        """Count one more watcher. Raises Unavailable[sessions_crowded] beyond the bounds."""
        with self._lock:
            crowded = self._watched.total() >= self._verifier.settings.live_connections
            if crowded or self._watched[transaction] >= _MAX_OF_ONE_SESSION:
                raise Unavailable("sessions_crowded", retry_after_s=5)
            self._watched[transaction] += 1
            self._read_at = float("-inf")

    def leave(self, transaction: Transaction) -> None:
        """Count one watcher less."""
        with self._lock:
            self._watched[transaction] -= 1
            if not self._watched[transaction]:
                del self._watched[transaction]
                self._stages.pop(transaction, None)

    def look(self, transaction: Transaction) -> Stage:
        """Return where a watched session stands, at most a period ago; EXPIRED when it is there no longer."""
        with self._lock:
            now = self._monotonic()
            if now - self._read_at >= self.period_s:
                self._stages = self._verifier.stages(self._watched)
                self._read_at = now
            return self._stages.get(transaction, Stage.EXPIRED)


class EventStream(StreamingResponse):
    """The events of one session. Who is answered with it was counted before and leaves here, however it ends.

    Raises Unavailable[sessions_crowded] when made where there is no room.
    """

    def __init__(self, board: StageBoard, transaction: Transaction, *, live_s: float) -> None:
        board.enter(transaction)
        self._board, self._transaction = board, transaction
        super().__init__(
            events(board, transaction, live_s=live_s),
            media_type="text/event-stream",
            headers={**NO_STORE, "X-Accel-Buffering": "no"},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._board.leave(self._transaction)


async def events(board: StageBoard, transaction: Transaction, *, live_s: float) -> AsyncIterator[bytes]:
    """Yield the stage of a session, and each other that follows, until the last or for ``live_s`` seconds."""
    loop = asyncio.get_running_loop()
    ends_at, reminded_at = loop.time() + live_s, loop.time()
    told: Stage | None = None
    yield f"retry: {_RETRY_MS}\n\n".encode()
    while told not in FINAL_STAGES and loop.time() < ends_at:
        try:
            stage = await run_in_threadpool(board.look, transaction)
        except Unavailable:  # the browser asks again after a while
            return
        if stage is not told:
            told, reminded_at = stage, loop.time()
            yield f"event: stage\ndata: {stage}\n\n".encode()
            continue
        if loop.time() - reminded_at >= _REMINDER_S:  # a proxy must not take silence for an end
            reminded_at = loop.time()
            yield b": still here\n\n"
        await asyncio.sleep(board.period_s)
