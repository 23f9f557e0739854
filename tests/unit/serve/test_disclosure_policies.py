"""Our verifier as a wallet sees it: what its certificates prove is what policies name."""

from collections.abc import Callable
from typing import Any

import pytest

from portadoc.formats.openid4vp.disclosure_policy import permits, rules_of
from portadoc.formats.openid4vp.registration_certificate import SERVICE_PROVIDER
from portadoc.keys.certificates import certificate_facts, parse_certificate
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file
from portadoc.randomness import system_random_bytes
from portadoc.schemas.openid4vci import DisclosurePolicy, read_message
from portadoc.schemas.profiles import profile
from portadoc.serve.app import create_app
from portadoc.serve.house import House
from portadoc.serve.settings import Institution
from portadoc.verification.presets.presets import preset
from portadoc.wallet_sim.peers import Means
from portadoc.wallet_sim.requests import TrustedRequest, read_request
from portadoc.wallet_sim.transport import AsgiTransport
from tests.unit.serve.conftest import INSTITUTIONS

VERIFIER = Institution(id="DE:TEST90", name="Test", country="DE", verifies=("urn:eudi:pda1:1", "urn:eudi:pid:1"))


@pytest.fixture
def house(open_a_house: Callable[..., House]) -> House:
    return open_a_house(institutions={**INSTITUTIONS, "de-inspection": VERIFIER}, profile="eudi-2026")


@pytest.fixture
def asking(house: House) -> TrustedRequest:
    created = house.verifier.create_request("de-inspection", preset("inspector-quick"))
    means = Means(
        transport=AsgiTransport(create_app(house), house.settings.base_url),
        trust=house.trust,
        clock=house.clock,
        random_bytes=system_random_bytes,
        profile=profile("eudi-2026"),
    )
    return read_request(created.link, means)


def allowed(asking: TrustedRequest, kind: str, value: dict[str, Any]) -> bool:
    content = {"id": "urn:example:policy", "policy": kind, "options": {"values": [value]}}
    return permits(rules_of(read_message(DisclosurePolicy, content)), asking.asker)


def test_it_is_permitted_by_its_name_its_entitlement_and_its_roots(house: House, asking: TrustedRequest) -> None:
    leaf = parse_certificate(house.key_ring.signer("de-inspection", KeyPurpose.REQUEST).chain[0])
    assert allowed(asking, "allowList", {"dn": certificate_facts(leaf).subject})
    assert allowed(asking, "allowList", {"dn": "ORGID=DE:TEST90,C=DE"})
    assert allowed(asking, "allowList", {"entitlement": SERVICE_PROVIDER})
    for anchor in read_trust_file(house.key_ring.directory / TRUST_FILE).anchors:
        facts = certificate_facts(parse_certificate(anchor.certificate))
        serial = facts.serial.rjust(len(facts.serial) + len(facts.serial) % 2, "0")
        is_above = not anchor.purposes.isdisjoint({KeyPurpose.REQUEST, KeyPurpose.REGISTRATION})
        assert allowed(asking, "rootOfTrust", {"dn": facts.subject, "serial": serial}) is is_above


def test_it_is_not_permitted_by_the_name_of_another(asking: TrustedRequest) -> None:
    assert not allowed(asking, "allowList", {"dn": "ORGID=DE:TEST91,C=DE"})
