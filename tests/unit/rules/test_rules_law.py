"""The law as data: every figure has a day and a source, and a change of figures alone changes what is decided."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc.errors import Misconfigured, Refused
from portadoc.rules import determine, law_at, read_facts
from portadoc.rules.facts import Regime
from portadoc.rules.law import Law, Sources, law_of, sources
from portadoc.rules.law.loading import Parameter, read_parameters
from portadoc.schemas.codes import PDA1_STATES

TODAY = date(2027, 3, 1)


def changed(name: str, value: Any) -> Law:
    """The law with one figure replaced in the data."""

    def edit(parameter: Parameter) -> Parameter:
        if parameter.name != name:
            return parameter
        return replace(parameter, values=tuple(replace(one, value=value) for one in parameter.values))

    found = sources()
    return law_of(replace(found, parameters=tuple(map(edit, found.parameters))), TODAY)


def outcome(case: Any, law: Law) -> str:
    return determine(read_facts(case), law=law).outcome.value


def every_parameter(found: Sources) -> list[Parameter]:
    return [*found.parameters, *(one for pack in found.packs for one in pack.parameters)]


def test_every_value_of_every_parameter_has_a_reference_and_says_whether_it_was_read() -> None:
    for parameter in every_parameter(sources()):
        assert parameter.description, parameter.name
        assert parameter.values, parameter.name
        for dated in parameter.values:
            assert len(dated.reference) > 5, parameter.name
            assert dated.href == "" or dated.href.startswith(("http://", "https://")), parameter.name
            assert isinstance(dated.verified, bool)


def test_every_pack_has_a_reference() -> None:
    assert {pack.id for pack in sources().packs} >= {
        "eu-2012",
        "uk-tca",
        "uk-wa",
        "efta-uk-2024",
        "ch-uk",
        "bilateral",
        "eu-2026-revision",
    }
    assert all(pack.reference and pack.title for pack in sources().packs)


def test_every_regime_has_a_pack() -> None:
    law = law_at(TODAY)
    assert set(law.packs) == set(Regime)


def test_the_states_that_issue_an_a1_are_the_32_of_the_form() -> None:
    law = law_at(TODAY)
    assert {{"UK": "GB"}.get(state, state) for state in law.states("states.a1")} == PDA1_STATES
    assert law.states("states.eu") | law.states("states.eea_efta") | law.states("states.ch") | {
        "UK"
    } == law.states("states.a1")


def test_the_union_changes_with_the_day() -> None:
    assert "HR" not in law_at(date(2013, 6, 30)).states("states.eu")
    assert "HR" in law_at(date(2013, 7, 1)).states("states.eu")
    assert "UK" in law_at(date(2020, 12, 31)).states("states.eu")
    assert "UK" not in law_at(date(2021, 1, 1)).states("states.eu")
    assert len(law_at(TODAY).states("states.eu")) == 27


@pytest.mark.parametrize(
    ("state", "day"),
    [
        ("FR", "2023-07-01"),
        ("NO", "2023-07-01"),
        ("SI", "2023-09-01"),
        ("IT", "2024-01-01"),
        ("LT", "2024-05-01"),
        ("IE", "2024-06-01"),
        ("DK", None),
        ("UK", None),
    ],
)
def test_signatories_of_the_telework_agreement_have_their_own_day(state: str, day: str | None) -> None:
    assert law_at(TODAY).first_day(f"telework_signatory.{state}") == (
        None if day is None else date.fromisoformat(day)
    )


@given(st.dates(min_value=date(2012, 6, 28), max_value=date(2080, 1, 1)))
def test_the_law_of_any_day_has_the_same_names_and_one_version(day: date) -> None:
    law = law_at(day)
    assert law.version == sources().version
    assert len(law.version) == 64
    assert law.integer("posting.max_months") == 24
    assert law.quotes["posting.max_months"] == ("posting.max_months", 24)


@pytest.mark.parametrize(
    ("name", "value", "put", "before", "after"),
    [
        ("posting.max_months", 6, {}, "GRANT", "EXCEPTION_ROUTE"),
        ("posting.min_turnover_share", 61, {}, "GRANT", "REVIEW"),
        ("posting.max_admin_staff_share", 10, {}, "GRANT", "REVIEW"),
        ("posting.min_prior_cover_months", 120, {}, "GRANT", "REVIEW"),
        ("request.look_ahead_months", 1, {}, "GRANT", "REVIEW"),
        ("states.a1", frozenset({"FR"}), {}, "GRANT", "REFUSE"),
    ],
)
def test_a_change_of_the_data_alone_changes_the_outcome(
    make: Any, name: str, value: Any, put: dict[str, Any], before: str, after: str
) -> None:
    case = make(put=put)
    assert outcome(case, law_at(TODAY)) == before
    assert outcome(case, changed(name, value)) == after


def test_an_unknown_pack_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        law_at(TODAY, pack="eu-3000")
    assert caught.value.code == "law_pack_unknown"


def test_the_revision_is_switched_off_and_only_simulates(make: Any, decide: Any) -> None:
    assert law_at(TODAY).pack == "eu-2012"
    assert not law_at(TODAY).simulation
    cover = {"basis": "employment", "since": "2027-01-15", "gap_days_before_start": 0, "days": 45}
    case = make(put={"/posting/prior_cover": cover})
    assert decide(case)["outcome"] == "GRANT"
    assert decide(case, pack="eu-2026-revision")["reasons"] == ["PRIOR_COVER_UNDER_1M"]
    simulated = decide(make(), pack="eu-2026-revision")
    assert (simulated["outcome"], simulated["simulation"], simulated["action"]) == ("GRANT", True, "NONE")
    assert "PRIOR_NOTICE_REQUIRED" in simulated["info"]


def test_the_revision_lets_a_replacement_finish_the_time(make: Any, self_employed: Any, decide: Any) -> None:
    replaced = {"start": "2026-06-01", "end": "2027-02-28", "employer_same": True, "ended_early": False}
    put = {"/posting/replaces": "posted_same_employer", "/posting/replaced_posting": replaced}
    assert decide(make(put=put))["reasons"] == ["REPLACEMENT"]
    assert decide(make(put=put), pack="eu-2026-revision")["outcome"] == "GRANT"
    put["/posting/replaced_posting"] = {**replaced, "start": "2025-06-01"}
    assert decide(make(put=put), pack="eu-2026-revision")["reasons"] == ["REPLACEMENT"]
    assert decide(self_employed(put=put))["outcome"] == "GRANT"
    assert decide(self_employed(put=put), pack="eu-2026-revision")["reasons"] == ["REPLACEMENT"]


@pytest.mark.parametrize(
    "text",
    [
        "max: 3\n",
        "max: {description: d, values: {2020-01-01: {value: 3}}}\n",
        "max: {description: d, values: {2020-01-01: {value: 3, metadata: {reference: {title: t}}}}}\n",
        "max: {description: d, values: {soon: {value: 3, metadata: {reference: {title: t}, verified: true}}}}\n",
        "max: {values: {2020-01-01: {value: 3, metadata: {reference: {title: t}, verified: true}}}}\n",
    ],
)
def test_damaged_data_are_told_by_name(tmp_path: Path, text: str) -> None:
    for folder in ("parameters", "tables"):
        (tmp_path / folder).mkdir()
    (tmp_path / "parameters" / "posting.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        read_parameters(tmp_path)
    assert caught.value.code == "law_malformed"


def test_a_null_value_ends_a_parameter(tmp_path: Path) -> None:
    for folder in ("parameters", "tables"):
        (tmp_path / folder).mkdir()
    (tmp_path / "parameters" / "x.yaml").write_text(
        "limit:\n  description: d\n  values:\n"
        "    2020-01-01: {value: 3, metadata: {reference: {title: law}, verified: true}}\n"
        "    2022-01-01: {value: null, metadata: {reference: {title: law}, verified: true}}\n",
        encoding="utf-8",
    )
    found = replace(sources(), parameters=read_parameters(tmp_path))
    assert law_of(found, date(2021, 12, 31)).get("x.limit") == 3
    assert law_of(found, date(2022, 1, 1)).get("x.limit") is None
