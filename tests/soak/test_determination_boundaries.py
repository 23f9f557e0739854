"""A million cases on every threshold: whatever the engine grants, the checker derives from the law by itself."""

from collections import Counter

import pytest

from portadoc.errors import Malformed, Refused
from portadoc.grant_check import check_grant
from tests.population.boundaries import boundary_cases
from tests.population.engine import decide
from tests.population.grants import CERTIFICATES, tampered

MILLION = 1_000_000
EVERY_NTH_TAMPERED = 20


@pytest.mark.soak
def test_the_checker_derives_every_grant_of_a_million_boundary_cases() -> None:
    found = campaign(MILLION, seed=987_2009)
    print(found.outcomes, found.grants, "grants,", found.tampered, "tampered with")
    assert found.disagreements == Counter()
    assert found.slipped == Counter()
    assert found.grants > MILLION // 5


def test_the_checker_derives_every_grant_of_some_boundary_cases() -> None:
    found = campaign(6_000, seed=11)
    assert found.slipped == Counter()
    assert found.disagreements == Counter()
    assert found.grants > 1_200


class Campaign:
    """Counts of one run: ``disagreements`` and ``slipped`` by article and rule."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.grants = self.tampered = 0
        self.disagreements: Counter[tuple[str, ...]] = Counter()
        self.slipped: Counter[tuple[str, ...]] = Counter()


def campaign(count: int, *, seed: int) -> Campaign:
    found = Campaign()
    for facts in boundary_cases(count, seed=seed):
        try:
            decision = decide(facts)
        except Malformed:
            found.outcomes["unreadable"] += 1
            continue
        found.outcomes[decision["outcome"]] += 1
        if decision["outcome"] != "GRANT" or decision["action"] not in CERTIFICATES:
            continue
        found.grants += 1
        try:
            check_grant(facts, decision)
        except Refused as refused:
            named = facts["request"]["kind"], decision["article"], str(refused.params["rule"])
            found.disagreements[named] += 1
            continue
        if found.grants % EVERY_NTH_TAMPERED == 0:
            for name, changed in tampered(decision):
                found.tampered += 1
                try:
                    check_grant(facts, changed)
                except Refused:
                    continue
                found.slipped[(decision["article"], name)] += 1
    return found
