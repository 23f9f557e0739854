"""L09 over the portal: people, an officer and a machine go through everything; no log names anybody or any secret.

A person and an employer with names of their own stand in the registers, and every token, code and answer that
crosses the wire is remembered; everything logs at DEBUG through the real set-up.
"""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from portadoc.clock import SystemClock
from portadoc.portal.registers.files import COMPANIES, PERSONS, example_text
from portadoc.serve.house import House, open_house
from portadoc.serve.run import listen, other_chores, serving
from portadoc.serve.settings import PortadocSettings
from portadoc.wallet_sim.transport import TransportResponse
from tests.abuse.test_silence import Loud, Secrets, loud  # noqa: F401  a fixture
from tests.unit.portal.test_portal_pages import ANSWERS, Browser

PIN: Final = "TEST185041201"
EMPLOYER: Final = "TEST12345"
CANARIES: Final = {
    "Jean": "Canairejean",
    "Exemple": "Canairesurname",
    "1985-04-12": "1907-03-14",
    "5 rue de l'Équerre": "5 rue Canairestreet",
    "jean.exemple@example.org": "canaire.mail@example.org",
    "Menuiserie Test SARL": "Canairefirm SARL",
    "atelier@menuiserie-test.example": "canaire.firm@example.org",
}
MACHINE_ANSWERS: Final[dict[str, Any]] = {
    "worker_pin": PIN,
    "situation": "posting",
    "host_state": "BE",
    "period": {"start": "2030-01-07", "end": "2030-03-29"},
    "workplaces": [{"name": "Canairesite", "street": "Canaireroad 3", "town": "Canairetown"}],
    "replaces": "none",
    "link": {
        "direct_relationship": True,
        "paid_by": "employer",
        "hired_out_onward": False,
        "only_this_work": True,
    },
    "history": {"earlier_posting": False, "other_certificate": False},
}


@pytest.fixture
def house(tmp_path: Path, loud: Loud) -> Iterator[tuple[House, Secrets]]:  # noqa: F811
    """An installation over real HTTP, in whose registers the canaries sit."""
    secrets = Secrets()
    secrets.values |= {*CANARIES.values(), PIN, "Canairesite", "Canaireroad 3", "Canairetown", "Canairereason"}
    registers = tmp_path / "data" / "registers"
    registers.mkdir(parents=True)
    for name in (COMPANIES, PERSONS):
        text = example_text(name).decode()
        for before, canary in CANARIES.items():
            text = text.replace(json.dumps(before, ensure_ascii=False), json.dumps(canary))
        (registers / name).write_text(text, encoding="utf-8")
    with listen("127.0.0.1", 0) as listener:
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = PortadocSettings(base_url=base_url, data_dir=tmp_path / "data")
        with (
            open_house(
                settings, clock=SystemClock(), random_bytes=secrets.random_bytes, environment=dict(os.environ)
            ) as opened,
            serving(opened, listener),
        ):
            yield opened, secrets


def test_l09_a_whole_life_at_the_portal_says_nothing(
    house: tuple[House, Secrets],
    loud: Loud,  # noqa: F811
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened, secrets = house
    for name in ("httpx", "httpcore"):  # the browsers of this test, and no part of the product
        monkeypatch.setattr(logging.getLogger(name), "propagate", False)
    with ExitStack() as stack:
        people = {
            sub: stack.enter_context(closing(_watched(opened, secrets, sub)))
            for sub in ("claire-test", "jean-exemple", "anne-agent", "victor-audit")
        }
        case = _ask_and_follow(people["claire-test"])
        _look_around(people, case)
    _machine(opened, secrets)
    for chore in other_chores(opened).values():
        chore()
    for message in (opened.settings.data_dir / "messages").glob("*.json"):
        secrets.values.add(json.loads(message.read_text(encoding="utf-8"))["text"])
    lines = {*loud.stream.getvalue().splitlines(), *loud.messages, *"".join(capfd.readouterr()).splitlines()}
    assert any(" sqlalchemy.engine.Engine " in line for line in lines)
    assert len(secrets.fragments) > 1000
    told = {line[:300]: found for line in lines if (found := secrets.told_by(line))}
    assert dict(sorted(told.items())[:10]) == {}


def _watched(opened: House, secrets: Secrets, sub: str) -> Browser:
    browser = Browser(opened.settings.base_url)

    def crossed(response: httpx.Response) -> None:
        response.read()
        request = response.request
        answer = TransportResponse(
            status=response.status_code, headers=dict(response.headers), body=_text_alone(response)
        )
        secrets.crossed(request.method, str(request.url), dict(request.headers), request.read(), answer)

    browser.http.event_hooks = {"response": [crossed]}
    staff = "&for=office" if sub in ("anne-agent", "victor-audit") else ""
    browser.get(f"/portal/login?provider=development{staff}")
    browser.post("/development-login/authorize", {**browser.markup.forms[0].fields, "sub": sub})
    assert browser.page.status_code == 200
    return browser


def _text_alone(response: httpx.Response) -> bytes:
    """Return what may hold secrets: pages name their own addresses, which are no secrets, and files are files."""
    return (
        b""
        if response.headers.get("content-type", "").startswith(("text/", "application/pdf"))
        else response.content
    )


def _ask_and_follow(browser: Browser) -> str:
    browser.start("employer")
    for fields in ANSWERS:
        browser.answer(fields)
    browser.submit()
    case = browser.path
    browser.get(f"{case}/paper.pdf")
    browser.post(f"{case}/hand-over", {})
    browser.post(f"{case}/contest", {})
    browser.start("employer")
    browser.submit(worker_pin="Canairereason '; --")
    browser.submit(worker_pin=PIN)
    return case


def _look_around(people: dict[str, Browser], case: str) -> None:
    for browser in people.values():
        for path in (case, f"{case}/paper.pdf", "/portal/fr-demo/", "/portal/fr-demo/my-data.json?person=" + PIN):
            browser.get(path)
        browser.get("/portal/fr-demo/requests/Canairesurname")
        browser.post(f"{case}/withdraw", {})
    people["anne-agent"].get("/portal/fr-demo/office/")


def _machine(opened: House, secrets: Secrets) -> None:
    base, own = opened.settings.base_url, opened.settings.data_dir / "machines" / "payroll-test.json"
    key = ECKey.import_key(json.loads(own.read_text()))
    now = opened.clock.now()
    claims = {
        "iss": "payroll-test",
        "sub": "payroll-test",
        "aud": f"{base}/portal/token",
        "jti": "a",
        "exp": now + 60,
    }
    assertion = jwt.encode({"alg": "ES256"}, claims, key, algorithms=["ES256"])
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    }
    with httpx.Client(base_url=base, trust_env=False) as client:
        token = client.post("/portal/token", data=form).json()["access_token"]
        secrets.values |= {token, assertion, json.loads(own.read_text())["d"]}
        client.headers["authorization"] = f"Bearer {token}"
        api = "/portal/api/fr-demo/applications"
        for body in (
            {"answers": MACHINE_ANSWERS},
            {"answers": {**MACHINE_ANSWERS, "period": "Canairereason"}},
            {},
        ):
            client.post(api, json=body, headers={"idempotency-key": f"{len(body)}"})
        filed = client.get(api).json()["applications"]
        assert filed
        for each in filed:
            client.get(each["links"]["self"], headers={"accept-language": "Canairereason"})
        client.get(f"{api}?cursor=Canairereason")
        client.post("/portal/token", data={**form, "client_assertion": assertion + "x"})
