"""Type Metadata with parents: merged property by property, tightened and never loosened, bounded."""

import json
from itertools import pairwise
from typing import Any

import pytest

from portadoc.errors import Malformed, Untrusted
from portadoc.formats.type_metadata import Disclosable, TypeMetadata, integrity, resolve_type_metadata

CHILD, PARENT, ROOT = "urn:example:child", "urn:example:parent", "urn:example:root"


def octets(vct: str, **members: Any) -> bytes:
    return json.dumps({"vct": vct, **members}).encode()


def resolved(*documents: bytes, pin: str | None = None) -> TypeMetadata | None:
    by_type = {json.loads(each)["vct"]: each for each in documents if each.startswith(b"{")}

    def given(vct: str, pinned: str | None) -> bytes | None:
        found = by_type.get(vct)
        return found if found is not None and pinned in (None, integrity(found)) else None

    return resolve_type_metadata(CHILD, pin, given)


def reason_of(*documents: bytes) -> str:
    with pytest.raises(Untrusted) as refusal:
        resolved(*documents)
    assert refusal.value.code == "type_metadata_invalid"
    return str(refusal.value.params["reason"])


def claim(name: str, label: str | None = None, **members: Any) -> dict[str, Any]:
    shown = {} if label is None else {"display": [{"locale": "en", "label": label}]}
    return {"path": [name], **shown, **members}


def test_a_type_alone_is_what_its_document_says() -> None:
    document = octets(CHILD, claims=[claim("a", "A", sd="never")])
    found = resolved(document, pin=integrity(document))
    assert found is not None
    assert (found.vct, found.extends, found.claims[0].sd) == (CHILD, None, Disclosable.NEVER)


def test_v36_without_the_document_that_is_meant_nothing_is_processed() -> None:
    assert resolved() is None
    assert resolved(octets(CHILD), pin=integrity(b"another edition")) is None


def test_a_child_adds_to_its_parents_and_its_display_takes_the_place_of_theirs() -> None:
    root = octets(
        ROOT,
        display=[{"locale": "en", "name": "Root"}, {"locale": "fr", "name": "Racine"}],
        claims=[claim("a", "A"), claim("b", "B", sd="always", mandatory=True)],
    )
    parent = octets(PARENT, extends=ROOT, claims=[claim("a", sd="never"), claim("c", "C")])
    child = octets(
        CHILD,
        extends=PARENT,
        **{"extends#integrity": integrity(parent)},
        display=[{"locale": "en", "name": "Child"}],
        claims=[claim("c", "See", mandatory=True)],
    )
    found = resolved(root, parent, child)
    assert found is not None
    assert (found.vct, dict(found.names)) == (CHILD, {"en": "Child"})
    assert [(each.path, each.labels.get("en"), each.sd.value, each.mandatory) for each in found.claims] == [
        (("a",), "A", "never", False),
        (("b",), "B", "always", True),
        (("c",), "See", "allowed", True),
    ]


@pytest.mark.parametrize(
    ("parent", "child"),
    [
        ({"sd": "always"}, {"sd": "allowed"}),
        ({"sd": "always"}, {"sd": "never"}),
        ({"sd": "never"}, {"sd": "allowed"}),
        ({"mandatory": True}, {"mandatory": False}),
    ],
)
def test_v36_a_child_that_loosens_its_parent_is_refused(parent: dict[str, Any], child: dict[str, Any]) -> None:
    documents = (
        octets(PARENT, claims=[claim("a", **parent)]),
        octets(CHILD, extends=PARENT, claims=[claim("a", **child)]),
    )
    assert reason_of(*documents) == "loosened"


@pytest.mark.parametrize(
    ("parent", "child"),
    [
        ({"sd": "allowed"}, {"sd": "never"}),
        ({"sd": "always"}, {"sd": "always"}),
        ({"sd": "always"}, {}),
        ({"mandatory": False}, {"mandatory": True}),
        ({"mandatory": True}, {}),
    ],
)
def test_a_child_may_tighten_or_say_the_same(parent: dict[str, Any], child: dict[str, Any]) -> None:
    documents = (
        octets(PARENT, claims=[claim("a", **parent)]),
        octets(CHILD, extends=PARENT, claims=[claim("a", **child)]),
    )
    assert resolved(*documents) is not None


def test_v36_g21_types_that_extend_each_other_are_refused() -> None:
    cycle = (octets(PARENT, extends=ROOT), octets(ROOT, extends=CHILD), octets(CHILD, extends=PARENT))
    assert reason_of(*cycle) == "cycle"
    assert reason_of(octets(CHILD, extends=CHILD)) == "extends"


def test_v36_g21_a_lineage_has_a_bound() -> None:
    names = [CHILD, *(f"urn:example:{n}" for n in range(10))]
    lineage = [octets(name, extends=above) for name, above in pairwise(names)]
    assert reason_of(*lineage, octets(names[-1])) == "too_many_parents"
    assert resolved(*lineage[:8], octets(names[8])) is not None


def test_v36_a_parent_that_is_missing_or_another_edition_or_malformed_refuses_the_type() -> None:
    child = octets(CHILD, extends=PARENT, **{"extends#integrity": integrity(b"other")})
    assert reason_of(octets(CHILD, extends=PARENT)) == "parent_missing"
    assert reason_of(child, octets(PARENT)) == "parent_missing"
    assert reason_of(octets(CHILD, extends=PARENT), octets(PARENT, claims=1)) == "claims"
    assert reason_of(octets(CHILD, extends=PARENT, **{"extends#integrity": 5}), octets(PARENT)) == "extends"
    assert reason_of(octets(CHILD, extends=PARENT), octets(PARENT, claims=[{"path": []}])) == "query_malformed"


def test_v36_g21_a_document_that_is_no_json_or_of_another_type_is_refused() -> None:
    with pytest.raises(Untrusted, match="json_malformed"):
        resolve_type_metadata(CHILD, None, lambda vct, pin: b"hello")
    with pytest.raises(Untrusted, match="vct_mismatch"):
        resolve_type_metadata(CHILD, None, lambda vct, pin: octets(PARENT))
    with pytest.raises(Malformed, match="limit_exceeded"):
        resolve_type_metadata(CHILD, None, lambda vct, pin: b"[" * 3_000_000)
