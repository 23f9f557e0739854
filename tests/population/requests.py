"""A population of requests in the proportions of the field, each with what the law gives: TEST DATA.

Of 4.6 million certificates of 2022 (domain.md section 6) 3.0 million were made under article 12, 1.4 million under
article 13 and 0.2 million under the others; issuing and receiving states follow the figures of 2024. How often
people file what cannot be granted is not published: those shares are set by us in the three situation modules.
"""

from collections.abc import Iterator
from random import Random  # noqa: TID251 - the same in every run

from tests.population import other_articles, postings, several_states
from tests.population.situations import Built

PROPORTIONS = ((postings.SHARES, 3.0), (several_states.SHARES, 1.4), (other_articles.SHARES, 0.2))


def requests(count: int, *, seed: int = 883_2004) -> Iterator[Built]:
    """Yield ``count`` requests, the same for the same seed."""
    random = Random(seed)
    situations, weights = [], []
    for shares, part in PROPORTIONS:
        whole = sum(shares.values())
        situations += list(shares)
        weights += [part * share / whole for share in shares.values()]
    for situation in random.choices(situations, weights, k=count):
        yield situation(random)
