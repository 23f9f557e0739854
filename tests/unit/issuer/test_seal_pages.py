"""The printed page: read back from its raster as a camera would, whatever the values on it want to be."""

import io
import re
from dataclasses import replace
from typing import Any

import pypdfium2
import pytest
import qrcode
import zxingcpp
from PIL import Image

from portadoc.catalogue import WITH_TEXTS, texts
from portadoc.catalogue.writing import LONGEST, on_paper
from portadoc.errors import Misconfigured, Refused
from portadoc.issuer.paper import page as page_module
from portadoc.issuer.paper.facts import day_or_text, sections
from portadoc.issuer.paper.page import Page, Section, page_pdf
from portadoc.issuer.paper.qr_symbols import qr_symbol
from portadoc.issuer.paper.sealed_page import sealed_page
from portadoc.schemas.examples import example
from portadoc.schemas.pda1 import CountryOfWork, Pda1, Workplace
from portadoc.verification.rendering.wording import Words

HOME = {"pda1": "fr-demo", "ehic": "fr-health", "prc": "fr-health"}
NOW = 1_795_343_400
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    '#panic("owned") #eval("1+1") #import "x.typ"',
    "*bold* _it_ `raw` $x^2$ @ref <label> // comment /* x */ \\u{41} ~ -- --- ... = heading",
    '"] #set page(width: 1pt) [',
    "abc\u202egnp.exe\u2066\u2069\u200b\u200d\ufeff",
    "Z\u0351\u036b\u0343\u036a\u0302\u0367algo",
    "日本語 العربية עברית 😀 \U000e0001\ud7ff",
)


def sealed(rig: Any, kind: str = "pda1", **options: Any) -> Any:
    return rig.issuer.seal(HOME[kind], rig.record(kind, HOME[kind]), **{"pin": "none", **options})


def printed(made: Any, language: str = "en", *, is_test: bool = True) -> bytes:
    return sealed_page(made, language=language, author="Institution (test)", made_at=NOW, is_test=is_test)


def rasters(pdf: bytes, dpi: int) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.render(scale=dpi / 72).to_pil() for page in document]
    finally:
        document.close()


def text_of(pdf: bytes) -> str:
    """Return the words of all pages, without the marks that let long ones break."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        found = "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()
    return " ".join(found.replace("\u200b", "").replace("\ufffe", "-").split())


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def codes_in(image: Image.Image) -> set[str]:
    only = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
    return {found.text for found in zxingcpp.read_barcodes(image, formats=only)}


def a_page(*values: str) -> Page:
    return Page(
        language="en",
        title=values[0],
        author=values[0],
        sections=(Section("Facts", tuple((f"Label {at}", value) for at, value in enumerate(values))),),
        check_title="How to check",
        steps=("Scan it.",),
        seal=qr_symbol("PD1:ABC"),
        seal_alt="QR code",
        code=qr_symbol("HTTPS://A1.EXAMPLE/V/0"),
        code_title="Code",
        code_text="0",
        code_alt="QR code",
        footer=values[0],
        made_at=NOW,
    )


class TestSymbols:
    @pytest.mark.parametrize("kind", sorted(HOME))
    def test_a_seal_is_at_most_version_22_and_half_a_millimetre_a_module(self, rig: Any, kind: str) -> None:
        symbol = qr_symbol(sealed(rig, kind).text)
        assert symbol.version <= 22
        modules = 17 + 4 * symbol.version + 2 * 4
        assert symbol.size_mm == modules / 2
        picture = Image.open(io.BytesIO(symbol.png()))
        millimetres = picture.width / picture.info["dpi"][0] * 25.4
        assert 0.5 <= millimetres / modules < 0.52
        assert f'width="{symbol.size_mm:g}mm"' in symbol.svg().decode()

    @pytest.mark.parametrize("kind", sorted(HOME))
    def test_both_pictures_read_as_the_seal(self, rig: Any, kind: str) -> None:
        made = sealed(rig, kind)
        assert codes_in(Image.open(io.BytesIO(qr_symbol(made.text).png()))) == {made.text}
        assert codes_in(Image.open(io.BytesIO(qr_symbol(made.verification_url).png()))) == {made.verification_url}

    def test_another_renderer_needs_no_larger_symbol_and_reads_the_same(self, rig: Any) -> None:
        made = sealed(rig)
        for text in (made.text, made.verification_url):
            other = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
            other.add_data(text)
            other.make(fit=True)
            assert other.version == qr_symbol(text).version
            assert codes_in(other.make_image().get_image()) == {text}

    def test_a_mixed_symbol_of_another_renderer_reads_the_same(self, rig: Any) -> None:
        made = sealed(rig)
        mixed = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
        mixed.add_data(qrcode.util.QRData(made.text[:4].encode(), mode=qrcode.util.MODE_8BIT_BYTE))
        mixed.add_data(qrcode.util.QRData(made.text[4:].encode(), mode=qrcode.util.MODE_ALPHA_NUM))
        mixed.make(fit=True)
        assert codes_in(mixed.make_image().get_image()) == {made.text}

    def test_a_verification_code_is_a_small_symbol(self, rig: Any) -> None:
        assert qr_symbol("HTTPS://A1.EXAMPLE/V/0123-4567-89AB-CDEF").version == 3

    @pytest.mark.parametrize("length", [1135, 4000, 10_000])
    def test_what_is_too_large_for_paper_is_refused(self, length: int) -> None:
        with pytest.raises(Refused, match="seal_too_large"):
            qr_symbol("A" * length)
        assert qr_symbol("A" * 1134).version == 22


class TestPage:
    @pytest.mark.parametrize("dpi", [72, 100, 150, 200])
    @pytest.mark.parametrize("kind", sorted(HOME))
    def test_the_raster_of_the_page_gives_the_identical_seal(self, rig: Any, kind: str, dpi: int) -> None:
        made = sealed(rig, kind)
        (image,) = rasters(printed(made), dpi)
        assert codes_in(image) >= {made.text}
        if dpi >= 100:
            assert codes_in(image) == {made.text, made.verification_url}

    @pytest.mark.parametrize("kind", sorted(HOME))
    def test_every_fact_of_the_seal_stands_on_the_page(self, rig: Any, kind: str) -> None:
        made = sealed(rig, kind, pin="full")
        words = squeezed(text_of(printed(made)))
        shown = [value for section in sections(kind, made.document, texts("en")) for _, value in section.facts]
        assert len(shown) > 7
        for value in shown:
            assert squeezed(value) in words
        for leaf in leaves(made.document):
            if leaf not in ("01", "02", "98") and not leaf.isdigit():
                told = day_or_text(leaf, texts("en")) or ""
                named = Words("en").country(told)
                reasons = ("loss", "theft", "short_notice", "other")
                assert any(squeezed(each) in words for each in (told, named)) or leaf in reasons, leaf
        assert not re.search(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", words)

    def test_a_replacement_certificate_has_one_line_of_validity_beside_the_card_s(self, rig: Any) -> None:
        made = sealed(rig, "prc")
        facts = [fact for section in sections("prc", made.document, texts("en")) for fact in section.facts]
        labels = [label for label, _ in facts]
        assert labels.count("Validity of the document") == 1
        assert "Period of coverage" not in labels
        assert "Valid until" not in labels

    def test_what_is_not_in_the_seal_is_not_on_the_page(self, rig: Any) -> None:
        words = squeezed(text_of(printed(sealed(rig))))
        assert "29104" not in words
        assert "a1@caisse" not in words

    def test_the_code_and_the_way_to_check_stand_on_the_page(self, rig: Any) -> None:
        made = sealed(rig)
        words = text_of(printed(made))
        assert made.verification_code in words
        assert "How to check this document" in words
        assert "The seal can be read until 30 September 2027." in words
        assert "test data" in words
        assert "test data" not in text_of(printed(made, is_test=False))

    def test_it_is_tagged_titled_and_in_its_language(self, rig: Any) -> None:
        pdf = printed(sealed(rig))
        for sign in (b"/MarkInfo", b"/StructTreeRoot", b"/Lang", b"pdfuaid:part", b"pdfaid:part"):
            assert sign in pdf
        document = pypdfium2.PdfDocument(pdf)
        try:
            assert document.get_metadata_value("Title") == "A1 certificate"
            assert document.is_tagged()
        finally:
            document.close()

    def test_the_same_page_is_the_same_bytes(self, rig: Any) -> None:
        made = sealed(rig)
        assert printed(made) == printed(made)

    @pytest.mark.parametrize("language", WITH_TEXTS)
    def test_it_is_printed_in_each_language_that_has_texts(self, rig: Any, language: str) -> None:
        made = sealed(rig)
        words = text_of(printed(made, language))
        assert texts(language).text("paper.check.title") in words
        assert texts(language).text("kind.pda1") in words

    def test_a_language_without_texts_is_printed_in_english_and_says_so(self, rig: Any) -> None:
        pdf = printed(sealed(rig), "fi")
        assert "How to check this document" in text_of(pdf)
        assert "These texts are not available in suomi yet" in text_of(pdf)
        assert b"/Lang(en)" in pdf

    def test_without_typst_it_says_what_to_install(self, rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        made = sealed(rig)
        monkeypatch.setitem(__import__("sys").modules, "typst", None)
        with pytest.raises(Misconfigured, match="extra_missing") as caught:
            printed(made)
        assert caught.value.params == {"package": "typst", "extra": "pdf"}

    def test_the_shortened_form_says_on_paper_how_many_places_are_missing(self, rig: Any) -> None:
        record = example("posted-worker-fr-de")
        assert isinstance(record, Pda1)
        (germany,) = record.countries_of_work
        places = tuple(Workplace(name=f"Werk {n}", address=germany.workplaces[0].address) for n in range(40))
        long = replace(record, countries_of_work=(CountryOfWork(country="DE", workplaces=places),))
        made = rig.issuer.seal("fr-demo", rig.issuer.upload("fr-demo", long), pin="none", max_workplaces=3)
        words = text_of(printed(made))
        assert texts("en").text("note.more_workplaces", count=37) in words
        assert "Werk 2" in words
        assert "Werk 3" not in words

    def test_work_without_a_fixed_place_and_an_open_end_are_said(self, rig: Any) -> None:
        record = example("posted-worker-fr-de")
        assert isinstance(record, Pda1)
        roaming = replace(
            record,
            countries_of_work=(CountryOfWork(country="DE"),),
            legislation=replace(record.legislation, end=None, for_duration_of_activity=True),
        )
        made = rig.issuer.seal("fr-demo", rig.issuer.upload("fr-demo", roaming), pin="none")
        words = text_of(printed(made))
        assert "No fixed place of work Germany" in words
        assert "1 November 2026 to no end set" in words
        assert "For the duration of the activity yes" in words


def leaves(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        return [leaf for value in tree.values() for leaf in leaves(value)]
    if isinstance(tree, list):
        return [leaf for value in tree for leaf in leaves(value)]
    return [tree] if isinstance(tree, str) else []


class TestHostileValues:
    @pytest.mark.parametrize("value", HOSTILE)
    def test_k04_markup_and_code_in_a_value_are_letters_like_any_other(self, value: str) -> None:
        pdf = page_pdf(a_page(value))
        assert squeezed(on_paper(value)) in squeezed(text_of(pdf))
        assert len(rasters(pdf, 20)) == 1

    def test_k04_a_value_of_10000_characters_is_cut_and_says_so(self) -> None:
        for value in ("A" * 10_000, "word " * 2_000, "\u202e" * 10_000):
            pdf = page_pdf(a_page(value))
            assert f"[…+{10_000 - LONGEST}]" in squeezed(text_of(pdf))

    def test_k04_no_value_leaves_the_page(self) -> None:
        for value in ("A" * LONGEST, "\u202e" * LONGEST):
            (image,) = rasters(page_pdf(a_page("Title", value)), 72)[:1]
            margin = image.crop((image.width - 40, 0, image.width, image.height)).convert("L")
            assert margin.getextrema() == (255, 255)

    @pytest.mark.parametrize(
        "character", ["\u202e", "\u2066", "\u200b", "\ufeff", "\x00", "\n", "\u0301", "א", "日"]
    )
    def test_k04_what_steers_or_hides_is_spelt_out(self, character: str) -> None:
        assert on_paper(f"a{character}") in (f"a\\u{ord(character):04x}", "a\\n", "á")

    @pytest.mark.parametrize("text", ["Maréchal-Testelin", "Ώπα", "Жълъд", "ąęłńśźż", "țșăîâ", "“Ġħ…”", "20 €"])
    def test_the_scripts_of_the_union_stay_as_they_are(self, text: str) -> None:
        assert on_paper(text) == text
        assert squeezed(text) in squeezed(text_of(page_pdf(a_page(text))))

    def test_every_character_that_is_printed_as_it_is_has_a_glyph(self) -> None:
        shown = [chr(code) for code in range(0x21, 0x2600) if on_paper(chr(code)) == chr(code)]
        assert len(shown) > 1_000
        for start in range(0, len(shown), 6_000):
            values = ["".join(shown[at : at + 200]) for at in range(start, min(start + 6_000, len(shown)), 200)]
            assert page_pdf(a_page("Title", *values))

    def test_k04_a_hostile_record_is_sealed_and_printed_as_it_is(self, rig: Any) -> None:
        record = example("posted-worker-fr-de")
        assert isinstance(record, Pda1)
        name = '<b>#panic()</b> *x* \u202e"]'
        hostile = replace(record, person=replace(record.person, surnames=name))
        made = rig.issuer.seal("fr-demo", rig.issuer.upload("fr-demo", hostile), pin="none")
        assert made.document["person"]["surnames"] == name
        pdf = printed(made)
        assert squeezed(on_paper(name)) in squeezed(text_of(pdf))
        assert made.text in codes_in(rasters(pdf, 150)[0])


def test_the_template_takes_nothing_from_elsewhere() -> None:
    template = (page_module.resources.files("portadoc.issuer.paper") / "page.typ").read_text(encoding="utf-8")
    for word in ("eval(", "import", "include", "read(", "http", "plugin"):
        assert word not in template
