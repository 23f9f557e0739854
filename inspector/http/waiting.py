"""Questions for a result that wait for it: for a bounded time, and only so many at once."""

import asyncio
import re
from typing import Final

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from portadoc.errors import Malformed, Refused
from portadoc.inspector.neighbours import AskAnswer, AskStage
from portadoc.inspector.service import Inspector
from portadoc.inspector.store.device_store import Device

PERIOD_S: Final = 0.5
_SECRET: Final = re.compile(r"Bearer ([A-Za-z0-9_-]{1,100})", re.ASCII)
_SECONDS: Final = re.compile(r"[0-9]{1,3}", re.ASCII)


class Waiting:
    """Waits of one process."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector
        self._under_way = 0

    async def answer(self, device: Device, transaction: str, secret: str, wait_s: int) -> AskAnswer:
        """Return where a request stands, after ``wait_s`` seconds at the latest. Raises Refused[not_found]."""
        settings = self._inspector.settings
        found = await self._look(device, transaction, secret)
        wait_s = min(wait_s, settings.wait_s)
        if found.stage is not AskStage.OPEN or not wait_s or self._under_way >= settings.waits:
            return found
        self._under_way += 1
        try:
            ends_at = asyncio.get_running_loop().time() + wait_s
            while asyncio.get_running_loop().time() < ends_at:
                await asyncio.sleep(PERIOD_S)
                found = await self._look(device, transaction, secret)
                if found.stage is not AskStage.OPEN:
                    break
            return found
        finally:
            self._under_way -= 1

    async def _look(self, device: Device, transaction: str, secret: str) -> AskAnswer:
        return await run_in_threadpool(self._inspector.asks.look, device, transaction, secret)


def bearer(request: Request) -> str:
    """Return the secret of a request. Raises Refused[not_found], the same as for a wrong secret."""
    values = request.headers.getlist("authorization")
    found = _SECRET.fullmatch(values[0]) if len(values) == 1 else None
    if found is None:
        raise Refused("not_found")
    return found[1]


def seconds(text: str) -> int:
    """Return how long to wait. Raises Malformed[member_invalid]."""
    if not _SECONDS.fullmatch(text):
        raise Malformed("member_invalid", member="/wait", expected="seconds")
    return int(text)
