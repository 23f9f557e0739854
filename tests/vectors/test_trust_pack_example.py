"""The worked example: it is what the generator writes, what the page shows, and what a reader finds."""

import json
from typing import Any

import pytest

from portadoc import base64url
from portadoc.errors import Error
from portadoc.formats.receipt import check_commitment
from portadoc.keys.certificates import from_pem
from portadoc.keys.trust.pinned_certificates import PinnedCertificates
from portadoc.verification.pack_answers import open_trust_pack
from portadoc.verification.receipts import open_receipt
from tests.vectors.trust_pack_example import BEGIN, FILE, PAGE, example, judged, section


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return content


def test_the_example_is_what_the_generator_writes_and_the_page_shows(written: dict[str, Any]) -> None:
    assert written == example(), "run: make vectors"
    shown = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    assert shown[1] + shown[2] == section(written), "run: make vectors"


@pytest.mark.parametrize("pinned", ["anchor", "operator_authority"])
def test_the_pack_of_the_example_leads_to_its_verdict(written: dict[str, Any], pinned: str) -> None:
    operators = PinnedCertificates(from_pem(written[pinned]))
    message = base64url.decode(written["pack"])
    pack = open_trust_pack(message, operators=operators, operator="DE:TEST90", at=written["now"])
    assert (pack.operator, pack.sequence) == (written["pack_content"]["iss"], written["pack_content"]["sequence"])
    assert judged(pack, written["presentation"]["text"]).verdict == written["verdict"]


def test_the_receipt_of_the_example_is_about_its_presentation(written: dict[str, Any]) -> None:
    operators = PinnedCertificates(from_pem(written["anchor"]))
    message = base64url.decode(written["pack"])
    pack = open_trust_pack(message, operators=operators, operator="DE:TEST90", at=written["now"])
    receipt = open_receipt(written["receipt"], verifiers=pack.trust, now=written["now"])
    nonce, presented = written["presentation"]["nonce"], written["presentation"]["text"]
    found = check_commitment(receipt, nonce=nonce, unverified_presentation=presented)
    assert found.commitment == written["commitment"]
    with pytest.raises(Error, match="receipt_invalid"):
        check_commitment(receipt, nonce="another", unverified_presentation=presented)
