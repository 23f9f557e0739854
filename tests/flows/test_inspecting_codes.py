"""Online codes: the service asks the issuer that the trust names, and the app judges the seal."""

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portadoc.clock import SystemClock
from portadoc.errors import Refused, Unavailable
from portadoc.fetch import UnsafeLoopbackFetch
from portadoc.inspector.judgements import REFUSED_CODES_PER_HOUR, Judgements
from portadoc.issuer import Sealed
from portadoc.issuer.sealing.verification_codes import new_verification_code, verification_url
from portadoc.keys.purposes import KeyPurpose
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.schemas.pda1 import Pda1
from portadoc.serve.house import House, open_house
from portadoc.serve.inspection import CodeDesk
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings
from portadoc.serve.tls.server_certificate import ServerTls
from portadoc.verifier.service import Verifier, build_verifier
from tests.flows.inspecting import OPERATOR, Control, Device, paired
from tests.flows.test_tls_leg import certify

SLUG, ID = "pl-demo", "PL:TEST05"
NUMBER = "TEST-CODE-1"


def url_of(control: Control, made: Sealed) -> str:
    """Return what the small code of the paper says."""
    return verification_url(control.origin, made.verification_code)


@pytest.mark.parametrize("second", [NUMBER, "test code 1", "birth"])
def test_a_code_and_what_else_stands_on_the_paper_give_the_seal(
    control: Control, device: Device, second: str
) -> None:
    made = control.sealed("pda1", number=NUMBER)[1]
    record = example("posted-worker-fr-de")
    assert isinstance(record, Pda1)
    told = str(record.person.date_of_birth) if second == "birth" else second
    answer = device.call("codes", {"url": url_of(control, made), "second": told})
    assert (answer.status, answer.json()) == (200, {"seal": made.text})
    scan = device.scan(answer.json()["seal"], control.pack().pack)
    assert scan["body"]["verdict"] == "holder_not_proven"


def test_k03_wrong_unknown_and_locked_look_the_same_and_a_lock_stays(control: Control, device: Device) -> None:
    made = control.sealed("pda1", number=NUMBER)[1]
    unknown = new_verification_code(system_random_bytes)
    told = [
        device.call("codes", {"url": url_of(control, made), "second": f"wrong {each}"}).json()["code"]
        for each in range(5)
    ]
    spent = device.call("codes", {"url": url_of(control, made), "second": NUMBER})
    assert (spent.status, spent.json()["code"]) == (503, "device_misses")
    other = paired(control, device.core)
    locked = other.call("codes", {"url": url_of(control, made), "second": NUMBER})
    nobody = other.call("codes", {"url": verification_url(control.origin, unknown), "second": NUMBER})
    assert {*told, locked.json()["code"], nobody.json()["code"]} == {"code_refused"}
    assert locked.status == nobody.status


def test_a_mistyped_code_is_refused_and_counts_nothing(control: Control, device: Device) -> None:
    made = control.sealed("pda1", number=NUMBER)[1]
    url = url_of(control, made)
    wrong = url[:-1] + ("0" if url[-1] != "0" else "1")
    for _ in range(6):
        assert device.call("codes", {"url": wrong, "second": NUMBER}).json()["code"] == "code_refused"
    assert device.call("codes", {"url": url, "second": NUMBER}).json() == {"seal": made.text}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    """Files of an authority for TLS, of a server's certificate and its key."""
    return certify(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory, files: tuple[str, str, str]) -> Iterator[House]:
    """Another house with an issuer of its own, behind TLS on another port."""
    folder = tmp_path_factory.mktemp("elsewhere")
    with listen("127.0.0.1", 0) as listener:
        settings = PortadocSettings(
            base_url=f"https://localhost:{listener.getsockname()[1]}",
            data_dir=folder,
            institutions={SLUG: {"id": ID, "name": "Instytucja (TEST DATA)", "country": "PL", "issues": ["pda1"]}},
        )
        with (
            open_house(
                settings, clock=SystemClock(), random_bytes=system_random_bytes, environment={}, ca_file=files[0]
            ) as house,
            serving(house, listener, tls=ServerTls(Path(files[1]), Path(files[2]))),
        ):
            yield house


@dataclass
class Abroad:
    """Our own house once it trusts the other one, and knows where that publishes what."""

    verifier: Verifier
    judgements: Judgements


@pytest.fixture
def abroad(control: Control, elsewhere: House, files: tuple[str, str, str]) -> Abroad:
    house, there = control.house, elsewhere.settings.base_url
    trust = replace(
        house.trust,
        anchors=(*house.trust.anchors, *elsewhere.trust.anchors),
        authorisations=(*house.trust.authorisations, *elsewhere.trust.authorisations),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        fetch = UnsafeLoopbackFetch(frozenset({control.origin, there}), ca_file=files[0])
    settings = house.settings.verifier_settings()
    pack = settings.trust_pack.model_copy(
        update={"seal_certificates": (f"{there}/issuer/{SLUG}/seal-certificates",)}
    )
    status = settings.status.model_copy(update={"aggregations": (f"{there}/issuer/{SLUG}/status-lists",)})
    verifier = build_verifier(
        settings.model_copy(update={"trust_pack": pack, "status": status}),
        house.database,
        house.key_ring,
        trust,
        fetch,
        house.clock,
        house.random_bytes,
        lists_at_home=house.issuer.status_list_uris,
    )
    deployment = replace(house.inspector.deployment, seals=CodeDesk(verifier, fetch))
    return Abroad(verifier, Judgements(deployment, house.inspector.devices))


def sealed_abroad(house: House) -> Sealed:
    record = example("posted-worker-fr-de", datetime.fromtimestamp(house.clock.now(), UTC).date())
    assert isinstance(record, Pda1)
    authority = replace(record.issuing_authority, id=ID, name="Instytucja (TEST DATA)", country="PL")
    today = datetime.fromtimestamp(house.clock.now(), UTC).date()
    record = replace(
        record,
        issuing_authority=authority,
        institution=replace(record.institution, country="PL"),
        authentic_source=replace(record.authentic_source, id=ID, name=authority.name),
        document=replace(record.document, number=NUMBER),
        legislation=replace(record.legislation, state="PL", start=today),
    )
    return house.issuer.seal(SLUG, house.issuer.upload(SLUG, record), pin="none")


def test_a_code_of_an_issuer_elsewhere_is_asked_there_and_its_seal_judged_here(
    control: Control, device: Device, elsewhere: House, abroad: Abroad
) -> None:
    made, known = sealed_abroad(elsewhere), control.house.inspector.devices.known(device.secret)
    url = verification_url(elsewhere.settings.base_url, made.verification_code)
    with pytest.raises(Refused, match="code_host_unknown"):  # by a house that does not trust that issuer
        control.house.inspector.judgements.seal(known, url, NUMBER)
    assert abroad.judgements.seal(known, url, NUMBER) == made.text
    elsewhere.issuer.publish_status_lists()
    abroad.verifier.refresh_seal_certificates(everything=True)
    abroad.verifier.refresh_status_lists(everything=True)
    before = abroad.verifier.trust_pack(OPERATOR).sequence
    while (pack := abroad.verifier.trust_pack(OPERATOR)).sequence == before:
        time.sleep(0.02)
    scan = device.scan(made.text, pack.pack)
    assert scan["body"]["verdict"] == "holder_not_proven", scan
    assert scan["body"]["facts"]["institutionId"] == ID


def test_an_issuer_that_throttles_is_told_as_that_and_not_as_a_wrong_code(
    control: Control, device: Device, elsewhere: House, abroad: Abroad
) -> None:
    there, known = elsewhere.settings.base_url, control.house.inspector.devices.known(device.secret)
    for miss in range(elsewhere.issuer.settings.code_misses_per_hour):
        if miss % REFUSED_CODES_PER_HOUR == 0:  # one device alone does not get that far
            known = control.house.inspector.devices.known(paired(control, device.core).secret)
        code = new_verification_code(system_random_bytes)
        with pytest.raises(Refused, match="code_refused"):
            abroad.judgements.seal(known, verification_url(there, code), NUMBER)
    made = sealed_abroad(elsewhere)
    known = control.house.inspector.devices.known(device.secret)
    with pytest.raises(Unavailable, match="too_many_tries") as told:
        abroad.judgements.seal(known, verification_url(there, made.verification_code), NUMBER)
    assert 0 < (told.value.retry_after_s or 0) <= 3600


def test_an_issuer_that_is_offline_is_told_as_that(
    control: Control, device: Device, files: tuple[str, str, str]
) -> None:
    with listen("127.0.0.1", 0) as closed:
        gone = f"https://localhost:{closed.getsockname()[1]}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        fetch = UnsafeLoopbackFetch(frozenset({gone}), ca_file=files[0])
    house = control.house
    issuer = next(each for each in house.trust.authorisations if KeyPurpose.DOCUMENT_SEAL in each.purposes)
    moved = replace(issuer, issuers=frozenset({f"{gone}/issuer/gone"}))
    verifier = build_verifier(
        house.settings.verifier_settings(),
        house.database,
        house.key_ring,
        replace(house.trust, authorisations=(moved,)),
        fetch,
        house.clock,
        house.random_bytes,
    )
    deployment = replace(house.inspector.deployment, seals=CodeDesk(verifier, fetch))
    known = house.inspector.devices.known(device.secret)
    code = new_verification_code(system_random_bytes)
    with pytest.raises(Unavailable, match="fetch_failed"):
        Judgements(deployment, house.inspector.devices).seal(known, verification_url(gone, code), NUMBER)
