"""One person where one is asked for: the same, two of them, or nobody can tell."""

from typing import Any

import pytest

from portadoc.errors import Refused
from portadoc.formats.jws import unverified_claims
from portadoc.formats.sd_jwt import select
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.signer import LocalSigner
from portadoc.randomness import system_random_bytes
from portadoc.verification.presets.presets import Preset, preset

A1 = "urn:eudi:pda1:1"
ALWAYS = [("issuing_country",), ("date_of_expiry",)]


def refused(response: Any, code: str) -> None:
    assert response.status == 400
    assert response.json() == {"error": "invalid_request", "error_description": code}


def one_person(*asked: tuple[str, str, list[str]]) -> Preset:
    credentials = [
        {"id": name, "format": "dc+sd-jwt", "meta": {"vct_values": [vct]}, "claims": [{"path": path}]}
        for name, vct, path in asked
    ]
    return Preset(id="one-person", query={"credentials": credentials}, same_person=True)


FULL_FORM = ("a1", "eu.we-build.pda1.1", ["subject", "dateOfBirth"])
IDENTITY = ("pid", "urn:eudi:pid:1", ["birthdate"])


@pytest.mark.parametrize(
    ("birthdate", "code"), [(None, "accepted"), ("1950-01-01", "person_mismatch.person_birth_differs")]
)
def test_g11_attestations_of_two_persons_are_refused_where_one_is_asked_for(
    world: Any, birthdate: str | None, code: str
) -> None:
    session = world.ask(one_person(FULL_FORM, IDENTITY))
    identity = world.held("pid", **({} if birthdate is None else {"birthdate": birthdate}))
    token = {"a1": [session.present(world.held("pda1-webuild"))], "pid": [session.present(identity)]}
    response = session.answer("x", vp_token=token)
    assert (session.code, response.status) == (code, 200 if birthdate is None else 400)


NAMELESS = one_person(("a1", A1, ["legislation_country"]), ("pid", "urn:eudi:pid:1", ["issuing_country"]))


def by_two_keys(session: Any, attestation: str, **changes: Any) -> dict[str, list[str]]:
    """Return an answer as wallets give it that bind each attestation to a key of its own."""
    other = LocalSigner(new_private_key("ES256", system_random_bytes))
    identity = session.world.held("pid", cnf={"jwk": dict(other.public_jwk)}, **changes)
    chosen = select(identity, [*ALWAYS, ("birthdate",)] if changes else ALWAYS)
    return {"a1": [session.present(attestation)], "pid": [session.present(chosen, signer=other)]}


def test_g11_attestations_that_do_not_say_whose_they_are_are_kept_and_amber(world: Any) -> None:
    session = world.ask(NAMELESS)
    answer = by_two_keys(session, world.held("pda1"))
    assert session.answer("x", vp_token=answer).status == 200
    result = session.view().result
    assert (result.accepted, result.decision, result.verdict.colour) == (False, "undecided", "amber")
    assert result.problem.full_code == "person_not_comparable.person_nothing_comparable"
    assert all(each.report.valid and each.report.claims for each in result.presentations)
    told = unverified_claims(session.view().receipt)
    assert (told["verdict"], told["colour"]) == ("holder_not_proven", "amber")


def test_g11_two_persons_are_red_even_where_more_is_amber(world: Any) -> None:
    session = world.ask(one_person(FULL_FORM, IDENTITY))
    answer = by_two_keys(session, world.held("pda1-webuild"), birthdate="1950-01-01")
    world.network.published.clear()  # no status can be had
    refused(session.answer("x", vp_token=answer), "status_unavailable")
    result = session.view().result
    assert [each.code for each in result.problems] == ["person_mismatch"]
    assert (result.decision, result.verdict.colour) == ("refused", "red")


def test_g11_not_comparable_is_no_way_past_a_bad_attestation(world: Any) -> None:
    session = world.ask(NAMELESS)
    answer = by_two_keys(session, world.held("pda1", exp=world.NOW - 3600))
    refused(session.answer("x", vp_token=answer), "expired")
    result = session.view().result
    assert [each.code for each in result.problems] == ["person_not_comparable"]
    assert (result.decision, result.verdict.colour, result.kept) == ("refused", "red", False)


def test_g11_who_cannot_be_compared_leads_back_to_the_browser_that_asked(world: Any) -> None:
    session = world.ask(NAMELESS, return_uri=f"{world.BASE_URL}/inspect/done")
    answer = session.answer("x", vp_token=by_two_keys(session, world.held("pda1")))
    code = answer.json()["redirect_uri"].partition("response_code=")[2]
    with pytest.raises(Refused):
        session.view()
    assert session.view(response_code=code).result.presentations[0].report.claims


def desk_answer(world: Any, **identity: Any) -> tuple[str | None, Any]:
    """Return what the care desk makes of a card and a PID under another key of the same wallet."""
    session, other = world.ask("care-desk"), LocalSigner(new_private_key("ES256", system_random_bytes))
    pid = world.held("pid", cnf={"jwk": dict(other.public_jwk)}, **identity)
    both = {"ehic": [session.present(world.held("ehic"))], "pid": [session.present(pid, signer=other)]}
    session.answer("x", vp_token=both)
    return session.code, session.view().result.verdict.colour


def test_g11_v55_the_care_desk_knows_one_person_by_one_number_of_one_country(world: Any) -> None:
    number = world.claims("ehic")["personal_administrative_number"]
    same = {"personal_administrative_number": number, "issuing_country": "FR"}
    assert desk_answer(world, **same) == ("accepted", "green")
    reason = "person_not_comparable.person_nothing_comparable"
    assert desk_answer(world, personal_administrative_number=None) == (reason, "amber")
    assert desk_answer(world, **{**same, "personal_administrative_number": "other-number"}) == (reason, "amber")


def test_v55_the_care_desk_joins_the_card_and_the_person(world: Any) -> None:
    identity = world.held("pid")
    session = world.ask(preset("care-desk"))
    card = session.present(world.held("ehic"))
    assert session.answer("x", vp_token={"ehic": [card]}).status == 200
    assert session.view().result.accepted, "without PID the desk looks at an identity document"
    session = world.ask(preset("care-desk"))
    both = {"ehic": [session.present(world.held("ehic"))], "pid": [session.present(identity)]}
    assert session.answer("x", vp_token=both).status == 200
    assert session.view().result.accepted, "one key of one holder"
