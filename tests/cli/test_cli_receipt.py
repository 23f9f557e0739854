"""``portadoc receipt verify``: a receipt is checked offline, alone or against what was presented."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portadoc.formats.receipt import (
    Receipt,
    ReceiptCredential,
    ReceiptStatus,
    make_receipt,
    presentation_commitment,
)
from portadoc.formats.trust_pack import TrustPack, make_trust_pack
from portadoc.keys.certificates import to_pem
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_file import read_trust_file

NONCE = "n" * 43


@pytest.fixture
def presented(desk: Any) -> Path:
    path: Path = desk.file(desk.presentation(), "presented.txt")
    return path


@pytest.fixture
def receipt(desk: Any, presented: Path) -> Path:
    known = ReceiptCredential(
        type="urn:eudi:pda1:1",
        issuer="FR:TEST01",
        verdict="authentic_in_force",
        status=ReceiptStatus("issuer.example", desk.NOW - 60, 60),
        commitment=presentation_commitment(NONCE, presented.read_text()),
    )
    later = ReceiptCredential(
        type=None, issuer=None, verdict="of_a_later_release", status=None, commitment="A" * 43
    )
    made = Receipt(
        verifier_id="DE:TEST90",
        verifier_name="Inspection\x1b[2J",
        verified_at=desk.NOW,
        purpose="inspector-quick",
        policy_version="v1",
        on_date=date(2026, 11, 22),
        work=False,
        verdict="authentic_in_force",
        colour="green",
        credentials=(known, later),
    )
    signer = desk.signer(KeyPurpose.RECEIPT, "de-inspection")
    path: Path = desk.file(make_receipt(made, signer=signer), "receipt.jwt")
    return path


def test_a_receipt_says_who_verified_what(run: Any, desk: Any, receipt: Path) -> None:
    result = run("receipt", "verify", receipt, "--trust", desk.trust, "--at", desk.NOW)
    assert result.exit_code == 0
    assert "(DE:TEST90) verified on 2026-11-22 12:00 UTC, for the purpose inspector-quick" in result.stdout
    assert "urn:eudi:pda1:1, FR:TEST01: " in result.stdout
    assert "status from issuer.example, 1 min old" in result.stdout
    assert "verdict_of_a_later_release" in result.stdout
    assert "judged for 2026-11-22; no work in question was judged" in result.stdout
    assert "was not checked" in result.stdout
    assert "\x1b" not in result.stdout


def test_the_commitment_is_checked_with_nonce_and_presentation(
    run: Any, desk: Any, receipt: Path, presented: Path
) -> None:
    command = ("receipt", "verify", receipt, "--trust", desk.trust, "--at", desk.NOW)
    held = run(*command, "--nonce", NONCE, "--presentation", presented)
    assert (held.exit_code, "is about this presentation" in held.stdout) == (0, True)
    as_json = json.loads(run(*command, "--nonce", NONCE, "--presentation", presented, "--json").stdout)
    assert (as_json["commitment_of"], as_json["credentials"][0]["verdict"]) == (0, "authentic_in_force")
    plain = json.loads(run(*command, "--json").stdout)
    assert (plain["commitment_of"], plain["on_date"], plain["work"]) == (None, "2026-11-22", False)
    other = run(*command, "--nonce", "other", "--presentation", presented)
    assert (other.exit_code, "commitment_mismatch" in other.stderr) == (1, True)
    assert run(*command, "--nonce", NONCE).exit_code == 2


def test_the_file_of_a_care_desk_brings_its_nonce(run: Any, desk: Any, receipt: Path, presented: Path) -> None:
    trust = ("--trust", desk.trust, "--at", desk.NOW)

    def verified(kept: dict[str, Any], *more: Any) -> Any:
        return run("receipt", "verify", desk.file(json.dumps(kept), "receipt.json"), *trust, *more)

    kept = {"receipt": receipt.read_text(), "nonce": NONCE}
    assert verified(kept).exit_code == 0
    about = ("--presentation", presented)
    held = verified(kept, *about)
    assert (held.exit_code, "is about this presentation" in held.stdout) == (0, True)
    other = verified({**kept, "nonce": "other"}, *about)
    assert (other.exit_code, "commitment_mismatch" in other.stderr) == (1, True)
    assert verified({"receipt": kept["receipt"]}).exit_code == 0
    assert verified({"receipt": kept["receipt"]}, *about).exit_code == 2
    for wrong in ({"nonce": NONCE}, {**kept, "nonce": 1}):
        assert "member_invalid" in verified(wrong).stderr


def test_trust_comes_from_a_pack_or_an_anchor(run: Any, desk: Any, receipt: Path, tmp_path: Path) -> None:
    anchor, pack = tmp_path / "anchor.pem", tmp_path / "trust.pack"
    anchor.write_text(to_pem(desk.signer(KeyPurpose.RECEIPT, "de-inspection").chain[1:]))
    assert run("receipt", "verify", receipt, "--anchor", anchor, "--at", desk.NOW).exit_code == 0
    made = TrustPack(
        operator="DE:TEST90",
        sequence=1,
        as_of=desk.NOW + 86_400,
        exp=desk.NOW + 2 * 86_400,
        trust=read_trust_file(desk.trust),
    )
    signer = desk.signer(KeyPurpose.TRUST_LIST, "de-inspection")
    pack.write_bytes(make_trust_pack(made, signer=signer))
    command = ("receipt", "verify", receipt, "--with", pack, "--trust", desk.trust, "--operator", "DE:TEST90")
    assert run(*command, "--at", desk.NOW + 86_400).exit_code == 0
    assert run(*command, "--at", desk.NOW).exit_code == 4
    other = tmp_path / "other.pem"
    other.write_text(to_pem(desk.signer(KeyPurpose.RECEIPT).chain[1:]))
    refused = run("receipt", "verify", receipt, "--anchor", other, "--at", desk.NOW)
    assert (refused.exit_code, "issuer_untrusted" in refused.stderr) == (1, True)


def test_what_is_no_receipt_or_of_a_later_time_does_not_hold(run: Any, desk: Any, receipt: Path) -> None:
    trust = ("--trust", desk.trust)
    early = run("receipt", "verify", receipt, *trust, "--at", desk.NOW - 3600)
    assert (early.exit_code, "not_yet_made" in early.stderr) == (1, True)
    other = run("receipt", "verify", desk.file(desk.status_list(), "list.jwt"), *trust)
    assert (other.exit_code, "typ_mismatch" in other.stderr) == (1, True)


def test_a_receipt_can_be_looked_into(run: Any, desk: Any, receipt: Path) -> None:
    shown = run("inspect", receipt, "--at", desk.NOW)
    assert (shown.exit_code, "A receipt of a verification" in shown.stdout) == (0, True)
