"""What the pages of the verifier say and where they lead: one verdict, ways onward, the language chosen."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from portadoc.formats.sd_jwt import select
from portadoc.verification.presets.presets import Preset, preset
from portadoc.verifier.asking import Asked
from portadoc.verifier.requests import Channel

HTML = {"accept": "text/html", "sec-fetch-site": "same-origin"}
FORM = {**HTML, "content-type": "application/x-www-form-urlencoded"}


def opened(world: Any, channel: str = "cross_device", **form: str) -> tuple[str, dict[str, str]]:
    """Ask on the page; return the path of the session and the headers of the browser that asked."""
    body = urlencode({"preset": "inspector-quick", "channel": channel, **form}).encode()
    response = world.http.request("POST", f"/verifier/{world.SLUG}/sessions", headers=FORM, body=body)
    cookie = response.headers["set-cookie"].split(";")[0]
    return response.headers["location"], {**HTML, "cookie": cookie}


def shown(world: Any, question: Preset | str, token: Any = None, **answer: Any) -> str:
    """Ask on another device, answer, and return the page of the result."""
    session = world.ask(question, channel=Channel.CROSS_DEVICE)
    session.answer("x", vp_token=token(session) if token else session.everything(), **answer)
    path = f"/verifier/{world.SLUG}/sessions/{session.created.transaction_id}"
    cookie = {"cookie": f"portadoc-session={session.created.session_secret}"}
    text: str = world.http.get(path, headers={**HTML, **cookie}).text
    return text


# --- one verdict


def test_a_document_that_stands_alone_has_its_verdict_once(world: Any) -> None:
    text = shown(world, "inspector-quick")
    body = text.partition("<main")[2]
    assert body.count("Authentic and in force") == 1
    assert body.count("Accept it") == 1
    assert len(re.findall(r"\bGreen\b", body)) == 1
    assert body.count("<h1") == 1
    facts = ("Applicable legislation", "Period", "Employer", "Place of work", "Document number", "Institution")
    places = [body.find(f"<dt>{label}</dt>") for label in facts]
    assert [place for place in places if place >= 0] == sorted(place for place in places if place >= 0)
    assert body.index("report-key") < body.index("<details>")


def test_where_an_answer_is_not_green_no_part_of_it_says_accept(world: Any) -> None:
    question = replace(preset("inspector-full"), id="own")
    world.network.published.clear()

    def without_status(session: Any) -> Any:
        token = session.everything()
        world.network.published.pop("https://status.example/lists/fr-demo")
        return token

    text = shown(world, question, without_status)
    assert 'class="overall amber"' in text
    assert "This document by itself: Identity data authentic and valid" in text
    assert "Accept it" not in text


def test_a_problem_of_the_whole_answer_speaks_in_the_verdict_and_is_not_repeated(world: Any) -> None:
    text = shown(
        world, "inspector-quick", lambda session: {"a1": [session.present(select(world.credential(), []))]}
    )
    assert 'class="overall red"' in text
    assert "credential_set_unsatisfied" not in text
    assert text.count("This document by itself") == 1
    assert "Accept it" not in text


def test_who_declines_is_told_of_as_nothing_presented(world: Any) -> None:
    path, browser = opened(world)
    transaction, secret = path.rpartition("/")[2], browser["cookie"].partition("=")[2]
    request = world.verifier.session(world.SLUG, transaction, secret).request
    form = {"error": "access_denied", "state": request.state}
    world.http.post_form(f"/verifier/{world.SLUG}/responses/{request.request_id}", form)
    text = world.http.get(path, headers=browser).text
    assert "<h1>Nothing was presented</h1>" in text
    assert "access_denied" not in text
    assert f'href="/verifier/{world.SLUG}/ask">New check</a>' in text


# --- ways onward


def test_the_address_of_an_institution_leads_to_its_questions(world: Any) -> None:
    response = world.http.get(f"/verifier/{world.SLUG}?lang=fr", headers=HTML)
    assert (response.status, response.headers["location"]) == (303, f"/verifier/{world.SLUG}/ask?lang=fr")
    nobody = world.http.get("/verifier/nobody", headers=HTML)
    assert (nobody.status, nobody.content_type) == (404, "text/html")
    assert 'href="/verifier/nobody/ask"' in nobody.text
    assert "New check" not in world.http.get("/verifier/nobody/ask", headers=HTML).text


@pytest.mark.parametrize("channel", ["same_device", "browser"])
def test_the_same_question_can_be_put_by_a_code_instead(world: Any, channel: str) -> None:
    work = {"work_state": "DE", "work_employer": "999", "work_first": "2026-11-05", "work_last": "2026-11-06"}
    path, browser = opened(world, channel, on_date="2026-11-05", **work)
    text = world.http.get(path, headers=browser).text
    assert "Show a QR code" in text
    assert f'href="/verifier/{world.SLUG}/ask">Cancel</a>' in text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text))
    assert fields == {"preset": "inspector-quick", "channel": "cross_device", "on_date": "2026-11-05", **work}
    (action,) = re.findall(r'<form method="post" action="([^"]+)">', text)
    response = world.http.request("POST", action, headers=FORM, body=urlencode(fields).encode())
    assert response.status == 303
    browser = {**HTML, "cookie": response.headers["set-cookie"].split(";")[0]}
    assert "<svg" in world.http.get(response.headers["location"], headers=browser).text


def test_a_question_that_no_page_asks_is_not_put_again(world: Any) -> None:
    own = replace(preset("inspector-quick"), max_status_age_s=60)
    created = world.verifier.create_request(world.SLUG, own, asked=Asked(channel=Channel.SAME_DEVICE))
    cookie = {**HTML, "cookie": f"portadoc-session={created.session_secret}"}
    path = f"/verifier/{world.SLUG}/sessions/{created.transaction_id}"
    assert "Show a QR code" not in world.http.get(path, headers=cookie).text
    world.clock.advance(world.settings.session_ttl_s)
    assert "New check" in world.http.get(path, headers=cookie).text


# --- language, time, frame


def test_a_chosen_language_stays_on_the_way_back_from_the_wallet(world: Any) -> None:
    response = world.http.get(f"/verifier/{world.SLUG}/ask?lang=fr", headers=HTML)
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("portadoc-language=fr;")
    assert "path=/verifier" in cookie.lower()
    path, browser = opened(world, "same_device")
    both = {**browser, "cookie": f"{browser['cookie']}; portadoc-language=fr"}
    assert '<html lang="fr">' in world.http.get(path, headers=both).text
    assert '<html lang="en">' in world.http.get(f"{path}?lang=en", headers=both).text
    strange = {**browser, "cookie": f"{browser['cookie']}; portadoc-language=xx"}
    assert '<html lang="en">' in world.http.get(path, headers=strange).text


def test_until_when_is_told_without_scripts_too(world: Any) -> None:
    path, browser = opened(world)
    text = world.http.get(path, headers=browser).text
    assert f'data-until="{world.NOW + world.settings.session_ttl_s}"' in text
    assert "Valid until 12:02 UTC" in text


@pytest.mark.parametrize(("mode", "base_url"), [("development", "http://127.0.0.1:8700"), ("production", "")])
def test_invented_data_are_called_so_in_development_only(make_world: Any, mode: str, base_url: str) -> None:
    world = make_world(mode=mode, base_url=base_url or "https://localhost:8700")
    text = world.http.get(f"/verifier/{world.SLUG}/ask", headers=HTML).text
    assert ("Test data" in text) is (mode == "development")


def test_states_are_chosen_by_name(world: Any) -> None:
    text = world.http.get(f"/verifier/{world.SLUG}/ask?lang=fr", headers=HTML).text
    assert '<option value="DE">Allemagne</option>' in text
    names = re.findall(r'<option value="[A-Z]{2}">([^<]+)</option>', text)
    assert names.index("Espagne") < names.index("Estonie") < names.index("Finlande")
