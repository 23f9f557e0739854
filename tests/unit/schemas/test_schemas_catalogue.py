"""The catalogue of credential types, the protocol profiles, and codes with their sentences."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import portadoc
from portadoc.errors import Misconfigured, Refused
from portadoc.i18n import render
from portadoc.rules.law import sources
from portadoc.schemas.catalogue import ACCEPTED_VCTS, CREDENTIAL_TYPES, OLD_VCTS, credential_configuration
from portadoc.schemas.codes import STATUS_CONFIRMATIONS
from portadoc.schemas.events import Event, EventKind
from portadoc.schemas.profiles import DEFAULT_PROFILE, PROFILES, REGIME_PACKS, Mode, profile


def test_each_configuration_stands_under_its_id_with_a_scope_of_its_own() -> None:
    a1 = {"pda1", "pda1-rulebook", "pda1-webuild"}
    assert a1 | {"ehic", "prc", "coverage-bilateral", "coverage-maintenance", "pid"} == set(CREDENTIAL_TYPES)
    assert len({configuration.scope for configuration in CREDENTIAL_TYPES.values()}) == len(CREDENTIAL_TYPES)
    for identifier, configuration in CREDENTIAL_TYPES.items():
        assert credential_configuration(identifier) is configuration
        assert [display.locale for display in configuration.display] == ["en", "fr"]
        assert configuration.format == "dc+sd-jwt"


def test_an_unknown_configuration_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        credential_configuration("s1")
    assert caught.value.code == "credential_configuration_unknown"


def test_old_types_are_accepted_and_lead_to_current_ones() -> None:
    current = {configuration.vct for configuration in CREDENTIAL_TYPES.values()}
    assert set(OLD_VCTS.values()) <= current
    assert not OLD_VCTS.keys() & current
    assert current | OLD_VCTS.keys() == ACCEPTED_VCTS


def test_there_are_three_profiles_and_the_latest_is_the_default() -> None:
    assert list(PROFILES) == ["ietf-latest", "haip-1.0", "eudi-2026"]
    assert DEFAULT_PROFILE is profile("ietf-latest")


def test_every_profile_accepts_what_it_issues_and_knows_its_grants() -> None:
    for entry in PROFILES.values():
        assert entry.credential_typ in entry.accepted_credential_typs
        assert "vct" in entry.type_claims
        assert entry.grants
        assert set(entry.encryption_encs) == {"A128GCM", "A256GCM"}


def test_profiles_differ_where_the_specifications_differ() -> None:
    assert "vc+sd-jwt" in profile("haip-1.0").accepted_credential_typs
    assert "vc+sd-jwt" not in profile("ietf-latest").accepted_credential_typs
    assert "vct#integrity" in profile("eudi-2026").required_claims
    assert "aka_vcts" in profile("ietf-latest").type_claims
    assert profile("haip-1.0").client_authentication == ("attest_jwt_client_auth",)


def test_an_unknown_profile_is_told_with_the_known_ones() -> None:
    with pytest.raises(Misconfigured) as caught:
        profile("haip-2.0")
    assert caught.value.code == "profile_unknown"
    assert "haip-1.0" in str(caught.value.params["known"])


def test_modes_and_regime_packs_are_closed_lists() -> None:
    assert [mode.value for mode in Mode] == ["development", "production"]
    assert all(pack.id == identifier for identifier, pack in REGIME_PACKS.items())


def test_the_packs_of_records_are_those_of_the_rules_under_which_an_a1_exists() -> None:
    of_rules = {pack.id: pack for pack in sources().packs if pack.switched_on and pack.id != "bilateral"}
    assert of_rules.keys() == REGIME_PACKS.keys()
    for name, pack in REGIME_PACKS.items():
        assert (pack.in_force_from, pack.in_force_to) == (of_rules[name].in_force_from, of_rules[name].in_force_to)


def test_an_event_says_what_happened_to_what_and_when() -> None:
    event = Event(kind=EventKind.CREDENTIAL_ISSUED, institution="FR:TEST01", subject_id="c1", at=1, payload={})
    assert (event.kind.value, event.at) == ("credential_issued", 1)


def test_situations_have_names_in_both_languages() -> None:
    assert all(situation.english and situation.french for situation in STATUS_CONFIRMATIONS.values())


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_code_that_this_room_raises_has_a_sentence(language: str) -> None:
    room = Path(portadoc.__file__).parent / "schemas"
    families = {"Malformed", "Refused", "Misconfigured", "Deviation", "RecordWarning"}
    codes = {
        node.args[0].value
        for file in room.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in families
        if node.args and isinstance(node.args[0], ast.Constant)
    }
    own = json.loads((room.parent / "messages" / language / "schemas.json").read_text(encoding="utf-8"))
    assert codes <= set(own)
    assert all(render(code, {}, language).text for code in own)


def test_records_and_layouts_load_no_pydantic() -> None:
    program = (
        "import sys, portadoc.schemas.type_metadata, portadoc.schemas.examples, portadoc.schemas.profiles, "
        "portadoc.schemas.events; sys.exit('pydantic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
