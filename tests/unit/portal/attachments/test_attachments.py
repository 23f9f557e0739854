"""Attachments: what they are by their bytes, scanned before anybody reads them, and handed out as downloads."""

import asyncio
import base64
import hashlib
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from hypothesis import given
from hypothesis import strategies as st

from portadoc.clock import FixedClock
from portadoc.errors import Malformed, Refused, Unavailable, Untrusted
from portadoc.keys.key_ring import KeyRing
from portadoc.portal.attachments.attachments import Attachments, Sent, open_attachments
from portadoc.portal.attachments.scanning import CommandScan, ScanHook, UnsafeNoScan
from portadoc.portal.attachments.sniffing import AttachmentType, shown_name, sniff
from portadoc.portal.attachments.transfer import download, sent_files
from portadoc.portal.settings import InstitutionSettings, PortalSettings
from portadoc.randomness import system_random_bytes
from portadoc.schemas.profiles import Mode
from portadoc.storage.engine import open_database
from portadoc.storage.installation import Installation
from portadoc.web.app import install_problems, protect

NOW = 1_795_343_400
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(30) + b"\xff\xd9"


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation[PortalSettings, InstitutionSettings]]:
    """An installation without anything that attachments do not need."""
    each = {"institution_id": "FR:TEST01", "names": {"und": "Test"}, "country": "FR", "address": {"town": "Paris"}}
    settings = PortalSettings(
        base_url="http://127.0.0.1:8700",
        mode=Mode.DEVELOPMENT,
        institutions=({"slug": "fr-demo", **each}, {"slug": "fr-other", **each}),
    )
    database = open_database(f"sqlite:///{tmp_path / 'portal.sqlite'}")
    keys: Any = KeyRing.__new__(KeyRing)  # attachments sign nothing
    yield Installation(
        settings=settings,
        database=database,
        key_ring=keys,
        clock=FixedClock(NOW),
        random_bytes=system_random_bytes,
    )
    database.close()


@pytest.fixture
def attachments(installation: Any, tmp_path: Path) -> Attachments:
    """Attachments without a scanner."""
    return open_attachments(installation, data_dir=tmp_path)


class Client:
    """Speaks to an application without a network."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self._asked("GET", path))

    def post(self, path: str, **sent: Any) -> httpx.Response:
        return asyncio.run(self._asked("POST", path, **sent))

    async def _asked(self, method: str, path: str, **sent: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path, **sent)


def files_of(tmp_path: Path) -> list[Path]:
    return [each for each in (tmp_path / "attachments").rglob("*") if each.is_file()]


def scanner(*body: str) -> CommandScan:
    """Return a scanner that is a real command: a program of a few lines."""
    return CommandScan([sys.executable, "-c", "\n".join(("import sys", *body))])


def test_a_file_is_kept_by_its_digest_and_read_back_whole(attachments: Attachments, tmp_path: Path) -> None:
    (made,) = attachments.add("fr-demo", "a1", [Sent("contract.pdf", PDF)], added_by="p-1")
    assert (made.name, made.media_type, made.size) == ("contract.pdf", "application/pdf", len(PDF))
    assert made.sha256 == hashlib.sha256(PDF).hexdigest()
    assert attachments.listed("fr-demo", "a1") == (made,)
    assert attachments.read("fr-demo", "a1", made.attachment_id) == (made, PDF)
    (file,) = files_of(tmp_path)
    assert (file.name, file.stat().st_mode & 0o777) == (made.sha256, 0o600)


@pytest.mark.parametrize(
    ("content", "kind"), [(PDF, AttachmentType.PDF), (PNG, AttachmentType.PNG), (JPEG, AttachmentType.JPEG)]
)
def test_the_type_is_that_of_the_bytes_whatever_the_name_says(
    content: bytes, kind: AttachmentType, attachments: Attachments
) -> None:
    assert sniff(content) is kind
    (made,) = attachments.add("fr-demo", "a1", [Sent("invoice.html", content)], added_by="p-1")
    assert (made.media_type, made.name) == (kind.media_type, "invoice" + kind.ending)


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"PK\x03\x04" + bytes(40),
        b"MZ" + bytes(100),
        b"\n%PDF-1.7\n%%EOF",
        b"GIF89a" + bytes(20),
        PNG[:-1],
        PNG + b"<script>",
        JPEG[:-2],
        b"%PDF-1.7\nno end",
        b"%PDF-x.7\n%%EOF",
        b"x",
    ],
)
def test_j06_a_file_of_another_type_or_cut_short_is_refused_and_leaves_nothing(
    content: bytes, attachments: Attachments, tmp_path: Path
) -> None:
    with pytest.raises(Malformed) as caught:
        attachments.add("fr-demo", "a1", [Sent("good.pdf", PDF), Sent("photo.png", content)], added_by="p-1")
    assert caught.value.code == "attachment_type_unsupported"
    assert attachments.listed("fr-demo", "a1") == ()
    assert files_of(tmp_path) == []


def large(size: int) -> bytes:
    return PDF + b" " * (size - len(PDF) - 5) + b"%%EOF"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ([], "attachment_empty"),
        ([Sent("a.pdf", b"")], "attachment_empty"),
        ([Sent("a.pdf", large(8 * 1024 * 1024 + 1))], "limit_exceeded"),
        ([Sent(f"{each}.pdf", large(7 * 1024 * 1024)) for each in range(4)], "limit_exceeded"),
        ([Sent(f"{each}.pdf", PDF) for each in range(11)], "limit_exceeded"),
    ],
)
def test_j06_too_many_too_large_or_nothing_is_refused(
    sent: list[Sent], code: str, attachments: Attachments
) -> None:
    with pytest.raises(Malformed) as caught:
        attachments.add("fr-demo", "a1", sent, added_by="p-1")
    assert caught.value.code == code


def test_an_application_holds_twenty_files_and_no_more(attachments: Attachments, tmp_path: Path) -> None:
    for turn in range(2):
        sent = [Sent("a.pdf", PDF + b"%%EOF " * (turn * 10 + each + 1)) for each in range(10)]
        attachments.add("fr-demo", "a1", sent, added_by="p-1")
    with pytest.raises(Malformed) as caught:
        attachments.add("fr-demo", "a1", [Sent("b.png", PNG)], added_by="p-1")
    assert (caught.value.params["what"], caught.value.params["limit"]) == ("attachments", 20)
    assert len(files_of(tmp_path)) == 20
    assert attachments.add("fr-demo", "a2", [Sent("b.png", PNG)], added_by="p-1")


def test_j02_a_file_of_another_institution_or_application_is_not_there(attachments: Attachments) -> None:
    (made,) = attachments.add("fr-demo", "a1", [Sent("a.pdf", PDF)], added_by="p-1")
    for slug, application in (("fr-other", "a1"), ("fr-demo", "a2"), ("fr-demo", "../a1")):
        with pytest.raises(Refused) as caught:
            attachments.read(slug, application, made.attachment_id)
        assert caught.value.code == "not_found"
    with pytest.raises(Refused):
        attachments.add("../fr-demo", "a1", [Sent("a.pdf", PDF)], added_by="p-1")


def test_a_find_of_the_scanner_deletes_every_file_of_the_form(installation: Any, tmp_path: Path) -> None:
    scan = scanner("sys.exit(1 if b'EVIL' in open(sys.argv[1], 'rb').read() else 0)")
    kept = open_attachments(installation, data_dir=tmp_path, scan=scan)
    assert kept.add("fr-demo", "a1", [Sent("a.pdf", PDF)], added_by="p-1")
    with pytest.raises(Refused) as caught:
        kept.add("fr-demo", "a1", [Sent("b.png", PNG), Sent("c.pdf", b"%PDF-1.7 EVIL\n%%EOF")], added_by="p-1")
    assert caught.value.code == "attachment_refused"
    assert [each.name for each in kept.listed("fr-demo", "a1")] == ["a.pdf"]
    assert len(files_of(tmp_path)) == 1


@pytest.mark.parametrize(
    "scan",
    [
        scanner("sys.exit(2)"),
        CommandScan(["/nonexistent/scanner"]),
        CommandScan([sys.executable, "-c", "import time; time.sleep(30)"], timeout_s=0.2),
    ],
)
def test_a_scan_that_does_not_take_place_admits_nothing(scan: ScanHook, installation: Any, tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        open_attachments(installation, data_dir=tmp_path, scan=scan).add(
            "fr-demo", "a1", [Sent("a.pdf", PDF)], added_by="p-1"
        )
    assert caught.value.code == "scan_unavailable"
    assert files_of(tmp_path) == []


def test_no_file_can_be_read_before_it_was_scanned(installation: Any, tmp_path: Path) -> None:
    seen: list[tuple[tuple[Any, ...], list[str]]] = []

    class Watch:
        def scan(self, file: Path) -> None:
            seen.append((kept.listed("fr-demo", "a1"), [each.parent.name for each in files_of(tmp_path)]))

    kept = open_attachments(installation, data_dir=tmp_path, scan=Watch())
    kept.add("fr-demo", "a1", [Sent("a.pdf", PDF)], added_by="p-1")
    assert seen == [((), ["quarantine"])]


def test_doing_without_a_scanner_warns_outside_development(installation: Any, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="nobody has scanned"):
        UnsafeNoScan()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_attachments(installation, data_dir=tmp_path)


def test_a_file_that_was_changed_on_disk_is_not_handed_out(attachments: Attachments, tmp_path: Path) -> None:
    (made,) = attachments.add("fr-demo", "a1", [Sent("a.pdf", PDF)], added_by="p-1")
    (file,) = files_of(tmp_path)
    file.write_bytes(PDF.replace(b"1 0 obj", b"2 0 obj"))
    with pytest.raises(Untrusted) as caught:
        attachments.read("fr-demo", "a1", made.attachment_id)
    assert caught.value.code == "attachment_changed"
    file.unlink()
    with pytest.raises(Unavailable):
        attachments.read("fr-demo", "a1", made.attachment_id)


def test_removing_takes_the_bytes_away_with_the_last_application_that_holds_them(
    attachments: Attachments, tmp_path: Path
) -> None:
    (first,) = attachments.add("fr-demo", "a1", [Sent("a.pdf", PDF)], added_by="p-1")
    (second,) = attachments.add("fr-demo", "a2", [Sent("b.pdf", PDF)], added_by="p-2")
    attachments.remove("fr-demo", "a1", first.attachment_id)
    attachments.remove("fr-demo", "a1", first.attachment_id)
    assert attachments.read("fr-demo", "a2", second.attachment_id)[1] == PDF
    attachments.remove("fr-demo", "a2", second.attachment_id)
    assert files_of(tmp_path) == []


@given(st.text(max_size=300))
def test_a_shown_name_leads_nowhere_and_hides_nothing(name: str) -> None:
    shown = shown_name(name, AttachmentType.PDF)
    assert shown.endswith(".pdf")
    assert 5 <= len(shown) <= 104
    assert shown.count(".") == 1
    assert all(each.isalnum() or each in " -_()." or each.isnumeric() for each in shown)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\secret\\plan.exe", "plan.pdf"),
        ("invoice\u202efdp.exe", "invoice_fdp.pdf"),
        ('a";\r\nSet-Cookie: x', "a____Set-Cookie_ x.pdf"),
        ("Arbeitsvertrag Müller.pdf", "Arbeitsvertrag Müller.pdf"),
        ("", "attachment.pdf"),
    ],
)
def test_j20_names_that_mislead_are_put_right(name: str, shown: str) -> None:
    assert shown_name(name, AttachmentType.PDF) == shown


def test_a_form_comes_in_and_a_download_goes_out_as_nothing_but_a_download(attachments: Attachments) -> None:
    app = FastAPI()

    @app.post("/files")
    async def take(request: Request) -> list[str]:
        sent = await sent_files(request)
        return [each.attachment_id for each in attachments.add("fr-demo", "a1", sent, added_by="p-1")]

    @app.get("/files/{attachment_id}")
    def give(attachment_id: str) -> Response:
        return download(*attachments.read("fr-demo", "a1", attachment_id))

    install_problems(app)
    protect(app)
    client = Client(app)
    files = [("file", ('Reçu "1".png', PNG, "text/html")), ("file", ("b.pdf", PDF, "image/png"))]
    first, second = client.post("/files", files=files).json()
    got = client.get(f"/files/{first}")
    assert got.content == PNG
    assert got.headers["content-type"] == "image/png"
    assert got.headers["content-disposition"].startswith('attachment; filename="Re_u')
    assert "filename*=UTF-8''Re%C3%A7u" in got.headers["content-disposition"]
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]
    assert client.get(f"/files/{second}").headers["content-type"] == "application/pdf"
    refused = client.post("/files", files=[("file", ("a.pdf", b"<html>", "application/pdf"))])
    assert (refused.status_code, refused.json()["code"]) == (415, "attachment_type_unsupported")
    many = [("file", (f"{each}.pdf", PDF, "application/pdf")) for each in range(11)]
    assert client.post("/files", files=many).status_code == 413
