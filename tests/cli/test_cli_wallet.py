"""``portadoc wallet`` asks an issuer by itself: signs in at its pages, collects, comes back for more."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from portadoc.clock import SystemClock
from portadoc.errors import Error, Unavailable
from portadoc.fetch import UnsafeLoopbackFetch
from portadoc.issuer.records.holders import holder_of
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.serve.house import open_house
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings
from portadoc.wallet_sim.store import FileStore
from tests.cli.conftest import Run, Served

WORKER = "posted-worker-fr-de"


def issuer_of(served: Served, slug: str = "fr-demo") -> str:
    return f"{served.base_url}/issuer/{slug}"


@pytest.fixture(scope="module")
def record_id(served: Served) -> str:
    """The certificate of the worker whose PID the simulated wallet holds."""
    today = datetime.now(UTC).date()
    pid = served.house.issuer.upload("fr-identity", example("pid-posted-worker", today))
    served.house.wallet.accept(served.house.issuer.offer("fr-identity", pid, ["pid"]).offer_uri)
    return served.house.issuer.upload("fr-demo", example(WORKER, today))


def test_the_wallet_asks_signs_in_and_renews(
    portadoc: Callable[..., Any], served: Served, record_id: str, run: Run
) -> None:
    held = portadoc("wallet", "ask", issuer_of(served), "--type", "pda1", "--copies", "2")["credentials"]
    assert [(each["type"], each["issuer"]) for each in held] == [("urn:eudi:pda1:1", issuer_of(served))] * 2
    assert len(portadoc("wallet", "renew", "pda1")["credentials"]) == 1
    assert portadoc("wallet", "resume") == {"credentials": [], "pending": []}
    ended = run("wallet", "renew", "ehic", "--data-dir", served.folder)
    assert (ended.exit_code != 0, "access_ended" in ended.stderr) == (True, True)
    assert served.house.issuer.credentials("fr-demo")[0].record_id == record_id


@pytest.mark.usefixtures("record_id")
def test_the_sign_in_ends_at_the_wallet_that_asked(portadoc: Callable[..., Any], served: Served) -> None:
    ends: list[str] = []

    def browser(address: str) -> str:
        ends.append(portadoc("wallet", "sign-in", address)["address"])
        return ends[0]

    assert served.house.wallet.ask(issuer_of(served), ["pda1"], browser=browser)
    assert ends[0].startswith("portadoc-wallet://callback?")
    told = parse_qs(urlsplit(ends[0]).query)
    assert told["iss"] == [issuer_of(served)]
    assert told["code"]


def test_what_comes_later_is_asked_for_again(portadoc: Callable[..., Any], served: Served, run: Run) -> None:
    issuer, record = served.house.issuer, example("posted-worker-fr-de", datetime.now(UTC).date())
    issuer.expect("fr-demo", "later", holder_of(record), ["pda1"])
    offer = issuer.offer("fr-demo", "later", ["pda1"]).offer_uri
    deferred = run("wallet", "accept", offer, "--data-dir", served.folder)
    assert "issuance_deferred" in deferred.stderr
    waiting = portadoc("wallet", "resume")
    assert (waiting["credentials"], [each["type"] for each in waiting["pending"]]) == ([], ["urn:eudi:pda1:1"])
    assert (
        "still to come: urn:eudi:pda1:1, not before" in run("wallet", "resume", "--data-dir", served.folder).stdout
    )
    issuer.decided("fr-demo", "later", record)
    store = FileStore(served.folder / "wallet.json")
    store.keep_pending(replace(store.pending()[0], ask_at=0))
    came = portadoc("wallet", "resume")
    assert ([each["type"] for each in came["credentials"]], came["pending"]) == (["urn:eudi:pda1:1"], [])


@pytest.mark.usefixtures("record_id")
def test_a_person_signs_in_by_hand(run: Run, served: Served) -> None:
    asked = run(
        *("wallet", "ask", issuer_of(served), "--type", "pda1", "--by-hand", "--data-dir", served.folder),
        stdin="portadoc-wallet://callback?error=access_denied&state=another\n",
    )
    assert f"{issuer_of(served)}/authorize?" in asked.stderr
    assert "authorization_response_invalid" in asked.stderr


def test_pages_that_lead_nowhere_stop_the_sign_in(run: Run, served: Served) -> None:
    stopped = run(
        *("wallet", "sign-in", f"{issuer_of(served)}/authorize?request_uri=none", "--data-dir", served.folder)
    )
    assert stopped.exit_code != 0
    assert "sign_in_stopped" in stopped.stderr


def test_another_origin_is_never_called(served: Served, run: Run) -> None:
    with pytest.raises(Error, match="fetch_blocked"):
        served.house.wallet.sign_in("http://127.0.0.1:9/authorize")
    for address, named in (
        ("http://127.0.0.1:9/authorize", "does not call http://127.0.0.1:9 (scheme)"),
        ("https://me:secret@issuer.example/authorize?code=secret", "does not call https://issuer.example ("),
    ):
        refused = run("wallet", "sign-in", address, "--data-dir", served.folder)
        assert (refused.exit_code, named in refused.stderr) == (1, True)
        assert f"begin with {served.base_url} only" in refused.stderr
        assert "secret" not in refused.stderr


def test_a_certificate_that_is_not_believed_is_named_with_what_to_do(
    run: Run, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def untrusted(*_: object, **__: object) -> None:
        raise Unavailable("fetch_failed", reason="tls")

    monkeypatch.setattr(UnsafeLoopbackFetch, "send", untrusted)
    failed = run("wallet", "sign-in", f"{served.base_url}/authorize", "--data-dir", served.folder)
    assert (failed.exit_code, f"No TLS connection to {served.base_url}:" in failed.stderr) == (3, True)
    assert "SSL_CERT_FILE=ca.pem" in failed.stderr


def test_under_haip_the_wallet_is_given_its_identity(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HAIP has no pre-authorised codes, so that no offer can bring the first PID."""
    monkeypatch.setenv("PORTADOC_PROFILE", "haip-1.0")
    here = ("--data-dir", tmp_path / "haip")
    with listen("127.0.0.1", 0) as listener:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = PortadocSettings(base_url=origin, data_dir=tmp_path / "haip", profile="haip-1.0")
        with (
            open_house(settings, clock=SystemClock(), random_bytes=system_random_bytes, environment={}) as house,
            serving(house, listener),
        ):
            offered = run(
                *("issuer", "offer", "fr-demo", "--example", WORKER, "--type", "pda1", "--by-reference", *here)
            ).stdout
            link = next(line for line in offered.splitlines() if line.startswith("openid-credential-offer"))
            nobody = run("wallet", "accept", link, *here)
            assert (nobody.exit_code, "wallet_without_pid" in nobody.stderr) == (1, True)
            assert "portadoc wallet identify --example pid-posted-worker" in nobody.stderr
            assert "urn:eudi:pid:1" in run("wallet", "identify", *here).stdout
            assert "kept" in run("wallet", "accept", link, *here).stdout


def test_only_identity_data_identify(run: Run, served: Served) -> None:
    refused = run("wallet", "identify", "--example", WORKER, "--data-dir", served.folder)
    assert (refused.exit_code, "example_offer_impossible" in refused.stderr) == (1, True)
