"""What somebody does to the inspectors' service who wants it to lie, to tell too much, or to stop."""

import base64
import json
import subprocess
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pypdfium2 import PdfDocument
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

from portadoc.formats.status_list.statuses import StatusReference
from portadoc.formats.visible_seal import SealTerms, make_seal
from portadoc.inspector.batch.reading import read_documents
from portadoc.inspector.intake import holds_personal_number
from portadoc.inspector.service import Inspector
from portadoc.inspector.store import visit_store
from portadoc.inspector.visits.visit import MOST_MISSING
from portadoc.keys.purposes import KeyPurpose
from portadoc.schemas.examples import example
from portadoc.schemas.seals import seal_content
from portadoc.verification.presets.presets import PRESETS
from portadoc.wallet_sim.transport import AsgiTransport
from tests.abuse.town import INSPECTION, ISSUER, Town, new_wallet

SITE = "Baustelle Nord (Testdaten)"
FOREIGN = ("محمد علي", "王小明", "👷 ok", "\u0915\u093f", "a\u0301\u0302", "\ue000", "\U000e0041", "שלום", "a\nb")


def credential(town: Town, configuration: str = "pda1-webuild") -> str:
    """Return an A1 as its holder has it: whoever photographs or copies it has the same."""
    wallet = new_wallet(town.house, town.transport)
    offer = town.house.issuer.offer(ISSUER, town.record(), [configuration], tx_code=False, by_reference=False)
    (held,) = wallet.accept(offer.offer_uri)
    return held.sd_jwt


def spoilt(text: str) -> str:
    """Return a presentation whose signature does not hold."""
    jwt, rest = text.split("~", 1)
    return f"{jwt[:-4]}{'AAAA' if not jwt.endswith('AAAA') else 'BBBB'}~{rest}"


def test_k07_a_copied_presentation_is_never_green_here(town: Town, tablet: Any, inspector: Inspector) -> None:
    tablet.open_visit(SITE)
    tablet.write("scan", tablet.scan(text=credential(town)))
    judgement = inspector.visits.opened(INSPECTION, tablet.visit).entries[-1].judgement
    assert judgement is not None
    assert {"id": "key_binding", "outcome": "unknown", "code": "kb_not_asked"} in judgement["checks"]


@pytest.mark.parametrize("configuration", ["pda1", "pda1-webuild", "pda1-rulebook"])
def test_l09_no_text_with_a_personal_number_is_stored_though_nobody_vouches_for_it(
    town: Town, tablet: Any, inspector: Inspector, configuration: str
) -> None:
    text = credential(town, configuration)
    assert holds_personal_number(text)
    tablet.open_visit(SITE)
    for each in (spoilt(text), text[: len(text) - 7], f"{text}x"):
        assert tablet.write("scan", tablet.scan(text=each)).status == 201
    for entry in inspector.visits.opened(INSPECTION, tablet.visit).entries[1:]:
        assert entry.judgement is not None
        assert entry.judgement["verdict"] == "not_authentic"
        assert entry.entry.body["text"] == ""


def test_l09_a_seal_that_nobody_trusts_is_stored_only_without_a_personal_number(town: Town) -> None:
    record = example("posted-worker-fr-de", datetime.fromtimestamp(town.now(), UTC).date())
    terms = SealTerms(institution="FR:X", iat=1, exp=2, status=StatusReference("https://a.example/1", 1))
    signer = town.house.key_ring.signer(ISSUER, KeyPurpose.DOCUMENT_SEAL)
    with_number, without = (
        make_seal(seal_content(record, pin=pin, max_workplaces=1), terms, signer=signer)
        for pin in ("full", "none")
    )
    assert holds_personal_number(with_number)
    assert not holds_personal_number(without)
    assert not holds_personal_number("PD1:NONSENSE")
    assert not holds_personal_number("é~x")


def test_k04_a_letter_that_the_font_has_not_keeps_no_visit_from_paper(tablet: Any, inspector: Inspector) -> None:
    tablet.open_visit(f"{SITE} 王", reference="👷")
    for value in FOREIGN:
        tablet.write("note", {"text": value})
        tablet.write("scan", tablet.scan(facts={"kind": "pda1", "surname": value, "number": value}))
    tablet.write("roster", {"workers": [{"id": value, "surname": value, "forenames": ""} for value in FOREIGN]})
    assert inspector.exports.as_pdf(INSPECTION, tablet.visit, language="fr").startswith(b"%PDF-")


def test_j16_a_dossier_reads_each_visit_once(
    tablet: Any, inspector: Inspector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(6):
        tablet.visit, tablet.sequence = str(uuid.uuid4()), 0
        tablet.open_visit(SITE)
        tablet.write("scan", tablet.scan())
    read, entries_of = [], visit_store.entries_of
    monkeypatch.setattr(
        visit_store, "entries_of", lambda *given, **named: read.append(given[2]) or entries_of(*given, **named)
    )
    secret = inspector.dossiers.link(INSPECTION, SITE).address.rpartition("/")[2]
    assert len(inspector.dossiers.opened(secret, None).rows) == 6
    assert len(read) == len(set(read)) == 6


def test_j16_a_visit_is_compared_with_no_more_others_than_are_looked_at(
    tablet: Any, inspector: Inspector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portadoc.inspector.office.reading.MOST_COMPARED", 2)
    for _ in range(6):
        tablet.visit, tablet.sequence = str(uuid.uuid4()), 0
        tablet.open_visit(SITE)
    read, entries_of = [], visit_store.entries_of
    monkeypatch.setattr(
        visit_store, "entries_of", lambda *given, **named: read.append(given[2]) or entries_of(*given, **named)
    )
    inspector.visits.opened(INSPECTION, tablet.visit)
    assert len(read) == 3


def test_j16_a_number_without_end_costs_nothing(tablet: Any, inspector: Inspector) -> None:
    tablet.open_visit(SITE)
    tablet.write("note", {"text": "x"}, sequence=1_000_000)
    began = time.perf_counter()
    visit = inspector.visits.opened(INSPECTION, tablet.visit).visit
    assert time.perf_counter() - began < 0.05
    assert visit.missing == tuple(range(1, MOST_MISSING + 1))


def test_k07_the_word_of_a_device_alone_makes_nothing_green(tablet: Any, inspector: Inspector) -> None:
    tablet.open_visit(SITE)
    claimed = {"verdict": "authentic_in_force", "colour": "green", "facts": {"kind": "pda1", "number": "A1-1"}}
    for more in ({}, {"transaction": "made-up"}):
        tablet.write("scan", tablet.scan(**claimed, **more))
    for scan in inspector.visits.opened(INSPECTION, tablet.visit).visit.scans:
        assert (scan.relied_on, scan.server_colour, scan.differs) == ("not_judged", "amber", True)
    secret = inspector.dossiers.link(INSPECTION, SITE).address.rpartition("/")[2]
    assert {row.colour for row in inspector.dossiers.opened(secret, None).rows} == {"amber"}


def test_what_a_wallet_answered_to_this_very_device_is_taken_from_it(
    tablet: Any, pair: Callable[..., Any], inspector: Inspector
) -> None:
    asked = tablet.call("POST", "asks", {"preset": "inspector-quick"}).json()["transaction"]
    for device in (tablet, pair(name="Other")):
        device.open_visit(SITE)
        told = {"verdict": "authentic_in_force", "colour": "green", "transaction": asked}
        device.write("scan", device.scan(**told))
        (scan,) = inspector.visits.opened(INSPECTION, device.visit).visit.scans
        assert (scan.relied_on, scan.differs) == (
            ("authentic_in_force", False) if device is tablet else ("not_judged", True)
        )


def test_a_receipt_is_made_for_the_questions_of_this_service_only(tablet: Any, inspector: Inspector) -> None:
    others = set(PRESETS) - set(inspector.settings.presets)
    assert others
    for each in others:
        answer = tablet.call("POST", "receipts", {"text": "x~", "onDate": "2026-11-22", "preset": each})
        assert answer.json()["code"] == "preset_unknown"


def test_i07_who_opens_hostile_files_is_given_no_secret(monkeypatch: pytest.MonkeyPatch, png: bytes) -> None:
    monkeypatch.setenv("PORTADOC_PASSPHRASE", "secret")
    given, run = [], subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *told, **named: given.append(named) or run(*told, **named))
    assert read_documents(png).problem == "batch_no_document"
    assert "secret" not in str(given[0]["env"])


def test_wrong_pairing_codes_of_one_network_are_counted_together(town: Town, inspector: Inspector) -> None:
    good = inspector.devices.pairing_code(INSPECTION, "Tablet 1").code
    body = {"content-type": "application/json", "sec-fetch-site": "same-origin"}

    def pair_from(peer: str, code: str) -> int:
        transport = AsgiTransport(town.app, town.house.settings.base_url, client_host=peer)
        sent = json.dumps({"code": code, "name": ""}).encode()
        return transport.request("POST", "/inspect/api/devices", headers=body, body=sent).status

    found = [pair_from(f"2001:db8::{host:x}", "00000000") for host in range(11)]
    assert found[-1] == 429
    assert pair_from("2001:db8:0:1::1", good) == 201


def test_j06_photographs_together_unpack_to_a_bounded_size(
    tablet: Any, inspector: Inspector, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portadoc.inspector.office.pdf.MOST_PIXELS", 2)
    tablet.open_visit(SITE)
    for _ in range(3):
        photo = {"photo": str(uuid.uuid4()), "mediaType": "image/png", "data": base64.b64encode(png).decode()}
        tablet.write("photo", photo)
    pages = PdfDocument(inspector.exports.as_pdf(INSPECTION, tablet.visit, language="en"))
    assert sum(len(list(page.get_objects([FPDF_PAGEOBJ_IMAGE]))) for page in pages) == 2
