"""From the scan to the office: the app's own code judges and writes, the server judges again, both agree."""

import time

import pytest

from portadoc.inspector.visits.visit import Scan
from portadoc.issuer import WithdrawalReason
from tests.flows.inspecting import HOME, Control, Device, altered

NONCE = "0123456789ABCDEF"


def scanned(device: Device, text: str, pack: bytes, **terms: object) -> Scan:
    """Scan by the app, send, and return what the service has of it."""
    device.open_visit()
    made = device.scan(text, pack, **terms)
    device.write("scan", made["body"], at=made["at"])
    (scan,) = device.received()
    return scan


@pytest.mark.parametrize("state", ["", "DE", "ES"])
@pytest.mark.parametrize("kind", ["seal", "copy"])
def test_k07_app_and_server_come_to_one_verdict_on_one_question(
    control: Control, device: Device, kind: str, state: str
) -> None:
    text = control.sealed("pda1")[1].text if kind == "seal" else control.held()[2].sd_jwt
    pack = control.pack().pack
    found = scanned(device, text, pack, state=state)
    elsewhere = {"seal": "does_not_cover_work", "copy": "work_not_shown"}[kind]
    expected = elsewhere if state == "ES" else "holder_not_proven"
    assert (found.verdict, found.server_verdict, found.differs) == (expected, expected, False)
    assert found.colour == found.server_colour
    assert found.code == found.server_code


@pytest.mark.parametrize(
    ("challenge", "shown", "verdict"),
    [
        (NONCE, NONCE, "authentic_in_force"),
        ("", NONCE, "holder_not_proven"),
        ("", None, "holder_not_proven"),
        ("FEDCBA9876543210", NONCE, "holder_not_proven"),
    ],
)
def test_k02_a_phone_that_signs_the_challenge_of_the_device_is_green_on_both_sides(
    control: Control, device: Device, challenge: str, shown: str | None, verdict: str
) -> None:
    _, wallet, credential = control.held()
    presented = wallet.show(credential.id, challenge=challenge or "unsolicited")
    whole = device.core.ask("frames", texts=list(presented.frames)).value["whole"]
    assert whole == presented.text
    found = scanned(device, whole, control.pack().pack, nonce=shown)
    assert (found.verdict, found.server_verdict, found.differs) == (verdict, verdict, False)


def test_what_was_withdrawn_before_the_scan_is_red_on_both_sides(control: Control, device: Device) -> None:
    record, made = control.sealed("pda1")
    control.house.issuer.withdraw(HOME["pda1"], record, reason=WithdrawalReason.FACTS_CHANGED)
    found = scanned(device, made.text, control.pack().pack)
    assert (found.verdict, found.server_verdict, found.differs) == (
        "withdrawn_or_replaced",
        "withdrawn_or_replaced",
        False,
    )


def test_what_was_withdrawn_after_the_scan_is_told_as_a_difference(control: Control, device: Device) -> None:
    record, made = control.sealed("pda1")
    pack = control.pack().pack
    device.open_visit()
    scan = device.scan(made.text, pack)
    control.house.issuer.withdraw(HOME["pda1"], record, reason=WithdrawalReason.FACTS_CHANGED)
    control.pack()
    device.write("scan", scan["body"], at=scan["at"])
    (found,) = device.received()
    assert (found.verdict, found.server_verdict, found.differs) == (
        "holder_not_proven",
        "withdrawn_or_replaced",
        True,
    )


def test_k06_a_device_that_dared_not_confirm_does_not_contradict_the_server(
    control: Control, device: Device
) -> None:
    _, made = control.sealed("pda1")
    pack = control.pack().pack
    found = scanned(device, made.text, pack, caution="pack_old")
    assert (found.verdict, found.code, found.server_verdict, found.differs) == (
        "status_not_known",
        "pack_old",
        "holder_not_proven",
        False,
    )
    record, made = control.sealed("pda1")
    control.house.issuer.withdraw(HOME["pda1"], record, reason=WithdrawalReason.FACTS_CHANGED)
    control.pack()
    withdrawn = scanned(device, made.text, pack, caution="pack_old")
    assert (withdrawn.server_verdict, withdrawn.differs) == ("withdrawn_or_replaced", True)


def test_a_verdict_that_a_device_made_up_is_told_as_a_difference(control: Control, device: Device) -> None:
    _, made = control.sealed("pda1")
    pack = control.pack().pack
    device.open_visit()
    scan = device.scan(altered(made.text), pack)
    assert scan["body"]["verdict"] == "not_authentic"
    claimed = {**scan["body"], "verdict": "holder_not_proven", "colour": "amber"}
    device.write("scan", claimed, at=scan["at"])
    (found,) = device.received()
    assert (found.server_verdict, found.differs) == ("not_authentic", True)


def test_a_card_is_not_for_an_inspection_on_either_side(control: Control, device: Device) -> None:
    _, made = control.sealed("ehic")
    found = scanned(device, made.text, control.pack().pack, purpose="inspection")
    assert (found.verdict, found.server_verdict, found.differs) == (
        "not_what_was_asked",
        "not_what_was_asked",
        False,
    )
    found = scanned(device, made.text, control.pack().pack, purpose="care")
    assert (found.verdict, found.server_verdict, found.differs) == (
        "holder_not_proven",
        "holder_not_proven",
        False,
    )


def test_one_a1_on_two_sites_is_found_whichever_way_a_site_is_spelt(control: Control, device: Device) -> None:
    _, made = control.sealed("pda1", number="TEST-TWO-SITES")
    pack = control.pack().pack
    visits = []
    for site in ({}, {"name": "baustelle nord TEST DATA", "address": "Probekai 21 "}, {"address": "Musterweg 3"}):
        device.open_visit(**site)
        scan = device.scan(made.text, pack)
        device.write("scan", scan["body"], at=scan["at"])
        visits.append(device.visit)
    opened = [control.house.inspector.visits.opened("de-inspection", each) for each in visits]
    told = [
        [each.params["sites"] for each in visit.findings if each.code == "a1_on_two_sites"] for visit in opened
    ]
    elsewhere = "Baustelle Nord (TEST DATA), Musterweg 3, Hamburg, DE"
    assert told[0] == told[1] == [elsewhere]
    assert len(told[2]) == 1
    assert "Probekai 21" in str(told[2][0])


def test_a_withdrawal_reaches_the_app_with_the_next_pack(control: Control, device: Device) -> None:
    before = device.synchronise()
    record, made = control.sealed("pda1")
    control.pack()
    synchronised = device.synchronise()
    assert synchronised != before
    assert device.scan(made.text, synchronised)["body"]["verdict"] == "holder_not_proven"
    control.house.issuer.withdraw(HOME["pda1"], record, reason=WithdrawalReason.FACTS_CHANGED)
    started = time.monotonic()
    control.pack()
    newest = device.synchronise()
    verdict = device.scan(made.text, newest)["body"]["verdict"]
    took = time.monotonic() - started
    assert verdict == "withdrawn_or_replaced"
    assert took < 30, f"from publication to a red verdict: {took:.1f} s"
