"""Bodies have one reading; anything else is refused with its reason."""

import contextlib
import tracemalloc
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlencode

import pytest
from fastapi import Depends, FastAPI
from hypothesis import given
from hypothesis import strategies as st

from portadoc.errors import Malformed
from portadoc.web.app import install_problems
from portadoc.web.bodies import read_form, read_json_object
from portadoc.web.forms import parse_form

Call = Callable[..., Any]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", {}),
        (b"a=1", {"a": "1"}),
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a=1%2B1+%C3%A9", {"a": "1+1 é"}),
        (b"state=&code=x", {"code": "x"}),
        (b"vp_token=%7B%22a%22%3A%5B%5D%7D", {"vp_token": '{"a":[]}'}),
        (b"a=x=y", {"a": "x=y"}),
        (b"scope=a%0D%0Ab", {"scope": "a\r\nb"}),
    ],
)
def test_a_form_is_read(body: bytes, expected: dict[str, str]) -> None:
    assert parse_form(body) == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"a=1&a=2", "duplicate"),
        (b"a=&a=2", "duplicate"),
        (b"a=1&%61=2", "duplicate"),
        (b"a=1;b=2", "encoding"),
        (b"a=1&b", "pair"),
        (b"a=1&", "pair"),
        (b"&a=1", "pair"),
        (b"=1", "pair"),
        (b"a=%", "encoding"),
        (b"a=%4", "encoding"),
        (b"a=%zz", "encoding"),
        (b"a=\xc3\xa9", "encoding"),
        (b"a=1 2", "encoding"),
        (b"a=1\n", "encoding"),
        (b"\xef\xbb\xbfa=1", "encoding"),
        (b"a=%ff", "utf8"),
        (b"a=%ED%A0%80", "utf8"),
        (b"a=%C0%80", "utf8"),
        (b"a=%00", "control"),
        (b"a=%1B%5B31m", "control"),
        (b"&".join(b"p%d=1" % n for n in range(65)), "too_many"),
    ],
)
def test_a_form_with_two_readings_or_none_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(Malformed) as refusal:
        parse_form(body)
    assert refusal.value.code == "form_invalid"
    assert refusal.value.params == {"reason": reason}


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


@given(st.dictionaries(TEXTS, TEXTS, max_size=10))
def test_what_an_ordinary_client_encodes_is_read_back(values: dict[str, str]) -> None:
    assert parse_form(urlencode(values).encode()) == values


@pytest.mark.parametrize("value", [b"x" * 2**20, b"%41" * 2**16, b"%41" * 2**18, b"x%41" * 2**16, b"+" * 2**20])
def test_a_large_form_takes_little_memory(value: bytes) -> None:
    tracemalloc.start()
    with contextlib.suppress(Malformed):
        parse_form(b"a=" + value)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * 2**20


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(Malformed):
        parse_form(body)


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    install_problems(app)

    @app.post("/form")
    def form(found: Annotated[dict[str, str], Depends(read_form)]) -> dict[str, str]:
        return found

    @app.post("/json")
    def json(found: Annotated[dict[str, Any], Depends(read_json_object)]) -> dict[str, Any]:
        return found

    return app


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=UTF-8",
        'Application/X-WWW-Form-Urlencoded;charset="utf-8"',
    ],
)
def test_the_type_of_a_form_is_known_in_each_spelling(app: FastAPI, call: Call, kind: str) -> None:
    assert call(app, "POST", "/form", headers=[("Content-Type", kind)], chunks=[b"a=1"]).json() == {"a": "1"}


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Content-Type", "")],
        [("Content-Type", "application/json")],
        [("Content-Type", "multipart/form-data; boundary=x")],
        [("Content-Type", "text/plain")],
        [("Content-Type", "application/x-www-form-urlencoded; charset=utf-7")],
        [("Content-Type", "application/x-www-form-urlencoded")] * 2,
        [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Encoding", "gzip")],
    ],
)
def test_another_type_is_refused(app: FastAPI, call: Call, headers: list[tuple[str, str]]) -> None:
    answer = call(app, "POST", "/form", headers=headers, chunks=[b"a=1"])
    assert (answer.status, answer.json()["code"]) == (415, "content_type_unsupported")


def test_a_json_object_is_read_strictly(app: FastAPI, call: Call) -> None:
    def post(body: bytes) -> Any:
        return call(app, "POST", "/json", headers=[("Content-Type", "application/json")], chunks=[body])

    assert post(b'{"a": [1]}').json() == {"a": [1]}
    for broken in (b'{"a": 1, "a": 2}', b"[1]", b"", b"\xff", b'{"a": NaN}'):
        assert (post(broken).status, post(broken).json()["code"]) == (400, "json_malformed")
