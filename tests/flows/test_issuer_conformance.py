"""The command against an issuer that is being served over TLS, as its operator runs it."""

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from portadoc.cli import main
from portadoc.conformance.programs import Want
from tests.conformance.running_issuer import CONFIGURATION, Installation, RunningIssuer

METADATA, HAPPY = "oid4vci-1_0-issuer-metadata-test", "oid4vci-1_0-issuer-happy-flow"
TRANSPORT = "portadoc-issuer-transport"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningIssuer]:
    with Installation(tmp_path_factory.mktemp("served")).serving("ietf-latest") as issuer:
        yield issuer


def command(issuer: RunningIssuer, folder: Path, *arguments: str) -> Result:
    options = [
        "--kit",
        str(Path(issuer.ca_file).parent / "kit"),
        "--ca-file",
        str(issuer.ca_file),
        "--configuration",
        CONFIGURATION,
    ]
    return CliRunner().invoke(main, ["conformance", "issuer", issuer.url, *options, *arguments])


def test_what_passes_ends_with_zero_and_is_written_in_every_form(served: RunningIssuer, tmp_path: Path) -> None:
    junit, markdown = tmp_path / "run.xml", tmp_path / "run.md"
    done = command(
        served,
        tmp_path,
        *("--no-sign-in", "--module", METADATA, "--module", TRANSPORT, "--json"),
        *("--junit", str(junit), "--markdown", str(markdown)),
    )
    told = json.loads(done.stdout)
    assert done.exit_code == 0
    assert (told["issuer"], told["failed"], told["incomplete"]) == (served.url, False, False)
    outcomes = {each["check"]: each["outcome"] for each in told["modules"][1]["findings"]}
    assert outcomes["tls-certificate"] == outcomes["tls-only"] == "passed"
    assert outcomes["public-host"] == outcomes["public-certificate"] == "not_applicable"
    assert [suite.get("name") for suite in ElementTree.parse(junit).getroot()] == [METADATA, TRANSPORT]
    assert f"| `{METADATA}` |" in markdown.read_text()


def test_an_offer_from_the_command_line_is_walked_and_what_lacks_a_person_is_incomplete(
    served: RunningIssuer, tmp_path: Path
) -> None:
    offer = served.offers.take(Want.PRE_AUTHORIZED)
    assert offer is not None
    done = command(served, tmp_path, "--no-sign-in", "--module", HAPPY, "--offer", offer.link)
    assert done.exit_code == 3, done.output
    assert "the authorization code flow was not walked: nobody signs in" in done.output
    assert "The run is incomplete" in done.output


def test_what_fails_ends_with_one_and_says_how_to_mend_it(served: RunningIssuer, tmp_path: Path) -> None:
    stranger = ["--kit", str(tmp_path / "kit")]  # whose wallet provider the issuer does not trust
    arguments = ["--no-sign-in", *stranger, "--module", "oid4vci-1_0-issuer-fail-client-attestation-no-sub"]
    done = command(served, tmp_path, *arguments)
    assert done.exit_code == 1
    assert "FAILED: attested-client-taken" in done.output
    assert (
        "mend:    Import what `portadoc conformance wallet-provider` writes, and start a server again"
        in done.output
    )


def test_without_its_authority_no_module_is_run(served: RunningIssuer, tmp_path: Path) -> None:
    arguments = ["--no-sign-in", "--kit", str(tmp_path / "kit"), "--module", TRANSPORT]
    done = CliRunner().invoke(main, ["conformance", "issuer", served.url, *arguments])
    assert done.exit_code == 3
    assert done.stdout == (
        "No module was run: the certificate of localhost is not believed: its authority is unknown "
        "(name it with --ca-file).\n"
    )


def test_plain_http_at_its_port_is_told(served: RunningIssuer, tmp_path: Path) -> None:
    url = served.url.replace("https://", "http://")
    done = CliRunner().invoke(main, ["conformance", "issuer", url, "--no-sign-in", "--kit", str(tmp_path / "kit")])
    assert done.exit_code == 3, done.output
    assert done.stdout.endswith(f" speaks TLS: use {served.url}.\n")


def test_an_identifier_without_its_path_is_told(served: RunningIssuer, tmp_path: Path) -> None:
    origin = served.url.partition("/issuer/")[0]
    arguments = ["--no-sign-in", "--kit", str(tmp_path / "kit"), "--ca-file", served.ca_file]
    done = CliRunner().invoke(main, ["conformance", "issuer", origin, *arguments])
    assert done.exit_code == 3, done.output
    assert f"its identifier has a path (such as {origin}/issuer/NAME)" in done.output


def test_a_configuration_that_is_not_there_is_refused_once_with_those_that_are(
    served: RunningIssuer, tmp_path: Path
) -> None:
    done = command(served, tmp_path, "--no-sign-in", "--configuration", "zzz")
    assert done.exit_code == 2
    assert "the issuer has no configuration 'zzz'; it has: " in done.output
    assert CONFIGURATION in done.output
    assert "FAILED" not in done.output


def test_a_wallet_that_nobody_vouches_for_gets_what_the_profile_gives_it(
    served: RunningIssuer, tmp_path: Path
) -> None:
    offer = served.offers.take(Want.PRE_AUTHORIZED)
    assert offer is not None
    arguments = ["--public-client", "--no-sign-in", "--kit", str(tmp_path / "stranger"), "--offer", offer.link]
    done = command(served, tmp_path, *arguments, "--module", "portadoc-issuer-credential-content")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("arguments", [["--module", "no-such-module"], ["--profile", "no-such-profile"]])
def test_what_is_not_known_is_refused(arguments: list[str], served: RunningIssuer, tmp_path: Path) -> None:
    assert command(served, tmp_path, "--no-sign-in", *arguments).exit_code in (2, 4)


def test_the_wallet_provider_is_written_for_the_operator(tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["conformance", "wallet-provider", "--kit", str(tmp_path / "kit"), "--out", str(out)]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert (out / "anchors.pem").read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert json.loads((out / "trust.json").read_text())["anchors"]


def test_modules_are_listed_by_profile() -> None:
    done = CliRunner().invoke(main, ["conformance", "modules", "--profile", "haip-1.0", "--json"])
    names = [each["name"] for each in json.loads(done.stdout)["modules"]]
    assert METADATA in names
    assert "portadoc-issuer-public-body-credential" not in names
