"""There and back: nothing that a form can carry is lost on the way."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portadoc.schemas.claims import ClaimPattern
from portadoc.schemas.projections import PROJECTIONS
from portadoc.schemas.records import record_from_json, record_to_json

STEADY = settings(deadline=None, derandomize=True, max_examples=30, suppress_health_check=[HealthCheck.too_slow])


def without(tree: Any, pattern: ClaimPattern) -> None:
    """Take out of a record's JSON what a layout leaves out."""
    step, rest = pattern[0], pattern[1:]
    if step is None:
        for item in tree:
            without(item, rest)
    elif rest and step in tree:
        without(tree[step], rest)
    else:
        tree.pop(step, None)


def compact(tree: Any) -> Any:
    """Drop what says nothing: null, empty arrays, empty objects."""
    if isinstance(tree, dict):
        kept = {name: compact(value) for name, value in tree.items()}
        return {name: value for name, value in kept.items() if value not in (None, [], {})}
    return [compact(item) for item in tree] if isinstance(tree, list) else tree


def test_a_record_is_the_same_after_a_way_through_json(
    layout_and_records: tuple[str, st.SearchStrategy[Any]],
) -> None:
    _, records = layout_and_records

    @STEADY
    @given(records)
    def holds(record: Any) -> None:
        assert record_from_json(json.loads(json.dumps(record_to_json(record)))) == record

    holds()


def test_a_projection_there_and_back_loses_nothing_that_the_layout_can_carry(
    layout_and_records: tuple[str, st.SearchStrategy[Any]],
) -> None:
    layout, records = layout_and_records
    projection = PROJECTIONS[layout]

    @STEADY
    @given(records)
    def holds(record: Any) -> None:
        claims = projection.project(record)
        restored = projection.restore(json.loads(json.dumps(claims)))
        expected = record_to_json(record)
        del expected["kind"], expected["record_version"]
        for pattern in projection.left_out:
            if not (layout == "ehic-dc4eu" and record.to_representative):
                without(expected, pattern)
        assert compact(restored.record_fields) == compact(expected)
        assert {deviation.code for deviation in restored.deviations} <= {"claim_institution_unusual"}

    holds()


def test_every_disclosable_path_leads_to_a_claim_and_comes_once(
    layout_and_records: tuple[str, st.SearchStrategy[Any]],
) -> None:
    layout, records = layout_and_records
    projection = PROJECTIONS[layout]

    @STEADY
    @given(records)
    def holds(record: Any) -> None:
        claims = projection.project(record)
        paths = projection.disclosable(claims)
        assert len(set(paths)) == len(paths)
        for path in paths:
            place: Any = claims
            for step in path:
                place = place[step]

    holds()
