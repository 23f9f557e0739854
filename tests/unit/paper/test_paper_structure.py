"""What makes an official paper accessible and archivable, read from the finished, sealed file itself.

The same files were checked with veraPDF 1.30.2 (profiles PDF/A-3a and PDF/UA-1); that needs Java and is no part
of these tests: they look for what it asks, so that nothing of it is lost unseen.
"""

import io
import re
from itertools import pairwise
from typing import Any

import pypdfium2
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from portadoc.errors import Malformed, Misconfigured, Untrusted
from portadoc.issuer.paper.official_page import Issued, official_pdf
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.signer import LocalSigner
from portadoc.paper.attachments import attached_files
from portadoc.paper.pades import check_signature, signed_pdf
from portadoc.paper.typesetting import typeset
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example

NOW = 1_795_343_400
CODE = "X9YH-TQRT-M6QD-J16Q"
KINDS = (
    "posted-worker-fr-de",
    "insured-traveller",
    "replacement-certificate",
    "bilateral-fr-jp",
    "maintenance-fr-ke",
    "application-fr-de",
)


def page_of(name: str, *languages: str) -> bytes:
    issued = Issued(
        seal="PD1:" + "A1B2C3D4E5" * 70,
        left_out=0,
        credential="e30.e30.c2ln~",
        code=CODE,
        code_url=f"HTTPS://A1.EXAMPLE/V/{CODE}",
        expires_at=NOW + 86_400,
    )
    return official_pdf(
        example(name),
        issued,
        languages=languages or ("en",),
        institution="Institution (test)",
        state="FR",
        made_at=NOW,
        is_test=True,
    )


@pytest.fixture(scope="module")
def sealed(seal_signer: Any) -> Any:
    """Return a maker of sealed papers by name of their record, each made once."""
    made: dict[str, bytes] = {}

    def paper(name: str) -> bytes:
        if name not in made:
            made[name] = signed_pdf(page_of(name, "fr", "de"), signer=seal_signer, name="Institution", at=NOW)
        return made[name]

    return paper


def root_of(pdf: bytes) -> Any:
    return PdfFileReader(io.BytesIO(pdf)).root


def pages_of(node: Any) -> list[Any]:
    if "/Pages" in node:
        return pages_of(node["/Pages"])
    return [page for kid in each_of(node["/Kids"]) for page in pages_of(kid)] if "/Kids" in node else [node]


def each_of(array: Any) -> list[Any]:
    return [array[at] for at in range(len(array))]


def elements(node: Any) -> Any:
    """Yield every structure element under one, in reading order."""
    node = node.get_object() if isinstance(node, generic.IndirectObject) else node
    if isinstance(node, list):
        for each in node:
            yield from elements(each)
    elif isinstance(node, dict) and "/S" in node:
        yield node
        yield from elements(node.get("/K", []))


@pytest.mark.parametrize("name", KINDS)
class TestEveryKind:
    def test_it_is_tagged_titled_and_in_its_language(self, sealed: Any, name: str) -> None:
        root = root_of(sealed(name))
        assert root["/MarkInfo"]["/Marked"]
        assert root["/Lang"] == "fr"
        assert root["/ViewerPreferences"]["/DisplayDocTitle"]
        assert all(page["/Tabs"] == "/S" for page in pages_of(root))

    def test_it_says_which_standards_it_keeps(self, sealed: Any, name: str) -> None:
        metadata = bytes(root_of(sealed(name))["/Metadata"].data).decode("utf-8")
        for member, value in (("pdfaid:part", "3"), ("pdfaid:conformance", "A"), ("pdfuaid:part", "1")):
            assert re.search(rf"{member}(>|=\"){value}", metadata), member

    def test_its_colours_mean_the_same_everywhere(self, sealed: Any, name: str) -> None:
        (intent,) = each_of(root_of(sealed(name))["/OutputIntents"])
        assert intent["/S"] == "/GTS_PDFA1"
        assert len(intent["/DestOutputProfile"].data) > 100

    def test_every_font_is_inside(self, sealed: Any, name: str) -> None:
        document = pypdfium2.PdfDocument(sealed(name))
        try:
            fonts = 0
            for page in document:
                for found in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_TEXT]):
                    font = pypdfium2.raw.FPDFTextObj_GetFont(found)
                    assert pypdfium2.raw.FPDFFont_GetIsEmbedded(font) == 1
                    fonts += 1
        finally:
            document.close()
        assert fonts > 20

    def test_the_codes_say_in_words_what_they_are(self, sealed: Any, name: str) -> None:
        tree = root_of(sealed(name))["/StructTreeRoot"]
        figures = [each for each in elements(tree["/K"]) if each["/S"] == "/Figure"]
        assert len(figures) == 2
        assert any(CODE in str(each["/Alt"]) for each in figures)
        assert all(str(each["/Alt"]) for each in figures)

    def test_headings_begin_at_the_top_and_skip_no_level(self, sealed: Any, name: str) -> None:
        tree = root_of(sealed(name))["/StructTreeRoot"]
        levels = [int(each["/S"][2:]) for each in elements(tree["/K"]) if re.fullmatch(r"/H[1-6]", each["/S"])]
        assert levels[0] == 1
        assert len(levels) >= 4
        assert all(later <= earlier + 1 for earlier, later in pairwise(levels))

    def test_another_language_is_marked_where_it_is_spoken(self, sealed: Any, name: str) -> None:
        pdf = PdfFileReader(io.BytesIO(sealed(name)))
        tree = pdf.root["/StructTreeRoot"]
        spoken = {str(each["/Lang"]) for each in elements(tree["/K"]) if "/Lang" in each}
        content = b"".join(_content(page) for page in pages_of(pdf.root))
        assert "de" in spoken or b"(de)" in content

    def test_the_institution_s_signature_needs_no_place_on_the_page(self, sealed: Any, name: str) -> None:
        (field,) = each_of(root_of(sealed(name))["/AcroForm"]["/Fields"])
        left, bottom, right, top = map(float, field["/Rect"])
        assert right <= 0 or top <= 0
        assert (left, bottom) == (right, top)
        assert int(field["/F"]) & 4, "printed, as PDF/A asks"
        assert field["/TU"] == "Institution"


def _content(page: Any) -> bytes:
    contents = page["/Contents"]
    return bytes(contents.data) if hasattr(contents, "data") else b"".join(bytes(each.data) for each in contents)


class TestSealing:
    def test_it_only_adds_to_the_file(self, sealed: Any) -> None:
        plain = page_of("posted-worker-fr-de", "fr", "de")
        assert sealed("posted-worker-fr-de").startswith(plain + b"\n")

    def test_it_says_when_by_the_clock_of_the_installation(self, sealed: Any) -> None:
        (signature,) = PdfFileReader(io.BytesIO(sealed("posted-worker-fr-de"))).embedded_signatures
        assert int(signature.self_reported_timestamp.timestamp()) == NOW
        assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"

    def test_a_file_without_a_signature_is_not_sealed(self, seal_signer: Any) -> None:
        with pytest.raises(Untrusted) as caught:
            check_signature(page_of("posted-worker-fr-de"), trusted=seal_signer.chain[-1], at=NOW)
        assert caught.value.params == {"reason": "count"}

    def test_one_that_was_sealed_twice_is_not_taken(self, sealed: Any, seal_signer: Any) -> None:
        with pytest.raises(Malformed, match="pdf_unreadable"):
            signed_pdf(sealed("posted-worker-fr-de"), signer=seal_signer, name="Institution", at=NOW)

    def test_what_is_no_pdf_is_refused(self, seal_signer: Any) -> None:
        for junk in (b"", b"%PDF-1.7\n%%EOF", b"\x00" * 1000):
            with pytest.raises(Untrusted, match="pdf_signature_invalid"):
                check_signature(junk, trusted=seal_signer.chain[-1], at=NOW)
            with pytest.raises(Malformed, match="pdf_unreadable"):
                attached_files(junk)

    def test_outside_the_life_of_its_certificate_it_does_not_hold(self, sealed: Any, seal_signer: Any) -> None:
        with pytest.raises(Untrusted, match="pdf_signature_invalid"):
            check_signature(
                sealed("posted-worker-fr-de"), trusted=seal_signer.chain[-1], at=NOW + 40 * 366 * 86_400
            )

    @pytest.mark.parametrize("alg", ["Ed25519", "ES256"])
    def test_a_key_that_pades_cannot_use_is_refused(self, alg: str) -> None:
        signer = LocalSigner(new_private_key(alg, system_random_bytes))
        with pytest.raises(Misconfigured, match="signer_unfit_for_pdf"):
            signed_pdf(page_of("posted-worker-fr-de"), signer=signer, name="Institution", at=NOW)


class TestSetting:
    def test_the_same_paper_is_the_same_bytes(self) -> None:
        assert page_of("posted-worker-fr-de") == page_of("posted-worker-fr-de")

    def test_a_page_that_the_standards_refuse_is_refused(self) -> None:
        with pytest.raises(Misconfigured, match="typesetting_failed"):
            typeset(b"no title", {}, made_at=NOW)

    def test_the_template_takes_nothing_from_elsewhere(self) -> None:
        from importlib import resources

        template = (resources.files("portadoc.issuer.paper") / "document.typ").read_text(encoding="utf-8")
        for word in ("eval(", "import", "include", "read(", "http", "plugin"):
            assert word not in template
