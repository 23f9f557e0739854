"""``portadoc trust``: the doctor on chains and tokens, trusted lists in files, the trust of an installation."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from portadoc.formats.status_list.claims import StatusListTerms
from portadoc.formats.status_list.cwt_form import sign_status_list_cwt
from portadoc.formats.status_list.statuses import StatusList
from portadoc.keys.certificates import to_pem
from portadoc.keys.purposes import KeyPurpose
from tests.unit.formats.trust_list_workshop import (
    DAY,
    LIST_URI,
    certify,
    lote,
    operator,
    provider,
    sign_xml,
    xml_list,
)

from .conftest import LIST_URI as STATUS_URI
from .conftest import NOW, Desk, Run, told

PDA1 = "urn:eudi:pda1:1"


def rules_that_fail(result: Any) -> list[str]:
    return [each["reason"] for each in told(result)["rules"] if each["outcome"] == "fails"]


def test_the_doctor_finds_a_credential_sound(run: Run, desk: Desk) -> None:
    result = run("trust", "doctor", desk.file(desk.credential()), "--trust", desk.trust, "--at", NOW)
    assert result.exit_code == 0, result.output
    assert "authorisation" in result.stdout
    assert "FAILS" not in result.stdout


def test_the_doctor_reads_status_lists_and_chains(run: Run, desk: Desk) -> None:
    status = run("trust", "doctor", desk.file(desk.status_list()), "--trust", desk.trust, "--at", NOW, "--json")
    assert (status.exit_code, told(status)["purpose"]) == (0, "status")
    told_again = StatusListTerms(uri=STATUS_URI, iat=NOW - 60, exp=NOW + 3600, ttl=300)
    message = sign_status_list_cwt(StatusList.of(8, bits=1), told_again, signer=desk.signer(KeyPurpose.STATUS))
    (file := desk.folder / "list.cwt").write_bytes(message)
    status = run("trust", "doctor", file, "--trust", desk.trust, "--at", NOW, "--json")
    assert (status.exit_code, told(status)["purpose"]) == (0, "status")
    chain = desk.file(to_pem(desk.signer(KeyPurpose.CREDENTIAL).chain))
    named = run("trust", "doctor", chain, "--trust", desk.trust, "--at", NOW, "--type", PDA1)
    assert named.exit_code == 0
    unnamed = run("trust", "doctor", chain, "--trust", desk.trust, "--at", NOW, "--json")
    assert (unnamed.exit_code, rules_that_fail(unnamed)) == (1, ["type_not_authorised"])


@pytest.mark.parametrize(
    ("options", "reasons"),
    [
        pytest.param(("--type", "urn:eudi:ehic:1"), ["type_not_authorised"], id="B11"),
        pytest.param(("--purpose", "status"), ["extended_key_usage"], id="B08"),
        pytest.param(
            ("--issuer", "https://other.example"), ["issuer_not_in_certificate", "issuer_not_authorised"], id="B06"
        ),
    ],
)
def test_b06_b08_b11_the_doctor_says_which_rule_failed(
    run: Run, desk: Desk, options: tuple[str, ...], reasons: list[str]
) -> None:
    result = run(
        "trust", "doctor", desk.file(desk.credential()), "--trust", desk.trust, "--at", NOW, "--json", *options
    )
    assert result.exit_code == 1
    assert rules_that_fail(result) == reasons


def test_the_doctor_speaks_french_and_says_what_would_mend_it(run: Run, desk: Desk) -> None:
    late = NOW + 5000 * DAY
    file = desk.file(desk.credential())
    result = run("trust", "doctor", file, "--trust", desk.trust, "--at", late, "--lang", "fr")
    assert result.exit_code == 1
    assert "Le certificat a expiré." in result.stdout
    assert "renouveler" in result.stdout


@pytest.mark.parametrize("text", ["nothing", "a.b.c", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"])
def test_b09_what_is_no_chain_is_refused(run: Run, desk: Desk, text: str) -> None:
    result = run("trust", "doctor", desk.file(text), "--trust", desk.trust)
    assert result.exit_code == 1
    assert "malformed" in result.stderr or "base64" in result.stderr


def test_b09_a_header_with_a_broken_chain_is_refused(run: Run, desk: Desk) -> None:
    for x5c in (["?"], "text", [1], 7):
        text = desk.credential(header={"typ": "dc+sd-jwt", "x5c": x5c})
        result = run("trust", "doctor", desk.file(text), "--trust", desk.trust)
        assert (result.exit_code, "malformed_token" in result.stderr) == (1, True), x5c


def test_b09_a_message_that_is_neither_list_nor_pack_is_refused(run: Run, desk: Desk) -> None:
    (file := desk.folder / "message.cwt").write_bytes(b"\xd2\x84\x40")
    result = run("trust", "doctor", file, "--trust", desk.trust)
    assert (result.exit_code, "malformed" in result.stderr) == (1, True), result.stderr


@pytest.fixture
def signer(tmp_path: Path) -> Path:
    path = tmp_path / "operator.pem"
    path.write_text(to_pem([operator().der]))
    return path


@pytest.mark.parametrize("form", ["lote", "etsi_tl"])
def test_a_trusted_list_is_verified_and_shown(run: Run, tmp_path: Path, signer: Path, form: str) -> None:
    file = tmp_path / "list"
    file.write_bytes(lote().encode() if form == "lote" else sign_xml(xml_list()))
    shown = run("trust", "list", file, "--signer", signer, "--at", NOW)
    assert shown.exit_code == 0, shown.output
    assert provider(29).name in shown.stdout
    listed = told(run("trust", "list", file, "--signer", signer, "--at", NOW, "--json"))
    assert (listed["form"], len({each["entity"] for each in listed["entities"]})) == (form, 30)


def test_v32_a_list_that_cannot_be_believed_is_refused(run: Run, tmp_path: Path, signer: Path) -> None:
    file = tmp_path / "list"
    file.write_text(lote(by=certify("Somebody")))
    refused = run("trust", "list", file, "--signer", signer, "--at", NOW)
    assert (refused.exit_code, "trust_list_untrusted" in refused.stderr) == (1, True)
    file.write_text(lote())
    stale = run("trust", "list", file, "--signer", signer, "--at", NOW + 91 * DAY)
    assert (stale.exit_code, "trust_list_stale" in stale.stderr) == (1, True)


@pytest.fixture
def installed(run: Run) -> Run:
    assert run("keys", "init").exit_code == 0
    return run


def test_an_installation_shows_whom_it_trusts(installed: Run) -> None:
    shown = installed("trust", "show")
    assert shown.exit_code == 0, shown.output
    assert "FR:TEST01" in shown.stdout
    trust = told(installed("trust", "show", "--json"))
    assert (trust["version"], trust["lists"], trust["problems"]) == (1, [], [])
    assert installed("trust", "refresh").exit_code == 0


def test_the_doctor_takes_the_trust_of_the_installation(installed: Run, desk: Desk) -> None:
    result = installed("trust", "doctor", desk.file(desk.credential()), "--at", NOW, "--json")
    assert (result.exit_code, rules_that_fail(result)) == (1, ["anchor_unknown"])


def test_v32_lists_of_an_installation_that_cannot_be_had_are_named(installed: Run, tmp_path: Path) -> None:
    source = {"uri": LIST_URI, "form": "lote", "signers": [to_pem([operator().der])], "rules": []}
    (tmp_path / ".portadoc" / "keys" / "trust_lists.json").write_text(
        json.dumps({"version": 1, "lists": [source]})
    )
    refused = installed("trust", "refresh", "--json")
    assert refused.exit_code == 1
    assert told(refused)["problems"][0]["code"] == "fetch_blocked"
    assert installed("trust", "show").exit_code == 0


def test_the_xml_library_is_loaded_only_when_an_xml_list_is_read() -> None:
    program = (
        "import sys, portadoc.cli.trust, portadoc.verifier.service, portadoc.formats.trust_lists.reading;"
        "sys.exit(bool({'lxml', 'signxml'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_doctor_says_first_what_to_mend_first(run: Run, desk: Desk) -> None:
    credential, late = desk.file(desk.credential()), desk.NOW + 5 * 365 * 86_400
    sound = run(
        "trust", "doctor", credential, "--trust", desk.trust, "--at", NOW, "--lang", "en"
    ).stdout.splitlines()
    assert (sound[0], sound[1].split()) == ("Sound: every rule holds.", ["RULE", "RESULT", "CERTIFICATE"])
    ill = run("trust", "doctor", credential, "--trust", desk.trust, "--at", late).stdout
    assert ill.startswith("Mend this first (validity, certificate ")
    assert "2.5.4.97" not in ill
