"""Every reader that is fuzzed reads one of its seeds, and what once was a finding is refused in our own words."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from portadoc.errors import Error
from tests.fuzz.targets import FuzzTarget, all_targets

FINDINGS = Path(__file__).parent / "findings"


@pytest.fixture(scope="module")
def targets() -> Iterator[Mapping[str, FuzzTarget]]:
    with all_targets() as found:
        yield found


def outcome(target: FuzzTarget, fed: bytes) -> str:
    try:
        target.read(fed)
    except Error as error:
        return error.code
    return "read"


def test_every_reader_reads_a_seed(targets: Mapping[str, FuzzTarget]) -> None:
    told = {name: [outcome(target, seed) for seed in target.seeds] for name, target in targets.items()}
    assert {name: outcomes for name, outcomes in told.items() if "read" not in outcomes} == {}


def test_every_reader_refuses_what_is_cut_short(targets: Mapping[str, FuzzTarget]) -> None:
    for target in targets.values():
        for seed in target.seeds:
            for length in (0, 1, len(seed) // 2, len(seed) - 1):
                outcome(target, seed[:length])


def test_past_findings_stay_mended(targets: Mapping[str, FuzzTarget]) -> None:
    for path in sorted(FINDINGS.glob("*/*")):
        outcome(targets[path.parent.name], path.read_bytes())
