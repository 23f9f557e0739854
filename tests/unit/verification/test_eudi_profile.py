"""What the profile of August 2026 demands when reading: header, category, type metadata."""

import json
from typing import Any

import pytest

from portadoc.formats.type_metadata import integrity
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.schemas.profiles import profile
from portadoc.schemas.type_metadata import type_metadata
from portadoc.verification.answers import HeldTypeMetadata, known_type_metadata
from portadoc.verification.checks import CONTENT, HEADER, SIGNATURE, CheckKind, Outcome
from portadoc.verification.report import VerificationReport
from portadoc.verification.verdict import Verdict

EUDI = profile("eudi-2026")
VCT = "urn:eudi:pda1:1"


def read(world: Any, claims: dict[str, Any] | None = None, **terms: Any) -> VerificationReport:
    header = terms.pop("header", {})
    text = world.presentation(world.certified(claims, **header))
    report: VerificationReport = world.verify(text, **{"profile": EUDI, **terms})
    return report


def told(report: VerificationReport, kind: CheckKind) -> tuple[Outcome, str]:
    check = report.check(kind)
    return check.outcome, check.full_code


def editions(*documents: dict[str, Any]) -> HeldTypeMetadata:
    return HeldTypeMetadata(lambda vct: tuple(json.dumps(each).encode() for each in documents))


def pin_of(document: dict[str, Any]) -> str:
    return integrity(json.dumps(document).encode())


def test_an_attestation_with_all_that_is_demanded_is_in_force(world: Any) -> None:
    report = read(world)
    assert report.verdict is Verdict.AUTHENTIC_IN_FORCE
    assert told(report, CONTENT) == (Outcome.PASS, "content_ok")


def test_v33_without_thumbprint_nothing_else_is_read(world: Any) -> None:
    report = read(world, header={"x5t#S256": None})
    assert told(report, HEADER) == (Outcome.FAIL, "chain_invalid.thumbprint_missing")
    assert report.check(SIGNATURE).outcome is Outcome.NOT_RUN
    assert world.verify().valid, "other profiles do without"


@pytest.mark.parametrize(
    ("category", "code"),
    [
        (None, "claim_missing"),
        ("urn:etsi:esi:eaa:eu:qualified", "claim_invalid"),
        ("URN:ETSI:ESI:EAA:EU:PUB", "claim_invalid"),
        (["urn:etsi:esi:eaa:eu:pub"], "claim_invalid"),
    ],
)
def test_v33_an_attestation_of_a_public_body_says_that_it_is_one(world: Any, category: Any, code: str) -> None:
    report = read(world, {"category": category})
    assert told(report, CONTENT) == (Outcome.FAIL, code)
    assert report.check(CONTENT).params == {"claim": "category"}
    assert report.verdict is Verdict.NOT_WHAT_WAS_ASKED


def test_v33_identity_data_have_no_category(world: Any) -> None:
    projection = CREDENTIAL_TYPES["pid"].projection
    none_of_a1 = dict.fromkeys(world.claims())
    envelope = {name: world.claims()[name] for name in ("iss", "iat", "exp", "cnf", "status")}
    subject = projection.project(example("pid-posted-worker"))
    pin = integrity(type_metadata(projection.vct))
    claims = {**none_of_a1, **subject, **envelope, "vct": projection.vct, "category": None, "vct#integrity": pin}
    report = read(world, claims)
    assert told(report, CONTENT) == (Outcome.FAIL, "type_metadata_invalid.sd_always"), "made without disclosures"


@pytest.mark.parametrize("name", ["nbf", "exp", "vct#integrity", "iss", "vct"])
def test_v16_what_the_profile_demands_is_there(world: Any, name: str) -> None:
    report = read(world, {name: None})
    assert told(report, CONTENT) == (Outcome.FAIL, "claim_missing")
    assert not report.valid


class TestTypeMetadata:
    def test_v36_another_edition_than_any_that_is_known_is_refused_where_it_is_demanded(self, world: Any) -> None:
        for pin in (integrity(b"another"), "sha256-00ff", "md5-AAAA", ""):
            assert told(read(world, {"vct#integrity": pin}), CONTENT) == (
                Outcome.FAIL,
                "type_metadata_invalid.integrity_mismatch",
            )

    def test_elsewhere_it_is_told_and_does_not_keep_a_genuine_document_out(self, world: Any) -> None:
        text = world.presentation(world.credential(world.claims(**{"vct#integrity": integrity(b"another")})))
        report = world.verify(text)
        assert told(report, CONTENT) == (Outcome.WARNING, "type_metadata_unknown")
        assert report.valid

    def test_a_type_of_which_no_document_is_known_is_told(self, world: Any) -> None:
        report = read(world, type_metadata=HeldTypeMetadata(lambda vct: ()))
        assert told(report, CONTENT) == (Outcome.WARNING, "type_metadata_unknown")

    def test_of_several_editions_the_one_counts_that_the_issuer_means(self, world: Any) -> None:
        meant = {"vct": VCT, "claims": [{"path": ["document_number"], "sd": "never"}]}
        known = editions({"vct": VCT}, meant)
        assert read(world, {"vct#integrity": pin_of({"vct": VCT})}, type_metadata=known).valid
        report = read(world, {"vct#integrity": pin_of(meant)}, type_metadata=known)
        assert told(report, CONTENT) == (Outcome.FAIL, "type_metadata_invalid.sd_never")
        assert report.verdict is Verdict.NOT_WHAT_WAS_ASKED

    def test_v36_a_claim_travels_as_its_type_says(self, world: Any) -> None:
        for rule, code in (({"sd": "always"}, "sd_always"), ({"sd": "never"}, None)):
            document = {"vct": VCT, "claims": [{"path": ["legislation_country"], **rule}]}
            report = read(world, {"vct#integrity": pin_of(document)}, type_metadata=editions(document))
            assert (None if report.valid else report.check(CONTENT).params["reason"]) == code

    def test_v36_a_path_into_something_else_and_a_malformed_document_are_refused(self, world: Any) -> None:
        for document, reason in (
            ({"vct": VCT, "claims": [{"path": ["legislation_country", "code"]}]}, "path_container"),
            ({"vct": VCT, "claims": [{"path": []}]}, "query_malformed"),
            ({"vct": VCT, "extends": "urn:example:parent"}, "vct_mismatch"),
            ({"vct": "urn:example:other"}, "vct_mismatch"),
        ):
            report = read(world, {"vct#integrity": pin_of(document)}, type_metadata=editions(document))
            assert told(report, CONTENT) == (Outcome.FAIL, f"type_metadata_invalid.{reason}")

    def test_v36_integrity_that_is_no_text_is_refused_everywhere(self, world: Any) -> None:
        text = world.presentation(world.credential(world.claims(**{"vct#integrity": 5})))
        assert told(world.verify(text), CONTENT) == (Outcome.FAIL, "claim_invalid")

    def test_a_document_that_deviates_is_told_so_first(self, world: Any) -> None:
        report = read(world, {"something_else": 1}, type_metadata=HeldTypeMetadata(lambda vct: ()))
        assert told(report, CONTENT) == (Outcome.WARNING, "content_deviates")

    def test_the_documents_of_this_release_are_known(self) -> None:
        known = known_type_metadata()
        assert known is known_type_metadata()
        assert all(known.knows(configuration.vct) for configuration in CREDENTIAL_TYPES.values())
        assert not known.knows("urn:example:other")
        assert known.of_type("urn:example:other", "sha256-AAAA") is None
        found = known.of_type(VCT, integrity(type_metadata(VCT)))
        assert found is not None
        assert found is known.of_type(VCT, integrity(type_metadata(VCT))), "read once"
