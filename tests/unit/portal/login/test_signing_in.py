"""People sign in through real providers over the wire: the one for development and a foreign one."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from portadoc.errors import Misconfigured
from portadoc.portal.login.settings import AgentSettings, LoginSettings, MandateSettings, ProviderSettings
from portadoc.portal.store.session_tables import SIGN_INS
from portadoc.randomness import system_random_bytes
from portadoc.schemas.profiles import Mode
from portadoc.serve.development.login import DevelopmentLogin
from portadoc.serve.development.people import PEOPLE, development_provider

Opened = Callable[..., Any]
OURS = {"sec-fetch-site": "same-origin"}


def development(base_url: str) -> tuple[ProviderSettings, ...]:
    return (development_provider(f"{base_url}/development-login"),)


def sign_in(browser: httpx.Client, sub: str, address: str = "/portal/login") -> httpx.Response:
    """Press the button of an example person and come back, as a browser without scripts does."""
    page = browser.get(browser.get(address).headers["location"])
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text)
    form = {**{name: unescape(value) for name, value in fields}, "sub": sub}
    sent = browser.post("/development-login/authorize", data=form)
    return browser.get(sent.headers["location"])


def test_every_example_person_signs_in_as_who_they_are(open_portal: Opened) -> None:
    roles = {}
    with open_portal(development) as portal:
        for sub in PEOPLE:
            with portal.browser() as browser:
                assert sign_in(browser, sub, "/portal/login?for=office").status_code == 303
                told = browser.get("/portal/whoami").json()
                roles[sub] = (told["roles"], told["institution"], told["employers"], told["pin"])
                assert told["name"] == PEOPLE[sub].name
    assert roles["claire-test"] == (["employer_agent"], None, ["TEST12345"], None)
    assert roles["jean-exemple"] == (["worker"], None, [], "TEST185041201")
    assert roles["sofia-muster"][0] == ["self_employed", "worker"]
    assert roles["anne-agent"][:2] == (["officer"], "fr-demo")
    assert roles["paul-second"][:2] == (["officer", "second_officer"], "fr-demo")
    assert roles["victor-audit"][:2] == (["auditor"], "fr-demo")
    assert roles["clinique-test"][:2] == (["care_provider"], None)


def test_a_parent_has_the_children_of_the_register(open_portal: Opened) -> None:
    with open_portal(development) as portal, portal.browser() as browser:
        sign_in(browser, "nadia-modele")
        assert browser.get("/portal/whoami").json()["children"] == ["TEST119021501", "TEST216090301"]


def test_a_staff_role_needs_the_stronger_sign_in(open_portal: Opened) -> None:
    with open_portal(development) as portal, portal.browser() as browser:
        sign_in(browser, "anne-agent")
        told = browser.get("/portal/whoami").json()
    assert (told["roles"], told["institution"]) == ([], None)


def test_the_browser_goes_on_where_it_wanted_to_go_but_never_to_another_site(open_portal: Opened) -> None:
    with open_portal(development) as portal:
        for wanted, reached in (
            ("/portal/fr-demo/requests/new?kind=a1", "/portal/fr-demo/requests/new?kind=a1"),
            ("https://elsewhere.example/", "/portal/"),
            ("//elsewhere.example/", "/portal/"),
            ("/portal//elsewhere.example", "/portal/"),
            ("/portal/../v/", "/portal/"),
            ("/portal/\\elsewhere.example", "/portal/"),
        ):
            with portal.browser() as browser:
                address = str(httpx.URL("/portal/login", params={"to": wanted}))
                assert sign_in(browser, "claire-test", address).headers["location"] == reached


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(open_portal: Opened) -> None:
    with open_portal(development) as portal, portal.browser() as browser:
        first = browser.get("/portal/login").headers["set-cookie"]
        back = sign_in(browser, "claire-test").headers.get_list("set-cookie")
    assert all("HttpOnly" in each and "SameSite=lax" in each for each in (first, *back))
    assert "Path=/portal/callback" in first
    assert any(each.startswith("portadoc-portal=") and "Path=/portal;" in each for each in back)


def test_signing_in_again_makes_a_new_session_and_ends_the_old_one(open_portal: Opened) -> None:
    with open_portal(development) as portal, portal.browser() as browser:
        sign_in(browser, "claire-test")
        old = browser.cookies["portadoc-portal"]
        sign_in(browser, "jean-exemple")
        assert browser.cookies["portadoc-portal"] != old
        with portal.browser() as thief:
            answer = thief.get("/portal/whoami", headers={"cookie": f"portadoc-portal={old}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "session_missing")


def test_signing_out_ends_the_session_and_not_only_the_cookie(open_portal: Opened) -> None:
    with open_portal(development) as portal, portal.browser() as browser:
        sign_in(browser, "claire-test")
        kept = browser.cookies["portadoc-portal"]
        assert browser.post("/portal/logout", headers=OURS).headers["location"] == "/portal/"
        with portal.browser() as thief:
            assert thief.get("/portal/whoami", headers={"cookie": f"portadoc-portal={kept}"}).status_code == 401


def test_a_session_ends_when_idle_and_at_last_in_any_case(open_portal: Opened) -> None:
    with open_portal(development) as portal, portal.browser() as browser:
        sign_in(browser, "claire-test")
        for _ in range(16):  # used every 29 minutes, up to 7 h 44 min
            portal.clock.advance(29 * 60)
            assert browser.get("/portal/whoami").status_code == 200
        portal.clock.advance(16 * 60)
        assert browser.get("/portal/whoami").status_code == 401
        sign_in(browser, "claire-test")
        portal.clock.advance(30 * 60)
        assert browser.get("/portal/whoami").status_code == 401


def test_the_database_holds_no_secret_of_a_session(open_portal: Opened, tmp_path: Path) -> None:
    with open_portal(development) as portal, portal.browser() as browser:
        location = browser.get("/portal/login").headers["location"]
        state = httpx.URL(location).params["state"]
        binding = browser.cookies["portadoc-sign-in"]
        sign_in(browser, "claire-test")
        secret = browser.cookies["portadoc-portal"]
    raw = b"".join(each.read_bytes() for each in tmp_path.glob("portal.sqlite*"))
    assert b"claire-test" in raw
    assert not any(each.encode() in raw for each in (state, binding, secret))


@pytest.mark.parametrize("site", ["cross-site", "same-site", None])
def test_j17_a_change_that_comes_from_another_site_is_refused(open_portal: Opened, site: str | None) -> None:
    headers = {"origin": "https://elsewhere.example", **({} if site is None else {"sec-fetch-site": site})}
    with open_portal(development) as portal, portal.browser() as browser:
        sign_in(browser, "claire-test")
        for path in ("/portal/whoami", "/portal/logout"):
            answer = browser.post(path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "cross_site_request")
        assert browser.post("/portal/whoami", headers=OURS).status_code == 200


def test_j03_nothing_in_a_request_but_cookie_and_token_says_who_asks(open_portal: Opened) -> None:
    with open_portal(development) as portal, portal.browser() as browser:
        sign_in(browser, "jean-exemple")
        plain = browser.get("/portal/whoami").json()
        told = browser.post(
            "/portal/whoami?roles=officer&institution=fr-demo",
            headers={**OURS, "x-roles": "officer", "x-forwarded-user": "anne-agent"},
            json={"roles": ["officer"], "tenant": "fr-demo", "institution": "fr-demo", "employers": ["TEST12345"]},
        ).json()
    assert told == plain


def test_j04_an_agent_has_only_the_mandates_of_the_settings_and_loses_them_with_them(open_portal: Opened) -> None:
    mandate = MandateSettings(
        employer="TEST12345", actions=("start", "view"), valid_from="2026-01-01", valid_until="2026-12-31"
    )

    def with_agent(base_url: str) -> tuple[ProviderSettings, ...]:
        provider = development(base_url)[0]
        return (provider.model_copy(update={"agents": (AgentSettings(sub="karim-essai", mandates=(mandate,)),)}),)

    with open_portal(with_agent) as portal, portal.browser() as browser:
        sign_in(browser, "karim-essai")
        told = browser.get("/portal/whoami").json()
        secret = browser.cookies["portadoc-portal"]
        after = portal.restarted(LoginSettings(providers=development(portal.base_url))).person(secret)
    assert (told["roles"], told["mandates"], told["employers"]) == (
        ["employer_agent", "worker"],
        ["TEST12345"],
        [],
    )
    assert (after.mandates, [role.value for role in after.roles]) == ((), ["worker"])


def test_j02_who_asks_for_too_much_that_is_not_there_waits_whatever_is_asked_next(open_portal: Opened) -> None:
    with (
        open_portal(development, misses_per_hour=3) as portal,
        portal.browser() as browser,
        portal.browser() as other,
    ):
        sign_in(browser, "claire-test")
        sign_in(other, "jean-exemple")
        statuses = [browser.get(f"/portal/things/{name}").status_code for name in ("own", "1", "2", "3", "own")]
        assert statuses == [200, 404, 404, 404, 429]
        refused = browser.get("/portal/whoami")
        assert (refused.json()["code"], refused.headers["retry-after"]) == ("identifiers_throttled", "3600")
        assert other.get("/portal/things/own").status_code == 200
        other.close()
        portal.clock.advance(1799)
        assert browser.get("/portal/whoami").status_code == 429


def test_the_page_of_people_works_without_scripts_and_offers_each_one_once(open_portal: Opened) -> None:
    with open_portal(development) as portal, portal.browser() as browser:
        page = browser.get(browser.get("/portal/login").headers["location"])
        assert browser.get("/development-login/page.css").headers["content-type"].startswith("text/css")
    assert "<script" not in page.text
    assert '<html lang="en">' in page.text
    assert sorted(re.findall(r'<button name="sub" value="([^"]+)">', page.text)) == sorted(PEOPLE)
    assert "form-action 'self'" in page.headers["content-security-policy"]


def test_the_development_provider_redeems_a_code_once_and_only_for_its_verifier(open_portal: Opened) -> None:
    with open_portal(development) as portal, portal.browser() as browser:
        page = browser.get(browser.get("/portal/login").headers["location"])
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))
        form = {**{name: unescape(value) for name, value in fields.items()}, "sub": "claire-test"}
        sent = browser.post("/development-login/authorize", data=form)
        code = httpx.URL(sent.headers["location"]).params["code"]
        redeeming = {
            "grant_type": "authorization_code",
            "client_id": "portadoc-portal",
            "redirect_uri": f"{portal.base_url}/portal/callback",
            "code": code,
            "code_verifier": "wrong",
        }
        assert browser.post("/development-login/token", data=redeeming).json()["error"] == "invalid_grant"
        assert browser.get(sent.headers["location"]).status_code == 401  # the wrong try has used the code up
        assert browser.get("/development-login/authorize?client_id=other").status_code == 400


def test_the_development_provider_refuses_production(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        DevelopmentLogin(
            "https://portal.example",
            mode=Mode.PRODUCTION,
            data_dir=tmp_path,
            clock=None,  # type: ignore[arg-type]
            random_bytes=system_random_bytes,
        )
    assert caught.value.code == "development_login_in_production"


@pytest.mark.filterwarnings("ignore")
def test_a_foreign_provider_that_knows_no_pkce_signs_people_in_too(open_portal: Opened) -> None:
    import oidc_provider_mock

    from portadoc.clock import SystemClock

    people = [
        oidc_provider_mock.User(
            sub="anne", claims={"name": "Anne Agent", "groups": ["officers"], "acr": "strong"}
        ),
        oidc_provider_mock.User(sub="eve", claims={"name": "Eve", "roles": ["officer"], "acr": "strong"}),
    ]
    with oidc_provider_mock.run_server_in_thread(user_claims=people) as server:
        issuer = f"http://localhost:{server.server_port}"
        provider = ProviderSettings(
            id="foreign",
            name="Foreign",
            issuer=issuer,
            client_id="portal",
            client_secret="env:FOREIGN_SECRET",
            algorithms=("RS256",),
            staff_acr=("strong",),
            grants=({"claim": "groups", "value": "officers", "role": "officer", "institution": "fr-demo"},),
        )
        secret = {"FOREIGN_SECRET": "of the portal"}
        with open_portal(lambda base_url: (provider,), foreign=issuer, environment=secret) as portal:
            portal.clock.advance(SystemClock().now() - portal.clock.now())
            roles = {}
            for sub in ("anne", "eve"):
                with portal.browser() as browser:
                    away = browser.get("/portal/login?for=office").headers["location"]
                    back = browser.post(away, data={"sub": sub}).headers["location"]
                    assert browser.get(back).headers["location"] == "/portal/"
                    roles[sub] = browser.get("/portal/whoami").json()["roles"]
    assert roles == {"anne": ["officer"], "eve": []}


def test_j20_who_misses_too_often_waits_at_the_doors_that_are_open_to_everybody(open_portal: Opened) -> None:
    with open_portal(development, misses_per_hour=3) as portal, portal.browser() as browser:
        for _ in range(3):
            assert browser.get("/portal/login?provider=nobody").status_code == 404
        assert browser.get("/portal/login").status_code == 429
        assert browser.post("/portal/token", data={"grant_type": "client_credentials"}).status_code == 429
        portal.clock.advance(3600)
        assert browser.get("/portal/login").status_code == 303


def test_j20_sign_ins_of_one_address_are_counted_before_they_are_kept(open_portal: Opened) -> None:
    with open_portal(development, sign_ins_per_minute=2) as portal, portal.browser() as browser:
        for expected in (303, 303, 429):
            assert browser.get("/portal/login").status_code == expected
        with portal.login.installation.database.read() as connection:
            assert connection.scalar(select(func.count()).select_from(SIGN_INS)) == 2
        portal.clock.advance(60)
        assert browser.get("/portal/login").status_code == 303


def test_j20_answers_of_providers_are_counted_by_address_too(open_portal: Opened) -> None:
    with open_portal(development, sign_ins_per_minute=2) as portal, portal.browser() as browser:
        answers = [browser.get("/portal/callback?state=s&code=c") for _ in range(3)]
        assert [each.status_code for each in answers] == [answers[0].status_code] * 2 + [429]
        assert answers[0].status_code != 429
        assert answers[-1].json()["code"] == "requests_throttled"
        assert browser.get("/portal/login").status_code == 303  # an answer takes away no sign-in
        portal.clock.advance(60)
        assert browser.get("/portal/callback?state=s&code=c").status_code == answers[0].status_code


def test_j20_who_waits_opens_no_session_either(open_portal: Opened) -> None:
    with open_portal(development) as portal, portal.browser() as browser:
        for _ in range(portal.login.settings.misses_per_hour):
            portal.login.throttle.miss("127.0.0.1")
        refused = browser.get("/portal/callback?state=s&code=c")
        assert (refused.status_code, refused.json()["code"]) == (429, "identifiers_throttled")


def test_j20_who_changes_too_much_in_a_minute_waits_and_reads_on(open_portal: Opened) -> None:
    with open_portal(development, writes_per_minute=10) as portal, portal.browser() as browser:
        sign_in(browser, "claire-test")
        answers = [browser.post("/portal/whoami", headers=OURS) for _ in range(11)]
        assert [each.status_code for each in answers] == [200] * 10 + [429]
        assert answers[-1].json()["code"] == "requests_throttled"
        assert answers[-1].json()["detail"].startswith("More than 10 requests came within a minute.")
        assert browser.get("/portal/whoami").status_code == 200
        portal.clock.advance(60)
        assert browser.post("/portal/whoami", headers=OURS).status_code == 200
