"""Every error leaves as a problem document; what nobody foresaw leaves as a number."""

import io
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict

from portadoc.errors import Conflict, Error, Malformed, Misconfigured, Refused, Unavailable, Untrusted
from portadoc.web.app import install_problems, protect
from portadoc.web.logs import OneLineFormatter

Call = Callable[..., Any]
CANARY = "CANARY-1955-03-08"
RAISED: dict[str, Exception] = {
    "malformed": Malformed("form_invalid", reason="pair", spec="RFC 6749 §3.2"),
    "untrusted": Untrusted("form_invalid", reason="pair"),
    "refused": Refused("cross_site_request"),
    "conflict": Conflict("not_found"),
    "unavailable": Unavailable("storage_unavailable", retry_after_s=7, reason="full"),
    "misconfigured": Misconfigured("storage_unusable", reason="secret-place"),
    "foreign": RuntimeError(CANARY),
    "too-large": Malformed("headers_too_large", limit=1),
}


class Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid")
    country: int


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    install_problems(app, random_bytes=lambda count: b"\x2a" * count)

    @app.get("/raise/{name}")
    def fail(name: str) -> None:
        raise RAISED[name]

    @app.post("/wanted")
    def wanted(body: Wanted) -> None:
        pass

    @app.post("/raw")
    async def raw(request: Request) -> None:
        await request.body()

    protect(app)
    return app


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    channel = logging.StreamHandler(stream)
    channel.setFormatter(OneLineFormatter())
    logger = logging.getLogger("portadoc")
    logger.addHandler(channel)
    logger.setLevel(logging.DEBUG)
    yield stream
    logger.removeHandler(channel)
    logger.setLevel(logging.NOTSET)


@pytest.mark.parametrize(
    ("name", "status"),
    [("malformed", 400), ("untrusted", 400), ("refused", 403), ("conflict", 404), ("unavailable", 503)],
)
def test_each_family_has_its_status(app: FastAPI, call: Call, name: str, status: int) -> None:
    answer = call(app, "GET", f"/raise/{name}")
    raised = RAISED[name]
    assert isinstance(raised, Error)
    assert answer.status == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == raised.code
    assert answer.json()["type"] == f"/problems/{raised.code}"


def test_a_code_that_http_has_a_status_for_keeps_it(app: FastAPI, call: Call) -> None:
    assert call(app, "GET", "/raise/too-large").status == 431


def test_a_document_names_clause_params_and_advice(app: FastAPI, call: Call) -> None:
    document = call(app, "GET", "/raise/malformed").json()
    assert document["clause"] == "RFC 6749 §3.2"
    assert document["params"] == {"reason": "pair"}
    assert "pair" in document["detail"]
    assert document["action"]


def test_a_document_speaks_the_language_of_the_reader(app: FastAPI, call: Call) -> None:
    answer = call(app, "GET", "/raise/refused", headers=[("Accept-Language", "fr-FR,en;q=0.5")])
    assert answer.headers["content-language"] == "fr"
    assert answer.json()["title"] == "La demande est refusée"


def test_a_service_that_is_unavailable_says_when_to_come_back(app: FastAPI, call: Call) -> None:
    assert call(app, "GET", "/raise/unavailable").headers["retry-after"] == "7"


def test_an_unforeseen_exception_tells_nothing_but_a_number(app: FastAPI, call: Call, log: io.StringIO) -> None:
    answer = call(app, "GET", "/raise/foreign")
    assert answer.status == 500
    assert answer.json()["params"] == {"incident": "2a" * 8}
    assert CANARY.encode() not in answer.body
    assert CANARY not in log.getvalue()
    assert f"incident {'2a' * 8}" in log.getvalue()
    assert "RuntimeError" in log.getvalue()
    assert "fail:" in log.getvalue()


def test_a_fault_of_the_operator_is_told_to_the_operator_only(app: FastAPI, call: Call, log: io.StringIO) -> None:
    answer = call(app, "GET", "/raise/misconfigured")
    assert answer.status == 500
    assert answer.json()["code"] == "internal_error"
    assert b"secret-place" not in answer.body
    assert "storage_unusable" in log.getvalue()


def test_an_incident_inside_a_mounted_application_is_caught_there(app: FastAPI, call: Call) -> None:
    outer = FastAPI()
    install_problems(outer, random_bytes=lambda count: b"\x00" * count)
    outer.mount("/inner", app)
    answer = call(outer, "GET", "/inner/raise/foreign")
    assert answer.json()["params"] == {"incident": "2a" * 8}


def test_a_body_that_does_not_fit_is_described_without_being_repeated(app: FastAPI, call: Call) -> None:
    body = b'{"country": "%s", "a/b~c": 1}' % CANARY.encode()
    answer = call(app, "POST", "/wanted", headers=[("Content-Type", "application/json")], chunks=[body])
    assert answer.status == 422
    assert CANARY.encode() not in answer.body
    assert answer.json()["faults"] == [
        {"pointer": "/body/country", "rule": "int_parsing"},
        {"pointer": "/body/a~1b~0c", "rule": "extra_forbidden"},
    ]


def test_the_list_of_faults_is_bounded(app: FastAPI, call: Call) -> None:
    body = b"{" + b",".join(b'"%d": 1' % n for n in range(100)) + b"}"
    answer = call(app, "POST", "/wanted", headers=[("Content-Type", "application/json")], chunks=[body])
    assert len(answer.json()["faults"]) == 20


def test_an_unknown_path_and_a_wrong_method_are_problems_too(app: FastAPI, call: Call) -> None:
    missing = call(app, "GET", f"/nowhere/{CANARY}")
    assert (missing.status, missing.json()["code"]) == (404, "not_found")
    assert CANARY.encode() not in missing.body
    wrong = call(app, "DELETE", "/wanted")
    assert (wrong.status, wrong.json()["code"], wrong.headers["allow"]) == (405, "method_not_allowed", "POST")


def test_broken_json_is_refused_by_the_framework_as_a_problem(app: FastAPI, call: Call) -> None:
    answer = call(app, "POST", "/wanted", headers=[("Content-Type", "application/json")], chunks=[b"{"])
    assert answer.status == 422
    assert answer.json()["code"] == "request_invalid"


@pytest.mark.parametrize(
    "body",
    [
        b'{"\\ud800": 1}',
        b'"\\ud800"',
        b"[" * 100_000,
        b'{"country": ' + b"9" * 5000 + b"}",
        b"\xff",
        b"nul\x00",
        b"",
    ],
    ids=["surrogate name", "surrogate", "depth", "digits", "not utf-8", "nul", "empty"],
)
def test_no_body_makes_an_incident(app: FastAPI, call: Call, body: bytes) -> None:
    answer = call(app, "POST", "/wanted", headers=[("Content-Type", "application/json")], chunks=[body])
    assert answer.status in (400, 422)


def test_a_body_that_breaks_off_is_no_incident(app: FastAPI, call: Call, log: io.StringIO) -> None:
    """A server that hears nothing after such a body would tell its sender of a fault of ours."""
    answer = call(app, "POST", "/raw", chunks=[])
    assert (answer.status, answer.json()["code"]) == (400, "request_incomplete")
    assert "incident" not in log.getvalue()


@pytest.mark.parametrize("host", ["evil.example", "[::1", "", "a b"])
def test_a_path_is_not_mended_by_a_redirect_to_the_host_that_was_named(
    app: FastAPI, call: Call, host: str
) -> None:
    assert call(app, "POST", "/wanted/", headers=[("Host", host)]).status == 404


def test_the_type_of_a_problem_can_be_read(app: FastAPI, call: Call) -> None:
    answer = call(app, "GET", "/problems/form_invalid")
    assert answer.status == 200
    assert answer.body.decode().startswith("form_invalid\n\nThe form body")
    assert call(app, "GET", "/problems/no_such_code").status == 404
