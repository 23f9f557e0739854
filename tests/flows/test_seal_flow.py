"""From a decided record to paper and back: sealed, printed, read from the raster, judged from the trust pack."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp

from portadoc.clock import SystemClock
from portadoc.formats.trust_pack import TrustPack
from portadoc.issuer import Sealed, WithdrawalReason
from portadoc.issuer.paper.sealed_page import sealed_page
from portadoc.randomness import system_random_bytes
from portadoc.schemas.ehic import Ehic, Prc
from portadoc.schemas.examples import example
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.profiles import profile
from portadoc.schemas.seals import SEAL_TYPES
from portadoc.serve.house import House, open_house
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings
from portadoc.verification.pack_answers import PackStatus, open_trust_pack, packed_signers
from portadoc.verification.policy import KeyBindingRefused, VerificationPolicy
from portadoc.verification.report import VerificationReport
from portadoc.verification.seal_procedure import verify_sealed

HOME = {"pda1": "fr-demo", "ehic": "fr-health", "prc": "fr-health"}
OPERATOR = "de-inspection"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Both roles in one installation, without a setting of the operator's, served on a free port."""
    listener = listen("127.0.0.1", 0)
    folder: Path = tmp_path_factory.mktemp("installation")
    settings = PortadocSettings(
        base_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
        data_dir=folder,
        verifier={"trust_pack": {"renew_s": 1}, "status": {"min_ttl_s": 1}},
        issuer={"status_ttl_s": 10},
    )
    with (
        open_house(
            settings, clock=SystemClock(), random_bytes=system_random_bytes, environment=dict(os.environ)
        ) as opened,
        serving(opened, listener),
    ):
        yield opened


def today(house: House) -> Any:
    return datetime.fromtimestamp(house.clock.now(), UTC).date()


def in_force(house: House, kind: str) -> Pda1 | Ehic | Prc:
    """Return the example of a kind, covered from today on."""
    day = today(house)
    found = example(
        {"pda1": "posted-worker-fr-de", "ehic": "insured-traveller", "prc": "replacement-certificate"}[kind], day
    )
    if isinstance(found, Pda1):
        return replace(found, legislation=replace(found.legislation, start=day))
    assert isinstance(found, Ehic | Prc)
    return found


def sealed(house: House, kind: str) -> tuple[str, Sealed]:
    institution = HOME[kind]
    record_id = house.issuer.upload(institution, in_force(house, kind))
    return record_id, house.issuer.seal(institution, record_id, pin="none")


def pack_of(house: House) -> TrustPack:
    """Return a pack that was made after housekeeping has looked around once."""
    house.issuer.publish_status_lists()
    house.verifier.refresh_status_lists(everything=True)
    before = house.verifier.trust_pack(OPERATOR).sequence
    while (made := house.verifier.trust_pack(OPERATOR)).sequence == before:
        time.sleep(0.02)
    operator = house.verifier.settings.by_slug[OPERATOR].institution_id
    return open_trust_pack(made.pack, operators=house.trust, operator=operator, at=house.clock.now())


def judged(house: House, text: str, pack: TrustPack) -> VerificationReport:
    return verify_sealed(
        text,
        trust=pack.trust,
        signers=packed_signers(pack),
        status=PackStatus(pack),
        policy=VerificationPolicy(
            policy_id="test",
            accepted_types=frozenset(SEAL_TYPES.values()),
            key_binding=KeyBindingRefused(),
            status_required=True,
            profile=profile("ietf-latest"),
            on_date=today(house),
        ),
        now=house.clock.now(),
    )


def read_from(pdf: bytes) -> set[str]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return {found.text for found in zxingcpp.read_barcodes(document[0].render(scale=100 / 72).to_pil())}
    finally:
        document.close()


@pytest.mark.parametrize("kind", sorted(HOME))
def test_k07_paper_is_judged_from_the_pack_and_falls_with_its_record(house: House, kind: str) -> None:
    record_id, made = sealed(house, kind)
    page = sealed_page(made, language="en", author="Test", made_at=house.clock.now(), is_test=True)
    text = next(found for found in read_from(page) if found.startswith("PD1:"))
    report = judged(house, text, pack_of(house))
    assert (report.verdict.value, report.colour.value) == ("holder_not_proven", "amber"), report.deciding_check
    house.issuer.withdraw(HOME[kind], record_id, reason=WithdrawalReason.FACTS_CHANGED)
    fallen = judged(house, text, pack_of(house))
    assert (fallen.verdict.value, fallen.colour.value) == ("withdrawn_or_replaced", "red")


def test_every_list_of_the_house_is_in_the_pack_without_a_setting(house: House) -> None:
    for kind in HOME:
        sealed(house, kind)
    pack = pack_of(house)
    assert {each.uri for each in pack.status_lists} >= set(house.issuer.status_list_uris())
    assert len(pack.status_lists) >= len(set(HOME.values()))


def test_one_changed_sign_of_the_paper_is_not_believed(house: House) -> None:
    _, made = sealed(house, "pda1")
    pack = pack_of(house)
    for at in range(4, len(made.text), 40):
        changed = made.text[:at] + ("A" if made.text[at] != "A" else "B") + made.text[at + 1 :]
        assert judged(house, changed, pack).verdict.value == "not_authentic"
