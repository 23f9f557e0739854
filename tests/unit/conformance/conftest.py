"""One issuer under each profile for all tests of the kit: what a test changes, it changes on the way."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.unit.conformance.workshop import Bench, issuer_keys, kit_keys, opened_bench

STRICT = {
    "key_attestations_required": True,
    "key_storage_levels": ("iso_18045_moderate",),
    "user_authentication_levels": ("iso_18045_moderate",),
    "encryption_required": True,
}
PROFILES = ("ietf-latest", "haip-1.0", "eudi-2026")


@pytest.fixture(scope="session")
def benches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Bench]]:
    folder = tmp_path_factory.mktemp("conformance")
    keys, kit = issuer_keys(folder / "keys"), kit_keys(folder / "kit")
    with ExitStack() as stack:
        made = {each: stack.enter_context(opened_bench(each, keys, kit)) for each in PROFILES}
        yield {**made, "strict": stack.enter_context(opened_bench("ietf-latest", keys, kit, **STRICT))}


@pytest.fixture
def latest(benches: dict[str, Bench]) -> Bench:
    return benches["ietf-latest"]


@pytest.fixture
def haip(benches: dict[str, Bench]) -> Bench:
    return benches["haip-1.0"]


@pytest.fixture
def eudi(benches: dict[str, Bench]) -> Bench:
    return benches["eudi-2026"]
