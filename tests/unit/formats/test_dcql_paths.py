"""Claims path pointers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc.errors import Malformed, Refused
from portadoc.formats.dcql.paths import (
    MAX_PATH_LENGTH,
    IssuedPositions,
    Located,
    off_line,
    only,
    parse_pointer,
    select,
    spell,
)
from portadoc.schemas.claims import ClaimPath, JsonObject

CREDENTIAL: dict[str, Any] = {
    "name": "Arthur Dent",
    "address": {"street_address": "42 Market Street", "locality": "Milliways"},
    "degrees": [{"type": "Bachelor"}, {"type": "Master", "honours": True}],
    "nationalities": ["British", "Betelgeusian"],
}


@pytest.mark.parametrize(
    ("pointer", "values"),
    [
        (("name",), ["Arthur Dent"]),
        (("address",), [CREDENTIAL["address"]]),
        (("address", "locality"), ["Milliways"]),
        (("degrees", None, "type"), ["Bachelor", "Master"]),
        (("degrees", None, "honours"), [True]),
        (("degrees", 1, "type"), ["Master"]),
        (("nationalities", 1), ["Betelgeusian"]),
        (("nationalities", None), ["British", "Betelgeusian"]),
    ],
)
def test_pointer_selects(pointer: tuple[str | int | None, ...], values: list[object]) -> None:
    assert [item.value for item in select(CREDENTIAL, pointer)] == values


@pytest.mark.parametrize(
    ("pointer", "reason"),
    [
        (("absent",), "claim_absent"),
        (("nationalities", 2), "claim_absent"),
        (("address", "country"), "claim_absent"),
        (("name", "first"), "path_container"),
        (("name", 0), "path_container"),
        (("address", None), "path_container"),
        (("address", 0), "path_container"),
        (("degrees", "type"), "path_container"),
        (("degrees", None, 0), "path_container"),
    ],
)
def test_pointer_to_nothing_is_an_error(pointer: tuple[str | int | None, ...], reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        select(CREDENTIAL, pointer)
    assert (refusal.value.code, refusal.value.params["reason"]) == ("query_unsatisfied", reason)


def test_index_counts_elements_as_issued() -> None:
    presented = {"nationalities": ["Betelgeusian"]}
    issued: IssuedPositions = {("nationalities",): (1,)}
    assert select(presented, ("nationalities", 1), issued_positions=issued) == (
        Located(("nationalities", 0), "Betelgeusian"),
    )
    with pytest.raises(Refused):
        select(presented, ("nationalities", 0), issued_positions=issued)
    assert len(select(presented, ("nationalities", None), issued_positions=issued)) == 1


@pytest.mark.parametrize(
    "value",
    [None, "name", {}, [], [True], [1.0], [-1], [10_000], [["name"]], [{}], ["a"] * (MAX_PATH_LENGTH + 1)],
)
def test_pointer_of_another_form_is_refused(value: object) -> None:
    with pytest.raises(Malformed) as refusal:
        parse_pointer(value)
    assert (refusal.value.code, refusal.value.params["reason"]) == ("query_malformed", "path_form")


@given(st.lists(st.text() | st.none() | st.integers(0, 9_999), min_size=1, max_size=MAX_PATH_LENGTH))
def test_every_defined_pointer_is_read(value: list[str | int | None]) -> None:
    assert parse_pointer(value) == tuple(value)


def test_only_what_lies_at_or_below_a_place_is_kept_and_the_original_stays() -> None:
    places: list[ClaimPath] = [("address", "locality"), ("degrees", 0), ("name",), ("degrees", 0, "type")]
    assert only(CREDENTIAL, places) == {
        "name": "Arthur Dent",
        "address": {"locality": "Milliways"},
        "degrees": [CREDENTIAL["degrees"][0]],
    }
    assert only(CREDENTIAL, []) == {}
    assert len(CREDENTIAL["degrees"]) == 2


def test_places_off_the_line_of_every_path_are_told_from_those_on_it() -> None:
    places: list[ClaimPath] = [("a",), ("a", "b"), ("a", "b", 0), ("a", "c"), ("d",)]
    assert off_line(places, [("a", "b")]) == (("a", "c"), ("d",))
    assert off_line(places, []) == tuple(places)


def test_thousands_of_paths_take_one_pass() -> None:
    many: JsonObject = {"places": [{"country": "AT"} for _ in range(20_000)]}
    paths = [item.path for item in select(many, ("places", None, "country"))]
    assert only(many, paths) == many
    assert off_line([("places", index) for index in range(20_000)], paths) == ()


def test_pointer_is_spelled_readably() -> None:
    assert spell(("degrees", None, "type")) == "degrees[*].type"
    assert spell(("nationalities", 1)) == "nationalities[1]"
