"""Drawings of types: one that could run, load or mislead is refused as a whole; claims become text and no more."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from portadoc.errors import Untrusted
from portadoc.formats.svg_rendering.drawings import told_by
from portadoc.formats.svg_rendering.rendering import render
from portadoc.formats.svg_rendering.templates import SvgTemplate, best_template, read_templates
from portadoc.formats.type_metadata import TypeMetadata, integrity, parse_type_metadata
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.schemas.type_metadata import card_template, type_metadata

NS = 'xmlns="http://www.w3.org/2000/svg"'
METADATA = parse_type_metadata(
    {
        "vct": "urn:test:1",
        "claims": [
            {"path": ["name"], "svg_id": "name"},
            {"path": ["places", None, "country"], "svg_id": "countries"},
            {"path": ["nationalities"], "svg_id": "nationalities"},
            {"path": ["age"], "svg_id": "age"},
            {"path": ["adult"], "svg_id": "adult"},
            {"path": ["employer"], "svg_id": "employer"},
        ],
    },
    vct="urn:test:1",
)
SVG = "{http://www.w3.org/2000/svg}"


def drawn(inside: str) -> bytes:
    return f'<svg {NS} viewBox="0 0 10 10">{inside}</svg>'.encode()


def offered(drawing: bytes, **changes: Any) -> SvgTemplate:
    told = {"locale": "en", "uri": "https://issuer.example/card.svg", "integrity": integrity(drawing), **changes}
    return SvgTemplate(**told)


def rendered(drawing: bytes, claims: dict[str, Any], metadata: TypeMetadata = METADATA) -> str:
    return render(drawing, offered(drawing), metadata, claims).decode()


def reason_of(drawing: bytes, **changes: Any) -> str:
    with pytest.raises(Untrusted) as caught:
        render(drawing, offered(drawing, **changes), METADATA, {})
    assert caught.value.code == "svg_template_invalid"
    return str(caught.value.params["reason"])


@pytest.mark.parametrize(
    ("placeholder", "claims", "shown"),
    [
        ("name", {"name": "Zoé"}, "Zoé"),
        ("name", {}, ""),
        ("name", {"name": None}, ""),
        ("age", {"age": 42}, "42"),
        ("adult", {"adult": True}, "true"),
        ("nationalities", {"nationalities": ["FR", "BE"]}, "FR, BE"),
        ("countries", {"places": [{"country": "DE"}, {"country": "AT"}, {"country": "DE"}, {}]}, "DE, AT"),
        ("countries", {"places": "nowhere"}, ""),
        ("employer", {"employer": {"name": "x"}}, ""),
        ("name", {"name": "{{age}}", "age": 42}, "{{age}}"),
        ("name", {"name": "x" * 501}, "x" * 500 + "…"),
        ("name", {"name": "a\u202eb\u0000c\ud800"}, "a\ufffdb\ufffdc\ufffd"),
    ],
)
def test_a_placeholder_becomes_the_claim_as_text(placeholder: str, claims: dict[str, Any], shown: str) -> None:
    told = rendered(drawn(f"<title>{{{{{placeholder}}}}}</title>"), claims)
    (title,) = etree.fromstring(told.encode()).iter(f"{SVG}title")
    assert (title.text or "") == shown


def test_g22_markup_in_a_claim_is_spelt_out() -> None:
    told = rendered(drawn("<text>{{name}}</text>"), {"name": "<script>&\"'"})
    assert "<text>&lt;script&gt;&amp;&quot;&apos;</text>" in told


def test_nothing_but_placeholders_is_changed() -> None:
    inside = "<!-- ours --><text x='1'>{{name}}, {name} {{ name }} {{{{name}}}}&#10;&amp;</text>"
    assert rendered(drawn(inside), {"name": "Z"}) == drawn(inside).decode().replace("{{name}}", "Z")


@given(st.text(max_size=40))
def test_g22_no_value_adds_an_element(value: str) -> None:
    root = etree.fromstring(rendered(drawn("<text>{{name}}</text>"), {"name": value}).encode())
    assert [node.tag for node in root.iter()] == [f"{SVG}svg", f"{SVG}text"]


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        ("<script>alert(1)</script>", "element"),
        ("<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>", "element"),
        ("<p xmlns='http://www.w3.org/1999/xhtml'/>", "element"),
        ("<style>*{fill:url(https://x.example)}</style>", "element"),
        ("<image href='https://x.example/a.png'/>", "element"),
        ("<use href='#a'/>", "element"),
        ("<a href='https://x.example'><text>x</text></a>", "element"),
        ("<animate attributeName='x'/>", "element"),
        ("<set attributeName='x'/>", "element"),
        ("<filter id='a'/>", "element"),
        ("<text onload='x()'>x</text>", "attribute"),
        ("<text style='fill:red'>x</text>", "attribute"),
        ("<text href='#a'>x</text>", "attribute"),
        ("<text xmlns:l='http://www.w3.org/1999/xlink' l:href='#a'>x</text>", "attribute"),
        ("<g xml:base='https://x.example'/>", "attribute"),
        ("<rect fill='url(https://x.example/a)'/>", "reference"),
        ("<rect fill='url(//x.example/a#b)'/>", "reference"),
        ("<rect fill='u&#x72;l(a.svg#b)'/>", "reference"),
        ("<rect fill='\\75rl(a)'/>", "reference"),
        ("<rect fill='image(a)'/>", "reference"),
        ("<rect clip-path='path(x)'/>", "reference"),
        ("<text font-family='@import'>x</text>", "reference"),
        ("<text fill='{{name}}'>x</text>", "placeholder"),
        ("<text aria-label='{{name}}'>x</text>", "placeholder"),
        ("<text fill='&#123;{name}}'>x</text>", "placeholder"),
        ("<!-- {{name}} -->", "placeholder"),
        ("<text>&#123;{name}}</text>", "placeholder"),
        ("<text>{{another}}</text>", "placeholder_unknown"),
        ("<text><![CDATA[{{name}}]]></text>", "form"),
        ("<?xml-stylesheet href='a.css'?>", "form"),
        ("<text>&nbsp;</text>", "form"),
        ("<text>", "form"),
        ("<g/>" * 4001, "size"),
    ],
)
def test_g22_a_drawing_that_could_run_load_or_mislead_is_refused(inside: str, reason: str) -> None:
    assert reason_of(drawn(inside)) == reason


@pytest.mark.parametrize(
    ("drawing", "reason"),
    [
        (b"", "form"),
        (b"\xff", "form"),
        (b"\xef\xbb\xbf" + drawn(""), "form"),
        (drawn("").decode().encode("utf-16"), "form"),
        (b'<?xml version="1.0" encoding="utf-7"?>' + drawn(""), "form"),
        (b"<!DOCTYPE svg>" + drawn(""), "form"),
        (b'<!DOCTYPE svg [<!ENTITY a "b">]>' + drawn("&a;"), "form"),
        (b"<html/>", "element"),
        (b"<svg/>", "element"),
        (drawn("x" * 200_000), "size"),
    ],
)
def test_g22_what_is_no_drawing_is_refused(drawing: bytes, reason: str) -> None:
    assert reason_of(drawing) == reason


def test_a_drawing_may_declare_its_encoding_and_use_its_own_parts() -> None:
    inside = "<defs><linearGradient id='a-1'/></defs><rect fill='url(#a-1)' transform='rotate(3) translate(1 2)'/>"
    drawing = b'<?xml version="1.0" encoding="UTF-8"?>\n' + drawn(inside)
    assert render(drawing, offered(drawing), METADATA, {}) == drawing


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"integrity": integrity(b"another")}, "integrity_mismatch"),
        ({"integrity": "md5-AAAA"}, "integrity_unsupported"),
        ({"integrity": None}, "integrity_missing"),
    ],
)
def test_other_bytes_than_the_type_means_are_not_drawn(changes: dict[str, Any], reason: str) -> None:
    assert reason_of(drawn(""), **changes) == reason


def test_what_travels_with_the_type_needs_no_digest_of_its_own() -> None:
    plain = offered(drawn(""), uri="data:image/svg+xml,%3Csvg/%3E", integrity=None)
    assert plain.embedded == b"<svg/>"
    coded = offered(b"", uri="data:image/svg+xml;base64," + base64.b64encode(drawn("")).decode(), integrity=None)
    assert coded.embedded == drawn("")
    assert render(drawn(""), coded, METADATA, {}) == drawn("")
    assert offered(b"").embedded is None


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("data:image/svg+xml;base64,!!!!", "uri"),
        ("data:image/svg+xml," + "x" * 600_000, "size"),
    ],
)
def test_an_embedded_drawing_that_cannot_be_read_is_refused(uri: str, reason: str) -> None:
    with pytest.raises(Untrusted) as caught:
        _ = offered(b"", uri=uri).embedded
    assert caught.value.params["reason"] == reason


def document(**changes: Any) -> dict[str, Any]:
    entry = {"uri": "https://issuer.example/card.svg", **changes}
    return {"display": [{"locale": "en", "name": "A1", "rendering": {"svg_templates": [entry]}}]}


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"display": "en"}, "templates"),
        ({"display": [{"rendering": []}]}, "templates"),
        ({"display": [{"rendering": {"svg_templates": {}}}]}, "templates"),
        (document(uri="http://issuer.example/card.svg"), "uri"),
        (document(uri="data:text/html,x"), "uri"),
        (document(uri=7), "uri"),
        (document(**{"uri#integrity": 7}), "integrity"),
        (document(properties=[]), "properties"),
        (document(properties={"orientation": "round"}), "properties"),
    ],
)
def test_an_offer_of_drawings_that_is_not_in_order_is_refused(told: dict[str, Any], reason: str) -> None:
    with pytest.raises(Untrusted) as caught:
        read_templates(told)
    assert (caught.value.code, caught.value.params["reason"]) == ("svg_template_invalid", reason)


def test_a_type_without_drawings_offers_none() -> None:
    assert read_templates({"vct": "a", "display": [{"locale": "en", "name": "A1"}]}) == ()
    reader = {"orientation": "landscape", "color_scheme": "light", "contrast": "normal"}
    assert best_template((), locale="en", **reader) is None


def test_the_drawing_that_fits_the_reader_best_is_taken() -> None:
    offers = [
        SvgTemplate("en", "https://a.example/1", None, "landscape", "light", "normal"),
        SvgTemplate("en", "https://a.example/2", None, "landscape", "dark", "high"),
        SvgTemplate("fr-FR", "https://a.example/3", None, "portrait"),
        SvgTemplate("fr-FR", "https://a.example/4", None),
    ]

    def taken(locale: str, orientation: str, color_scheme: str, contrast: str) -> str:
        best = best_template(
            offers, locale=locale, orientation=orientation, color_scheme=color_scheme, contrast=contrast
        )
        assert best is not None
        return best.uri[-1]

    assert taken("en", "landscape", "light", "normal") == "1"
    assert taken("en-GB", "landscape", "dark", "high") == "2"
    assert taken("fr", "portrait", "light", "normal") == "3"
    assert taken("fr", "landscape", "light", "normal") == "4"
    assert taken("de", "landscape", "dark", "high") == "2"


EXAMPLES = {
    "pda1": "posted-worker-fr-de",
    "pda1-rulebook": "posted-worker-fr-de",
    "pda1-webuild": "posted-worker-fr-de",
    "ehic": "insured-traveller",
    "prc": "replacement-certificate",
    "coverage-bilateral": "bilateral-fr-jp",
    "coverage-maintenance": "maintenance-fr-ke",
}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_each_card_of_ours_shows_the_claims_of_its_example(name: str, language: str) -> None:
    configuration = CREDENTIAL_TYPES[name]
    described = json.loads(type_metadata(configuration.vct))
    metadata = parse_type_metadata(described, vct=configuration.vct)
    (template,) = [each for each in read_templates(described) if each.locale == language]
    drawing = template.embedded
    assert drawing == card_template(configuration.vct, language)
    claims = configuration.projection.project(example(EXAMPLES[name]))
    root = etree.fromstring(render(drawing, template, metadata, claims))
    texts = [text for node in root.iter() if (text := node.text)]
    assert "{{" not in "".join(texts)
    institution = claims.get("issuing_authority", claims.get("competentInstitution", {}))
    assert institution.get("name", institution.get("institutionName")) in texts
    assert "FR" in texts
    if name.startswith("pda1") and name != "pda1-webuild":
        assert {"DE", "2026-11-01 – 2027-08-31", "A1-FR-2026-0004271"} <= set(texts)
    # told to who cannot see it: a title and a description, named by the drawing itself
    assert root.get("role") == "img"
    told = [node.get("id") for node in root if node.tag in (f"{SVG}title", f"{SVG}desc")]
    assert root.get("aria-labelledby", "").split() == told


def test_a_drawing_says_what_it_shows_to_who_cannot_see_it() -> None:
    assert told_by(drawn("<title> A card. </title><desc>Made up</desc><text>x</text>")) == "A card. Made up"
    assert told_by(drawn("<title/><text>x</text>")) == ""
    with pytest.raises(Untrusted) as refused:
        told_by(b"<p/>")
    assert refused.value.params["reason"] == "element"
