"""Type Metadata that others wrote: judged as bytes that are held, never fetched, never drawn."""

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from portadoc.formats.type_metadata import integrity
from portadoc.i18n import LANGUAGES
from portadoc.schemas.profiles import profile
from portadoc.verification.answers import HeldTypeMetadata
from portadoc.verification.rendering.report_html import report_fragment, report_page
from portadoc.verification.rendering.report_json import report_to_json
from portadoc.verification.report import CONTENT, VerificationReport
from tests.unit.fetch.conftest import Server, serving

VCT = "urn:eudi:pda1:1"
PARENT = "urn:example:parent"
Documents = dict[str, bytes]


def octets(vct: str = VCT, **members: Any) -> bytes:
    return json.dumps({"vct": vct, **members}).encode()


@pytest.fixture
def collector() -> Iterator[Server]:
    """Stand where a document points to, and count who comes."""
    with serving() as running:
        yield running


def judge(
    world: Any, documents: Documents, *, pin: str | None = None, certified: bool = False
) -> VerificationReport:
    """Return the report of a credential that binds itself to the document of its type."""
    bound = {"vct#integrity": integrity(documents[VCT]) if pin is None else pin}
    held = HeldTypeMetadata(lambda vct: (documents[vct],) if vct in documents else ())
    name = "eudi-2026" if certified else "ietf-latest"
    credential = world.certified(bound) if certified else world.credential(world.claims(**bound))
    report = world.verify(world.presentation(credential), type_metadata=held, profile=profile(name))
    assert isinstance(report, VerificationReport)
    return report


def code(report: VerificationReport) -> str:
    return report.check(CONTENT).full_code


def lineage(depth: int) -> Documents:
    names = [VCT, *(f"urn:example:{level}" for level in range(depth))]
    above = [*names[1:], None]
    return {vct: octets(vct, extends=up) if up else octets(vct) for vct, up in zip(names, above, strict=True)}


REFUSED: dict[str, tuple[Callable[[], Documents], str]] = {
    "vct-mismatch": (lambda: {VCT: octets("urn:eudi:pda1:2")}, "vct_mismatch"),
    "extends-loop": (lambda: {VCT: octets(extends=PARENT), PARENT: octets(PARENT, extends=VCT)}, "cycle"),
    "extends-itself": (lambda: {VCT: octets(extends=VCT)}, "extends"),
    "extends-depth-50": (lambda: lineage(50), "too_many_parents"),
    "extends-not-held": (lambda: {VCT: octets(extends=PARENT)}, "parent_missing"),
    "parent-integrity-mismatch": (
        lambda: {
            VCT: octets(extends=PARENT, **{"extends#integrity": integrity(b"other")}),
            PARENT: octets(PARENT),
        },
        "integrity_mismatch",
    ),
    "parent-integrity-hex": (
        lambda: {
            VCT: octets(
                extends=PARENT,
                **{"extends#integrity": f"sha256-{hashlib.sha256(octets(PARENT)).hexdigest()}"},
            ),
            PARENT: octets(PARENT),
        },
        "integrity_mismatch",
    ),
    "size-10-MB": (lambda: {VCT: octets(name="x" * 10_000_000)}, "limit_exceeded"),
    "parent-of-10-MB": (
        lambda: {VCT: octets(extends=PARENT), PARENT: octets(PARENT, name="x" * 10_000_000)},
        "limit_exceeded",
    ),
    "malformed-path": (lambda: {VCT: octets(claims=[{"path": "family_name"}])}, "query_malformed"),
    "path-into-a-text": (lambda: {VCT: octets(claims=[{"path": ["document_number", "x"]}])}, "path_container"),
    "sd-never-but-disclosed": (
        lambda: {VCT: octets(claims=[{"path": ["document_number"], "sd": "never"}])},
        "sd_never",
    ),
    "child-loosens-parent": (
        lambda: {
            VCT: octets(extends=PARENT, claims=[{"path": ["document_number"], "sd": "allowed"}]),
            PARENT: octets(PARENT, claims=[{"path": ["document_number"], "sd": "always"}]),
        },
        "loosened",
    ),
    "deeply-nested": (lambda: {VCT: b'{"vct":' + b"[" * 100 + b"]" * 100 + b"}"}, "limit_exceeded"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_v36_g21_type_metadata_that_is_not_in_order_refuses_the_credential(world: Any, name: str) -> None:
    make, reason = REFUSED[name]
    report = judge(world, make())
    found = code(report)
    if reason == "limit_exceeded":
        assert found == "limit_exceeded"
    elif reason == "integrity_mismatch":  # of the parent no document is known that is meant
        assert found in ("type_metadata_invalid.integrity_mismatch", "type_metadata_invalid.parent_missing")
    else:
        assert found == f"type_metadata_invalid.{reason}"
    assert not report.valid


PINS: dict[str, Callable[[bytes], str]] = {
    "another-document": lambda document: integrity(document + b" "),
    "hex": lambda document: f"sha256-{hashlib.sha256(document).hexdigest()}",
    "urlsafe": lambda document: integrity(document).replace("+", "-").replace("/", "_").rstrip("="),
    "unknown-algorithm": lambda document: f"md5-{integrity(document).partition('-')[2]}",
    "empty": lambda document: "",
}


@pytest.mark.parametrize("name", PINS)
def test_v36_g21_a_digest_that_fits_no_document_counts_for_none(world: Any, name: str) -> None:
    """Where the binding is demanded this refuses; elsewhere the document is unknown, and nothing is read of it."""
    document = octets(claims=[{"path": ["document_number"], "sd": "never"}])
    pin = PINS[name](document)
    assert code(judge(world, {VCT: document}, pin=pin, certified=True)).startswith("type_metadata_invalid")
    assert code(judge(world, {VCT: document}, pin=pin)) == "type_metadata_unknown"


@pytest.mark.parametrize("member", ["extends", "vct"])
def test_g21_an_address_in_type_metadata_is_a_name_and_is_never_called(
    world: Any, collector: Server, member: str
) -> None:
    documents = {VCT: octets(extends=f"{collector.origin}/types/parent")}
    if member == "vct":
        documents = {VCT: octets(f"{collector.origin}/types/own")}
    assert code(judge(world, documents)).startswith("type_metadata_invalid")
    assert (collector.requests, collector.connections) == ([], 0)


def hostile(origin: str) -> bytes:
    """Return a well-formed document of the type whose drawings would run scripts and call others."""
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg"><script>stolen()</script>'
        "<foreignObject><iframe src='ORIGIN/frame'></iframe></foreignObject>"
        "<image href='ORIGIN/pixel.png'/><use href='ORIGIN/sprite.svg#a'/>{{personal_administrative_number}}</svg>"
    ).replace("ORIGIN", origin)
    inline = "data:image/svg+xml," + drawing
    templates = [{"uri": f"{origin}/card.svg", "uri#integrity": integrity(b"x")}, {"uri": inline}]
    simple = {"logo": {"uri": f"{origin}/logo.png"}, "background_image": {"uri": inline}}
    return octets(
        name=drawing,
        description="javascript:stolen()",
        display=[
            {
                "locale": "en",
                "name": f"HOSTILE {drawing}",
                "description": drawing,
                "rendering": {"simple": simple, "svg_templates": templates},
            }
        ],
        claims=[
            {
                "path": ["document_number"],
                "svg_id": "number",
                "display": [{"locale": "en", "label": f"HOSTILE {drawing}", "description": drawing}],
            }
        ],
    )


def drawn_by_others(page: str) -> int:
    """Return how many drawings a page has besides its own icons."""
    return page.count("<svg") - page.count('<svg class="report-icon"')


@pytest.mark.parametrize("language", LANGUAGES)
def test_g22_drawings_of_issuers_are_neither_fetched_nor_rendered(
    world: Any, collector: Server, language: str
) -> None:
    report = judge(world, {VCT: hostile(collector.origin)})
    assert report.valid
    told = json.dumps(report_to_json(report), default=str)
    for text in (report_page(report, language), report_fragment(report, language), told):
        for trace in ("stolen", "HOSTILE", "foreignObject", collector.origin, "javascript:", "data:image"):
            assert trace not in text
    assert drawn_by_others(report_page(report, language)) == 0
    assert (collector.requests, collector.connections) == ([], 0)


@pytest.mark.parametrize(
    "value",
    [
        "</text><script>stolen()</script>",
        "</title></style><svg onload=stolen()>",
        '" onmouseover="stolen()" x="',
        "<image href='http://127.0.0.1/x'/>",
        "{{ stolen }}{% include 'x' %}",
    ],
    ids=["text-script", "svg-onload", "attribute", "external-reference", "template"],
)
def test_g22_claim_values_stand_in_the_page_as_text(world: Any, value: str) -> None:
    report = world.verify(world.presentation(world.credential(world.claims(document_number=value))))
    assert report.claims["document_number"] == value
    for page in (report_page(report, "en"), report_fragment(report, "en")):
        assert drawn_by_others(page) == 0
        for markup in ("<script", "<image", 'onmouseover="', "</text>"):
            assert markup not in page
        assert value not in page or not set(value) & set("<>\"'&")
