import threading

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse, StreamingResponse

from portadoc.errors import Malformed, Refused
from portadoc.wallet_sim.transport import AsgiTransport

BASE = "http://127.0.0.1:8700"


def make_app() -> FastAPI:
    app = FastAPI()

    @app.get("/sync")
    def sync() -> dict[str, str]:
        return {"thread": threading.current_thread().name}

    @app.api_route("/echo/{rest:path}", methods=["GET", "POST", "PUT"])
    async def echo(request: Request, rest: str) -> dict[str, object]:
        assert request.client is not None
        return {
            "method": request.method,
            "rest": rest,
            "raw_path": request.scope["raw_path"].decode(),
            "query": str(request.url.query),
            "headers": dict(request.headers),
            "body": (await request.body()).decode(),
            "client": request.client.host,
        }

    @app.get("/away")
    def away() -> Response:
        return RedirectResponse("https://elsewhere.example/")

    @app.get("/pieces")
    def pieces() -> Response:
        return StreamingResponse((b"x" * 100 for _ in range(10)), media_type="text/plain; charset=utf-8")

    @app.get("/cookies")
    def cookies() -> Response:
        response = PlainTextResponse("ok")
        response.headers.append("X-Twice", "1")
        response.headers.append("X-Twice", "2")
        return response

    @app.get("/breaks")
    def breaks() -> None:
        raise RuntimeError("inside the application")

    return app


@pytest.fixture(scope="module")
def transport() -> AsgiTransport:
    return AsgiTransport(make_app(), BASE)


def test_sync_endpoints_run_in_a_worker_thread(transport: AsgiTransport) -> None:
    first, second = transport.get(f"{BASE}/sync"), transport.get("/sync")
    assert first.status == second.status == 200
    assert first.json()["thread"] != threading.current_thread().name


def test_get_carries_path_query_and_headers(transport: AsgiTransport) -> None:
    seen = transport.get("/echo/urn%3Aeudi%3Apda1%3A1?a=b%26c", headers={"X-Probe": "yes"}).json()
    assert (seen["rest"], seen["raw_path"]) == ("urn:eudi:pda1:1", "/echo/urn%3Aeudi%3Apda1%3A1")
    assert (seen["query"], seen["headers"]["x-probe"]) == ("a=b%26c", "yes")
    assert (seen["headers"]["host"], seen["client"]) == ("127.0.0.1:8700", "127.0.0.1")


def test_post_form_and_post_json_set_type_and_length(transport: AsgiTransport) -> None:
    form = transport.post_form("/echo/", {"a": "1 2", "b": "é"}).json()
    assert (form["body"], form["headers"]["content-type"]) == (
        "a=1+2&b=%C3%A9",
        "application/x-www-form-urlencoded",
    )
    value = transport.post_json("/echo/", {"n": 1}).json()
    assert (value["body"], value["headers"]["content-length"]) == ('{"n": 1}', "8")


def test_redirects_are_returned_and_not_followed(transport: AsgiTransport) -> None:
    response = transport.get("/away")
    assert (response.status, response.headers["location"]) == (307, "https://elsewhere.example/")


def test_streamed_pieces_are_joined_and_the_media_type_read(transport: AsgiTransport) -> None:
    response = transport.get("/pieces")
    assert (len(response.body), response.content_type) == (1000, "text/plain")


def test_repeated_headers_are_joined(transport: AsgiTransport) -> None:
    assert transport.get("/cookies").headers["x-twice"] == "1, 2"


def test_a_response_over_the_limit_is_refused(transport: AsgiTransport) -> None:
    with pytest.raises(Malformed) as caught:
        transport.request("GET", "/pieces", max_bytes=999)
    assert caught.value.code == "limit_exceeded"


def test_other_origins_are_refused(transport: AsgiTransport) -> None:
    for url in ("http://127.0.0.1:8701/sync", "https://127.0.0.1:8700/sync", "http://elsewhere.example/sync"):
        with pytest.raises(Refused) as caught:
            transport.get(url)
        assert caught.value.code == "fetch_blocked"


def test_a_failure_of_the_application_comes_out_unchanged(transport: AsgiTransport) -> None:
    with pytest.raises(RuntimeError, match="inside the application"):
        transport.get("/breaks")


def test_the_peer_address_is_an_argument() -> None:
    distant = AsgiTransport(make_app(), BASE, client_host="192.0.2.7")
    assert distant.get("/echo/").json()["client"] == "192.0.2.7"
