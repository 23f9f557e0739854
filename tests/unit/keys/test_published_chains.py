"""The document in which an institution publishes the certificates behind its seals."""

from typing import Any

import pytest

from portadoc.errors import Malformed
from portadoc.keys.trust.published_chains import MAX_CHAINS, chains_from_json, chains_to_json

CHAINS = ((b"leaf", b"authority"), (b"\x00\xff",))


def test_chains_come_back_as_they_were() -> None:
    assert chains_from_json(chains_to_json(CHAINS)) == CHAINS
    assert chains_from_json({**chains_to_json(CHAINS), "more": 1}) == CHAINS
    assert chains_from_json({"chains": []}) == ()


def test_a_chain_that_stands_there_twice_counts_once() -> None:
    assert chains_from_json(chains_to_json((*CHAINS, *CHAINS))) == CHAINS


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"chains": None},
        {"chains": "bGVhZg=="},
        {"chains": ["bGVhZg=="]},
        {"chains": [[]]},
        {"chains": [["bGVhZg=="] * 5]},
        {"chains": [[1]]},
        {"chains": [[""]]},
        {"chains": [["bGVhZg"]]},
        {"chains": [["bGVhZh=="]]},
        {"chains": [["bGVh\nZg=="]]},
        {"chains": [["bGVhZg==é"]]},
        {"chains": [{"0": "bGVhZg=="}]},
    ],
)
def test_another_form_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match="seal_certificates_malformed"):
        chains_from_json(document)


def test_more_than_anybody_has_is_refused() -> None:
    many = [[f"{number:04d}"] for number in range(MAX_CHAINS + 1)]
    with pytest.raises(Malformed, match="limit_exceeded"):
        chains_from_json({"chains": many})
