"""Official papers: one set of facts on page, in seal and in copy; sealed, read back, withdrawn together."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from portadoc.errors import Conflict, Error, Misconfigured, Refused, Untrusted
from portadoc.formats.status_list.claims import StatusListLimits
from portadoc.formats.status_list.statuses import status_reference
from portadoc.issuer import InstitutionSettings, PaperDocument, WithdrawalReason
from portadoc.issuer.paper import official_page
from portadoc.issuer.paper.labels import HOST_LANGUAGES, labels, printed
from portadoc.issuer.sealing import papers as papers_module
from portadoc.keys.key_ring import KeyPurpose
from portadoc.keys.trust.trust_file import TRUST_FILE, trust_from_json
from portadoc.paper.attachments import attached_files
from portadoc.paper.pades import check_signature
from portadoc.schemas.codes import PDA1_STATES
from portadoc.schemas.ehic import Prc
from portadoc.schemas.events import EventKind
from portadoc.schemas.examples import example
from portadoc.schemas.pda1 import Address, CountryOfWork, Employment, Pda1, StatusConfirmation, Workplace
from portadoc.schemas.profiles import profile
from portadoc.storage.outbox import read_after
from portadoc.verification.answers import HeldStatusList, HeldStatusLists
from portadoc.verification.policy import KeyBindingRefused, VerificationPolicy
from portadoc.verification.procedure import verify_presentation
from portadoc.verification.status_tokens import believe_status_list

A1, HEALTH = "fr-demo", "fr-health"
HOME = {"pda1": A1, "ehic": HEALTH, "prc": HEALTH}
NOW = 1_795_343_400


def a1(**changes: Any) -> Pda1:
    record = example("posted-worker-fr-de")
    assert isinstance(record, Pda1)
    return replace(record, **changes)


def prc() -> Prc:
    record = example("replacement-certificate")
    assert isinstance(record, Prc)
    return record


def paper_of(rig: Any, record: Any, *languages: str, institution: str = A1, **options: Any) -> PaperDocument:
    record_id = rig.issuer.upload(institution, record)
    chosen = {"pin": "none", "languages": languages or ("en",), **options}
    return rig.issuer.paper(institution, record_id, **chosen)


def paper(rig: Any, kind: str = "pda1", *languages: str, **options: Any) -> PaperDocument:
    record_id = rig.record(kind, HOME[kind])
    chosen = {"pin": "none", "languages": languages or ("en",), **options}
    return rig.issuer.paper(HOME[kind], record_id, **chosen)


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        found = "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()
    return squeezed(found.replace("\u200b", "").replace("\ufffe", "-"))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def rasters(pdf: bytes, dpi: int) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.render(scale=dpi / 72).to_pil() for page in document]
    finally:
        document.close()


def codes_in(pdf: bytes, dpi: int) -> set[str]:
    only = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
    return {found.text for image in rasters(pdf, dpi) for found in zxingcpp.read_barcodes(image, formats=only)}


def anchor(rig: Any, institution: str = A1) -> bytes:
    chain: tuple[bytes, ...] = rig.key_ring.signer(institution, KeyPurpose.DOCUMENT_SEAL).chain
    return chain[-1]


def judged(rig: Any, credential: str, vct: str) -> str:
    """Judge the copy inside a paper as an inspector would who was handed the file."""
    now = rig.clock.now()
    trust = trust_from_json(json.loads((rig.key_ring.directory / TRUST_FILE).read_text(encoding="utf-8")))
    reference = status_reference(rig.claims_of(credential))
    assert reference is not None
    token = rig.transport.get(reference.uri).body.decode()
    found = believe_status_list(
        token, uri=reference.uri, trust=trust, now=now, skew_s=60, limits=StatusListLimits()
    )
    report = verify_presentation(
        credential,
        trust=trust,
        status=HeldStatusLists({reference.uri: HeldStatusList(found.token, found.speaks_for, now, {})}),
        policy=VerificationPolicy(
            policy_id="test",
            accepted_types=frozenset({vct}),
            key_binding=KeyBindingRefused(shown=True),
            status_required=True,
            profile=profile("ietf-latest"),
            on_date=datetime.fromtimestamp(now, UTC).date(),
        ),
        now=now,
    )
    return report.verdict.value


class TestWhatItCarries:
    @pytest.mark.parametrize("kind", sorted(HOME))
    def test_its_codes_read_back_at_100_dots_an_inch(self, rig: Any, kind: str) -> None:
        made = paper(rig, kind)
        url = f"http://127.0.0.1:8700/v/{made.code}".upper()
        assert codes_in(made.pdf, 100) == {made.seal, url}

    @pytest.mark.parametrize("kind", sorted(HOME))
    def test_the_institution_seals_the_whole_file(self, rig: Any, kind: str) -> None:
        made = paper(rig, kind)
        assert "Institution (test)" in check_signature(made.pdf, trusted=anchor(rig, HOME[kind]), at=NOW)

    def test_a_changed_byte_anywhere_ends_the_seal(self, rig: Any) -> None:
        made = paper(rig)
        for at in (200, len(made.pdf) // 2, len(made.pdf) - 40):
            changed = bytearray(made.pdf)
            changed[at] ^= 1
            with pytest.raises(Untrusted, match="pdf_signature_invalid"):
                check_signature(bytes(changed), trusted=anchor(rig), at=NOW)

    def test_an_addition_behind_the_seal_shows(self, rig: Any) -> None:
        with pytest.raises(Untrusted, match="pdf_signature_invalid"):
            check_signature(paper(rig).pdf + b"\n% more\n", trusted=anchor(rig), at=NOW)

    def test_another_institution_s_certificates_do_not_prove_it(self, rig: Any) -> None:
        with pytest.raises(Untrusted, match="pdf_signature_invalid"):
            check_signature(paper(rig).pdf, trusted=anchor(rig, HEALTH), at=NOW)

    @pytest.mark.parametrize(("kind", "vct"), [("pda1", "eu.we-build.pda1.1"), ("prc", "urn:portadoc:prc:1")])
    def test_the_copy_inside_is_authentic_and_its_holder_not_proven(self, rig: Any, kind: str, vct: str) -> None:
        made = paper(rig, kind)
        (found,) = attached_files(made.pdf)
        assert (found.name, found.relationship) == ("credential.sd-jwt", "Data")
        assert found.media_type == "application/dc+sd-jwt"
        credential = found.content.decode("ascii")
        claims = rig.claims_of(credential)
        assert claims["vct"] == vct
        assert "cnf" not in claims
        assert claims.get("binding") == ("no binding" if kind == "pda1" else None)
        assert judged(rig, credential, vct) == "holder_not_proven"

    def test_the_page_of_a_card_carries_no_copy_since_every_card_is_bound_to_a_key(self, rig: Any) -> None:
        made = paper(rig, "ehic")
        assert attached_files(made.pdf) == ()
        assert not made.has_copy
        assert made.seal
        assert squeezed("kept in a wallet: this file holds no copy of it.") in text_of(made.pdf)

    def test_a_replacement_certificate_of_past_days_alone_has_a_copy_as_it_has_a_seal(self, rig: Any) -> None:
        past = replace(prc(), valid_from=date(2026, 7, 1), valid_to=date(2026, 7, 31))
        made = paper_of(rig, past, institution=HEALTH)
        (found,) = attached_files(made.pdf)
        claims = rig.claims_of(found.content.decode())
        assert (claims["starting_date"], claims["ending_date"]) == ("2026-07-01", "2026-07-31")
        assert claims["exp"] == made.expires_at > NOW

    def test_an_institution_that_issues_no_full_form_prints_without_a_copy(self, make_rig: Any) -> None:
        only = InstitutionSettings(
            slug=A1, institution_id="FR:TEST01", names={"en": "A1 institution"}, configuration_ids=("pda1",)
        )
        rig = make_rig(institutions=(only,))
        made = paper(rig)
        assert attached_files(made.pdf) == ()
        assert squeezed("travels inside this PDF") not in text_of(made.pdf)

    def test_seal_and_copy_have_entries_of_their_own_among_the_copies_of_the_record(self, rig: Any) -> None:
        made = paper(rig)
        rows = rig.issuer.credentials(A1, record_id=made.record_id)
        assert {row.configuration_id for row in rows} == {"seal", "pda1-webuild"}
        assert len({(row.list_id, row.idx) for row in rows}) == 2
        assert all(row.issued_at == NOW for row in rows)
        assert {row.valid_until for row in rows} == {made.expires_at}

    def test_who_withdraws_the_record_withdraws_all_that_is_on_paper(self, rig: Any) -> None:
        made = paper(rig)
        (found,) = attached_files(made.pdf)
        rig.issuer.withdraw(A1, made.record_id, reason=WithdrawalReason.ISSUED_IN_ERROR)
        rig.issuer.publish_status_lists(A1)
        assert judged(rig, found.content.decode(), "eu.we-build.pda1.1") == "withdrawn_or_replaced"
        with pytest.raises(Conflict, match="record_withdrawn"):
            rig.issuer.paper(A1, made.record_id, languages=("en",), pin="none")


class TestThePage:
    def test_it_has_the_six_sections_and_all_twelve_boxes_with_one_crossed(self, rig: Any) -> None:
        words = text_of(paper(rig).pdf)
        for number in ("1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8.1", "1.9.4", "2.1", "2.2", "2.3"):
            assert number in words
        for number in (*(f"3.{n}" for n in range(1, 13)), "4.1.1", "4.2", "4.3", "4.4.1", "5.1", "5.2.1", "6.1"):
            assert number in words
        assert words.count("☒") == 2, "the situation, and employed"
        assert "☒3.1Postedemployedperson" in words
        assert words.count("☐") == 11 + 3 + 1

    def test_each_situation_crosses_its_own_box(self, rig: Any) -> None:
        for code in ("02", "07", "12"):
            made = paper_of(rig, a1(status=StatusConfirmation(code=code)))
            assert f"☒3.{int(code)}" in text_of(made.pdf)

    def test_an_exception_says_which(self, rig: Any) -> None:
        status = StatusConfirmation(code="11", exception_description="Agreement of both authorities " * 30)
        words = text_of(paper_of(rig, a1(status=status), pin="none").pdf)
        assert squeezed(status.exception_description or "") in words

    def test_no_fixed_place_is_a_box_of_its_own(self, rig: Any) -> None:
        made = paper_of(rig, a1(countries_of_work=(CountryOfWork(country="DE"),)))
        assert "☒5.3Nofixedplaceofwork" in text_of(made.pdf)

    def test_vessels_and_home_bases_stand_beside_their_names(self, rig: Any) -> None:
        (germany,) = a1().countries_of_work
        ship = Workplace(name="MS Beispiel (test)", address=germany.workplaces[0].address, flag_or_base_state="MT")
        made = paper_of(rig, a1(countries_of_work=(CountryOfWork(country="DE", workplaces=(ship,)),)))
        words = text_of(made.pdf)
        assert squeezed("5.1 Flag State or home base MT Malta") in words
        assert squeezed("MS Beispiel (test)") in words

    def test_several_employers_are_counted(self, rig: Any) -> None:
        (first,) = a1().employments
        own = replace(first, name="Eigenbetrieb Muster", type="02")
        words = text_of(paper_of(rig, a1(employments=(first, own))).pdf)
        assert "1/2" in words
        assert "2/2" in words
        assert "☒4.1.2Self-employed" in words

    def test_no_end_is_said(self, rig: Any) -> None:
        open_end = replace(a1().legislation, end=None, for_duration_of_activity=True, provisional=True)
        words = text_of(paper_of(rig, a1(legislation=open_end)).pdf)
        assert squeezed("2.3 Last day no end set") in words
        assert "☒2.4" in words
        assert "☒2.5" in words
        assert "☐2.6" in words

    @pytest.mark.parametrize("pair", [("fr", "de"), ("de", "pl"), ("en", "es")])
    def test_it_speaks_the_institution_s_language_and_the_host_s(self, rig: Any, pair: tuple[str, str]) -> None:
        pdf = paper(rig, "pda1", *pair).pdf
        words, both = text_of(pdf), labels(pair)
        for key in (
            "section.person",
            "section.institution",
            "field.surnames",
            "situation.04",
            "paper.check.title",
        ):
            for _, said in both.of(key):
                assert squeezed(said) in words, (pair, key)
        assert re.search(rb"/Lang\s?\(" + pair[0].encode(), pdf)

    def test_a_language_without_texts_is_english_and_says_so(self, rig: Any) -> None:
        words = text_of(paper(rig, "pda1", "fi").pdf)
        assert squeezed("These texts are not available in suomi yet") in words

    @pytest.mark.parametrize(
        ("language", "germany"), [("de", "Deutschland"), ("pl", "Niemcy"), ("es", "Alemania"), ("fi", "Germany")]
    )
    def test_countries_have_names_in_the_language_of_the_paper(
        self, rig: Any, language: str, germany: str
    ) -> None:
        assert f"DE{germany}" in text_of(paper(rig, "pda1", language).pdf)

    def test_a_language_for_every_state_of_the_form(self) -> None:
        assert set(HOST_LANGUAGES) == set(PDA1_STATES)

    def test_the_language_of_the_host_state_is_found_by_the_place_of_work(self, rig: Any) -> None:
        words = text_of(paper(rig, "pda1", "fr", "host").pdf)
        assert squeezed("Inhaber/in") in words
        alone = text_of(paper(rig, "pda1", "de", "host").pdf)
        assert squeezed("Le titulaire") not in alone

    @pytest.mark.parametrize("languages", [(), ("en", "en"), ("en", "fr", "de")])
    def test_one_language_or_two(self, rig: Any, languages: tuple[str, ...]) -> None:
        with pytest.raises(Refused, match="paper_languages"):
            rig.issuer.paper(A1, rig.record(), languages=languages, pin="none")

    def test_the_test_data_are_said_to_be_test_data(self, rig: Any) -> None:
        assert squeezed("test data, not valid for any use") in text_of(paper(rig).pdf)

    def test_the_replacement_certificate_has_the_fields_of_the_card(self, rig: Any) -> None:
        record = example("replacement-certificate")
        words = text_of(paper(rig, "prc", "en", "fr").pdf)
        for leaf in leaves(record):
            assert squeezed(printed(leaf)) in words, leaf


def leaves(record: Any) -> list[str]:
    from portadoc.schemas.records import record_to_json

    internal = {"record_version", "kind", "regime_pack", "articles", "reason", "gender", "type", "id_type", "code"}
    internal |= {"company_id_type", "authentic_source"}

    def walk(tree: Any, name: str) -> list[str]:
        if name in internal:
            return []
        if isinstance(tree, dict):
            return [leaf for key, value in tree.items() for leaf in walk(value, key)]
        if isinstance(tree, list):
            return [leaf for value in tree for leaf in walk(value, name)]
        return [tree] if isinstance(tree, str) else []

    return walk(record_to_json(record), "")


class TestMuchToSay:
    def test_twenty_workplaces_all_stand_on_the_page_and_what_the_seal_leaves_out_is_told(self, rig: Any) -> None:
        (germany,) = a1().countries_of_work
        places = tuple(
            Workplace(
                name=f"Baustelle {n**11:x} der Beispielbau {n**9:x} GmbH", address=germany.workplaces[0].address
            )
            for n in range(1, 21)
        )
        made = paper_of(rig, a1(countries_of_work=(CountryOfWork(country="DE", workplaces=places),)))
        words = text_of(made.pdf)
        for place in places:
            assert squeezed(place.name) in words
        assert made.workplaces_left_out > 0
        assert squeezed(f"not in the digital seal: {made.workplaces_left_out}") in words
        assert made.seal in codes_in(made.pdf, 100)
        (found,) = attached_files(made.pdf)
        assert len(rig.claims_of(found.content.decode())["placesOfWork"]["DE"]) == 20

    @pytest.mark.parametrize(
        "name",
        [
            "Παπαδοπούλου-Οικονόμου",
            "Стоянова-Иванова",
            "Ľubomíra Žďárská-Ćwiklińska",
            "Țepeș-Ștefănescu Ğüneş Óðinsdóttir",
            "W" * 150,
            "van der " * 18 + "Test",
        ],
    )
    def test_long_and_foreign_names_stay_whole(self, rig: Any, name: str) -> None:
        made = paper_of(rig, a1(person=replace(a1().person, surnames=name)))
        assert squeezed(name) in text_of(made.pdf)

    @pytest.mark.parametrize("name", ["אברהם", "محمد", "abc\u202egnp", '#panic() *x* "] <b>'])
    def test_k04_what_the_page_has_no_letters_for_is_spelt_out_and_steers_nothing(
        self, rig: Any, name: str
    ) -> None:
        made = paper_of(rig, a1(person=replace(a1().person, surnames=name)))
        assert squeezed(printed(name)) in text_of(made.pdf)

    def test_no_value_leaves_the_page(self, rig: Any) -> None:
        address = Address(town="T" * 150, country="DE", street_and_number="S" * 150, postcode="9" * 40)
        employment = Employment(type="01", name="N" * 150, id="8" * 60, id_type="01", address=address)
        made = paper_of(rig, a1(employments=(employment,)), pin="none")
        for image in rasters(made.pdf, 72):
            margin = image.crop((image.width - 40, 0, image.width, image.height)).convert("L")
            assert margin.getextrema() == (255, 255)
        words = text_of(made.pdf)
        assert "T" * 150 in words
        assert "S" * 150 in words

    def test_a_document_that_no_printed_code_can_hold_says_so_and_keeps_code_and_copy(self, rig: Any) -> None:
        made = paper_of(rig, crowded())
        assert made.seal == ""
        assert squeezed("too much for a digital seal in print") in text_of(made.pdf)
        assert codes_in(made.pdf, 100) == {f"http://127.0.0.1:8700/v/{made.code}".upper()}
        (found,) = attached_files(made.pdf)
        assert judged(rig, found.content.decode(), "eu.we-build.pda1.1") == "holder_not_proven"

    def test_without_a_copy_as_well_it_is_refused_before_anything_is_recorded(self, make_rig: Any) -> None:
        only = InstitutionSettings(
            slug=A1, institution_id="FR:TEST01", names={"en": "A1 institution"}, configuration_ids=("pda1",)
        )
        rig = make_rig(institutions=(only,))
        record_id = rig.issuer.upload(A1, crowded())
        with pytest.raises(Refused, match="seal_too_large"):
            rig.issuer.paper(A1, record_id, languages=("en",), pin="none")
        assert rig.issuer.credentials(A1, record_id=record_id) == ()


def crowded() -> Pda1:
    """Return an A1 with more employers than any printed code holds."""
    (first,) = a1().employments
    many = (replace(first, name=f"Beispiel {n} {n**9:x} Gesellschaft", id=f"ID{n**7:012x}") for n in range(1, 60))
    return a1(employments=tuple(many))


class TestRecordedBeforeItIsSigned:
    def events(self, rig: Any) -> list[EventKind]:
        with rig.database.read() as connection:
            return [each.event.kind for each in read_after(connection, institution=None, cursor=None)]

    def test_intent_then_page_then_release(self, rig: Any) -> None:
        made = paper(rig)
        last = self.events(rig)[-3:]
        assert last == [EventKind.ISSUANCE_RECORDED, EventKind.ISSUANCE_RECORDED, EventKind.DOCUMENT_SEALED]
        with rig.database.read() as connection:
            told = [each.event.payload for each in read_after(connection, institution=None, cursor=None)]
        assert made.code not in json.dumps(told)
        assert "Testelin" not in json.dumps(told)
        assert told[-2]["form"] == "pdf"

    def test_a_page_that_cannot_be_set_leaves_intents_and_nothing_more(
        self, rig: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(*_: Any, **__: Any) -> bytes:
            raise Misconfigured("typesetting_failed")

        monkeypatch.setattr(official_page, "typeset", fails)
        record_id = rig.record()
        with pytest.raises(Misconfigured, match="typesetting_failed"):
            rig.issuer.paper(A1, record_id, languages=("en",), pin="none")
        assert [row.issued_at for row in rig.issuer.credentials(A1, record_id=record_id)] == [None, None]
        withdrawn = rig.issuer.withdraw(A1, record_id, reason=WithdrawalReason.ISSUED_IN_ERROR)
        assert len(withdrawn.credential_ids) == 2

    def test_what_was_withdrawn_while_it_was_sealed_is_not_handed_out(
        self, rig: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        record_id, sign = rig.record(), papers_module.signed_pdf

        def late(*arguments: Any, **options: Any) -> bytes:
            rig.issuer.withdraw(A1, record_id, reason=WithdrawalReason.ISSUED_IN_ERROR)
            return sign(*arguments, **options)

        monkeypatch.setattr(papers_module, "signed_pdf", late)
        with pytest.raises(Conflict, match="record_withdrawn"):
            rig.issuer.paper(A1, record_id, languages=("en",), pin="none")

    def test_another_attachment_than_the_planned_one_does_not_get_out(
        self, rig: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        draw = papers_module.official_pdf

        def other(record: Any, issued: Any, **options: Any) -> bytes:
            return draw(record, replace(issued, credential="e30.e30.e30~"), **options)

        monkeypatch.setattr(papers_module, "official_pdf", other)
        with pytest.raises(Misconfigured, match="own_output_invalid"):
            paper(rig)

    @pytest.mark.parametrize("package", ["typst", "pyhanko"])
    def test_without_what_it_takes_it_says_what_to_install_and_records_nothing(
        self, rig: Any, monkeypatch: pytest.MonkeyPatch, package: str
    ) -> None:
        from importlib import util

        found = util.find_spec
        monkeypatch.setattr(
            "portadoc.paper.pades.find_spec", lambda name: None if name == package else found(name)
        )
        if package == "typst":
            monkeypatch.setitem(__import__("sys").modules, "typst", None)
        record_id = rig.record()
        with pytest.raises(Misconfigured, match="extra_missing"):
            rig.issuer.paper(A1, record_id, languages=("en",), pin="none")
        assert rig.issuer.credentials(A1, record_id=record_id) == ()


def test_an_unknown_record_or_institution_is_refused(rig: Any) -> None:
    for institution, record_id in (("nobody", rig.record()), (A1, "unknown")):
        with pytest.raises(Error):
            rig.issuer.paper(institution, record_id, languages=("en",), pin="none")


def test_a_proof_of_application_says_that_nothing_is_decided(rig: Any) -> None:
    record_id = rig.issuer.upload(A1, example("application-fr-de"))
    made = rig.issuer.paper(A1, record_id, languages=("en", "de"), pin="none", until_certificate_ends=True)
    words = text_of(made.pdf)
    assert squeezed("Applied for, not decided. This is no certificate.") in words
    assert squeezed("Proof that an application was filed") in words
    assert made.seal in codes_in(made.pdf, 100)
    assert attached_files(made.pdf) == ()
    for leaf in leaves(example("application-fr-de")):
        assert squeezed(printed(leaf)) in words, leaf


@pytest.mark.parametrize("kind", ["bilateral", "maintenance"])
def test_a_certificate_of_coverage_is_no_a1_and_has_a_code_and_a_copy(make_rig: Any, kind: str) -> None:
    own = InstitutionSettings(
        slug=A1,
        institution_id="FR:TEST01",
        names={"en": "A1 institution (test)"},
        configuration_ids=("pda1", f"coverage-{kind}"),
    )
    rig = make_rig(institutions=(own,))
    name = {"bilateral": "bilateral-fr-jp", "maintenance": "maintenance-fr-ke"}[kind]
    made = paper_of(rig, example(name))
    words = text_of(made.pdf)
    assert squeezed("This is not an A1.") in words
    assert made.seal == ""
    assert codes_in(made.pdf, 100) == {f"http://127.0.0.1:8700/v/{made.code}".upper()}
    (found,) = attached_files(made.pdf)
    assert rig.claims_of(found.content.decode())["vct"] == f"urn:portadoc:coverage:{kind}:1"
    for leaf in leaves(example(name)):
        assert squeezed(printed(leaf)) in words, leaf
