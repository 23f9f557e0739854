"""Messages go out once, to those whom they concern, and wait where they cannot be sent."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from portadoc.errors import Unavailable
from tests.unit.portal.core.conftest import CLAIRE, IVAN, JEAN, SLUG, TODAY, Desk, as_worker

Outbox = Callable[[], list[dict[str, Any]]]
NEAR_THE_END = int((date(2027, 6, 10) - TODAY).total_seconds())


def test_an_employer_is_reminded_once_by_the_second_channel(desk: Desk, outbox: Outbox) -> None:
    granted = desk.submit()
    desk.clock.advance(NEAR_THE_END)
    assert [desk.portal.remind(), desk.portal.remind()] == [1, 0]
    (message,) = outbox()
    assert (message["to"], message["institution"]) == ("atelier@menuiserie-test.example", SLUG)
    assert message["text"].startswith(f"Request {granted.case_number}: The certificate ends on 30 June 2027")


def test_a_person_is_reminded_in_the_language_of_the_request(desk: Desk, outbox: Outbox) -> None:
    desk.submit(JEAN, wish=as_worker())
    desk.clock.advance(NEAR_THE_END)
    assert desk.portal.remind() == 1
    assert [each["to"] for each in outbox()] == ["jean.exemple@example.org"]


def test_a_reminder_that_cannot_be_sent_is_due_again(desk: Desk, outbox: Outbox) -> None:
    desk.submit()
    desk.clock.advance(NEAR_THE_END)
    folder = desk.house.settings.data_dir / "messages"
    folder.write_text("in the way")
    with pytest.raises(Unavailable, match="second_channel_failed"):
        desk.portal.remind()
    folder.unlink()
    assert (desk.portal.remind(), len(outbox())) == (1, 1)


def test_an_employer_learns_what_its_worker_asked_for_and_only_that_employer(desk: Desk, outbox: Outbox) -> None:
    asked = desk.submit(JEAN, wish=as_worker())
    assert [desk.portal.tell_employers(), desk.portal.tell_employers()] == [1, 0]
    (message,) = outbox()
    assert message["to"] == "atelier@menuiserie-test.example"
    assert "Jean Exemple works for you" in message["text"]
    assert "TEST1850" not in message["text"]
    assert desk.portal.notices.of_workers(CLAIRE, SLUG) == (("Jean Exemple", asked.case_number),)
    assert desk.portal.notices.of_workers(IVAN, SLUG) == ()
    assert desk.portal.notices.of_workers(JEAN, SLUG) == ()


def test_nobody_makes_us_write_to_an_employer_of_others(desk: Desk, outbox: Outbox) -> None:
    desk.submit(JEAN, wish=as_worker(), employer_number={"employer_number": "TEST23456"}, **OF_ANOTHER)
    assert (desk.portal.tell_employers(), outbox()) == (0, [])
    assert desk.portal.notices.of_workers(IVAN, SLUG) == ()


OF_ANOTHER = {
    "own_agency": {"own_agency": "yes"},
    "admin_staff": {"admin_staff": "no"},
}
