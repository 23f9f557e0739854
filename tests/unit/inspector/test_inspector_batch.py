"""Many files at once: what is in each, one verdict a file, tables that no spreadsheet takes for formulas."""

import csv
import io
import json
import struct
import zlib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import segno

from portadoc.errors import Malformed
from portadoc.inspector.batch.reading import FileKind, kind_of, read_documents
from portadoc.inspector.batch.verdicts import FileVerdict, as_csv, judge_file, neutral, totals
from portadoc.inspector.http.uploads import LIMITS, parse_uploads
from portadoc.inspector.service import Inspector
from portadoc.verification.report import VerificationReport
from portadoc.web.pages.uploads import UploadReader
from tests.abuse.town import INSPECTION, Town

SEAL = "PD1:TEST-DATA-NO-SEAL"


def picture(text: str) -> bytes:
    written = io.BytesIO()
    segno.make(text, error="m", micro=False).save(written, kind="png", scale=6, border=4)
    return written.getvalue()


def document(text: str) -> bytes:
    typst = pytest.importorskip("typst")
    svg = io.BytesIO()
    segno.make(text, error="m", micro=False).save(svg, kind="svg", scale=4, border=4)
    shown = {"svg": svg.getvalue().decode()}
    made = typst.compile(b'#image(bytes(sys.inputs.svg), format: "svg", width: 60mm)', sys_inputs=shown)
    assert isinstance(made, bytes)
    return made


def vast_png() -> bytes:
    """A picture of 60,000 by 60,000 points in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"PD1:ABC\n", FileKind.TEXT),
        (b"", FileKind.OTHER),
        (b"two\nlines", FileKind.OTHER),
        (b"\x89PNG\r\n\x1a\n", FileKind.IMAGE),
        (b"\xff\xd8\xff\xe0", FileKind.IMAGE),
        (b"%PDF-1.7", FileKind.PDF),
        ("é".encode(), FileKind.OTHER),
        (b"x" * (256 * 1024 + 1), FileKind.OTHER),
    ],
)
def test_a_file_is_told_by_its_first_bytes(raw: bytes, kind: FileKind) -> None:
    assert kind_of(raw) is kind


def test_a_seal_is_found_in_text_picture_and_pdf() -> None:
    for raw in (SEAL.encode(), picture(SEAL), document(SEAL)):
        assert read_documents(raw).unverified_texts == (SEAL,)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"hello", "batch_no_document"),
        (b"https://evil.example/v/CODE", "batch_no_document"),
        (b"\x00\x01", "batch_file_unreadable"),
        (b"\x89PNG\r\n\x1a\n" + b"broken", "batch_file_unreadable"),
        (b"%PDF-1.7 broken", "batch_file_unreadable"),
        (vast_png(), "batch_file_too_large"),
        (b"x" * (20 * 1024 * 1024 + 1), "batch_file_too_large"),
    ],
)
def test_a_hostile_file_has_a_reason_and_no_verdict(raw: bytes, problem: str) -> None:
    assert read_documents(raw).problem == problem


def test_a_picture_of_something_else_holds_no_document() -> None:
    assert read_documents(picture("javascript:alert(1)")).problem == "batch_no_document"


def test_j09_no_cell_begins_a_formula() -> None:
    for begin in "=+-@\t\r\n":
        assert neutral(f"{begin}1+1").startswith("'")
    assert neutral("\0=1") == "'=1"
    assert neutral("plain") == "plain"
    assert neutral("\u202e=1\ufeff") == "'=1"


def test_j10_a_table_has_a_row_a_file_whatever_the_names_are() -> None:
    names = ['a"b', "a,b", "a\r\nb", "=cmd|' /C calc'!A0", "\ufeffx", "\u202eexe.pdf"]
    rows = [FileVerdict(file=name, kind=FileKind.TEXT) for name in names]
    read = list(csv.reader(io.StringIO(as_csv(rows), newline="")))
    assert len(read) == len(names) + 1
    assert read[4][0] == "'=cmd|' /C calc'!A0"
    assert [each.to_json()["file"] for each in rows] == names


def test_the_gravest_decides_over_all_files() -> None:
    def of(*colours: str) -> int:
        return totals(FileVerdict(file="f", kind=FileKind.TEXT, colour=each) for each in colours).exit_code

    assert [of("green"), of("green", "amber"), of("amber", "red"), of("green", ""), of()] == [0, 3, 1, 1, 1]


def test_each_file_is_judged(inspector: Inspector) -> None:
    def judge(text: str) -> VerificationReport:
        day, at = date(2026, 11, 22), inspector.deployment.clock.now()
        return inspector.deployment.judges.judge(INSPECTION, text, at=at, on_date=day)

    found = judge_file("paper.png", picture(SEAL), judge)
    assert (found.verdict, found.colour, found.documents) == ("not_authentic", "red", 1)


def body(*files: tuple[str, bytes], boundary: str = "xyz") -> bytes:
    parts = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
        + raw
        + b"\r\n"
        for name, raw in files
    )
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


def test_files_of_a_form_come_with_their_names_and_bytes() -> None:
    found = list(parse_uploads(body(("a.txt", b"one\r\n--not"), ("../b", b"")), b"xyz"))
    assert [(each.name, each.content) for each in found] == [("a.txt", b"one\r\n--not"), ("../b", b"")]


@pytest.mark.parametrize(
    "raw", [b"", b"--xyz", b"--xyz\r\nno head\r\n--xyz--", b"--abc--", b"--xyz\r\n\r\nx\r\n--xyz--"]
)
def test_a_form_of_another_form_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        list(parse_uploads(raw, b"xyz"))
    assert caught.value.code == "upload_malformed"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000])
def test_files_are_the_same_in_whatever_pieces_they_arrive(size: int) -> None:
    files = [("a.txt", b"one\r\n--xy"), ("b", b""), ("c.pdf", b"\r\n" * 50), ("", b"--xyz"), ("d", b"\r\n--xy-")]
    sent, reader = body(*files) + b"epilogue", UploadReader(b"xyz", LIMITS)
    found = [each for at in range(0, len(sent), size) for each in reader.feed(sent[at : at + size])]
    reader.close()
    assert [(each.name, bytes(each.content)) for each in found] == files


def test_j06_of_a_file_that_is_too_large_only_a_beginning_is_held() -> None:
    size = 20 * 1024 * 1024
    sent = body(("large", b"x" * (size + 500_000)), ("just", b"y" * size), ("next", b"PD1:A"))
    lengths = [(each.name, len(each.content)) for each in parse_uploads(sent, b"xyz")]
    assert lengths[1:] == [("just", size), ("next", 5)]
    assert size < lengths[0][1] < size + 200_000


def test_j06_a_head_without_an_end_is_refused() -> None:
    reader = UploadReader(b"xyz", LIMITS)
    with pytest.raises(Malformed) as caught:
        list(reader.feed(b'--xyz\r\nContent-Disposition: form-data; filename="' + b"a" * 5000))
    assert caught.value.code == "upload_malformed"


def test_too_many_files_are_refused() -> None:
    with pytest.raises(Malformed) as caught:
        list(parse_uploads(body(*((f"{each}.txt", b"x") for each in range(201))), b"xyz"))
    assert caught.value.code == "limit_exceeded"


def test_the_upload_page_tells_one_verdict_a_file_and_keeps_nothing(town: Town) -> None:
    headers = {
        "sec-fetch-site": "same-origin",
        "accept": "text/html",
        "content-type": 'multipart/form-data; boundary="xyz"',
    }
    sent = body(("<b>a</b>.txt", SEAL.encode()), ("b.png", picture("hello")))
    path = f"/inspect/office/{INSPECTION}/batch"
    answer = town.transport.request("POST", path, headers=headers, body=sent)
    assert answer.status == 200
    assert "&lt;b&gt;a&lt;/b&gt;.txt" in answer.text
    assert "Not authentic" in answer.text
    assert "No seal and no presentation" in answer.text
    cross = town.transport.request("POST", path, headers={**headers, "sec-fetch-site": "cross-site"}, body=sent)
    assert cross.status == 403
    plain = town.transport.request("POST", path, headers={**headers, "content-type": "text/plain"}, body=sent)
    assert plain.status == 415


def test_the_command_judges_a_folder(town: Town, tmp_path: Path) -> None:
    import subprocess
    import sys

    folder, home = tmp_path / "papers", town.house.settings.data_dir
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text(SEAL)
    (folder / "deep" / "=b.txt").write_text("nothing")
    (folder / "link").symlink_to(folder / "a.txt")
    pack = tmp_path / "pack"
    pack.write_bytes(town.house.verifier.trust_pack(INSPECTION).pack)
    command = [sys.executable, "-m", "portadoc", "verify", "--batch", str(folder), "--with", str(pack)]
    command += ["--trust", str(home / "keys" / "trust.json"), "--operator", "DE:TEST90", "--at", str(town.now())]

    def run(*more: str) -> Any:
        return subprocess.run([*command, *more], capture_output=True, text=True, check=False)

    told = run("--json")
    assert told.returncode == 1, told.stderr
    read = json.loads(told.stdout)
    assert [each["file"] for each in read["files"]] == ["a.txt", "deep/=b.txt"]
    assert read["totals"] == {"files": 2, "green": 0, "amber": 0, "red": 1, "unread": 1}
    assert '"a.txt","text","1","not_authentic","red"' in run("--csv").stdout
    assert "not_authentic" in run().stdout
    assert run("--html").returncode == 2
