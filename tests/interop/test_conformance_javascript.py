"""The conformance kit against an issuer that nobody here wrote, on npm ``@openid4vc`` 0.4.6."""

import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from portadoc.conformance.checks import Outcome, RunReport
from portadoc.conformance.kit import open_kit
from portadoc.conformance.programs import GivenOffer, Want
from portadoc.conformance.run import run
from portadoc.conformance.trial import Setting, Trial
from portadoc.conformance.wire import Wire
from portadoc.randomness import system_random_bytes
from portadoc.schemas.profiles import profile
from portadoc.wallet_sim.transport import UnsafeLoopbackTransport
from tests.interop.test_wallet_sim_javascript import CLOCK, SCRIPT, TX_CODE, Stranger

pytestmark = pytest.mark.node


class OneOffer:
    """The one offer that the issuer makes, again and again: it never ends, which is no fault of the library."""

    def __init__(self, link: str) -> None:
        self._link = link

    def take(self, want: Want) -> GivenOffer | None:
        return GivenOffer(self._link, TX_CODE) if want is Want.PRE_AUTHORIZED_WITH_TX_CODE else None


@pytest.fixture(scope="module")
def report(node: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunReport]:
    with subprocess.Popen(
        [node, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        stranger = Stranger(process)
        yield run(_trial(stranger, tmp_path_factory.mktemp("kit")))
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=10)


def _trial(stranger: Stranger, folder: Path) -> Trial:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        transport = UnsafeLoopbackTransport(frozenset({stranger.origin}))
    setting = Setting(
        url=f"{stranger.origin}/issuer",
        profile=profile("ietf-latest"),
        configuration_ids=(),
        client_id="https://conformance-kit.invalid/wallet",
        redirect_uri="portadoc-conformance://back",
    )
    return Trial(
        setting,
        wire=Wire(transport, max_requests=500, max_seconds=120),
        kit=open_kit(folder / "kit", clock=CLOCK, random_bytes=system_random_bytes),
        offers=OneOffer(stranger.offer),
        sign_in=None,
    )


def outcomes(report: RunReport, outcome: Outcome) -> set[str]:
    return {found.check.id for each in report.modules for found in each.findings if found.outcome is outcome}


def test_what_the_library_does_right_passes(report: RunReport) -> None:
    passed = outcomes(report, Outcome.PASSED)
    assert {"metadata-readable", "credential-response", "credential-signature", "credential-cnf"} <= passed
    assert {
        "batch-distinct-keys",
        "batch-distinct-salts",
        "tx-code-wrong",
        "proof-of-another-type-refused",
    } <= passed


def test_what_the_script_around_it_leaves_out_is_found(report: RunReport) -> None:
    failed = outcomes(report, Outcome.FAILED)
    assert {"nonce-response", "proofs-of-one-key-refused", "proof-from-yesterday-refused"} <= failed
    assert {"batch-rounded-times", "access-token-unknown-refused"} <= failed


def test_what_nobody_gave_makes_the_run_incomplete(report: RunReport) -> None:
    assert report.incomplete
    assert {each.outcome for each in report.modules if "authorization-code" in each.module.name} == {
        Outcome.SKIPPED
    }
