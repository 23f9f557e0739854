"""A folder of papers as a control room gets it: one row a file, by the command and by the page for uploads."""

import csv
import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import segno
import zxingcpp
from click.testing import CliRunner
from PIL import Image, ImageFilter

from portadoc.cli import main
from portadoc.issuer import WithdrawalReason
from portadoc.issuer.paper.sealed_page import sealed_page
from portadoc.keys.trust.trust_file import TRUST_FILE
from tests.flows.inspecting import HOME, OPERATOR, Control, altered, without

ROWS = {
    "altered.txt": ("text", 1, "not_authentic", "red"),
    "bomb.png": ("image", 0, "unread", ""),
    "both.png": ("image", 2, "not_authentic", "red"),
    "copy.txt": ("text", 1, "holder_not_proven", "amber"),
    "empty.txt": ("other", 0, "unread", ""),
    "foreign.png": ("image", 0, "unread", ""),
    "good.txt": ("text", 1, "holder_not_proven", "amber"),
    "page.pdf": ("pdf", 1, "holder_not_proven", "amber"),
    "photograph.jpg": ("image", 1, "holder_not_proven", "amber"),
    "picture.png": ("image", 1, "holder_not_proven", "amber"),
    "withdrawn.txt": ("text", 1, "withdrawn_or_replaced", "red"),
}
PROBLEMS = {
    "bomb.png": "batch_file_too_large",
    "empty.txt": "batch_file_unreadable",
    "foreign.png": "batch_no_document",
}


def picture(*texts: str) -> Image.Image:
    """Return QR codes under each other."""
    drawn = []
    for text in texts:
        written = io.BytesIO()
        segno.make(text, error="m", micro=False).save(written, kind="png", scale=5, border=6)
        drawn.append(Image.open(written).convert("L"))
    whole = Image.new("L", (max(each.width for each in drawn), sum(each.height for each in drawn)), 255)
    for place, each in enumerate(drawn):
        whole.paste(each, (0, sum(above.height for above in drawn[:place])))
    return whole


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    written = io.BytesIO()
    image.save(written, form, **options)
    return written.getvalue()


def photographed(page: bytes) -> bytes:
    """Return a page as a telephone takes it: turned, soft, dark and compressed."""
    document = pypdfium2.PdfDocument(page)
    taken = document[0].render(scale=200 / 72).to_pil().convert("L")
    document.close()
    turned = taken.rotate(7, expand=True, fillcolor=90, resample=Image.Resampling.BICUBIC)
    return saved(
        turned.filter(ImageFilter.GaussianBlur(0.8)).point(lambda tone: 30 + tone * 3 // 5), "JPEG", quality=60
    )


def bomb() -> bytes:
    """Return a picture of 60,000 by 60,000 points in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(2_000_000))) + chunk(b"IEND", b"")


def foreign() -> bytes:
    """Return a picture of a code of another system: a DataMatrix, as 2D-DOC uses it."""
    made = zxingcpp.create_barcode("DC04FR0000011A2B1A2B01FR", zxingcpp.BarcodeFormat.DataMatrix)
    drawn = made.to_image(scale=6)
    height, width = drawn.shape
    return saved(Image.frombytes("L", (width, height), bytes(memoryview(drawn))), "PNG")


@pytest.fixture(scope="module")
def papers(control: Control, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of each kind, and beside it the pack by which it is judged."""
    record, withdrawn = control.sealed("pda1")
    control.house.issuer.withdraw(HOME["pda1"], record, reason=WithdrawalReason.FACTS_CHANGED)
    good = control.sealed("pda1")[1]
    page = sealed_page(good, language="en", author="Test", made_at=control.house.clock.now(), is_test=True)
    files = {
        "altered.txt": altered(good.text).encode(),
        "bomb.png": bomb(),
        "both.png": saved(picture(good.text, altered(good.text)), "PNG"),
        "copy.txt": control.held()[2].sd_jwt.encode(),
        "empty.txt": b"",
        "foreign.png": foreign(),
        "good.txt": good.text.encode() + b"\n",
        "page.pdf": page,
        "photograph.jpg": photographed(page),
        "picture.png": saved(picture(good.text), "PNG"),
        "withdrawn.txt": withdrawn.text.encode(),
    }
    folder = tmp_path_factory.mktemp("batch")
    (folder / "papers").mkdir()
    for name, content in files.items():
        (folder / "papers" / name).write_bytes(content)
    (folder / "pack").write_bytes(control.pack().pack)
    return folder / "papers"


def command(control: Control, folder: Path, *more: str) -> list[str]:
    trust = control.house.settings.data_dir / "keys" / TRUST_FILE
    told = ["verify", "--batch", folder, "--with", folder.parent / "pack", "--trust", trust]
    return [*map(str, told), "--operator", "DE:TEST90", *more]


def test_each_file_of_a_folder_has_its_row(control: Control, papers: Path) -> None:
    ended = CliRunner().invoke(main, command(control, papers, "--json"))
    assert ended.exit_code == 1, ended.output
    told = json.loads(ended.stdout)
    rows = {
        each["file"]: (each["kind"], each["documents"], each["verdict"], each["colour"]) for each in told["files"]
    }
    assert rows == ROWS
    codes = {each["file"]: each["code"] for each in told["files"]}
    assert {name: codes[name] for name in PROBLEMS} == PROBLEMS
    assert codes["withdrawn.txt"].endswith("revoked")
    assert told["totals"] == {"files": 11, "green": 0, "amber": 5, "red": 3, "unread": 3}


def test_the_table_for_spreadsheets_and_the_one_for_people_say_the_same(control: Control, papers: Path) -> None:
    table = CliRunner().invoke(main, command(control, papers, "--csv"))
    read = list(csv.DictReader(io.StringIO(table.stdout, newline="")))
    rows = {each["file"]: (each["kind"], int(each["documents"]), each["verdict"], each["colour"]) for each in read}
    assert rows == ROWS
    shown = CliRunner().invoke(main, command(control, papers)).stdout.splitlines()
    assert len(shown) == len(ROWS) + 1
    for line, (name, row) in zip(shown, ROWS.items(), strict=False):
        assert name in line
        assert row[2] in line
    assert "11" in shown[-1]


def test_the_exit_code_says_the_gravest(control: Control, papers: Path, tmp_path: Path) -> None:
    (tmp_path / "pack").write_bytes((papers.parent / "pack").read_bytes())
    amber, nothing = tmp_path / "amber", tmp_path / "nothing"
    amber.mkdir()
    nothing.mkdir()
    (amber / "good.txt").write_bytes((papers / "good.txt").read_bytes())
    assert CliRunner().invoke(main, command(control, amber)).exit_code == 3
    assert CliRunner().invoke(main, command(control, nothing)).exit_code == 1
    (amber / "bomb.png").write_bytes((papers / "bomb.png").read_bytes())
    assert CliRunner().invoke(main, command(control, amber)).exit_code == 1


def test_the_page_for_uploads_comes_to_the_same(control: Control, papers: Path) -> None:
    files = {each.name: each.read_bytes() for each in sorted(papers.iterdir())}
    parts = b"".join(
        f'--xyz\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
        + raw
        + b"\r\n"
        for name, raw in files.items()
    )
    answer = control.request(
        "POST",
        f"/inspect/office/{OPERATOR}/batch",
        parts + b"--xyz--\r\n",
        accept="text/html",
        content_type="multipart/form-data; boundary=xyz",
    )
    assert answer.status == 200
    rows = {name: answer.text.partition(f">{name}</th>")[2].partition("</tr>")[0] for name in files}
    headlines = {"amber": "Amber", "red": "Red", "": "Not judged"}
    for name, (_, _, _, colour) in ROWS.items():
        assert f'<span class="colour">{headlines[colour]}</span>' in rows[name], name
    assert "Files: 11 (0 green, 5 amber, 3 red, 3 without a document)" in answer.text
    assert "no-store" in answer.headers["cache-control"]


def test_without_the_extra_for_pictures_it_says_what_to_install(
    control: Control, papers: Path, tmp_path: Path
) -> None:
    ended = without("zxingcpp", *command(control, papers))
    assert ended.returncode == 4, ended.stderr
    assert "portadoc[scan]" in ended.stderr
    assert "Traceback" not in ended.stderr
    (tmp_path / "pack").write_bytes((papers.parent / "pack").read_bytes())
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "good.txt").write_bytes((papers / "good.txt").read_bytes())
    assert without("zxingcpp,PIL,pypdfium2", *command(control, tmp_path / "texts")).returncode == 3
