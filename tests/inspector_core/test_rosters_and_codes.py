"""Rosters by their vectors in both languages; what a scanned text is; frames made in Python, read in the core."""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portadoc.formats.animated_qr.frames import make_frames
from portadoc.inspector.visits.findings import ScannedDocument, roster_findings
from portadoc.inspector.visits.sites import Site, site_key
from portadoc.inspector.visits.visit import DeclaredWorker
from portadoc.issuer.sealing.verification_codes import new_verification_code, read_verification_code
from portadoc.randomness import system_random_bytes
from tests.vectors.roster_vectors import FOLDER, SITES, sites, text_of, vectors

from .conftest import Core

ROSTERS = sorted(path.name for path in FOLDER.glob("*.json"))
SEAL = json.loads((Path(FOLDER).parent / "seal" / "good-pda1.json").read_text("utf-8"))["seal"]
HOSTS = ["issuer.example"]


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return content


def snake(members: dict[str, Any]) -> dict[str, Any]:
    """Return members by the names of Python, days as dates and lists as tuples."""
    days = {"birth_date", "first", "last"}
    named = {
        "".join(f"_{c.lower()}" if c.isupper() else c for c in name): value for name, value in members.items()
    }
    read_days = {name: date.fromisoformat(value) for name, value in named.items() if name in days}
    lists = {name: tuple(value) for name, value in named.items() if isinstance(value, list)}
    return {**named, **read_days, **lists}


def python_findings(roster: dict[str, Any]) -> list[dict[str, Any]]:
    found = roster_findings(
        site=roster["site"],
        day=date.fromisoformat(roster["day"]),
        workers=[DeclaredWorker(**snake(each)) for each in roster["workers"]],
        scans=[ScannedDocument(**snake(each)) for each in roster["scans"]],
    )
    return [
        {
            "code": each.code.value,
            **({} if each.worker is None else {"worker": each.worker}),
            "scans": list(each.scans),
            "params": dict(each.params),
        }
        for each in found
    ]


@pytest.mark.parametrize("name", ROSTERS)
def test_a_roster_is_checked_the_same(name: str, core: Core) -> None:
    vector = read(name)
    assert core.ask("check_roster", roster=vector["roster"]).value == vector["findings"]
    assert python_findings(vector["roster"]) == vector["findings"]


def test_the_roster_vectors_are_what_the_generator_writes() -> None:
    assert {name: text_of(content) for name, content in vectors()} == {
        path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")
    }


@pytest.mark.parametrize("pair", sites()["pairs"], ids=lambda pair: pair["about"])
def test_sites_are_told_apart_by_name_and_address_however_they_are_spelt(pair: dict[str, Any], core: Core) -> None:
    one, other = (Site(**pair[each]) for each in ("one", "other"))
    assert one.text == pair["text"]
    assert (site_key(one.text) == site_key(other.text)) is pair["same"]
    told = core.ask("sites", sites=[pair["one"], pair["other"]]).value
    assert [each["text"] for each in told] == [one.text, other.text]
    assert [each["key"] for each in told] == [site_key(one.text), site_key(other.text)]


def test_the_pairs_of_sites_are_what_the_generator_writes() -> None:
    assert SITES.read_text(encoding="utf-8") == text_of(sites())


def test_every_finding_of_a_roster_has_a_vector() -> None:
    codes = {finding["code"] for name in ROSTERS for finding in read(name)["findings"]}
    assert len(codes) == 10


# --- what did I scan ---------------------------------------------------------------------------------------------


def recognised(core: Core, text: str) -> dict[str, Any]:
    found: dict[str, Any] = core.ask("recognise", text=text, hosts=HOSTS).value
    return found


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (SEAL, "seal"),
        (f"\ufeff {SEAL}\r\n", "seal"),
        ("PX1:1/2:00000000:ABC", "frame"),
        ("PXN1:0123456789ABCDEF", "proximity_nonce"),
        ("PXN1:none", "text"),
        ("DC04FR0000011A2B1A2B01FR", "two_d_doc"),
        ("HC1:6BFOXN", "hc1"),
        (
            "shc:/5676290952432060346029243740446031222959532654603460292540772804336028702864716745222809286133314564376531415906402203064504590856435503414245413640370636654171372412363803043756220467374075323239254334433260573601064137333912707426350769625364643945753638652852454535422237213876065244343160345364605458",
            "shc",
        ),
        ("mdoc:owBjMS4wAYIB2BhYSw", "mdoc"),
        ("openid4vp://?client_id=x509_hash:abc&request_uri=https://verifier.example/r/1", "openid4vp"),
        ("haip://?client_id=x&request_uri=https://verifier.example/r", "openid4vp"),
        ("openid-credential-offer://?credential_offer_uri=https://issuer.example/o/1", "credential_offer"),
        ("https://portadoc.example/path", "link"),
        ("eyJhbGciOiJFUzI1NiJ9.e30.AAAA", "jwt"),
        ('{"data":{"hdr":{"is":"UTO","t":"icao.vacc","v":1},"msg":{}},"sig":{}}', "vds_nc"),
        ("just words", "text"),
        ("", "text"),
        ("Note: nothing", "text"),
    ],
)
def test_k01_a_code_is_told_by_its_form(text: str, kind: str, core: Core) -> None:
    assert recognised(core, text)["kind"] == kind


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "\x01\x02javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "intent://scan/#Intent;scheme=zxing;end",
        "vbscript:x",
        "file:///etc/hosts",
        "blob:https://issuer.example/1",
        "tel:+33123456789",
        "unknown-app://open?x=1",
    ],
)
def test_k01_what_a_device_would_run_is_text_and_never_a_link(text: str, core: Core) -> None:
    found = recognised(core, text)
    assert found["kind"] == "script"
    assert "host" not in found


@pytest.mark.parametrize(
    ("text", "host", "flags"),
    [
        ("https://issuer.example@evil.example/v/1", "evil.example", {"userinfo"}),
        ("https://issuer.example%40evil.example@evil.example/", "evil.example", {"userinfo"}),
        ("http://issuer.example/", "issuer.example", {"not_https"}),
        ("https://192.0.2.7/", "192.0.2.7", {"ip_address"}),
        ("https://3221225991/", "192.0.2.7", {"ip_address"}),
        ("https://issuer.example:8443/", "issuer.example:8443", {"port"}),
        ("https://\u0456ssuer.example/", "xn--ssuer-m2e.example", {"punycode", "mixed_script", "look_alike"}),
        ("https://xn--ssuer-m2e.example/", "xn--ssuer-m2e.example", {"punycode", "mixed_script", "look_alike"}),
        ("https://issuer.example.evil.test/", "issuer.example.evil.test", {"look_alike"}),
        ("https://isseur.example/", "isseur.example", {"look_alike"}),
        ("https://b\u00fccher.example/", "xn--bcher-kva.example", {"punycode"}),
        ("https://fine.example/", "fine.example", set()),
    ],
)
def test_k03_a_link_is_shown_with_its_host_and_what_is_odd_about_it(
    text: str, host: str, flags: set[str], core: Core
) -> None:
    found = recognised(core, text)
    assert (found["kind"], found["host"], set(found["flags"])) == ("link", host, flags)


def test_k03_the_letters_behind_punycode_are_shown(core: Core) -> None:
    assert recognised(core, "https://xn--bcher-kva.example/")["unicodeHost"] == "b\u00fccher.example"
    assert recognised(core, "https://xn--ssuer-m2e.example/")["unicodeHost"] == "\u0456ssuer.example"


def test_a_verification_code_is_checked_as_the_issuer_makes_it(core: Core) -> None:
    for _ in range(20):
        code = new_verification_code(system_random_bytes)
        found = recognised(core, f"HTTPS://ISSUER.EXAMPLE/V/{code}")
        assert (found["kind"], found["codeFits"]) == ("verification_url", True)
        assert found["code"] == read_verification_code(code)
        assert found["origin"] == "https://issuer.example"
        wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
        assert recognised(core, f"https://issuer.example/v/{wrong}")["codeFits"] is False


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/v/{}",
        "http://issuer.example/v/{}",
        "https://issuer.example@evil.example/v/{}",
        "https://evil.example/?https://issuer.example/v/{}",
        "https://issuer.example:8443/v/{}",
        "https://issuer.example/v/{}?next=https://evil.example",
        "https://issuer.example/v/{}#x",
        "https://issuer.example./v/{}",
        "https://\u0456ssuer.example/v/{}",
    ],
)
def test_k03_a_verification_code_counts_at_its_own_host_alone(address: str, core: Core) -> None:
    code = new_verification_code(system_random_bytes)
    assert recognised(core, address.format(code))["kind"] == "link"


# --- frames ------------------------------------------------------------------------------------------------------


def frames_of(core: Core, texts: list[str]) -> Any:
    return core.ask("frames", texts=texts)


TEXT = "".join(hashlib.sha256(bytes([number])).hexdigest() for number in range(50))
OTHER = TEXT[::-1]


def test_k02_frames_are_read_in_any_order_and_more_than_once(core: Core) -> None:
    frames = list(make_frames(TEXT, frame_chars=200))
    assert len(frames) > 3
    found = frames_of(core, [*frames[::-1], *frames])
    assert found.value["whole"] == TEXT
    assert [each["last"] for each in found.value["told"][-len(frames) :]] == ["duplicate"] * len(frames)


def test_k02_a_missing_frame_is_told_and_nothing_is_read(core: Core) -> None:
    frames = list(make_frames(TEXT, frame_chars=200))
    found = frames_of(core, frames[:1] + frames[2:])
    assert found.refusal == ("frame_malformed", "missing")


def test_k02_frames_of_another_set_never_mix_in(core: Core) -> None:
    frames, others = list(make_frames(TEXT, frame_chars=200)), list(make_frames(OTHER, frame_chars=200))
    found = frames_of(core, [frames[0], others[1], *frames[1:], *others])
    assert found.value["whole"] == TEXT
    assert found.value["told"][1]["last"] == "foreign"


def test_k02_a_frame_that_differs_at_a_place_held_is_not_taken(core: Core) -> None:
    frames = list(make_frames(TEXT, frame_chars=200))
    forged = frames[1][:-1] + ("A" if frames[1][-1] != "A" else "B")
    found = frames_of(core, [frames[0], frames[1], forged, *frames[2:]])
    assert found.value["told"][2]["last"] == "differs"
    assert found.value["whole"] == TEXT


@pytest.mark.parametrize(
    "frame",
    [
        "PX1:0/2:00000000:AB",
        "PX1:3/2:00000000:AB",
        "PX1:1/41:00000000:AB",
        "PX1:1/2:0000000g:AB",
        "PX1:1/2:00000000:",
        "px1:1/2:00000000:AB",
        "PX1:1/2:00000000:ab",
        "PX1:1/2:00000000:" + "A" * 2000,
    ],
)
def test_k02_a_frame_out_of_form_is_none(frame: str, core: Core) -> None:
    assert frames_of(core, [frame]).refusal == ("frame_malformed", "missing")


def test_k02_a_wrong_whole_is_refused_by_its_checksum(core: Core) -> None:
    frames = list(make_frames(TEXT, frame_chars=200))
    last = frames[-1][:-1] + ("1" if frames[-1][-1] != "1" else "2")
    assert frames_of(core, [*frames[:-1], last]).code == "frame_malformed"
