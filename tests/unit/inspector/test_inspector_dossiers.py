"""A device links the site of its own visit: one link, however often it asks, until the office ends it."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from portadoc.clock import FixedClock
from portadoc.inspector.office.dossiers import Role
from portadoc.inspector.service import Inspector
from portadoc.schemas.events import EventKind
from portadoc.storage import outbox
from tests.abuse.town import INSPECTION, Town

SITE = "Baustelle Nord (Testdaten)"


def asked(tablet: Any, visit: str | None = None, **headers: str) -> Any:
    return tablet.call("POST", f"visits/{visit or tablet.visit}/dossier", **headers)


def path(told: dict[str, Any], town: Town) -> str:
    return str(told["link"]).removeprefix(town.house.settings.base_url)


def test_a_device_gets_one_link_to_its_site_however_often_it_asks(
    tablet: Any, town: Town, inspector: Inspector
) -> None:
    tablet.open_visit(SITE)
    first, again = asked(tablet), asked(tablet)
    assert (first.status, again.status) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["site"].startswith(SITE)
    assert SITE in town.transport.get(path(first.json(), town)).text
    assert len(inspector.dossiers.links(INSPECTION)) == 1


def test_the_making_of_a_link_is_told_once(tablet: Any, town: Town) -> None:
    tablet.open_visit(SITE)
    asked(tablet)
    asked(tablet)
    with town.house.inspector.deployment.database.read() as connection:
        told = [each.event.kind for each in outbox.read_after(connection, institution=None, cursor=None)]
    assert told.count(EventKind.DOSSIER_LINKED) == 1


def test_two_visits_have_two_links(tablet: Any, pair: Callable[..., Any]) -> None:
    other = pair(name="Another")
    for each in (tablet, other):
        each.open_visit(SITE)
    assert asked(tablet).json()["link"] != asked(other).json()["link"]


@pytest.mark.parametrize("which", ["another device", "nothing came", "no name of a visit"])
def test_a_device_links_visits_of_its_own_only(tablet: Any, pair: Callable[..., Any], which: str) -> None:
    other = pair(name="Another")
    other.open_visit(SITE)
    visit = {"another device": other.visit, "nothing came": str(uuid.uuid4())}.get(which, "x' or 1=1")
    answer = asked(tablet, visit)
    assert (answer.status, answer.json()["code"]) == (403, "visit_unknown")


def test_a_visit_whose_opening_has_not_come_has_no_site_to_link(tablet: Any) -> None:
    tablet.entry("visit_opened", {})
    tablet.write("note", {"text": "Gate"})
    assert asked(tablet).json()["code"] == "visit_unknown"


def test_a_link_that_the_office_ended_stays_ended(tablet: Any, town: Town, inspector: Inspector) -> None:
    tablet.open_visit(SITE)
    told = asked(tablet).json()
    [link] = inspector.dossiers.links(INSPECTION)
    inspector.dossiers.unlink(INSPECTION, link.dossier_id)
    assert town.transport.get(path(told, town)).status == 404
    assert asked(tablet).json()["code"] == "dossier_ended"


def test_a_link_that_has_run_out_is_not_made_anew(tablet: Any, clock: FixedClock, inspector: Inspector) -> None:
    tablet.open_visit(SITE)
    asked(tablet)
    clock.advance(inspector.settings.dossier_days * 86_400)
    assert asked(tablet).json()["code"] == "dossier_ended"


def test_only_a_paired_device_on_the_apps_own_pages_asks(tablet: Any) -> None:
    tablet.open_visit(SITE)
    assert asked(tablet, **{"sec-fetch-site": "cross-site"}).status == 403
    assert asked(tablet, cookie="portadoc-device=00").json()["code"] == "device_unknown"


def seen(tablet: Any, town: Town, link: str, **headers: str) -> str:
    """Return the page of a link as a device gets it."""
    address = link.removeprefix(town.house.settings.base_url)
    sent = {"accept": "text/html", "cookie": f"portadoc-device={tablet.secret}", **headers}
    return str(town.transport.request("GET", address, headers=sent).text)


def test_k10_a_link_that_a_device_made_shows_its_own_visits_alone(
    tablet: Any, pair: Callable[..., Any], town: Town, inspector: Inspector
) -> None:
    other = pair(name="Another")
    scans = {}
    for each, number in ((tablet, "TEST-OWN"), (other, "TEST-OF-ANOTHER")):
        each.open_visit(SITE)
        facts = {"kind": "pda1", "number": number, "person": {"surname": "Test"}, "workplaces": ["Probekai"]}
        assert each.write("scan", each.scan(facts=facts)).status == 201
        scans[number] = asked(each).json()["link"]
    own = seen(tablet, town, scans["TEST-OWN"])
    assert ("TEST-OWN" in own, "TEST-OF-ANOTHER" in own) == (True, False)
    office = inspector.dossiers.link(INSPECTION, SITE).address
    whole = seen(tablet, town, office)
    assert ("TEST-OWN" in whole, "TEST-OF-ANOTHER" in whole) == (True, True)


def test_k10_a_link_that_a_device_made_shows_it_no_more_than_a_contractor(
    tablet: Any, town: Town, inspector: Inspector
) -> None:
    tablet.open_visit(SITE)
    tablet.write("scan", tablet.scan(facts={"kind": "pda1", "number": "TEST-OWN", "workplaces": ["Elsewhere"]}))
    secret = path(asked(tablet).json(), town).rpartition("/")[2]
    device = inspector.devices.known(tablet.secret)
    assert inspector.dossiers.opened(secret, device) == inspector.dossiers.opened(secret, None)
    assert inspector.dossiers.opened(secret, device).role is Role.CONTRACTOR
    office = inspector.dossiers.link(INSPECTION, SITE).address.rpartition("/")[2]
    assert inspector.dossiers.opened(office, device).role is Role.INSPECTOR
