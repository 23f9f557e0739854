"""The files of the inspector app: what the build listed, typed, compressed, under a strict policy."""

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from portadoc.inspector.http.app_files import APP_POLICY, AppFiles, app_router
from portadoc.web.app import install_problems, protect

Call = Callable[..., Any]
CONTENT = {
    "index.html": b"<!doctype html>",
    "service_worker.js": b"self;",
    "assets/app-ABCD.js": b"let app = 1;",
    "assets/zxing_reader-ABCD.wasm": b"\0asm",
    "manifest.webmanifest": b"{}",
    "icon-192.png": b"\x89PNG",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {}
    for name, content in CONTENT.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
        packed = None if name.endswith(".png") else gzip.compress(content)
        if packed:
            (tmp_path / f"{name}.gz").write_bytes(packed)
        digest = hashlib.sha256(content).hexdigest()
        files[name] = {"sha256": digest, "bytes": len(content), "gzip": packed and len(packed)}
    (tmp_path / "files.json").write_text(json.dumps({"version": "0", "files": files}))
    return tmp_path


def serving(folder: Path) -> FastAPI:
    app = FastAPI()
    app.include_router(app_router(AppFiles(folder)))
    install_problems(app)
    protect(app)
    return app


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("", "text/html; charset=utf-8"),
        ("service_worker.js", "text/javascript; charset=utf-8"),
        ("assets/app-ABCD.js", "text/javascript; charset=utf-8"),
        ("assets/zxing_reader-ABCD.wasm", "application/wasm"),
        ("manifest.webmanifest", "application/manifest+json"),
        ("icon-192.png", "image/png"),
    ],
)
def test_each_file_has_its_type_and_the_policy_of_the_app(
    folder: Path, call: Call, name: str, media_type: str
) -> None:
    answer = call(serving(folder), "GET", f"/inspect/{name}")
    assert (answer.status, answer.body) == (200, CONTENT[name or "index.html"])
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-security-policy"] == APP_POLICY
    assert answer.headers["permissions-policy"].startswith("camera=(self)")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_policy_lets_nothing_in_from_elsewhere() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in APP_POLICY.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert "unsafe-inline" not in APP_POLICY
    assert not [word for word in APP_POLICY.split() if "://" in word or word == "*"]


def test_hashed_files_stay_for_ever_and_the_others_are_asked_for_anew(folder: Path, call: Call) -> None:
    app = serving(folder)
    assert "immutable" in call(app, "GET", "/inspect/assets/app-ABCD.js").headers["cache-control"]
    for name in ("", "service_worker.js", "manifest.webmanifest"):
        assert call(app, "GET", f"/inspect/{name}").headers["cache-control"] == "no-cache"


def test_a_file_that_a_browser_has_is_not_sent_again(folder: Path, call: Call) -> None:
    app = serving(folder)
    etag = call(app, "GET", "/inspect/service_worker.js").headers["etag"]
    again = call(app, "GET", "/inspect/service_worker.js", headers=[("If-None-Match", etag)])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["content-security-policy"] == APP_POLICY


@pytest.mark.parametrize(
    ("wish", "packed"),
    [("gzip, br", True), ("br;q=1.0, GZIP;q=0.5", True), ("br", False), ("gzip;q=0", False), ("", False)],
)
def test_files_travel_compressed_for_whoever_takes_them_so(
    folder: Path, call: Call, wish: str, packed: bool
) -> None:
    answer = call(serving(folder), "GET", "/inspect/assets/app-ABCD.js", headers=[("Accept-Encoding", wish)])
    assert (answer.headers.get("content-encoding") == "gzip") == packed
    body = gzip.decompress(answer.body) if packed else answer.body
    assert body == CONTENT["assets/app-ABCD.js"]
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "path",
    ["files.json", "service_worker.js.gz", "../app_files.py", "%2e%2e/app_files.py", "assets/", "nothing.js"],
)
def test_what_the_build_did_not_list_is_not_there(folder: Path, call: Call, path: str) -> None:
    answer = call(serving(folder), "GET", f"/inspect/{path}")
    assert (answer.status, answer.json()["code"]) == (404, "not_found")


def test_the_bare_address_leads_to_the_app(folder: Path, call: Call) -> None:
    answer = call(serving(folder), "GET", "/inspect")
    assert (answer.status, answer.headers["location"]) == (308, "/inspect/")


@pytest.mark.parametrize(("language", "word"), [("en", "make inspector"), ("fr", "pas été construite")])
def test_where_the_app_was_not_built_a_page_says_so(tmp_path: Path, call: Call, language: str, word: str) -> None:
    app = serving(tmp_path / "nothing")
    answer = call(app, "GET", "/inspect/", headers=[("Accept-Language", language)])
    assert answer.status == 503
    assert word in answer.body.decode()
    assert answer.headers["content-type"].startswith("text/html")
    refused = call(app, "GET", "/inspect/service_worker.js")
    assert (refused.status, refused.json()["code"]) == (503, "inspector_app_not_built")
