"""What is asked for and certified beside the A1, through a whole house: issued, fetched, scanned, judged twice."""

from dataclasses import replace
from typing import Any

import pytest

from portadoc.formats.visible_seal.seal import PREFIX
from portadoc.issuer import WithdrawalReason
from portadoc.paper.attachments import attached_files
from portadoc.schemas.catalogue import A1_TYPES, ACCEPTED_VCTS
from portadoc.schemas.coverage import ApplicationProof, filed_at
from portadoc.schemas.examples import example
from portadoc.schemas.profiles import profile
from portadoc.verification.answers import HeldStatusLists
from portadoc.verification.checks import AUTHORISATION, TYPE, Outcome
from portadoc.verification.policy import KeyBindingRefused, VerificationPolicy
from portadoc.verification.procedure import verify_presentation
from portadoc.verification.report import VerificationReport
from tests.filed_applications import sealed_application
from tests.flows.inspecting import Control, Device

A1, HEALTH = "fr-demo", "fr-health"


def filed(control: Control, reference: str) -> Any:
    """File an application now and return the seal of the proof."""
    proof = example("application-fr-de", control.today())
    assert isinstance(proof, ApplicationProof)
    now = filed_at(control.house.clock.now())
    return sealed_application(
        control.house.issuer, A1, replace(proof, reference=reference, filed_on=now.on, filed_time=now.time)
    )


def scanned(device: Device, text: str, pack: bytes, **terms: object) -> Any:
    device.open_visit()
    made = device.scan(text, pack, **terms)
    device.write("scan", made["body"], at=made["at"])
    (scan,) = device.received()
    return scan


def test_an_application_is_read_as_undecided_by_the_app_and_by_the_server(
    control: Control, device: Device
) -> None:
    made = filed(control, "A1-FLOW-1")
    assert made.text.startswith(PREFIX)
    pack = control.pack().pack
    for state in ("", "DE", "ES"):
        found = scanned(device, made.text, pack, state=state)
        assert (found.verdict, found.server_verdict, found.differs) == (
            "applied_not_decided",
            "applied_not_decided",
            False,
        )
        assert (found.colour, found.server_colour) == ("amber", "amber")
        assert (found.code, found.server_code) == ("not_decided", "not_decided")


def test_an_application_that_was_decided_is_red_for_both(control: Control, device: Device) -> None:
    made = filed(control, "A1-FLOW-2")
    control.house.issuer.withdraw(A1, made.record_id, reason=WithdrawalReason.SUPERSEDED)
    found = scanned(device, made.text, control.pack().pack)
    assert (found.verdict, found.server_verdict, found.differs) == (
        "withdrawn_or_replaced",
        "withdrawn_or_replaced",
        False,
    )


@pytest.mark.parametrize(
    ("name", "configuration"),
    [("bilateral-fr-jp", "coverage-bilateral"), ("maintenance-fr-ke", "coverage-maintenance")],
)
def test_a_certificate_of_coverage_is_fetched_by_a_wallet_and_its_issuer_is_authorised_for_it(
    control: Control, name: str, configuration: str
) -> None:
    issuer, wallet = control.house.issuer, control.wallet()
    record = issuer.upload(A1, example(name, control.today()))
    (held,) = wallet.accept(issuer.offer(A1, record, [configuration]).offer_uri)
    report = judged(control, held.sd_jwt, ACCEPTED_VCTS)
    assert report.check(AUTHORISATION).outcome is Outcome.PASS
    assert report.check(TYPE).outcome is Outcome.PASS
    assert report.record["state_of_work"] in ("JP", "KE")
    assert report.layout == configuration
    as_a1 = judged(control, held.sd_jwt, A1_TYPES)
    assert as_a1.check(TYPE).code == "type_not_accepted"


def test_a_replacement_certificate_is_one_more_credential_of_a_wallet_and_travels_in_its_paper_unbound(
    control: Control,
) -> None:
    issuer, wallet = control.house.issuer, control.wallet()
    record = issuer.upload(HEALTH, example("replacement-certificate", control.today()))
    (held,) = wallet.accept(issuer.offer(HEALTH, record, ["prc"]).offer_uri)
    made = issuer.paper(HEALTH, record, languages=("fr", "de"), pin="none", until_certificate_ends=True)
    (attached,) = attached_files(made.pdf)
    copy = attached.content.decode("ascii")
    for text in (held.sd_jwt, copy):
        report = judged(control, text, ACCEPTED_VCTS)
        assert report.check(AUTHORISATION).outcome is Outcome.PASS
        assert (report.layout, report.record["reason"]) == ("prc", "theft")
        assert report.record["insured"]["surnames"] == "Delacroix-Fictif"
        assert judged(control, text, A1_TYPES).check(TYPE).code == "type_not_accepted"


def judged(control: Control, text: str, types: frozenset[str]) -> VerificationReport:
    return verify_presentation(
        text,
        trust=control.house.trust,
        status=HeldStatusLists(),
        policy=VerificationPolicy(
            policy_id="flow",
            accepted_types=types,
            key_binding=KeyBindingRefused(),
            status_required=False,
            profile=profile("ietf-latest"),
            on_date=control.today(),
        ),
        now=control.house.clock.now(),
    )
