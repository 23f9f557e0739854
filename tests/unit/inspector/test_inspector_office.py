"""What the office does with visits: judge again, compare, export, hand out dossiers, forget."""

import base64
import io
import json
import uuid
from typing import Any

import pytest

from portadoc.clock import FixedClock
from portadoc.errors import Error, Refused, Untrusted
from portadoc.inspector.office.exports import canonical, verify_export
from portadoc.inspector.service import Inspector
from portadoc.keys.algorithms import SIGNATURE_ALGORITHMS
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.keys.purposes import KeyPurpose
from portadoc.paper.pades import check_signature
from portadoc.schemas.events import EventKind
from portadoc.storage import outbox
from portadoc.wallet_sim.transport import AsgiTransport, TransportResponse
from tests.abuse.town import INSPECTION, ISSUER, Town, new_wallet

SITE = "Baustelle Nord (Testdaten)"
HOSTILE = '#image("/etc/passwd") <script>alert(1)</script> \u202egnp.exe $x$ @ref *b* ' + "x" * 300


def credential(town: Town) -> str:
    """Return an A1 as its holder has it."""
    wallet = new_wallet(town.house, town.transport)
    offer = town.house.issuer.offer(ISSUER, town.record(), ["pda1-webuild"], tx_code=False, by_reference=False)
    (held,) = wallet.accept(offer.offer_uri)
    return held.sd_jwt


def office(
    town: Town, path: str, method: str = "GET", *, peer: str = "127.0.0.1", **headers: str
) -> TransportResponse:
    transport = AsgiTransport(town.app, town.house.settings.base_url, client_host=peer)
    sent = {"sec-fetch-site": "same-origin", "accept": "text/html", **headers}
    return transport.request(method, f"/inspect/office/{path}", headers=sent)


@pytest.fixture
def visited(tablet: Any, png: bytes) -> Any:
    """A device with a whole visit behind it."""
    tablet.open_visit(SITE)
    tablet.write("roster", {"workers": [{"id": "1", "surname": "Muster (TEST DATA)", "forenames": "Eva"}]})
    scan = tablet.scan(
        facts={"kind": "pda1", "number": "A1-1", "surname": "Muster (TEST DATA)", "forenames": "Eva"}
    )
    tablet.write("scan", scan)
    tablet.write("compared", {"scan": scan["scan"], "samePerson": True})
    tablet.write("note", {"text": HOSTILE})
    photo = {"photo": str(uuid.uuid4()), "mediaType": "image/png", "data": base64.b64encode(png).decode()}
    tablet.write("photo", {**photo, "caption": "Gate"})
    tablet.write("visit_closed", {})
    return tablet


def test_a_scan_is_judged_again_as_of_its_time(town: Town, tablet: Any, inspector: Inspector) -> None:
    text = credential(town)
    tablet.open_visit(SITE)
    tablet.write("scan", tablet.scan(text=text, verdict="authentic_in_force", colour="green"))
    (scan,) = inspector.visits.opened(INSPECTION, tablet.visit).visit.scans
    assert scan.server_verdict is not None
    assert scan.document.surname == "Maréchal-Testelin"
    assert scan.document.institution_id == "FR:TEST01"
    assert scan.document.employer_ids == ("99900000100019",)
    assert scan.differs is (scan.server_verdict != "authentic_in_force")


def test_a_forged_scan_is_flagged(town: Town, tablet: Any, inspector: Inspector) -> None:
    text = credential(town)
    tablet.open_visit(SITE)
    forged = text[:40] + ("A" if text[40] != "A" else "B") + text[41:]
    tablet.write("scan", tablet.scan(text=forged, verdict="authentic_in_force", colour="green"))
    (scan,) = inspector.visits.opened(INSPECTION, tablet.visit).visit.scans
    assert (scan.server_verdict, scan.differs) == ("not_authentic", True)


def test_a_text_with_a_personal_number_is_not_stored(town: Town, tablet: Any, inspector: Inspector) -> None:
    text = credential(town)
    tablet.open_visit(SITE)
    tablet.write("scan", tablet.scan(text=text))
    opened = inspector.visits.opened(INSPECTION, tablet.visit)
    assert opened.entries[-1].entry.body["text"] == ""
    with inspector.deployment.database.read() as connection:
        stored = str(connection.exec_driver_sql("select content, judgement from inspector_entries").all())
    assert "291049951201438" not in "".join(filter(str.isalnum, stored))


def test_what_is_no_document_is_judged_as_such(tablet: Any, inspector: Inspector) -> None:
    tablet.open_visit(SITE)
    for text in ("PD1:NONSENSE", "javascript:alert(1)", "a~b", "~", "x" * 60_000):
        assert tablet.write("scan", tablet.scan(text=text)).status == 201
    scans = inspector.visits.opened(INSPECTION, tablet.visit).visit.scans
    assert {each.server_verdict for each in scans} == {"not_authentic"}


def test_an_export_as_json_holds_everything_and_its_signature(visited: Any, inspector: Inspector) -> None:
    made = inspector.exports.as_json(INSPECTION, visited.visit)
    signer = inspector.deployment.key_ring.signer(INSPECTION, KeyPurpose.RECEIPT)
    key = public_key_from_jwk(signer.public_jwk, allowed_algs=frozenset(SIGNATURE_ALGORITHMS))
    told = verify_export(made, key=key)
    assert told["entries"][0]["kind"] == "visit_opened"
    assert len(told["entries"]) == 7
    assert told["institution"]["id"] == "DE:TEST90"
    payload = base64.urlsafe_b64decode(json.loads(made)["payload"] + "==")
    assert payload == canonical(told)
    header = json.loads(base64.urlsafe_b64decode(json.loads(made)["protected"] + "=="))
    assert header["typ"] == "visit-export+jwt"
    assert len(header["x5c"]) == 2


@pytest.mark.parametrize("member", ["payload", "protected", "signature"])
def test_an_export_that_was_changed_is_refused(visited: Any, inspector: Inspector, member: str) -> None:
    made = json.loads(inspector.exports.as_json(INSPECTION, visited.visit))
    made[member] = made[member][:20] + ("A" if made[member][20] != "A" else "B") + made[member][21:]
    signer = inspector.deployment.key_ring.signer(INSPECTION, KeyPurpose.RECEIPT)
    key = public_key_from_jwk(signer.public_jwk, allowed_algs=frozenset(SIGNATURE_ALGORITHMS))
    with pytest.raises(Error):
        verify_export(json.dumps(made).encode(), key=key)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_export_as_pdf_is_signed_over_all_of_it(visited: Any, inspector: Inspector, language: str) -> None:
    made = inspector.exports.as_pdf(INSPECTION, visited.visit, language=language)
    signer = inspector.deployment.receipt_signer(INSPECTION)
    now = inspector.deployment.clock.now()
    assert "DE:TEST90" in check_signature(made, trusted=signer.chain[-1], at=now)
    for changed in (made + b"\n", made.replace(b"/Type", b"/Tipe", 1), b"%PDF-1.7"):
        with pytest.raises(Untrusted):
            check_signature(changed, trusted=signer.chain[-1], at=now)
    other = inspector.deployment.key_ring.signer(ISSUER, KeyPurpose.CREDENTIAL).chain[-1]
    with pytest.raises(Untrusted):
        check_signature(made, trusted=other, at=now)


def test_values_are_data_on_the_paper(visited: Any, inspector: Inspector) -> None:
    pypdfium2 = pytest.importorskip("pypdfium2")
    made = inspector.exports.as_pdf(INSPECTION, visited.visit, language="en")
    document = pypdfium2.PdfDocument(io.BytesIO(made))
    text = "\n".join(page.get_textpage().get_text_bounded() for page in document)
    assert '#image("/etc/passwd")' in text
    assert "<script>alert(1)</script>" in text
    assert "root:" not in text
    assert "\u202e" not in text


def test_a_broken_photograph_does_not_keep_a_visit_from_paper(
    tablet: Any, inspector: Inspector, png: bytes
) -> None:
    tablet.open_visit(SITE)
    vast = png[:16] + (60_000).to_bytes(4) + (60_000).to_bytes(4) + png[24:]
    for data in (png[:30], vast, b"\xff\xd8\xff\xe0" + b"\x00" * 50):
        kind = "image/jpeg" if data.startswith(b"\xff") else "image/png"
        body = {"photo": str(uuid.uuid4()), "mediaType": kind, "data": base64.b64encode(data).decode()}
        assert tablet.write("photo", body).status == 201
    assert inspector.exports.as_pdf(INSPECTION, tablet.visit, language="en").startswith(b"%PDF")


def test_every_export_is_told(visited: Any, inspector: Inspector, town: Town) -> None:
    inspector.exports.as_json(INSPECTION, visited.visit)
    inspector.exports.as_pdf(INSPECTION, visited.visit, language="en")
    assert {form for form, _, _ in inspector.exports.made(INSPECTION, visited.visit)} == {"json", "pdf"}
    with town.house.database.read() as connection:
        told = outbox.read_after(connection, institution=None, cursor=None)
    assert [each.event.kind for each in told].count(EventKind.VISIT_EXPORTED) == 2


def test_the_office_is_for_this_machine_only(town: Town, visited: Any) -> None:
    for path in ("", f"{INSPECTION}/visits/{visited.visit}", f"{INSPECTION}/batch"):
        assert office(town, path).status == 200
        assert office(town, path, peer="192.0.2.7").status == 403
        assert office(town, path, **{"x-forwarded-for": "127.0.0.1"}).status == 403


def test_what_changes_something_in_the_office_comes_from_its_pages(town: Town, visited: Any) -> None:
    base = f"{INSPECTION}/visits/{visited.visit}"
    for path in ("export.json", "export.pdf", "dossier"):
        assert office(town, f"{base}/{path}", "POST", **{"sec-fetch-site": "cross-site"}).status == 403
    exported = office(town, f"{base}/export.json", "POST")
    assert exported.headers["content-disposition"].startswith("attachment")
    assert office(town, f"{base}/export.pdf", "POST").body.startswith(b"%PDF")


def test_the_pages_show_hostile_words_as_words(town: Town, visited: Any) -> None:
    shown = office(town, f"{INSPECTION}/visits/{visited.visit}").text
    assert "<script>alert(1)</script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "\u202e" not in shown
    assert "Gate" in shown


def test_another_institutions_visit_is_not_there(visited: Any, inspector: Inspector, town: Town) -> None:
    for slug in ("fr-demo", "nobody"):
        with pytest.raises(Refused):
            inspector.visits.opened(slug, visited.visit)
        assert office(town, f"{slug}/visits/{visited.visit}").status == 404
    assert office(town, f"{INSPECTION}/visits/{uuid.uuid4()}").status == 404


def test_a_dossier_shows_each_side_what_it_may_see(town: Town, tablet: Any, inspector: Inspector) -> None:
    tablet.open_visit(SITE, address="Probekai 21")
    tablet.write("scan", tablet.scan(text=credential(town)))
    made = inspector.dossiers.link(INSPECTION, SITE.upper())
    path = made.address.removeprefix(town.house.settings.base_url)
    client = town.transport.request("GET", path, headers={"accept": "text/html"})
    inside = {"accept": "text/html", "cookie": f"portadoc-device={tablet.secret}"}
    inspection = town.transport.request("GET", path, headers=inside)
    for shown in (client.text, inspection.text):
        assert "Maréchal-Testelin" in shown
        assert "2 91 04 99" not in shown
    assert "Hafenwerk" in inspection.text
    assert "Hafenwerk" not in client.text
    assert "This site among them" in client.text


def test_a_dossier_link_ends(town: Town, visited: Any, inspector: Inspector, clock: FixedClock) -> None:
    first, second = (inspector.dossiers.link(INSPECTION, SITE) for _ in range(2))
    inspector.dossiers.unlink(INSPECTION, first.link.dossier_id)
    paths = [each.address.removeprefix(town.house.settings.base_url) for each in (first, second)]
    assert [town.transport.get(path).status for path in paths] == [404, 200]
    clock.advance(30 * 86_400)
    assert town.transport.get(paths[1]).json()["code"] == "dossier_unknown"
    with pytest.raises(Refused):
        inspector.dossiers.unlink(INSPECTION, first.link.dossier_id)
    with pytest.raises(Refused):
        inspector.dossiers.link(INSPECTION, "A site that nobody visited")


def test_visits_are_kept_for_years_and_scans_without_follow_up_for_weeks(
    visited: Any, pair: Any, inspector: Inspector, clock: FixedClock
) -> None:
    idle = pair(name="Another")
    idle.open_visit(SITE)
    idle.write("scan", idle.scan())
    clock.advance(31 * 86_400)
    assert inspector.forget() == 1
    assert [each.visit_id for each in inspector.visits.listed(INSPECTION)] == [visited.visit]
    clock.advance(5 * 365 * 86_400)
    assert inspector.forget() == 1
    assert inspector.visits.listed(INSPECTION) == ()
