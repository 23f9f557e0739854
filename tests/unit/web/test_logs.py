"""One line an entry, nothing personal in it, nothing forged by it."""

import io
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI

from portadoc.errors import Malformed, Refused
from portadoc.web.answers import json_answer, refusing_route
from portadoc.web.app import install_problems, protect
from portadoc.web.logs import OneLineFormatter, escape, set_up_logging

Call = Callable[..., Any]
CANARY = "CANARY-1955-03-08"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers.clear()
    stream = io.StringIO()
    set_up_logging(logging.DEBUG, stream)
    yield stream
    logging.captureWarnings(False)
    root.handlers[:] = before
    root.setLevel(level)


@pytest.fixture
def app() -> FastAPI:
    def read(offer_id: str) -> str:
        if offer_id == "broken":
            raise RuntimeError(CANARY)
        return offer_id

    inner = FastAPI()
    install_problems(inner)
    inner.get("/inner/{offer_id}")(read)
    router = APIRouter(prefix="/issuer")
    router.get("/{slug}/offers/{offer_id}")(lambda slug, offer_id: read(offer_id))
    app = FastAPI()
    install_problems(app)
    app.get("/offers/{offer_id}")(read)
    app.include_router(router)
    app.mount("/mounted", inner)
    protect(app)
    return app


def access(stream: io.StringIO) -> list[str]:
    return [
        line.split(" portadoc.access ")[1]
        for line in stream.getvalue().splitlines()
        if " portadoc.access " in line
    ]


def test_a_request_is_logged_by_method_template_status_and_time(
    app: FastAPI, call: Call, stream: io.StringIO
) -> None:
    call(app, "GET", "/offers/abc")
    (line,) = access(stream)
    assert line.startswith("GET /offers/{offer_id} 200 ")
    assert line.endswith(" ms")


@pytest.mark.parametrize(
    ("target", "logged"),
    [
        (f"/offers/{CANARY}?token={CANARY}", "GET /offers/{offer_id} 200"),
        (f"/issuer/fr-demo/offers/{CANARY}", "GET /issuer/{slug}/offers/{offer_id} 200"),
        (f"/mounted/inner/{CANARY}", "GET /mounted/inner/{offer_id} 200"),
        (f"/mounted/nowhere/{CANARY}", "GET /mounted 404"),
        (f"/nowhere/{CANARY}", "GET - 404"),
        ("/offers/broken", "GET /offers/{offer_id} 500"),
    ],
)
def test_nothing_of_the_request_is_logged(
    app: FastAPI, call: Call, stream: io.StringIO, target: str, logged: str
) -> None:
    call(app, "GET", target, headers=[("Authorization", CANARY), ("X-\x1b[31m", CANARY)])
    (line,) = access(stream)
    assert line.startswith(logged)
    assert CANARY not in stream.getvalue()


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("/refused/document", "tx_code_wrong"),
        ("/refused/word", "tx_code_wrong"),
        ("/refused/document?count=many", "request_invalid"),
        ("/nowhere", "not_found"),
        ("/mounted/nowhere", "not_found"),
        ("/offers/broken", "internal_error"),
        ("/offers/" + "x" * 70_000, "headers_too_large"),
    ],
)
def test_a_refusal_is_logged_with_its_code_and_no_value(
    app: FastAPI, call: Call, stream: io.StringIO, target: str, code: str
) -> None:
    def refused(count: int = 1) -> None:
        raise Refused("tx_code_wrong", tries_left=count, name=CANARY)

    words = APIRouter(route_class=refusing_route(lambda error, _: json_answer({"error": "x"}, status=400)))
    app.get("/refused/document")(refused)
    words.get("/refused/word")(refused)
    app.include_router(words)
    assert call(app, "GET", target).status >= 400
    (line,) = access(stream)
    assert line.endswith(f" ms {code}")
    assert CANARY not in line


def test_a_method_that_http_does_not_know_is_not_logged(app: FastAPI, call: Call, stream: io.StringIO) -> None:
    assert call(app, CANARY, "/offers/abc").status == 405
    (line,) = access(stream)
    assert line.startswith("- ")
    assert CANARY not in stream.getvalue()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain é", "plain é"),
        ("two\nlines", r"two\nlines"),
        ("\r\x1b[31mred", r"\r\x1b[31mred"),
        ("nul\x00", r"nul\x00"),
        ("left\u202eright", r"left\u202eright"),
        ("line\u2028separator", r"line\u2028separator"),
        ("c1\x9b", r"c1\x9b"),
    ],
)
def test_no_value_can_forge_a_line(text: str, written: str) -> None:
    assert escape(text) == written


def entry(exception: Exception) -> str:
    try:
        raise exception
    except (ValueError, Malformed):
        record = logging.LogRecord("name", logging.ERROR, "path", 1, "it %s", ("failed\n",), sys.exc_info())
    return OneLineFormatter().format(record)


def test_an_exception_is_logged_by_class_and_place_on_one_line() -> None:
    line = entry(ValueError(CANARY))
    assert "\n" not in line
    assert CANARY not in line
    assert r"it failed\n" in line
    assert "ValueError at entry:" in line


def test_an_error_of_our_own_is_logged_with_its_code() -> None:
    assert "Malformed form_invalid (reason=pair) at entry:" in entry(Malformed("form_invalid", reason="pair"))


def test_a_cause_is_not_logged() -> None:
    wrapped = Malformed("form_invalid", reason="pair")
    wrapped.__cause__ = ValueError(CANARY)
    assert CANARY not in entry(wrapped)


def test_an_entry_that_cannot_be_written_is_lost_without_a_word(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    stream.close()
    logging.getLogger("x").error("%s", CANARY)
    assert capsys.readouterr() == ("", "")


def test_the_stack_of_a_debugging_entry_is_not_logged(stream: io.StringIO) -> None:
    logging.getLogger("portadoc").debug("here", stack_info=True)
    assert "test_logs" not in stream.getvalue()
