"""A population with known truth: how much is decided at once, and nothing granted that the law does not give."""

import pytest

from portadoc.errors import Refused
from portadoc.grant_check import check_grant
from tests.population.engine import decide
from tests.population.grants import tampered, written
from tests.population.requests import requests
from tests.population.score import Score, score
from tests.population.situations import Grant

IN_MAKE_TEST = 4_000
WHOLE = 100_000
AT_ONCE = 0.88


def test_a_population_is_decided_at_once_and_never_wrongly() -> None:
    assert_good(score(requests(IN_MAKE_TEST), decide))


@pytest.mark.soak
def test_the_whole_population_is_decided_at_once_and_never_wrongly() -> None:
    found = score(requests(WHOLE), decide)
    print(dict(found.outcomes), f"decided {found.decided:.4f}, agreements to seek {found.agreements}")
    print(f"wrong: {len(found.wrong_grants)} grants, {len(found.wrong_refusals)} refusals; missed {found.missed}")
    assert_good(found)


def assert_good(found: Score) -> None:
    assert [why for why, _, _ in found.wrong_grants] == []
    assert [why for why, _, _ in found.wrong_refusals] == []
    assert found.decided >= AT_ONCE


def test_the_checker_accepts_every_grant_that_the_law_gives() -> None:
    accepted = 0
    for facts, truth in requests(IN_MAKE_TEST, seed=1):
        if truth.grant is not None:
            check_grant(facts, written(facts, truth.grant))
            accepted += 1
    assert accepted > 0.85 * IN_MAKE_TEST


def test_the_checker_accepts_no_grant_that_was_tampered_with() -> None:
    for facts, truth in requests(500, seed=2):
        if truth.grant is None:
            continue
        for name, changed in tampered(written(facts, truth.grant)):
            with pytest.raises(Refused) as refused:
                check_grant(facts, changed)
            assert refused.value.code == "grant_not_derivable", name


def test_the_checker_accepts_no_grant_where_the_law_gives_none() -> None:
    given = [truth.grant for _, truth in requests(2_000, seed=3) if truth.grant is not None]
    certificates = {(grant.article, grant.code, grant.action) for grant in given}
    for facts, truth in requests(2_000, seed=3):
        if truth.grant is None:
            request = facts["request"]
            states = {row["state"] for row in facts["activities"]} | {request["asked_state"]}
            states |= {row["seat_state"] for row in facts["employers"]} | {facts["person"]["residence_state"]}
            for article, code, action in certificates:
                for state in states:
                    grant = Grant(state, article, code, action, request["period_start"], request["period_end"])
                    with pytest.raises(Refused):
                        check_grant(facts, written(facts, grant))


def test_the_population_is_the_same_for_the_same_seed() -> None:
    assert list(requests(50)) == list(requests(50))
    assert list(requests(50)) != list(requests(50, seed=5))
