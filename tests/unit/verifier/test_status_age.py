"""A list older than a question allows is never green; housekeeping fetches a newer one, no presentation does."""

from typing import Any

from portadoc.formats.jws import unverified_claims
from portadoc.verification.presets.presets import Preset, preset
from portadoc.verification.report import STATUS

HOUR = 3600
QUESTION = Preset(id="strict", query=preset("inspector-quick").query, max_status_age_s=HOUR)


def asked(world: Any) -> Any:
    session = world.ask(QUESTION)
    session.answer()
    return session


def published(world: Any, **changes: Any) -> None:
    token = world.status_token(ttl=6 * HOUR, exp=world.NOW + 48 * HOUR, **changes)
    world.network.published[world.LIST_URI] = token.encode()


def status_of(session: Any) -> str:
    (presentation,) = session.view().result.presentations
    return str(presentation.report.check(STATUS).code)


def test_v48_v46_a_list_too_old_for_the_question_is_green_again_with_a_newer_one(world: Any) -> None:
    published(world)
    assert status_of(asked(world)) == "status_ok"
    world.clock.advance(2 * HOUR)
    published(world, iat=world.clock.now())
    assert status_of(asked(world)) == "status_too_old"
    assert world.verifier.refresh_status_lists(everything=True) == 1
    session = asked(world)
    assert (status_of(session), session.code) == ("status_ok", "accepted")


def test_v48_where_no_newer_list_is_to_be_had_the_answer_is_amber_with_its_age(world: Any) -> None:
    published(world)
    asked(world)
    world.clock.advance(2 * HOUR)
    session = asked(world)
    assert status_of(session) == "status_too_old"
    assert (session.view().result.decision, session.view().result.verdict.colour) == ("undecided", "amber")
    receipt = unverified_claims(session.view().receipt)
    assert receipt["credentials"][0]["status"]["age_s"] >= 2 * HOUR


def test_v48_v46_no_presentation_fetches_a_list_because_it_is_too_old_for_the_question(world: Any) -> None:
    published(world)
    asked(world)
    world.clock.advance(2 * HOUR)
    before = len(world.network.asked)
    for _ in range(3):
        asked(world)
    assert len(world.network.asked) == before


def test_v48_a_question_of_ones_own_may_bound_the_age(world: Any) -> None:
    path = f"/verifier/{world.SLUG}/management/requests"
    own = {"dcql_query": QUESTION.query, "max_status_age_s": HOUR}
    assert world.http.post_json(path, own).status == 201
    for wrong in (0, True, "1"):
        assert world.http.post_json(path, {**own, "max_status_age_s": wrong}).status == 422
