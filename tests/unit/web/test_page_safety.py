"""Headers, origin and language: what a browser is told and what it tells."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from portadoc.web.app import install_problems, protect
from portadoc.web.headers import API_POLICY, PAGE_HEADERS, PAGE_POLICY, SECURITY_HEADERS
from portadoc.web.language import preferred_language
from portadoc.web.loopback import OwnNetwork
from portadoc.web.origin import require_same_origin

Call = Callable[..., Any]
ORIGIN = "https://portadoc.example"


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    install_problems(app)

    @app.get("/page")
    def page() -> Response:
        return HTMLResponse("<p>", headers=dict(PAGE_HEADERS))

    @app.get("/list")
    def stored_list() -> Response:
        return Response(b"", headers={"Cache-Control": "max-age=60"})

    @app.post("/change")
    def change(request: Request) -> int:
        require_same_origin(request, origin=ORIGIN)
        return 1

    protect(app)
    return app


@pytest.mark.parametrize("path", ["/list", "/nowhere", "/problems/form_invalid"])
def test_every_answer_carries_the_security_headers(app: FastAPI, call: Call, path: str) -> None:
    headers = call(app, "GET", path).headers
    assert {name.lower() for name in SECURITY_HEADERS} <= set(headers)
    assert headers["content-security-policy"] == API_POLICY


def test_a_refusal_by_the_limits_carries_them_too(app: FastAPI, call: Call) -> None:
    answer = call(app, "POST", "/change", headers=[("Content-Length", "99999999")])
    assert answer.status == 413
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_answer_may_say_its_own(app: FastAPI, call: Call) -> None:
    assert call(app, "GET", "/page").headers["content-security-policy"] == PAGE_POLICY
    assert call(app, "GET", "/list").headers["cache-control"] == "max-age=60"


def test_transport_security_is_promised_over_https_only(app: FastAPI, call: Call) -> None:
    assert "strict-transport-security" not in call(app, "GET", "/page").headers
    assert "strict-transport-security" in call(app, "GET", "/page", scheme="https").headers


def test_no_policy_allows_inline_code_or_foreign_sources() -> None:
    for policy in (API_POLICY, PAGE_POLICY):
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "http" not in policy


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("Sec-Fetch-Site", "same-origin")], 200),
        ([("Sec-Fetch-Site", "none")], 200),
        ([("Origin", ORIGIN)], 200),
        ([("Sec-Fetch-Site", "cross-site")], 403),
        ([("Sec-Fetch-Site", "same-site")], 403),
        ([("Sec-Fetch-Site", "cross-site"), ("Origin", ORIGIN)], 403),
        ([("Sec-Fetch-Site", "")], 403),
        ([("Origin", "https://evil.example")], 403),
        ([("Origin", "null")], 403),
        ([("Origin", ORIGIN + ".evil.example")], 403),
        ([], 403),
    ],
)
def test_only_our_own_pages_change_anything(
    app: FastAPI, call: Call, headers: list[tuple[str, str]], status: int
) -> None:
    assert call(app, "POST", "/change", headers=headers).status == status


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("fr", "fr"),
        ("FR-be", "fr"),
        ("de, fr;q=0.8, en;q=0.9", "en"),
        ("de, fr;q=0.9, en;q=0.8", "fr"),
        ("fr;q=0", "en"),
        ("fr;q=abc", "en"),
        ("fr;q=1.1.1", "en"),
        ("fr;q=-1", "en"),
        ("fr;q=\u0661", "en"),
        ("*", "en"),
        (";;,,;q=", "en"),
        ("x" * 10_000 + ",fr", "en"),
    ],
)
def test_the_language_that_is_wanted_most_is_spoken(header: str | None, language: str) -> None:
    assert preferred_language(header) == language


def test_no_promise_of_transport_security_is_made_on_a_local_network(app: FastAPI, call: Call) -> None:
    answer = call(OwnNetwork(app), "GET", "/page", scheme="https")
    assert "strict-transport-security" not in answer.headers


def test_no_page_may_use_the_camera_unless_it_says_so(app: FastAPI, call: Call) -> None:
    assert call(app, "GET", "/page").headers["permissions-policy"].startswith("camera=(), ")
