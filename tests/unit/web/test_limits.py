"""A request brings no more than was agreed, announced or not."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from fastapi import Body, Depends, FastAPI, Request

from portadoc.web.app import install_problems, protect
from portadoc.web.bodies import read_form
from portadoc.web.limits import MAX_BODY_BYTES, MAX_HEAD_BYTES

Call = Callable[..., Any]
FORM = [("Content-Type", "application/x-www-form-urlencoded")]


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    install_problems(app)

    @app.post("/form")
    def form(found: Annotated[dict[str, str], Depends(read_form)]) -> int:
        return len(found)

    @app.post("/bulk/in")
    async def bulk(request: Request) -> int:
        return len(await request.body())

    @app.post("/json")
    def json(found: Annotated[dict[str, str], Body()]) -> int:
        return len(found)

    @app.post("/ignored")
    def ignored() -> int:
        return 0

    protect(app, body_bytes_by_path={"/bulk": 3 * MAX_BODY_BYTES, "/bulk/none": 0})
    return app


def test_a_body_up_to_the_limit_passes(app: FastAPI, call: Call) -> None:
    chunks = [b"a=" + b"b" * (MAX_BODY_BYTES - 2)]
    assert call(app, "POST", "/form", headers=FORM, chunks=chunks).status == 200


def test_an_announced_body_beyond_the_limit_is_refused_unread(app: FastAPI, call: Call) -> None:
    answer = call(app, "POST", "/form", headers=[*FORM, ("Content-Length", "1073741824")], chunks=[])
    assert answer.status == 413
    assert answer.json()["code"] == "limit_exceeded"
    assert answer.headers["connection"] == "close"


def test_a_length_too_long_to_count_is_refused(app: FastAPI, call: Call) -> None:
    answer = call(app, "POST", "/form", headers=[*FORM, ("Content-Length", "9" * 5000)], chunks=[])
    assert answer.status == 413


@pytest.mark.parametrize("path", ["/form", "/json"])
def test_a_body_of_unknown_length_is_counted_as_it_comes(app: FastAPI, call: Call, path: str) -> None:
    chunks = [b"x" * 65536] * 17
    kind = FORM if path == "/form" else [("Content-Type", "application/json")]
    answer = call(app, "POST", path, headers=kind, chunks=chunks)
    assert (answer.status, answer.json()["code"]) == (413, "limit_exceeded")


def test_a_lying_length_does_not_help(app: FastAPI, call: Call) -> None:
    answer = call(app, "POST", "/form", headers=[*FORM, ("Content-Length", "5")], chunks=[b"x" * 65536] * 17)
    assert answer.status == 413


def test_a_path_may_have_a_bound_of_its_own_and_the_longest_counts(app: FastAPI, call: Call) -> None:
    assert call(app, "POST", "/bulk/in", chunks=[b"x" * MAX_BODY_BYTES] * 2).json() == 2 * MAX_BODY_BYTES
    assert call(app, "POST", "/bulk/in", chunks=[b"x" * MAX_BODY_BYTES] * 4).status == 413
    assert call(app, "POST", "/bulk/none", headers=[("Content-Length", "1")]).status == 413


def test_a_head_beyond_its_limit_is_refused(app: FastAPI, call: Call) -> None:
    many = [(f"X-{n}", "v" * 1000) for n in range(17)]
    assert call(app, "POST", "/ignored", headers=many).status == 431
    assert call(app, "POST", "/ignored?" + "q" * MAX_HEAD_BYTES).status == 431
    assert call(app, "POST", "/ignored", headers=many[:10]).status == 200


def test_a_refusal_speaks_the_language_of_the_reader(app: FastAPI, call: Call) -> None:
    headers = [*FORM, ("Content-Length", "1073741824"), ("Accept-Language", "fr")]
    assert call(app, "POST", "/form", headers=headers).headers["content-language"] == "fr"
