"""A question that asks for more than its purpose needs is asked, and who asks is told so."""

from typing import Any

import pytest

from portadoc.errors import Refused
from portadoc.verification.presets.presets import PRESETS, Preset
from portadoc.verifier.asking import Asked
from portadoc.verifier.questions import Terms
from portadoc.verifier.requests import Channel

QUERY = {
    "credentials": [
        {
            "id": "a1",
            "format": "dc+sd-jwt",
            "meta": {"vct_values": ["urn:eudi:pda1:1"]},
            "claims": [{"path": ["document_number"]}, {"path": ["personal_administrative_number"]}],
        }
    ]
}


def create(world: Any, body: Any, **headers: str) -> Any:
    return world.http.post_json(f"/verifier/{world.SLUG}/management/requests", body, headers=headers)


def test_who_asks_over_http_is_warned_in_their_language(world: Any) -> None:
    for language, word in (("en", "more than this purpose needs"), ("fr", "finalité")):
        response = create(
            world, {"dcql_query": QUERY, "purpose": "principal-contractor"}, **{"accept-language": language}
        )
        assert response.status == 201
        (warning,) = response.json()["warnings"]
        assert warning["code"] == "purpose_exceeded"
        assert warning["params"]["claim"] == "personal_administrative_number"
        assert word in warning["message"]["text"]


def test_a_query_that_nobody_has_tied_to_a_purpose_is_not_judged(world: Any) -> None:
    assert create(world, {"dcql_query": QUERY}).json()["warnings"] == []


@pytest.mark.parametrize("name", PRESETS)
def test_presets_stay_within_their_purpose_which_nobody_changes(world: Any, name: str) -> None:
    assert create(world, {"preset": name}).json()["warnings"] == []
    assert create(world, {"preset": name, "purpose": "inspector"}).status == 422


def test_a_purpose_that_is_not_known_is_refused(world: Any) -> None:
    response = create(world, {"dcql_query": QUERY, "purpose": "curiosity"})
    assert (response.status, response.json()["code"]) == (422, "purpose_unknown")
    with pytest.raises(Refused):
        world.ask(Preset(id="own", query=QUERY, purpose="curiosity"))


def test_the_warning_is_kept_with_the_request_and_shown_on_its_page(world: Any) -> None:
    question = Preset(id="own", query=QUERY, purpose="principal-contractor")
    asked = Asked(channel=Channel.CROSS_DEVICE)
    created = world.verifier.create_request(world.SLUG, question, asked=asked)
    session = (world.SLUG, created.transaction_id, created.session_secret)
    terms = world.verifier.session(*session).request.terms
    assert terms.excess == created.excess
    assert Terms.from_text(terms.to_text()) == terms
    path = f"/verifier/{world.SLUG}/sessions/{created.transaction_id}"
    cookie = {"cookie": f"portadoc-session={created.session_secret}", "accept": "text/html"}
    assert "more than this purpose needs" in world.http.get(path, headers=cookie).text
