"""``portadoc issuer example`` prints what ``--record`` reads."""

import json
from typing import Any

import pytest

from portadoc.schemas.examples import EXAMPLES
from portadoc.schemas.records import record_from_json


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_a_record_in_the_form_that_is_read(run: Any, name: str) -> None:
    printed = run("issuer", "example", name)
    assert printed.exit_code == 0
    assert json.loads(printed.stdout)["kind"] == record_from_json(json.loads(printed.stdout)).KIND


def test_an_unknown_name_is_answered_with_those_there_are(run: Any) -> None:
    refused = run("issuer", "example", "nobody")
    assert refused.exit_code == 2
    assert "posted-worker-fr-de, insured-traveller" in refused.stderr
