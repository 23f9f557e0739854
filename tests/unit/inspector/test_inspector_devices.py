"""Devices: paired once by a short code, known by a secret, revoked for good."""

import json
from typing import Any

import pytest
from sqlalchemy import func, select

from portadoc.clock import FixedClock
from portadoc.errors import Refused, Unavailable
from portadoc.inspector.devices import CODE_ALPHABET
from portadoc.inspector.service import Inspector
from portadoc.inspector.store.tables import TRIES
from portadoc.storage.installation import digest
from portadoc.wallet_sim.transport import AsgiTransport, TransportResponse
from tests.abuse.town import INSPECTION, Town

OURS = {"sec-fetch-site": "same-origin", "content-type": "application/json"}


def pair_by(town: Town, code: str, *, peer: str = "127.0.0.1", **headers: str) -> TransportResponse:
    transport = AsgiTransport(town.app, town.house.settings.base_url, client_host=peer)
    body = json.dumps({"code": code, "name": "Tablet"}).encode()
    return transport.request("POST", "/inspect/api/devices", headers={**OURS, **headers}, body=body)


def test_a_code_has_eight_letters_that_look_like_no_other(inspector: Inspector) -> None:
    code = inspector.devices.pairing_code(INSPECTION, "Tablet 1").code
    assert len(code) == 8
    assert set(code) <= set(CODE_ALPHABET)
    assert not set("ILOU") & set(CODE_ALPHABET)


def test_a_code_pairs_one_device_however_it_is_typed(town: Town, inspector: Inspector) -> None:
    code = inspector.devices.pairing_code(INSPECTION, "Tablet 1").code
    typed = f" {code[:4].lower()}-{code[4:]} ".replace("0", "o").replace("1", "l")
    answer = pair_by(town, typed)
    assert answer.status == 201
    key = answer.json()["encryptionKey"]
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ECDH-ES", "enc")
    assert "d" not in key
    again = pair_by(town, typed)
    assert (again.status, again.json()["code"]) == (403, "pairing_code_invalid")


def test_the_secret_travels_in_a_cookie_that_no_script_and_no_other_site_sees(town: Town) -> None:
    code = town.house.inspector.devices.pairing_code(INSPECTION, "Tablet 1").code
    cookie = pair_by(town, code).headers["set-cookie"]
    assert {"HttpOnly", "Path=/inspect", "SameSite=strict"} <= set(cookie.split("; "))


def test_a_code_ends_after_ten_minutes(town: Town, inspector: Inspector, clock: FixedClock) -> None:
    code = inspector.devices.pairing_code(INSPECTION, "Tablet 1").code
    clock.advance(600)
    assert pair_by(town, code).json()["code"] == "pairing_code_invalid"


def test_wrong_codes_are_counted_by_source_and_told_apart_by_nobody(town: Town, inspector: Inspector) -> None:
    good = inspector.devices.pairing_code(INSPECTION, "Tablet 1").code
    for _ in range(inspector.settings.tries_from_one_source):
        assert pair_by(town, "00000000", peer="192.0.2.1").json()["code"] == "pairing_code_invalid"
    throttled = pair_by(town, good, peer="192.0.2.1")
    assert (throttled.status, throttled.json()["code"]) == (429, "pairing_throttled")
    assert int(throttled.headers["retry-after"]) > 0
    assert pair_by(town, good, peer="192.0.2.2").status == 201


def test_wrong_codes_are_counted_in_all(town: Town, inspector: Inspector, clock: FixedClock) -> None:
    for number in range(inspector.settings.tries_in_all):
        with pytest.raises(Refused):
            inspector.devices.pair("00000000", "", source=f"192.0.2.{number}")
    good = inspector.devices.pairing_code(INSPECTION, "Tablet 1").code
    with pytest.raises(Unavailable) as caught:
        inspector.devices.pair(good, "", source="198.51.100.1")
    assert caught.value.code == "pairing_throttled"
    clock.advance(11 * 60)
    with pytest.raises(Refused):
        inspector.devices.pair(good, "", source="198.51.100.1")  # expired by now, but not throttled


def test_another_page_pairs_nothing(town: Town, inspector: Inspector) -> None:
    code = inspector.devices.pairing_code(INSPECTION, "Tablet 1").code
    answer = pair_by(town, code, **{"sec-fetch-site": "cross-site"})
    assert answer.json()["code"] == "cross_site_request"
    assert pair_by(town, code).status == 201


@pytest.mark.parametrize("name", ["", " ", "a" * 81, "a\nb"])
def test_a_device_needs_a_name_of_one_line(inspector: Inspector, name: str) -> None:
    with pytest.raises(Refused) as caught:
        inspector.devices.pairing_code(INSPECTION, name)
    assert caught.value.code == "device_name_invalid"


def test_a_revoked_device_is_nobody(tablet: Any, inspector: Inspector) -> None:
    assert tablet.call("GET", "devices/self").json()["device"] == tablet.device
    inspector.devices.revoke(INSPECTION, tablet.device)
    answer = tablet.call("GET", "devices/self")
    assert (answer.status, answer.json()["code"]) == (401, "device_unknown")
    assert "www-authenticate" in answer.headers
    with pytest.raises(Refused):
        inspector.devices.revoke(INSPECTION, tablet.device)


def test_a_device_can_leave_by_itself(tablet: Any) -> None:
    assert tablet.call("DELETE", "devices/self").status == 200
    assert tablet.call("GET", "devices/self").status == 401


def test_nothing_secret_stands_in_the_database(town: Town, inspector: Inspector, tablet: Any) -> None:
    code = inspector.devices.pairing_code(INSPECTION, "Tablet 2").code
    stored = b"".join(each.read_bytes() for each in town.house.settings.data_dir.glob("portadoc.sqlite*"))
    assert code.encode() not in stored
    assert tablet.secret.encode() not in stored


def test_devices_are_listed_the_newest_first(inspector: Inspector, tablet: Any) -> None:
    (only,) = inspector.devices.listed(INSPECTION)
    assert (only.device_id, only.name, only.revoked_at) == (tablet.device, "Tablet", None)
    with pytest.raises(Refused):
        inspector.devices.listed("fr-demo")


def test_k03_where_a_wrong_code_came_from_cannot_be_found_by_trying_every_address(inspector: Inspector) -> None:
    with pytest.raises(Refused):
        inspector.devices.pair("00000000", "", source="192.0.2.7")
    with inspector.deployment.database.read() as connection:
        [source] = connection.scalars(select(TRIES.c.source))
    assert source not in {digest("192.0.2.7"), "192.0.2.7"}
    with inspector.deployment.database.transaction() as connection:
        assert connection.scalar(select(func.sum(TRIES.c.count))) == 1
