"""J16: whatever is sent to a route of the portal, by whomever, the answer is a refusal and never a fault."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.portal.machines.conftest import ANSWERS, APPLICATIONS, Doors, Machine, payroll_of

EXAMPLES: Final = 250
HOSTILE: Final = (
    "' OR 1=1 --",
    "'; DROP TABLE portal_applications; --",
    "../../etc/passwd",
    "%00",
    "\x00",
    "\r\nSet-Cookie: x=1",
    "\u202e\u2066",
    "{{7*7}}",
    "a" * 5000,
    "-1",
    "1e999",
    "²",
    "null",
    "",
)
words = st.sampled_from(HOSTILE) | st.text(max_size=40)
leaves = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | words
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
near_sound = st.builds(
    lambda names, value: {**ANSWERS, **dict.fromkeys(names, value)},
    st.lists(st.sampled_from(sorted(ANSWERS)), max_size=2),
    values,
)
bodies = st.one_of(
    st.binary(max_size=200).map(lambda raw: ("application/octet-stream", raw)),
    values.map(lambda value: ("application/json", json.dumps(value).encode("utf-8", "surrogatepass"))),
    st.builds(
        lambda answers, more: ("application/json", json.dumps({"answers": answers, **more}).encode()),
        near_sound,
        st.dictionaries(
            st.sampled_from(["certificate", "request", "employer", "predecessor", "language"]), values
        ),
    ),
    st.dictionaries(
        st.sampled_from(
            ["kind", "capacity", "worker_pin", "start", "end", "0.name", "wish", "copy", "more", "reason"]
        ),
        words,
        max_size=4,
    ).map(lambda form: ("application/x-www-form-urlencoded", _form(form))),
)


def _form(fields: dict[str, str]) -> bytes:
    return urlencode({name: text.encode("utf-8", "replace") for name, text in fields.items()}).encode()


@pytest.fixture
def peopled(open_doors: Callable[..., Doors]) -> tuple[Doors, list[dict[str, str]], list[str]]:
    """An installation with people at its doors and things that are there."""
    doors = open_doors(misses_per_hour=10**6, machine_requests_per_minute=100_000)
    machine: Machine = payroll_of(doors)
    known = [
        machine.file("k-1").json()["id"],
        machine.send({"answers": ANSWERS, "language": "de"}, "k-2").json()["id"],
    ]
    people = (
        "claire-test",
        "jean-exemple",
        "nadia-modele",
        "anne-agent",
        "paul-second",
        "victor-audit",
        "clinique-test",
    )
    callers = [{}, machine.bearer(), *(doors.cookie(each) for each in people)]
    return doors, callers, known


def test_j16_no_request_to_any_route_of_the_portal_is_a_fault(
    peopled: tuple[Doors, list[dict[str, str]], list[str]],
) -> None:
    doors, callers, known = peopled
    routes = sorted({(method, route.path) for route in portal_routes(doors) for method in route.methods})
    assert len(routes) > 40
    places = st.sampled_from(["fr-demo", "fr-health", *known, "period", "worker_pin", "cards"]) | words

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        method, path = data.draw(st.sampled_from(routes))
        while "{" in path:
            name = path[path.index("{") : path.index("}") + 1]
            likely = st.sampled_from(["fr-demo"]) if name == "{institution}" else st.sampled_from(known)
            filled = data.draw(likely | places)
            path = path.replace(name, _quoted(filled) or "x", 1)
        content_type, body = data.draw(bodies)
        headers = {**data.draw(st.sampled_from(callers)), "content-type": content_type, "accept": "text/html"}
        headers["idempotency-key"] = data.draw(st.sampled_from(["k-1", "k-3", "x" * 300]))
        query = data.draw(
            st.dictionaries(st.sampled_from(["cursor", "limit", "kind", "lang", "person", "to"]), words)
        )
        sent = {"headers": headers, "content": body if method == "POST" else b"", "params": query}
        answer = doors.ask(method, path, **sent)
        if path == "/portal/login" and answer.status_code == 503:
            return  # no provider runs here, and that is what it says
        assert answer.status_code < 500, (method, path, answer.text[:400])

    ask()
    assert doors.ask("GET", APPLICATIONS, headers=callers[1]).status_code == 200


def portal_routes(doors: Doors) -> list[Any]:
    return [route for route in _flat(doors.app.routes) if route.path.startswith("/portal")]


def _flat(routes: Any) -> Iterator[Any]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        yield from _flat(inner.routes) if inner is not None else [route]


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "replace"), safe="")


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH"])
def test_j21_nothing_of_what_was_recorded_can_be_deleted_or_replaced(payroll: Machine, method: str) -> None:
    told = payroll.file().json()
    doors = payroll.doors
    pages = (f"/portal/fr-demo/requests/{told['id']}", f"{APPLICATIONS}/{told['id']}", APPLICATIONS)
    for path in (*pages, "/portal/fr-demo/my-data.json"):
        for headers in (doors.cookie("victor-audit"), doors.cookie("anne-agent"), payroll.bearer()):
            assert doors.ask(method, path, headers=headers).status_code == 405
    assert all("DELETE" not in route.methods for route in portal_routes(doors))


def test_j22_my_data_is_given_to_oneself_and_to_nobody_else(payroll: Machine) -> None:
    payroll.file()
    doors, here = payroll.doors, "/portal/fr-demo/my-data.json"
    own = doors.ask("GET", here, headers=doors.cookie("jean-exemple"))
    assert (own.status_code, len(own.json()["applications"])) == (200, 1)
    assert own.headers["cache-control"] == "no-store"
    named = f"{here}?person=TEST185041201"
    for sub in ("claire-test", "sofia-muster", "nadia-modele", "anne-agent", "victor-audit", "clinique-test"):
        assert doors.ask("GET", named, headers=doors.cookie(sub)).status_code == 404
    child = doors.ask("GET", f"{here}?person=TEST216090301", headers=doors.cookie("nadia-modele"))
    assert (child.status_code, child.json()["person"]) == (200, "TEST216090301")
    assert doors.ask("GET", named, headers=payroll.bearer()).status_code == 401
    assert doors.ask("GET", named).status_code == 401
