"""What a run tells: enough to mend a fault by, and no secret in any form."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from portadoc.clock import FixedClock
from portadoc.conformance.checks import Check, Finding, Module, ModuleReport, Outcome, RunReport
from portadoc.conformance.kit import open_kit
from portadoc.conformance.reports import closing_lines, module_lines, to_json, to_junit, to_markdown
from portadoc.conformance.table import MODULES, NAMES, modules_of
from portadoc.errors import Misconfigured
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_file import trust_from_json
from portadoc.randomness import system_random_bytes
from portadoc.wallet_sim.transport import TransportResponse
from tests.unit.conformance.spoilt import Sent, Spoilt
from tests.unit.conformance.workshop import NOW, Bench, kit_keys

SECRETS = (
    "access_token",
    "refresh_token",
    "c_nonce",
    "attestation_challenge",
    "transaction_id",
    "notification_id",
)
CHECK = Check("one", "RFC 1 §1", "It holds", "A cause <&>", "A way to mend it")


def every_form(report: RunReport) -> Mapping[str, str]:
    lines = [line for each in report.modules for line, _ in module_lines(each)]
    return {
        "text": "\n".join([*lines, *closing_lines(report)]),
        "json": json.dumps(to_json(report)),
        "junit": to_junit(report),
        "markdown": to_markdown([report]),
    }


def report_of(*findings: Finding) -> RunReport:
    module = Module("a-module", "A module", lambda trial, record: None)
    return RunReport("https://issuer.example", "haip-1.0", 0, 3, (ModuleReport(module, findings),))


@pytest.mark.parametrize("refusing", [False, True])
def test_no_form_holds_a_secret_of_the_run(refusing: bool, latest: Bench) -> None:
    secrets: set[str] = set()

    def listen(sent: Sent, answer: TransportResponse) -> TransportResponse:
        secrets.update(
            sent.headers.get(name, "") for name in ("dpop", "oauth-client-attestation", "authorization")
        )
        secrets.update(sent.body.decode("latin-1").split("&"))
        if answer.content_type == "application/json":
            content = answer.json()
            secrets.update(str(content[name]) for name in SECRETS if isinstance(content, dict) and name in content)
            secrets.update(str(each) for each in content.get("credentials", ()))
        if refusing and answer.status < 300 and sent.method == "POST" and "/nonce" not in sent.url:
            return TransportResponse(400, answer.headers, answer.body)
        return answer

    report = latest.run(transport=Spoilt(latest.transport, listen))
    told = every_form(report)
    found = {each for each in secrets if len(each) > 20 and "=" not in each}
    assert len(found) > 20
    assert [(form, each[:30]) for form, text in told.items() for each in found if each in text] == []


class TestForms:
    FAILED = Finding(CHECK, Outcome.FAILED, "it does not", "POST https://issuer.example/token", "200 text/html")

    def test_a_failure_says_what_was_sent_what_came_which_clause_why_and_what_mends_it(self) -> None:
        text = every_form(report_of(self.FAILED))["text"]
        for said in (
            "FAILED   a-module (0 of 1)",
            "one: It holds [RFC 1 §1]",
            "it does not",
            "sent:    POST https://issuer.example/token",
            "arrived: 200 text/html",
            "likely:  A cause <&>",
            "mend:    A way to mend it",
        ):
            assert said in text

    def test_json_says_the_same(self) -> None:
        told = to_json(report_of(self.FAILED))
        finding = told["modules"][0]["findings"][0]
        assert (told["failed"], told["incomplete"], told["outcomes"]["failed"]) == (True, False, 1)
        assert finding["likely_cause"] == "A cause <&>"
        assert finding["arrived"] == "200 text/html"

    def test_junit_can_be_read_and_counts(self) -> None:
        skipped = Finding(CHECK, Outcome.SKIPPED, "no offer\x00")
        root = ElementTree.fromstring(to_junit(report_of(self.FAILED, skipped)))
        suite = root[0]
        assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("2", "1", "1")
        assert "A cause <&>" in str(suite[0][0].text)

    def test_markdown_has_a_row_a_module_and_says_what_was_not_shown(self) -> None:
        missing = Finding(CHECK, Outcome.NOT_APPLICABLE, "it is on this machine")
        text = to_markdown([report_of(self.FAILED, missing), report_of(missing)])
        assert "| `a-module` | 1 failed, 1 not applicable | 1 not applicable |" in text
        asked = "- `https://issuer.example`, profile `haip-1.0`, 1970-01-01 00:00:00 UTC. 3 requests."
        assert text.splitlines()[2:4] == [asked, asked]
        assert "- It holds: not applicable (haip-1.0, haip-1.0): it is on this machine." in text

    def test_a_run_without_something_says_that_it_is_incomplete(self) -> None:
        report = report_of(Finding(CHECK, Outcome.SKIPPED, "no offer"))
        assert (report.failed, report.incomplete) == (False, True)
        assert "The run is incomplete" in every_form(report)["text"]


def test_every_module_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert all(name.startswith(("oid4vci-1_0-issuer-", "portadoc-issuer-")) for name in NAMES)


def test_the_suites_modules_are_all_there() -> None:
    suite = """
    metadata-test metadata-test-signed happy-flow happy-flow-additional-requests happy-flow-multiple-clients
    happy-flow-skip-notification batch-issuance fail-invalid-nonce fail-invalid-jwt-proof-signature
    fail-missing-proof fail-invalid-key-attestation-signature fail-invalid-client-attestation-signature
    fail-invalid-client-attestation-pop-signature fail-client-attestation-exp-in-past
    fail-client-attestation-no-sub fail-client-attestation-pop-wrong-aud
    fail-mismatched-client-attestation-pop-key fail-unknown-credential-configuration
    fail-unknown-credential-identifier fail-unsupported-encryption-algorithm fail-on-access-token-in-query
    """
    assert {f"oid4vci-1_0-issuer-{name}" for name in suite.split()} == {
        name for name in NAMES if name.startswith("oid4vci")
    }


def test_a_profile_has_its_modules_and_a_choice_is_kept_to_it() -> None:
    european = {each.name for each in MODULES if each.profiles}
    assert european
    assert not european & {each.name for each in modules_of("haip-1.0", ())}
    assert [each.name for each in modules_of("eudi-2026", ("portadoc-issuer-transport",))] == [
        "portadoc-issuer-transport"
    ]


class TestKit:
    def test_its_folder_keeps_its_provider(self, tmp_path: Path) -> None:
        first, second = kit_keys(tmp_path / "kit"), kit_keys(tmp_path / "kit")
        assert first.anchors_pem() == second.anchors_pem()
        assert first.provider.client_attestation.kid == second.provider.client_attestation.kid
        assert (tmp_path / "kit" / "passphrase").stat().st_mode & 0o077 == 0

    def test_what_it_gives_out_vouches_for_wallets_and_nothing_else(self, tmp_path: Path) -> None:
        told: Any = json.loads(json.dumps(kit_keys(tmp_path / "kit").trust_json()))
        trust = trust_from_json(told)
        vouching = {KeyPurpose.CLIENT_ATTESTATION, KeyPurpose.KEY_ATTESTATION}
        assert {purpose for each in trust.anchors for purpose in each.purposes} == vouching
        assert {purpose for each in trust.authorisations for purpose in each.purposes} == vouching

    def test_a_kit_whose_certificates_have_ended_is_told(self, tmp_path: Path) -> None:
        kit_keys(tmp_path / "kit")
        later = FixedClock(NOW + 400 * 86_400)
        with pytest.raises(Misconfigured, match="kit_expired"):
            open_kit(tmp_path / "kit", clock=later, random_bytes=system_random_bytes)

    def test_a_folder_that_cannot_be_used_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "kit").write_text("a file")
        kit = kit_keys(tmp_path / "other")
        with pytest.raises(Misconfigured, match="kit_unreadable"):
            open_kit(tmp_path / "kit", clock=kit.clock, random_bytes=kit.random_bytes)
