"""The office after a day outside: commands, exports that stand alone, dossiers by role."""

import html
import io
import json
import re
import ssl
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from asn1crypto import x509
from click.testing import CliRunner
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

from portadoc.cli import main
from portadoc.inspector.office.exports import canonical, verify_export
from portadoc.keys.purposes import KeyPurpose
from tests.flows.inspecting import OPERATOR, Control, Device, altered, decoded, without

NAME = "Werft Süd (TEST DATA)"
HOSTILE = '<script>alert("1")</script> \u202egnp.exe\u202c #image("/etc/passwd") $x$'


@pytest.fixture
def visit(control: Control, device: Device) -> str:
    """A visit with a scan of each colour, the list, words of all kinds, and its end."""
    _, wallet, credential = control.held()
    presented = wallet.show(credential.id, challenge="0123456789ABCDEF").text
    seal, pack = control.sealed("pda1")[1].text, control.pack().pack
    device.open_visit(name=NAME, reference=HOSTILE)
    worker = {"id": "1", "surname": HOSTILE, "forenames": "Eva", "number": "NO-SUCH-A1"}
    device.write("roster", {"workers": [worker]})
    scans = [
        device.scan(presented, pack, nonce="0123456789ABCDEF", state="DE"),
        device.scan(seal, pack, state="DE"),
        device.scan(altered(seal), pack, state="DE"),
    ]
    for each in scans:
        device.write("scan", each["body"], at=each["at"])
    device.write("compared", {"scan": scans[1]["name"], "samePerson": True})
    device.write("note", {"text": HOSTILE})
    device.write("visit_closed", {})
    assert [each.colour for each in device.received()] == ["green", "amber", "red"]
    return device.visit


@pytest.fixture
def portadoc(control: Control) -> Any:
    def call(*arguments: object, expected: int = 0) -> str:
        command = [*map(str, arguments), "--data-dir", str(control.house.settings.data_dir)]
        result = CliRunner().invoke(main, command)
        assert result.exit_code == expected, result.output
        return result.stdout

    return call


def test_devices_by_commands(portadoc: Any, control: Control, device: Device) -> None:
    made = json.loads(portadoc("inspector", "pair", "--name", "Tablet 99", "--json"))
    assert made["link"].endswith(f"#pair={made['code']}")
    assert re.search(r"pairing code: [0-9A-Z]{4}-[0-9A-Z]{4}", portadoc("inspector", "pair", "--name", "T"))
    listed = json.loads(portadoc("inspector", "devices", "--json"))["devices"]
    assert listed[0]["revoked"] is None
    assert "paired" in portadoc("inspector", "devices")
    own = next(each for each in listed if each["name"] == "Tablet 7")
    assert portadoc("inspector", "revoke", own["device"]) == "revoked\n"
    portadoc("inspector", "revoke", own["device"], expected=1)
    gone = device.call("codes", {"url": f"{control.origin}/v/0", "second": "1"})
    assert (gone.status, gone.json()["code"]) == (401, "device_unknown")


def test_a_visit_is_listed_and_exported_and_both_exports_stand_alone(
    portadoc: Any, control: Control, visit: str, tmp_path: Path
) -> None:
    rows = json.loads(portadoc("inspector", "visits", "--json"))["visits"]
    (row,) = [each for each in rows if each["visit"] == visit]
    assert row["site"] == f"{NAME}, Probekai 21, Hamburg, DE"
    assert row["closed"] is not None
    assert visit in portadoc("inspector", "visits")
    pdf, signed = tmp_path / "visit.pdf", tmp_path / "visit.json"
    said = portadoc("inspector", "export", visit, "--pdf", pdf, "--json", signed)
    assert said == f"signed JSON: {signed}\nsigned PDF: {pdf}\n"
    _assert_json_holds(control, signed.read_bytes(), visit)
    _assert_pdf_holds(control, pdf.read_bytes())
    shown = CliRunner().invoke(main, ["inspect", str(signed)])
    assert shown.exit_code == 0, shown.output
    assert "UNVERIFIED" in shown.output
    assert "portadoc inspector verify" in shown.output
    for missing in ("typst", "pyhanko"):
        lacking = ["inspector", "export", visit, "--pdf", tmp_path / "lacking.pdf", "--data-dir"]
        ended = without(missing, *map(str, [*lacking, control.house.settings.data_dir]))
        assert (ended.returncode, "portadoc[pdf]" in ended.stderr) == (4, True), ended.stderr
        assert not (tmp_path / "lacking.pdf").exists()
    portadoc("inspector", "export", "nothing", "--json", signed, expected=1)
    portadoc("inspector", "export", visit, expected=2)


def _assert_json_holds(control: Control, raw: bytes, visit: str) -> None:
    header = json.loads(decoded(json.loads(raw)["protected"]))
    chain = tuple(ssl.PEM_cert_to_DER_cert(_pem(each)) for each in header["x5c"])
    signer = control.house.trust.resolve(
        chain,
        purpose=KeyPurpose.RECEIPT,
        at=control.house.clock.now(),
        credential_type=None,
        issuer=None,
        institution="DE:TEST90",
    )
    told = verify_export(raw, key=signer.key)
    assert decoded(json.loads(raw)["payload"]) == canonical(told)
    assert (told["visit"], told["complete"], len(told["entries"]), len(told["scans"])) == (visit, True, 8, 3)
    assert [each["verdict_of_server"] for each in told["scans"]] == [
        "authentic_in_force",
        "holder_not_proven",
        "not_authentic",
    ]
    assert told["entries"][6]["body"]["text"] == HOSTILE  # data is kept as it came


def _pem(encoded: str) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n"


def _assert_pdf_holds(control: Control, pdf: bytes) -> None:
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    anchors = [each for each in control.house.trust.anchors if KeyPurpose.RECEIPT in each.purposes]
    roots = [x509.Certificate.load(each.certificate) for each in anchors]
    status = validate_pdf_signature(
        signature,
        ValidationContext(trust_roots=roots, allow_fetching=False),
        key_usage_settings=KeyUsageConstraints(key_usage={"digital_signature"}),
    )
    assert (status.intact, status.valid, status.trusted) == (True, True, True)
    assert status.coverage is not None
    assert status.coverage.name == "ENTIRE_FILE"
    document = pypdfium2.PdfDocument(pdf)
    text = "\n".join(page.get_textpage().get_text_bounded() for page in document)
    plain = " ".join(text.split())
    for headline in ("Authentic and in force", "Not authentic"):
        assert headline in plain
    assert plain.count("Scanned") == 3
    assert '<script>alert("1")</script>' in plain
    assert "root:" not in text
    assert not {"\u202e", "\u202c"} & set(text)
    assert all(page.render(scale=0.3).to_pil().getextrema() for page in document)


def test_each_side_of_a_dossier_sees_its_columns_and_no_other(
    portadoc: Any, control: Control, device: Device, visit: str
) -> None:
    made = json.loads(portadoc("inspector", "dossier", NAME, "--json"))
    client = control.page(made["address"])
    inside = control.page(made["address"], cookie=device.cookie)
    assert (client.status, inside.status) == (200, 200)
    both = {"Number", "Person", "Born", "Employer", "Legislation of", "Period", "Status code", "Institution"}
    assert _terms(client.text) >= both
    assert "Places of work" not in _terms(client.text)
    assert _terms(inside.text) == _terms(client.text) | {"Places of work"}
    for page in (client.text, inside.text):
        assert "29104995120" not in re.sub(r"\W", "", page)
        assert "FR:TEST01" not in page  # the name of the institution, not its number
        assert "<script>alert" not in page
        assert "\u202e" not in page
    assert "no-store" in client.headers["cache-control"]
    portadoc("inspector", "dossier", "--end", made["dossier"])
    gone = control.page(made["address"])
    assert gone.status == 404
    assert "dossier_unknown" in gone.text
    portadoc("inspector", "dossier", "--end", made["dossier"], expected=1)


def test_a_dossier_is_of_one_site_even_where_two_have_its_name(
    portadoc: Any, control: Control, device: Device, visit: str
) -> None:
    device.open_visit(name=NAME, address="Musterweg 3", town="Kiel")
    refused = portadoc("inspector", "dossier", NAME, expected=1)
    assert refused == ""
    made = json.loads(portadoc("inspector", "dossier", f"{NAME} Musterweg 3 Kiel DE", "--json"))
    assert "Scanned" not in control.page(made["address"]).text
    portadoc("inspector", "dossier", "Baustelle", expected=1)


def test_a_sheet_with_the_code_of_a_dossier_opens_it(control: Control, device: Device, visit: str) -> None:
    sheet = control.request("POST", f"/inspect/office/{OPERATOR}/visits/{visit}/dossier", accept="text/html")
    assert sheet.status == 200
    address = html.unescape(re.search(r'href="([^"]*/inspect/dossiers/[0-9a-f]+)"', sheet.text)[1])  # type: ignore[index]
    assert "<svg" in sheet.text
    assert control.page(address).status == 200
    assert control.page(address[:-1] + ("0" if address[-1] != "0" else "1")).status == 404


def _terms(page: str) -> set[str]:
    return {html.unescape(each) for each in re.findall(r"<dt>(.*?)</dt>", page)} - {"Scanned"}
