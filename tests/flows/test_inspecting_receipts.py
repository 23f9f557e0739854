"""Receipts of a care desk for a printed seal: made by the service, verified by the command, about one document."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from portadoc.cli import main
from portadoc.formats import jws
from portadoc.keys.trust.trust_file import TRUST_FILE
from tests.flows.inspecting import Control, Device


def portadoc(*arguments: object) -> Any:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def asked(device: Device, text: str, preset: str) -> Any:
    body = {"text": text, "onDate": device.control.today().isoformat(), "preset": preset}
    return device.call("receipts", body)


@pytest.mark.parametrize("kind", ["ehic", "prc"])
def test_a_receipt_for_a_seal_is_verified_by_the_command(
    control: Control, device: Device, kind: str, tmp_path: Path
) -> None:
    made = control.sealed(kind)[1]
    control.pack()
    told = asked(device, made.text, "care-desk").json()
    receipt, seal, other = tmp_path / "receipt.jwt", tmp_path / "seal.txt", tmp_path / "other.txt"
    receipt.write_text(told["receipt"])
    seal.write_text(made.text)
    other.write_text(control.sealed(kind)[1].text)
    terms = ["--trust", control.house.settings.data_dir / "keys" / TRUST_FILE, "--nonce", told["nonce"]]
    holds = portadoc("receipt", "verify", receipt, *terms, "--presentation", seal)
    assert holds.exit_code == 0, holds.output
    assert f"urn:portadoc:seal:{kind}:1" in holds.output
    wrong = portadoc("receipt", "verify", receipt, *terms, "--presentation", other)
    assert wrong.exit_code == 1
    said = str(jws.unverified_claims(told["receipt"]))
    assert not [each for each in ("Delacroix", "Théo", "1985", "8025") if each in said]


def test_no_receipt_for_an_a1_at_a_care_desk(control: Control, device: Device) -> None:
    made = control.sealed("pda1")[1]
    _, _, credential = control.held()
    control.pack()
    for text in (made.text, credential.sd_jwt):
        refused = asked(device, text, "care-desk")
        assert (refused.status, refused.json()["code"]) == (403, "document_not_for_purpose")
    assert asked(device, made.text, "inspector-quick").status == 200
    assert asked(device, control.sealed("ehic")[1].text, "inspector-quick").status == 403
