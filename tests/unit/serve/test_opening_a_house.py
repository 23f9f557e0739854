"""Keys and database of an installation: made once, opened whole, and not weaker than the mode promises."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from portadoc.clock import FixedClock
from portadoc.errors import Misconfigured
from portadoc.keys.key_ring import KeyPurpose
from portadoc.keys.trust.trust_file import TRUST_FILE
from portadoc.randomness import system_random_bytes
from portadoc.serve.house import open_key_ring, read_trust
from portadoc.serve.run import listen, serve_one
from portadoc.serve.settings import Institution

PRODUCTION = {"mode": "production", "base_url": "https://portadoc.example", "passphrase": "env:PASSPHRASE"}
ENVIRONMENT = {"PASSPHRASE": "of this test"}


def test_processes_that_start_at_once_share_one_key_ring(make_settings: Any) -> None:
    settings, starts = make_settings(), Barrier(4)

    def start(_: int) -> Any:
        starts.wait()
        return open_key_ring(
            settings,
            clock=FixedClock(1_795_300_000),
            random_bytes=system_random_bytes,
            environment={},
            may_make=True,
        )

    with ThreadPoolExecutor(4) as threads:
        rings = list(threads.map(start, range(4)))
    assert len({tuple(key.kid for key in ring.keys) for ring in rings}) == 1
    keys = Path(settings.data_dir) / "keys"
    named = {ring_file for key in rings[0].keys for ring_file in (key.uri.removeprefix("file:"), key.chain)}
    authorities = {name for each in rings[0].index.authorities for name in (each.uri[5:], each.certificate)}
    assert {path.name for path in keys.iterdir()} - {"keyring.json", TRUST_FILE} == (named | authorities) - {None}
    assert [path.name for path in keys.parent.iterdir()] == ["keys"]
    chain = rings[0].signer("fr-demo", KeyPurpose.STATUS).chain
    trusted = read_trust(keys / TRUST_FILE).resolve(
        chain, purpose=KeyPurpose.STATUS, at=1_795_300_001, credential_type=None, issuer=None, institution=None
    )
    assert trusted.institution_id == "FR:TEST01"


def test_keys_that_cannot_be_made_leave_nothing_behind(make_settings: Any) -> None:
    institutions = {"fr-demo": Institution(id="FR:1", name="n" * 100, country="FR", issues=("pda1",))}
    settings = make_settings(institutions=institutions)
    with pytest.raises(Misconfigured, match="institution_invalid"):
        open_key_ring(
            settings, clock=FixedClock(0), random_bytes=system_random_bytes, environment={}, may_make=True
        )
    assert list(Path(settings.data_dir).iterdir()) == []


def test_production_does_not_sign_with_keys_that_were_made_for_development(open_a_house: Any) -> None:
    open_a_house(**{**PRODUCTION, "mode": "development"}, environment=ENVIRONMENT)
    with pytest.raises(Misconfigured, match="key_ring_for_development"):
        open_a_house(**PRODUCTION, environment=ENVIRONMENT)


def test_a_wrong_passphrase_stops_the_start_although_no_key_is_needed_yet(
    open_a_house: Any, make_settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = make_settings(passphrase="env:PASSPHRASE", institutions=issuing_only(make_settings))
    open_a_house(passphrase="env:PASSPHRASE", institutions=settings.institutions, environment=ENVIRONMENT)
    monkeypatch.setenv("PASSPHRASE", "another")
    with listen("127.0.0.1", 0) as listener, pytest.raises(Misconfigured, match="passphrase_wrong"):
        serve_one(settings, [listener], ready=lambda: None)


def issuing_only(make_settings: Any) -> dict[str, Any]:
    return {slug: each for slug, each in make_settings().institutions.items() if each.issues}
