"""Questions to wallets, receipts and online codes; and who may call what."""

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from portadoc.clock import FixedClock
from portadoc.errors import Error
from portadoc.fetch import Fetched
from portadoc.formats.receipt import check_commitment
from portadoc.inspector.judgements import Judgements
from portadoc.inspector.service import Inspector
from portadoc.inspector.store.device_store import Device
from portadoc.keys.purposes import KeyPurpose
from portadoc.serve.inspection import CodeDesk
from portadoc.verification.receipts import open_receipt
from portadoc.wallet_sim.transport import AsgiTransport
from tests.abuse.town import INSPECTION, ISSUER, Town, new_wallet, routes_of

FAR_AWAY = "192.0.2.7"
JSON = "application/json"


def wallet_with(town: Town, configuration: str = "pda1") -> Any:
    wallet = new_wallet(town.house, town.transport)
    offer = town.house.issuer.offer(ISSUER, town.record(), [configuration], tx_code=False, by_reference=False)
    wallet.accept(offer.offer_uri)
    return wallet


def ask(tablet: Any, **body: Any) -> Any:
    return tablet.call("POST", "asks", {"preset": "inspector-quick", **body})


def look(tablet: Any, asked: dict[str, Any], wait: str = "0") -> Any:
    path = f"asks/{asked['transaction']}?wait={wait}"
    return tablet.call("GET", path, authorization=f"Bearer {asked['secret']}")


def test_a_wallet_is_asked_by_preset_and_its_answer_is_told_to_the_device(town: Town, tablet: Any) -> None:
    asked = ask(tablet).json()
    assert asked["link"].startswith("openid4vp://")
    assert asked["qr"].startswith("<svg")
    assert len(asked["confirmation"]) == 6
    assert look(tablet, asked).json() == {"stage": "open"}
    wallet_with(town).present(asked["link"])
    told = look(tablet, asked, "20").json()
    assert told["stage"] == "answered"
    assert (told["verdict"], told["colour"]) == ("authentic_in_force", "green")
    (report,) = told["reports"]
    assert report["record"]["legislation"]["state"] == "FR"
    assert "pin" not in json.dumps(report["record"])
    assert told["receipt"].count(".") == 2


def test_the_work_in_question_goes_along(town: Town, tablet: Any) -> None:
    asked = ask(tablet, onDate="2026-12-01", work={"state": "DE", "employers": ["1"]}).json()
    with pytest.raises(Error):
        wallet_with(town).present(asked["link"])
    assert look(tablet, asked).json()["verdict"] == "does_not_cover_work"


def test_a_question_ends(tablet: Any, clock: FixedClock) -> None:
    asked = ask(tablet).json()
    clock.advance(601)
    assert look(tablet, asked).json() == {"stage": "expired"}


def test_a_wait_is_bounded(tablet: Any) -> None:
    asked = ask(tablet).json()
    assert look(tablet, asked, "1").json() == {"stage": "open"}
    for wait in ("-1", "1.5", "x", "9999", ""):
        assert look(tablet, asked, wait).status == 400


@pytest.mark.parametrize(
    "body",
    [
        {"preset": "public-check"},
        {"preset": "x"},
        {"preset": 1},
        {"more": 1},
        {"onDate": "tomorrow"},
        {"work": []},
        {"work": {"state": "XX"}},
        {"work": {"employers": "1"}},
        {"work": {"employers": ["1"] * 21}},
        {"work": {"first": "2026-12-02", "last": "2026-12-01"}},
    ],
)
def test_a_question_that_may_not_be_put_is_refused(tablet: Any, body: dict[str, Any]) -> None:
    assert 400 <= ask(tablet, **body).status < 500


def test_a_device_asks_a_bounded_number_of_times_a_minute(
    tablet: Any, pair: Callable[..., Any], inspector: Inspector, clock: FixedClock
) -> None:
    statuses = [ask(tablet).status for _ in range(inspector.settings.asks_per_minute + 1)]
    assert statuses == [201] * inspector.settings.asks_per_minute + [429]
    assert ask(pair(name="Another")).status == 201
    clock.advance(60)
    assert ask(tablet).status == 201


def test_the_answer_is_for_the_device_that_asked_and_its_secret_only(
    tablet: Any, pair: Callable[..., Any]
) -> None:
    asked = ask(tablet).json()
    assert look(pair(name="Another"), asked).status == 404
    assert look(tablet, {**asked, "secret": "0" * 64}).status == 404
    assert look(tablet, {**asked, "transaction": "0" * 32}).status == 404
    assert tablet.call("GET", f"asks/{asked['transaction']}").status == 404


def test_a_receipt_says_who_judged_what_and_nothing_of_the_person(town: Town, tablet: Any) -> None:
    wallet = new_wallet(town.house, town.transport)
    offer = town.house.issuer.offer(ISSUER, town.record(), ["pda1"], tx_code=False, by_reference=False)
    text = wallet.accept(offer.offer_uri)[0].sd_jwt
    body = {"text": text, "onDate": "2026-11-22", "preset": "inspector-quick"}
    told = tablet.call("POST", "receipts", body).json()
    receipt = open_receipt(told["receipt"], verifiers=town.house.verifier.trust, now=town.now())
    assert (receipt.verifier_id, receipt.purpose) == ("DE:TEST90", "inspector-quick")
    assert check_commitment(receipt, nonce=told["nonce"], unverified_presentation=text) in receipt.credentials


@pytest.mark.parametrize(
    "changes",
    [
        {"text": 1},
        {"text": "x"},
        {"onDate": None},
        {"onDate": "x"},
        {"preset": "x"},
        {"more": 1},
    ],
)
def test_a_receipt_of_nothing_is_refused(tablet: Any, changes: dict[str, Any]) -> None:
    body = {"text": "x~", "onDate": "2026-11-22", "preset": "care-desk", **changes}
    assert 400 <= tablet.call("POST", "receipts", body).status < 500


class Issuer:
    """An issuer that answers codes, and counts who asks."""

    def __init__(
        self, status: int = 200, body: bytes = b'{"seal":"PD1:X"}', kind: str = "application/json"
    ) -> None:
        self.answer = (status, body, kind)
        self.asked: list[tuple[str, bytes]] = []

    def send(self, method: str, url: str, *, body: bytes | None = None, **_: Any) -> Fetched:
        self.asked.append((f"{method} {url}", body or b""))
        status, content, kind = self.answer
        return Fetched(url, status, kind, {}, content)


def seal_of(
    inspector: Inspector, issuer: Issuer, url: str, second: str = "A1-1", device: Device | None = None
) -> Any:
    """Ask for a seal where codes are answered by ``issuer``."""
    desk = inspector.deployment.seals
    assert isinstance(desk, CodeDesk)
    there = replace(inspector.deployment, seals=CodeDesk(desk._verifier, issuer))
    (first, *_) = inspector.devices.listed(INSPECTION)
    return Judgements(there, inspector.devices).seal(device or first, url, second)


def test_a_code_is_asked_of_the_issuer_that_the_trust_names(tablet: Any, inspector: Inspector) -> None:
    issuer = Issuer()
    assert inspector.deployment.seals.hosts() == {"127.0.0.1:8700"}
    assert seal_of(inspector, issuer, "HTTP://127.0.0.1:8700/V/ABCD-EFGH") == "PD1:X"
    assert issuer.asked == [("POST http://127.0.0.1:8700/v/ABCD-EFGH", b'{"second":"A1-1"}')]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/v/ABCD",
        "https://127.0.0.1:8700@evil.example/v/ABCD",
        "https://evil@127.0.0.1:8700/v/ABCD",
        "http://127.0.0.1:8701/v/ABCD",
        "https://127.0.0.1/v/ABCD",
        "https://xn--prtadoc-r0a.example/v/ABCD",
        "https://p\u043ertadoc.example/v/ABCD",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://127.0.0.1:8700/v/ABCD?x=1",
        "http://127.0.0.1:8700/v/../trust",
        "http://127.0.0.1:8700/issuer",
        "http://127.0.0.1:8700\\@evil.example/v/ABCD",
        "http://127.0.0.1:99999999/v/ABCD",
        "",
        "x" * 3000,
    ],
)
def test_k03_a_look_alike_address_is_never_called(tablet: Any, inspector: Inspector, url: str) -> None:
    issuer = Issuer()
    with pytest.raises(Error):
        seal_of(inspector, issuer, url)
    assert issuer.asked == []
    assert 400 <= tablet.call("POST", "codes", {"url": url, "second": "x"}).status < 500


@pytest.mark.parametrize(
    ("issuer", "code"),
    [
        (Issuer(404), "code_refused"),
        (Issuer(200, b"<html>", "text/html"), "code_refused"),
        (Issuer(503), "fetch_failed"),
        (Issuer(200, b"{}"), "member_invalid"),
        (Issuer(200, b'{"seal":1}'), "member_invalid"),
        (Issuer(200, b"["), "json_malformed"),
    ],
)
def test_what_an_issuer_answers_is_not_believed(
    tablet: Any, inspector: Inspector, issuer: Issuer, code: str
) -> None:
    with pytest.raises(Error) as caught:
        seal_of(inspector, issuer, "http://127.0.0.1:8700/v/ABCD")
    assert caught.value.code == code


DEVICE_ROUTES = [
    ("GET", "devices/self", None),
    ("DELETE", "devices/self", None),
    ("POST", "asks", {"preset": "inspector-quick"}),
    ("GET", f"asks/{'0' * 32}", None),
    ("POST", "receipts", {"text": "x", "onDate": "2026-11-22", "preset": "care-desk"}),
    ("POST", "codes", {"url": "https://a.example/v/ABCD", "second": "x"}),
    ("PUT", f"entries/{uuid.UUID(int=0)}", b"a.b.c.d.e"),
    ("POST", f"visits/{uuid.UUID(int=0)}/dossier", None),
]


@pytest.mark.parametrize(("method", "path", "body"), DEVICE_ROUTES, ids=lambda each: str(each)[:20])
def test_nobody_but_a_paired_device_gets_in(
    tablet: Any, inspector: Inspector, method: str, path: str, body: Any
) -> None:
    headers = {"content-type": "application/jose" if isinstance(body, bytes) else "application/json"}
    headers["authorization"] = f"Bearer {'0' * 64}"
    for cookie in ("", "portadoc-device=", f"portadoc-device={'0' * 64}", "portadoc-session=x"):
        assert tablet.call(method, path, body, **{**headers, "cookie": cookie}).status == 401
    inspector.devices.revoke(INSPECTION, tablet.device)
    assert tablet.call(method, path, body, **headers).status == 401


@pytest.mark.parametrize(("method", "path", "body"), DEVICE_ROUTES, ids=lambda each: str(each)[:20])
def test_j17_another_site_writes_nothing(tablet: Any, method: str, path: str, body: Any) -> None:
    if method == "GET":
        return
    kind = "application/jose" if isinstance(body, bytes) else "application/json"
    for site in ("cross-site", "same-site"):
        answer = tablet.call(method, path, body, **{"content-type": kind, "sec-fetch-site": site})
        assert (answer.status, answer.json()["code"]) == (403, "cross_site_request")


def test_the_configuration_is_public_and_of_the_devices_institution(town: Town, tablet: Any) -> None:
    far = AsgiTransport(town.app, town.house.settings.base_url, client_host=FAR_AWAY)
    told = far.get("/inspect/api/configuration").json()
    assert (told["operator"], told["institution"], told["country"]) == ("DE:TEST90", INSPECTION, "DE")
    assert told["serverTime"] == town.now()
    assert told["pack"] == f"/verifier/{INSPECTION}/trust/pack"
    assert far.get(told["pack"]).status == 200
    assert {each["id"] for each in told["presets"]} == set(town.house.inspector.settings.presets)
    signer = town.house.key_ring.signer(INSPECTION, KeyPurpose.TRUST_LIST)
    assert len(told["anchors"]) == len(signer.chain[1:2])
    assert tablet.call("GET", "configuration").json()["institution"] == INSPECTION


def test_every_route_of_the_inspector_is_known_here(town: Town) -> None:
    api = {path for _, path in routes_of(town.app) if path.startswith("/inspect/api/")}
    assert api == {
        "/inspect/api/configuration",
        "/inspect/api/devices",
        "/inspect/api/devices/self",
        "/inspect/api/asks",
        "/inspect/api/asks/{transaction}",
        "/inspect/api/receipts",
        "/inspect/api/codes",
        "/inspect/api/entries/{entry}",
        "/inspect/api/visits/{visit}/dossier",
    }


def test_k03_one_device_cannot_make_issuers_lock_out_the_whole_service(
    tablet: Any, pair: Callable[..., Any], inspector: Inspector, clock: FixedClock
) -> None:
    issuer = Issuer(404)
    device = inspector.devices.known(tablet.secret)

    def tried(by: Device) -> str:
        with pytest.raises(Error) as caught:
            seal_of(inspector, issuer, "http://127.0.0.1:8700/v/ABCD", device=by)
        return caught.value.code

    assert [tried(device) for _ in range(8)] == ["code_refused"] * 5 + ["device_misses"] * 3
    assert len(issuer.asked) == 5
    other = inspector.devices.known(pair(name="Another").secret)
    assert tried(other) == "code_refused"
    clock.advance(3700)
    assert tried(device) == "code_refused"


@pytest.mark.parametrize("status", [400, 503])
def test_k03_a_slip_of_the_pen_or_an_outage_counts_as_no_refused_code(
    tablet: Any, inspector: Inspector, status: int
) -> None:
    issuer = Issuer(status)
    for _ in range(8):
        with pytest.raises(Error) as caught:
            seal_of(
                inspector, issuer, "http://127.0.0.1:8700/v/ABCD", device=inspector.devices.known(tablet.secret)
            )
        assert caught.value.code != "device_misses"
    assert len(issuer.asked) == 8


def test_j17_a_body_of_a_stranger_is_not_read(tablet: Any) -> None:
    for method, path, _ in DEVICE_ROUTES:
        if method in ("PUT", "POST"):
            answer = tablet.call(method, path, b"\xff" * 64, cookie="", **{"content-type": "image/x-none"})
            assert (answer.status, answer.json()["code"]) == (401, "device_unknown")
