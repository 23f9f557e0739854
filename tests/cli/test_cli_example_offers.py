"""``portadoc issuer example-offer`` gives the conformance kit what it wants, in development alone."""

import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from portadoc.cli.issuing import example_offer
from portadoc.clock import SystemClock
from portadoc.conformance import programs
from portadoc.conformance.programs import Want
from portadoc.formats import strict_json
from portadoc.randomness import system_random_bytes
from portadoc.schemas.openid4vci import AUTHORIZATION_CODE_GRANT, PRE_AUTHORIZED_CODE_GRANT
from portadoc.schemas.profiles import Mode
from portadoc.serve.house import House, open_house
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings
from tests.cli.conftest import Run, Served
from tests.cli.test_cli_guides import line_of, shown_commands

COMMAND = ("issuer", "example-offer", "fr-demo")


def offered(link: str) -> dict[str, Any]:
    (offer,) = parse_qs(urlsplit(link).query)["credential_offer"]
    return strict_json.loads_object(offer, what="offer")


def test_the_words_are_those_of_the_kit() -> None:
    assert tuple(Want) == example_offer.WANTS


def test_each_wish_gets_its_offer(portadoc: Callable[..., Any], served: Served, run: Run) -> None:
    with_code = run(*COMMAND, "pre-authorized-with-tx-code", "--data-dir", served.folder)
    link, code = with_code.stdout.splitlines()
    assert offered(link)["grants"][PRE_AUTHORIZED_CODE_GRANT]["tx_code"]["length"] == len(code)
    told = {want: portadoc(*COMMAND, want) for want in ("pre-authorized", "authorization-code", "several")}
    grants = {want: offered(each["offer_uri"])["grants"] for want, each in told.items()}
    assert list(grants["pre-authorized"][PRE_AUTHORIZED_CODE_GRANT]) == ["pre-authorized_code"]
    assert list(grants["authorization-code"]) == [AUTHORIZATION_CODE_GRANT]
    assert {each["tx_code"] for each in told.values()} == {None}
    assert len(portadoc("wallet", "accept", told["several"]["offer_uri"])["credentials"]) == 2


def test_what_is_deferred_is_decided_when_it_is_asked_for(
    portadoc: Callable[..., Any], served: Served, run: Run
) -> None:
    offer = portadoc(*COMMAND, "deferred")["offer_uri"]
    assert "issuance_deferred" in run("wallet", "accept", offer, "--data-dir", served.folder).stderr
    (waiting,) = served.house.issuer.expected("fr-demo")
    done = run(*COMMAND, "deferred-ready", "--data-dir", served.folder)
    assert (done.exit_code, done.stdout) == (0, "")
    assert served.house.issuer.expected("fr-demo") == ()
    decided = served.house.issuer.life_cycle.view("fr-demo", waiting.record_id).record
    assert "A1-TEST-" in decided.body


def test_no_offer_is_no_line(run: Run, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTADOC_PROFILE", "haip-1.0")
    none = run(*COMMAND, "pre-authorized", "--data-dir", served.folder)
    assert (none.exit_code, none.stdout) == (0, "")


def test_an_institution_without_an_example_is_told_so(run: Run, served: Served) -> None:
    refused = run("issuer", "example-offer", "fr-health", "several", "--data-dir", served.folder)
    assert (refused.exit_code, "example_offer_impossible" in refused.stderr) == (1, True)


def test_in_production_no_example_is_offered(run: Run, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def production(*_: object) -> Iterator[Any]:
        yield SimpleNamespace(issuer=served.house.issuer, settings=SimpleNamespace(mode=Mode.PRODUCTION))

    monkeypatch.setattr(example_offer, "installation", production)
    refused = run(*COMMAND, "several")
    assert (refused.exit_code, "example_offer_in_production" in refused.stderr) == (4, True)


@contextmanager
def house_at(port: int, folder: Path) -> Iterator[House]:
    settings = PortadocSettings(base_url=f"http://127.0.0.1:{port}", data_dir=folder)
    environment, random_bytes = dict(os.environ), system_random_bytes
    with (
        listen("127.0.0.1", port) as listener,
        open_house(settings, clock=SystemClock(), random_bytes=random_bytes, environment=environment) as house,
        serving(house, listener),
    ):
        yield house


def test_what_the_guide_to_the_kit_shows(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the commands alone, all in this process; one module of the kit: ``make conformance`` runs them all."""
    lines = shown_commands("docs/conformance-kit.md")
    guide = lines[lines.index("portadoc serve --port 8700 &") :]
    monkeypatch.setenv("PORTADOC_DATA_DIR", "trial")

    def follow(line: str) -> str:
        done = run(*shlex.split(line)[1:])
        assert done.exit_code == 0, (line, done.output)
        return done.stdout

    monkeypatch.setattr(programs, "can_be_run", lambda _: True)  # portadoc may not be on the path of the tests
    monkeypatch.setattr(programs, "run_program", lambda program, told: follow(f"{program} {shlex.quote(told)}"))
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    with house_at(port, tmp_path / "trial"):
        follow(line_of(guide, "portadoc conformance wallet-provider"))
        follow(line_of(guide, "portadoc trust add"))
        accept, _, offer = line_of(guide, "portadoc wallet accept").partition(' "$(')
        follow(f"{accept} {shlex.quote(follow(offer.removesuffix(chr(34)).removesuffix(')')).strip())}")
    with house_at(port, tmp_path / "trial") as house:
        line = line_of(guide, "portadoc conformance issuer")
        line = line.replace("http://127.0.0.1:8700", house.settings.base_url)
        line = line.replace('"$PORTADOC_PROFILE"', house.settings.profile)
        told = follow(f"{line} --module oid4vci-1_0-issuer-happy-flow")
        assert ("1 modules" in told, "skipped" in told) == (True, False)
