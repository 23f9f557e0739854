"""In development every verifier is registered for what the presets ask; what goes beyond is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portadoc.clock import FixedClock
from portadoc.errors import Refused
from portadoc.formats.dcql.query import parse_query
from portadoc.formats.jws import unverified_claims
from portadoc.formats.openid4vp.registration_certificate import LONGEST_LIFE_S
from portadoc.randomness import system_random_bytes
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.profiles import profile
from portadoc.serve.app import create_app
from portadoc.serve.house import House
from portadoc.serve.registrations import REGISTRAR, registered_credentials
from portadoc.serve.settings import Institution
from portadoc.verification.presets.presets import PRESETS, Preset, preset
from portadoc.wallet_sim.peers import Means
from portadoc.wallet_sim.requests import read_request
from portadoc.wallet_sim.transport import AsgiTransport
from tests.unit.serve.conftest import INSTITUTIONS, NOW

ALL_TYPES = ("urn:eudi:pda1:1", "eu.we-build.pda1.1", "urn:eudi:ehic:1", "urn:eudi:pid:1")
ASKING = Institution(id="DE:TEST90", name="Test", country="DE", verifies=ALL_TYPES)
SLUG = "de-inspection"
OpenHouse = Callable[..., House]


def opened(open_a_house: OpenHouse, **changes: Any) -> House:
    return open_a_house(institutions={**INSTITUTIONS, SLUG: ASKING}, **changes)


def certificate(house: House) -> Path:
    return Path(house.settings.institutions[SLUG].registration_certificate)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_asked_without_a_warning_to_the_holder(open_a_house: OpenHouse, name: str) -> None:
    house = opened(open_a_house)
    created = house.verifier.create_request(SLUG, preset(name))
    means = Means(
        transport=AsgiTransport(create_app(house), house.settings.base_url),
        trust=house.trust,
        clock=house.clock,
        random_bytes=system_random_bytes,
        profile=profile("ietf-latest"),
    )
    assert read_request(created.link, means).warnings == ()
    request = unverified_claims(house.verifier.request_object(SLUG, created.request_uri.rsplit("/", 1)[1]))
    (carried,) = request["verifier_info"]
    assert unverified_claims(carried["data"])["sub"] == "DE:TEST90"


def asked_for_identity(house: House) -> tuple[tuple[Any, ...], JsonObject]:
    """Return what a wallet warns of when an issuer asks for identity data, and the request."""
    asked = house.identification.pid.ask("fr-demo", "authorization", expires_at=house.clock.now() + 300)
    means = Means(
        transport=AsgiTransport(create_app(house), house.settings.base_url),
        trust=house.trust,
        clock=house.clock,
        random_bytes=system_random_bytes,
        profile=profile("eudi-2026"),
    )
    request = house.identification.pid.request_object("fr-demo", asked.attempt_id, wallet_nonce=None)
    return read_request(asked.link, means).warnings, unverified_claims(request)


def test_an_issuer_asks_for_identity_data_without_a_warning_to_the_holder(open_a_house: OpenHouse) -> None:
    warnings, request = asked_for_identity(opened(open_a_house, profile="eudi-2026"))
    assert warnings == ()
    (carried,) = request["verifier_info"]
    told = unverified_claims(carried["data"])
    assert (told["sub"], carried["format"]) == ("FR:TEST01", "registration_cert")
    assert [each["meta"] for each in told["credentials"]] == [{"vct_values": ["urn:eudi:pid:1"]}]


def test_a_registration_that_does_not_cover_the_question_is_not_shown_with_it(open_a_house: OpenHouse) -> None:
    made = opened(open_a_house)
    own = Path(made.settings.institutions["fr-demo"].registration_certificate)
    elsewhere = {"issuer": {"pid_types": ["urn:other:pid:1"]}}
    named = INSTITUTIONS["fr-demo"].model_copy(update={"registration_certificate": str(own)})
    house = open_a_house(institutions={**INSTITUTIONS, SLUG: ASKING, "fr-demo": named}, **elsewhere)
    assert "verifier_info" not in asked_for_identity(house)[1]


def test_g19_asking_beyond_the_registration_is_refused_at_creation(open_a_house: OpenHouse) -> None:
    house = opened(open_a_house)
    query = {
        "credentials": [
            {
                "id": "pid",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": ["urn:eudi:pid:1"]},
                "claims": [{"path": ["place_of_birth"]}],
            }
        ]
    }
    with pytest.raises(Refused) as refused:
        house.verifier.create_request(SLUG, Preset(id="own", query=query))
    assert refused.value.code == "query_not_registered"


def test_the_registration_covers_exactly_what_the_presets_ask() -> None:
    registered = {each.vct_values[0]: set(each.paths) for each in registered_credentials(ALL_TYPES)}
    asked: dict[str, set[Any]] = {}
    for each in PRESETS.values():
        for wanted in parse_query(each.query).credentials:
            for vct in wanted.vct_values:
                asked.setdefault(vct, set()).update(claim.path for claim in wanted.claims)
    assert registered == asked


def test_presets_that_need_types_of_others_register_nothing() -> None:
    assert registered_credentials(["urn:eudi:pid:1"]) == ()
    a1_only = registered_credentials(["urn:eudi:pda1:1", "eu.we-build.pda1.1"])
    assert {each.vct_values for each in a1_only} == {("urn:eudi:pda1:1",), ("eu.we-build.pda1.1",)}


def test_who_could_ask_nothing_gets_no_certificate(open_a_house: OpenHouse) -> None:
    only_pid = Institution(id="DE:TEST90", name="Test", country="DE", verifies=("urn:eudi:pid:1",))
    house = open_a_house(institutions={**INSTITUTIONS, SLUG: only_pid})
    assert house.settings.institutions[SLUG].registration_certificate == ""


def test_who_verifies_one_form_of_the_a1_asks_for_that_form(open_a_house: OpenHouse) -> None:
    house = open_a_house()
    created = house.verifier.create_request(SLUG, preset("inspector-quick"))
    request = unverified_claims(house.verifier.request_object(SLUG, created.request_uri.rsplit("/", 1)[1]))
    assert [each["id"] for each in request["dcql_query"]["credentials"]] == ["a1"]
    with pytest.raises(Refused) as refused:
        house.verifier.create_request(SLUG, preset("inspector-full"))
    assert refused.value.params["wanted"] == "urn:eudi:pid:1"


def test_a_certificate_is_kept_until_it_ends_soon_or_the_presets_change(open_a_house: OpenHouse) -> None:
    clock = FixedClock(NOW)
    first = certificate(opened(open_a_house, clock=clock)).read_text()
    clock.advance(86_400)
    assert certificate(opened(open_a_house, clock=clock)).read_text() == first
    clock.advance(LONGEST_LIFE_S - 20 * 86_400)
    file = certificate(opened(open_a_house, clock=clock))
    second = file.read_text()
    assert second != first
    for damaged in ("", "not.a.certificate", first):
        file.write_text(damaged)
        assert certificate(opened(open_a_house, clock=clock)).read_text() not in (damaged, first)


def test_a_certificate_of_the_operators_choice_stands(open_a_house: OpenHouse, tmp_path: Path) -> None:
    made = certificate(opened(open_a_house))
    own = tmp_path / "own.jwt"
    own.write_text(made.read_text())
    named = ASKING.model_copy(update={"registration_certificate": str(own)})
    house = open_a_house(institutions={**INSTITUTIONS, SLUG: named})
    assert certificate(house) == own


def test_a_folder_from_before_there_was_a_registrar_works_as_it_did(open_a_house: OpenHouse) -> None:
    house = opened(open_a_house)
    index = house.key_ring.directory / "keyring.json"
    content = json.loads(index.read_text())
    for member, name in (("institutions", "slug"), ("keys", "institution"), ("authorities", "institution")):
        content[member] = [each for each in content[member] if each[name] != REGISTRAR]
    index.write_text(json.dumps(content))
    assert opened(open_a_house).settings.institutions[SLUG].registration_certificate == ""
