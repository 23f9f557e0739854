"""A page hears when its session moves on: in time, by one look for all, and never for ever."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from portadoc.errors import Unavailable
from portadoc.storage.engine import open_database
from portadoc.verification.presets.presets import preset
from portadoc.verifier.asking import Asked
from portadoc.verifier.http.live import EventStream, StageBoard, events
from portadoc.verifier.requests import Channel


class Ticks:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def transaction(world: Any) -> tuple[str, str]:
    created = world.verifier.create_request(
        world.SLUG, preset("inspector-quick"), asked=Asked(channel=Channel.CROSS_DEVICE)
    )
    return (world.SLUG, created.transaction_id)


def collected(board: StageBoard, of: tuple[str, str], *, live_s: float) -> list[str]:
    async def collect() -> list[str]:
        return [part.decode() async for part in events(board, of, live_s=live_s)]

    return asyncio.run(collect())


def test_events_tell_each_stage_once_and_end_with_the_last(world: Any) -> None:
    session = world.ask()
    board = StageBoard(world.verifier, period_s=0.02)
    of = (world.SLUG, session.created.transaction_id)
    form = {"response": session.encrypted(session.payload())}
    board.enter(of)
    timer = threading.Timer(0.3, lambda: session.post(form))
    timer.start()
    told = collected(board, of, live_s=20)
    timer.join()
    assert told == ["retry: 2000\n\n", "event: stage\ndata: open\n\n", "event: stage\ndata: told\n\n"]


def test_events_end_with_their_time(world: Any) -> None:
    board = StageBoard(world.verifier, period_s=0.02)
    of = transaction(world)
    board.enter(of)
    before = time.monotonic()
    assert collected(board, of, live_s=0.2)[-1] == "event: stage\ndata: open\n\n"
    assert time.monotonic() - before < 5


def test_a_session_that_expired_or_was_forgotten_ends_its_events(world: Any) -> None:
    board = StageBoard(world.verifier, period_s=0.02)
    of = transaction(world)
    board.enter(of)
    world.clock.advance(world.settings.session_ttl_s)
    assert collected(board, of, live_s=20)[-1] == "event: stage\ndata: expired\n\n"
    unknown = (world.SLUG, "unknown")
    board.enter(unknown)
    assert collected(board, unknown, live_s=20)[-1] == "event: stage\ndata: expired\n\n"


def test_one_look_at_the_database_serves_every_page(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks, looks = Ticks(), []
    read: Callable[..., Any] = world.verifier.stages
    monkeypatch.setattr(world.verifier, "stages", lambda of: looks.append(len(of)) or read(of))
    board = StageBoard(world.verifier, period_s=1.0, monotonic=ticks)
    watched = [transaction(world) for _ in range(20)]
    for each in watched:
        board.enter(each)
    for _ in range(3):
        assert {board.look(each) for each in watched} == {"open"}
    assert looks == [20]
    ticks.now = 1.0
    assert {board.look(each) for each in watched} == {"open"}
    assert looks == [20, 20]
    for each in watched[1:]:
        board.leave(each)
    ticks.now = 2.0
    board.look(watched[0])
    assert looks == [20, 20, 1]


def test_there_is_a_bound_on_pages_and_on_pages_of_one_session(make_world: Any) -> None:
    world = make_world(live_connections=10)
    board = StageBoard(world.verifier)
    one = (world.SLUG, "one")
    for _ in range(8):
        board.enter(one)
    with pytest.raises(Unavailable):
        board.enter(one)
    board.enter((world.SLUG, "two"))
    board.enter((world.SLUG, "three"))
    with pytest.raises(Unavailable):
        board.enter((world.SLUG, "four"))
    board.leave(one)
    board.enter((world.SLUG, "four"))


def test_a_page_that_is_closed_gives_its_place_back(make_world: Any) -> None:
    world = make_world(live_connections=1)
    board = StageBoard(world.verifier, period_s=0.02)
    of = transaction(world)

    async def close_at_once() -> None:
        stream = EventStream(board, of, live_s=20)
        with pytest.raises(Unavailable):
            EventStream(board, of, live_s=20)

        async def send(_: Any) -> None:
            raise OSError  # the peer is gone

        scope = {"type": "http", "asgi": {"spec_version": "2.4"}}
        with pytest.raises(Exception):  # noqa: B017, PT011  as the server raises it
            await stream(scope, send, send)  # type: ignore[arg-type]

    asyncio.run(close_at_once())
    board.enter(of)


def test_a_database_that_cannot_be_read_ends_the_events_and_the_browser_asks_again(world: Any) -> None:
    board = StageBoard(world.verifier, period_s=0.02)
    of = transaction(world)
    board.enter(of)
    world.database._sync_failed = True
    assert collected(board, of, live_s=20) == ["retry: 2000\n\n"]
    world.database._sync_failed = False


def test_the_events_of_a_session_over_http(make_world: Any) -> None:
    world = make_world(live_s=1)
    created = world.verifier.create_request(
        world.SLUG, preset("inspector-quick"), asked=Asked(channel=Channel.CROSS_DEVICE)
    )
    path = f"/verifier/{world.SLUG}/sessions/{created.transaction_id}/events"
    response = world.http.get(path, headers={"cookie": f"portadoc-session={created.session_secret}"})
    assert (response.status, response.content_type) == (200, "text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    assert "data: open" in response.text
    assert world.http.get(path).status == 404


def test_an_answer_to_one_process_is_heard_at_another(make_world: Any, tmp_path: Any) -> None:
    file = f"sqlite:///{tmp_path / 'shared.sqlite'}"
    world = make_world(database_url=file)
    twin = world.another_process(database=open_database(file))
    session = world.ask()
    board = StageBoard(twin, period_s=0.0)
    of = (world.SLUG, session.created.transaction_id)
    board.enter(of)
    assert board.look(of) == "open"
    session.answer()
    assert board.look(of) == "told"
