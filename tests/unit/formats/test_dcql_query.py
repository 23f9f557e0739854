"""Reading DCQL queries."""

import copy
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc.errors import Malformed
from portadoc.formats.dcql.query import CredentialSet, TrustedAuthority, parse_query

VCT = "urn:eudi:pda1:1"
FULL: dict[str, Any] = {
    "credentials": [
        {
            "id": "a1",
            "format": "dc+sd-jwt",
            "multiple": True,
            "meta": {"vct_values": [VCT], "unknown": 1},
            "trusted_authorities": [{"type": "aki", "values": ["s9tI"]}],
            "require_cryptographic_holder_binding": False,
            "claims": [
                {"id": "name", "path": ["family_name"], "values": ["Doe", 7, True]},
                {"id": "places", "path": ["places", None, "country"]},
            ],
            "claim_sets": [["name", "places"], ["name"]],
            "unknown": {},
        },
        {
            "id": "mdl",
            "format": "mso_mdoc",
            "meta": {"doctype_value": "org.iso.18013.5.1.mDL"},
            "claims": [{"path": ["org.iso.18013.5.1", "given_name"]}],
        },
    ],
    "credential_sets": [{"options": [["a1"], ["mdl"]]}, {"options": [["mdl"]], "required": False}],
    "unknown": [],
}


def changed(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    query = copy.deepcopy(FULL)
    place: Any = query
    for step in path[:-1]:
        place = place[step]
    if value is DROP:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return query


DROP = object()


def test_every_member_is_read() -> None:
    query = parse_query(FULL)
    first = query.credentials[0]
    assert (first.id, first.format, first.vct_values) == ("a1", "dc+sd-jwt", (VCT,))
    assert (first.multiple, first.require_holder_binding) == (True, False)
    assert first.trusted_authorities == (TrustedAuthority("aki", frozenset({"s9tI"})),)
    assert first.claims[0].values == ("Doe", 7, True)
    assert first.claims[1].path == ("places", None, "country")
    assert [[claim.id for claim in option] for option in first.alternatives()] == [["name", "places"], ["name"]]
    assert query.sets() == (
        CredentialSet((("a1",), ("mdl",)), required=True),
        CredentialSet((("mdl",),), required=False),
    )


def test_defaults_are_those_of_the_specification() -> None:
    query = parse_query({"credentials": [{"id": "x", "format": "dc+sd-jwt", "meta": {"vct_values": [VCT]}}]})
    first = query.credentials[0]
    assert (first.multiple, first.require_holder_binding, first.claims) == (False, True, ())
    assert first.alternatives() == ((),)
    assert query.sets() == (CredentialSet((("x",),), required=True),)


def test_unknown_formats_are_read_with_any_meta() -> None:
    query = parse_query({"credentials": [{"id": "x", "format": "ldp_vc", "meta": {}}]})
    assert query.credentials[0].vct_values == ()


C = ("credentials", 0)
MALFORMED = [
    (("credentials",), DROP, "form"),
    (("credentials",), [], "form"),
    (("credentials",), {}, "form"),
    (C, "text", "form"),
    ((*C, "id"), DROP, "id_form"),
    ((*C, "id"), "", "id_form"),
    ((*C, "id"), "a b", "id_form"),
    ((*C, "id"), "é", "id_form"),
    ((*C, "id"), "a\n", "id_form"),
    ((*C, "id"), 7, "id_form"),
    ((*C, "id"), "mdl", "id_duplicate"),
    ((*C, "format"), DROP, "form"),
    ((*C, "format"), "", "form"),
    ((*C, "multiple"), "true", "form"),
    ((*C, "multiple"), None, "form"),
    ((*C, "require_cryptographic_holder_binding"), 1, "form"),
    ((*C, "meta"), DROP, "meta_missing"),
    ((*C, "meta"), [], "meta_missing"),
    ((*C, "meta"), {}, "form"),
    ((*C, "meta"), {"vct_values": []}, "form"),
    ((*C, "meta"), {"vct_values": VCT}, "form"),
    ((*C, "meta"), {"vct_values": [1]}, "form"),
    (("credentials", 1, "meta"), {}, "form"),
    ((*C, "trusted_authorities"), [], "form"),
    ((*C, "trusted_authorities"), [{"type": "aki", "values": []}], "form"),
    ((*C, "trusted_authorities"), [{"values": ["x"]}], "form"),
    ((*C, "trusted_authorities"), ["aki"], "form"),
    ((*C, "claims"), [], "form"),
    ((*C, "claims"), None, "form"),
    ((*C, "claims", 0), ["family_name"], "form"),
    ((*C, "claims", 0, "id"), None, "id_form"),
    ((*C, "claims", 0, "id"), "places", "id_duplicate"),
    ((*C, "claims", 0, "id"), DROP, "id_form"),
    ((*C, "claims", 0, "path"), DROP, "path_form"),
    ((*C, "claims", 0, "path"), [-1], "path_form"),
    ((*C, "claims", 0, "values"), [], "form"),
    ((*C, "claims", 0, "values"), "Doe", "form"),
    ((*C, "claims", 0, "values"), [None], "values_form"),
    ((*C, "claims", 0, "values"), [1.5], "values_form"),
    ((*C, "claims", 0, "values"), [["Doe"]], "values_form"),
    ((*C, "claim_sets"), [], "form"),
    ((*C, "claim_sets"), [[]], "form"),
    ((*C, "claim_sets"), [["other"]], "id_unknown"),
    ((*C, "claim_sets"), [[7]], "id_form"),
    ((*C, "claims"), DROP, "claim_sets_without_claims"),
    (("credentials", 1, "claims"), [{"path": ["namespace"]}], "path_form"),
    (("credentials", 1, "claims"), [{"path": ["namespace", None]}], "path_form"),
    (("credential_sets",), [], "form"),
    (("credential_sets", 0), "a1", "form"),
    (("credential_sets", 0, "options"), DROP, "form"),
    (("credential_sets", 0, "options"), [], "form"),
    (("credential_sets", 0, "options"), [[]], "form"),
    (("credential_sets", 0, "options"), ["a1"], "form"),
    (("credential_sets", 0, "options"), [["other"]], "id_unknown"),
    (("credential_sets", 0, "required"), None, "form"),
]


@pytest.mark.parametrize(("path", "value", "reason"), MALFORMED)
def test_what_has_no_defined_meaning_is_refused(path: tuple[str | int, ...], value: object, reason: str) -> None:
    with pytest.raises(Malformed) as refusal:
        parse_query(changed(path, value))
    assert (refusal.value.code, refusal.value.params["reason"]) == ("query_malformed", reason)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((*C, "claims"), [{"path": ["x"]}] * 10_000),
        (("credentials",), [{"id": "x"}] * 100),
        ((*C, "claims", 0, "values"), list(range(1000))),
        ((*C, "claim_sets"), [["name"]] * 1000),
        (("credential_sets", 0, "options"), [["a1"]] * 1000),
    ],
)
def test_counts_are_bounded(path: tuple[str | int, ...], value: object) -> None:
    with pytest.raises(Malformed) as refusal:
        parse_query(changed(path, value))
    assert refusal.value.code == "limit_exceeded"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
PLACES = sorted({path for path, _, _ in MALFORMED}, key=str)


@given(st.sampled_from(PLACES), JSON)
def test_any_value_anywhere_is_read_or_refused_by_code(path: tuple[str | int, ...], value: object) -> None:
    with suppress(Malformed):
        query = parse_query(changed(path, value))
        assert all(option for item in query.sets() for option in item.options)
