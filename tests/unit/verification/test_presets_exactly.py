"""The presets, the purposes and who sees what, as institutions read them: every question, to the letter.

A difference here is a difference in what holders are asked for: read it, then ``make expected``.
"""

import json
from collections.abc import Callable, Iterator
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

import pytest

from portadoc.errors import Refused
from portadoc.schemas.projections import LAYOUTS
from portadoc.verification.presets.fields import columns_of, layouts_of
from portadoc.verification.presets.lint import Finding, lint
from portadoc.verification.presets.queries import Asked, query_of

Expected = Callable[[str, str], None]


def afresh(name: str) -> ModuleType:
    """Return a second copy of a module of the presets: what it reads at import is read again."""
    specification = find_spec(f"portadoc.verification.presets.{name}")
    assert specification is not None
    assert specification.loader is not None
    module = module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def written(each: Any) -> Iterator[str]:
    """Yield a preset as lines: its rules, then each credential query with its claims and its claim sets."""
    yield f"{each.id}: {each.title['en']} / {each.title['fr']}"
    yield f"  purpose {each.purpose}, by {each.legal_basis}, version {each.version}"
    rules = ("status_required", "max_status_age_s", "same_holder", "same_person")
    yield "  " + ", ".join(f"{rule} {getattr(each, rule)}" for rule in rules)
    for query in each.query["credentials"]:
        yield f"  {query['id']}: {query['format']} {json.dumps(query['meta'])} {sorted(query)}"
        yield from (f"    {claim['id']} = {json.dumps(claim['path'])}" for claim in query["claims"])
        yield from (f"    or: {' '.join(names)}" for names in query.get("claim_sets", ()))
    yield f"  sets: {json.dumps(each.query.get('credential_sets'))}"


def test_every_preset_asks_exactly_this(as_expected: Expected) -> None:
    lines = [line for each in afresh("presets").PRESETS.values() for line in written(each)]
    as_expected("presets.txt", "\n".join(lines) + "\n")


def test_every_purpose_sees_exactly_this(as_expected: Expected) -> None:
    lines = []
    purposes = afresh("purposes")
    for each in purposes.PURPOSES.values():
        lines += [f"{each.id}: {each.title['en']} / {each.title['fr']}: {', '.join(sorted(each.attestations))}"]
        lines += [f"  {column}: {each.permission(column)}" for column in purposes.COLUMNS]
    as_expected("purposes.txt", "\n".join(lines) + "\n")


def test_every_claim_of_every_layout_falls_exactly_under_these_columns(as_expected: Expected) -> None:
    lines = []
    columns_of = afresh("fields").columns_of
    for layout in LAYOUTS.values():
        for path in dict.fromkeys(place for claim in layout.claims for place in (claim.path, *claim.also)):
            spelt = ".".join("*" if step is None else str(step) for step in path)
            lines.append(f"{layout.id} {spelt}: {', '.join(sorted(columns_of(layout, path)))}")
    as_expected("columns.txt", "\n".join(lines) + "\n")


def test_a_claim_below_a_named_one_falls_under_the_nearest_column() -> None:
    layout = LAYOUTS["pda1-dc4eu-a"]
    assert columns_of(layout, ("document_number", "deeper", 2)) == {"document_number"}
    assert columns_of(layout, ("no_such_claim",)) == frozenset()


def test_a_type_has_its_layouts_under_its_older_names_too() -> None:
    assert {layout.id for layout in layouts_of("eu.we-build.pda1.1")} == {"pda1-webuild"}
    assert layouts_of("urn:example:other") == ()
    assert layouts_of("urn:eu.europa.ec.eudi:pda1:1")


# --- lint


def question(*claims: object, vct: tuple[str, ...] = ("urn:eudi:pda1:1",), id_: str = "a1") -> dict[str, object]:
    meta = {"vct_values": list(vct)}
    return {"credentials": [{"id": id_, "format": "dc+sd-jwt", "meta": meta, "claims": list(claims)}]}


def test_a_finding_names_code_query_claim_and_column() -> None:
    asked = question({"path": ["document_number"]}, {"path": ["work_address"]}, {"path": ["shoe", None, 2]})
    assert lint(asked, "public-check") == (
        Finding("purpose_match_only", "a1", "document_number", "document_number"),
        Finding("purpose_exceeded", "a1", "work_address", "host_country"),
        Finding("purpose_exceeded", "a1", "work_address", "workplaces"),
        Finding("purpose_claim_unknown", "a1", "shoe[*][2]", ""),
    )


def test_a_query_with_one_type_that_nobody_knows_is_not_looked_into() -> None:
    asked = question({"path": ["document_number"]}, vct=("urn:eudi:pda1:1", "urn:example:other"))
    assert lint(asked, "public-check") == (Finding("purpose_type_unknown", "a1", "", ""),)


def test_an_attestation_that_the_purpose_has_no_use_for_is_one_finding() -> None:
    asked = question({"path": ["document_number"]}, id_="other")
    assert lint(asked, "care-provider") == (Finding("purpose_attestation_unfit", "other", "", ""),)


def test_a_claim_of_every_type_asked_for_counts_in_each() -> None:
    both = ("urn:eudi:pda1:1", "eu.we-build.pda1.1")
    asked = question({"path": ["subject", "pin"]}, {"path": ["document_number"]}, vct=both)
    assert [(each.claim, each.column) for each in lint(asked, "public-check")] == [
        ("subject.pin", "pin"),
        ("document_number", "document_number"),
    ]


def test_a_finding_speaks_in_the_language_of_the_reader() -> None:
    found = Finding("purpose_exceeded", "a1", "x", "pin")
    assert found.params == {"query": "a1", "claim": "x", "column": "Personal numbers"}
    assert found.params_in("fr") == {"query": "a1", "claim": "x", "column": "Numéros personnels"}
    strange = Finding("purpose_exceeded", "a1", "x", "own")
    assert strange.params == strange.params_in("fr") == {"query": "a1", "claim": "x", "column": "own"}
    assert Finding("purpose_exceeded", "a1", "x", "pin").params_in("xx")["column"] == "pin"


# --- from fields to a query


def asked_for(
    *needed: str, where_there: tuple[str, ...] = (), optional: bool = False, first: str | None = None
) -> Asked:
    return Asked(needed=needed, where_there=where_there, optional=optional, first=first)


PID = {"id": "pid", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:eudi:pid:1"]}}


def ehic(*names: str) -> dict[str, object]:
    claims = [{"id": name, "path": [name]} for name in names]
    return {"id": "ehic", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:eudi:ehic:1"]}, "claims": claims}


def test_what_is_needed_of_one_type_is_one_query_without_sets() -> None:
    assert query_of({"ehic": asked_for("coverage_start")}) == {"credentials": [ehic("starting_date")]}


def test_what_is_there_only_sometimes_is_asked_for_in_claim_sets_the_fullest_first() -> None:
    made = query_of({"ehic": asked_for("issued_on", where_there=("coverage_start", "coverage_end"))})
    fullest = ["date_of_issuance", "starting_date", "ending_date"]
    assert made == {
        "credentials": [
            {
                **ehic(*fullest),
                "claim_sets": [fullest, fullest[:2], ["date_of_issuance", "ending_date"], fullest[:1]],
            }
        ]
    }


def test_two_ways_to_answer_are_two_claim_sets() -> None:
    (made,) = query_of({"ehic": asked_for("issued_on", where_there=("coverage_start",))})["credentials"]
    assert made["claim_sets"] == [["date_of_issuance", "starting_date"], ["date_of_issuance"]]


def test_an_optional_attestation_stands_in_a_set_that_need_not_be_answered() -> None:
    made = query_of({"ehic": asked_for("coverage_start"), "pid": asked_for(optional=True)})
    assert made == {
        "credentials": [ehic("starting_date"), {**PID, "claims": []}],
        "credential_sets": [{"options": [["ehic"]]}, {"options": [["pid"]], "required": False}],
    }


def test_of_two_types_the_preferred_one_comes_first() -> None:
    for first, order in (
        (None, [["a1"], ["a1-full-form"]]),
        ("pda1-dc4eu-a", [["a1"], ["a1-full-form"]]),
        ("pda1-webuild", [["a1-full-form"], ["a1"]]),
    ):
        made = query_of({"pda1": asked_for("legislation", first=first)})
        assert made["credential_sets"] == [{"options": order}]
        assert [each["id"] for each in made["credentials"]] == ["a1", "a1-full-form"]


def test_an_unknown_preset_or_purpose_is_told_with_all_that_there_are() -> None:
    for module, ask, known in (("presets", "preset", "PRESETS"), ("purposes", "purpose", "PURPOSES")):
        copy = afresh(module)
        for name in getattr(copy, known):
            assert getattr(copy, ask)(name).id == name
        with pytest.raises(Refused) as refusal:
            getattr(copy, ask)("curiosity")
        assert refusal.value.code == f"{ask}_unknown"
        assert refusal.value.params == {"known": ", ".join(getattr(copy, known))}
