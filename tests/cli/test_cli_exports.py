"""``portadoc inspector verify`` and ``inspect`` on the export of a visit, as its recipient has it."""

import json
from pathlib import Path
from typing import Any

import pytest

from portadoc.clock import SystemClock
from portadoc.formats import jws, strict_json
from portadoc.formats.headers import signing_header
from portadoc.inspector.office.exports import TYP, canonical, document
from portadoc.inspector.office.pdf import visit_pdf
from portadoc.inspector.office.reading import OpenedVisit
from portadoc.inspector.visits.visit import visit_of
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.paper.pades import signed_pdf

VISIT = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def given(run: Any) -> Any:
    """Return the files that a recipient has: both exports and the anchor; and what makes more of them."""
    assert run("keys", "init").exit_code == 0
    assert run("trust", "anchors", "--out", "anchor.pem").exit_code == 0
    ring = KeyRing.open(Path(".portadoc/keys"), passphrase=b"for development only")
    signer, now = ring.signer("de-inspection", KeyPurpose.RECEIPT), SystemClock().now()
    opened = OpenedVisit(visit_of(VISIT, ()), (), ())

    def export(institution: str = "DE:TEST90") -> bytes:
        whose = {"id": institution, "name": "Inspection (TEST DATA)"}
        content = canonical(document(opened, whose, export_id="1", at=now))
        protected, payload, signature = jws.sign(signing_header(TYP, signer), content, signer).split(".")
        return strict_json.dumps({"payload": payload, "protected": protected, "signature": signature})

    Path("visit.json").write_bytes(export())
    Path("other.json").write_bytes(export("DE:TEST91"))
    plain = visit_pdf(opened, institution="Inspection (TEST DATA)", export_id="1", at=now, language="en")
    Path("visit.pdf").write_bytes(signed_pdf(plain, signer=signer, name="Inspection (TEST DATA)", at=now))
    return run


@pytest.mark.parametrize("file", ["visit.json", "visit.pdf"])
def test_a_recipient_sees_that_an_export_holds_and_whose_it_is(given: Any, file: str) -> None:
    told = json.loads(given("inspector", "verify", file, "--anchor", "anchor.pem", "--json").stdout)
    assert told["holds"] is True
    assert "DE:TEST90" in told.get("institution", "DE:TEST90")
    by_trust_file = given("inspector", "verify", file)
    assert by_trust_file.exit_code == 0, by_trust_file.output


@pytest.mark.parametrize("file", ["visit.json", "visit.pdf"])
def test_an_export_that_was_changed_does_not_hold(given: Any, file: str) -> None:
    raw = bytearray(Path(file).read_bytes())
    raw[len(raw) // 2] ^= 1
    Path(file).write_bytes(raw)
    refused = given("inspector", "verify", file, "--anchor", "anchor.pem")
    assert (refused.exit_code, refused.stdout) == (1, "")


def test_an_export_in_the_name_of_another_institution_does_not_hold(given: Any) -> None:
    refused = given("inspector", "verify", "other.json", "--anchor", "anchor.pem")
    assert (refused.exit_code, "institution_mismatch" in refused.stderr) == (1, True)


def test_an_anchor_of_somebody_else_vouches_for_nothing(given: Any) -> None:
    assert given("keys", "init", "--data-dir", "elsewhere").exit_code == 0
    assert given("trust", "anchors", "--out", "other.pem", "--data-dir", "elsewhere").exit_code == 0
    for file in ("visit.json", "visit.pdf"):
        assert given("inspector", "verify", file, "--anchor", "other.pem").exit_code == 1


def test_inspect_knows_an_export_and_names_the_next_step(given: Any) -> None:
    found = json.loads(given("inspect", "visit.json", "--json").stdout)
    assert (found["kind"], found["content"]["visit"]) == ("visit_export", VISIT)
    assert "portadoc inspector verify" in found["said"][0]["next"]


def test_what_is_no_export_is_refused(given: Any) -> None:
    Path("no.json").write_text('{"payload":"x"}', encoding="ascii")
    assert given("inspector", "verify", "no.json").exit_code == 1
