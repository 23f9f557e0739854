"""Trusted lists of a verifier: fetched ahead, kept, never rolled back, believed until their next update only."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from portadoc.clock import FixedClock
from portadoc.errors import Error, Unavailable
from portadoc.fetch import Fetched
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_list import AuthorisationRule, ListForm
from portadoc.keys.trust.trust_list_file import TrustListSource
from portadoc.keys.trust.trust_store import Authorisation, TrustAnchor, TrustStore
from portadoc.storage.engine import Database, open_database
from portadoc.verifier.store import tables
from portadoc.verifier.trust.trust_lists import REFRESH_S, RELOAD_S, RETRY_S, TrustLists
from tests.unit.formats.trust_list_workshop import (
    DAY,
    LIST_URI,
    NOW,
    PDA1,
    Certified,
    certify,
    lote,
    operator,
    provider,
    service,
    sign_xml,
    xml_list,
)

XML_URI = "https://lists.example.test/fr.xml"
ISSUER = "https://issuer.example.test"
OWN = certify("Own root (test data)", identifier="FR:TEST01", authority=True)


@dataclass
class ListNetwork:
    """What scheme operators publish, by address; an address without a list is out of reach."""

    published: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, **_: Any) -> Fetched:
        self.asked.append(url)
        if url not in self.published:
            raise Unavailable("fetch_failed", reason="connect")
        return Fetched(url, 200, "application/jwt", {}, self.published[url])


def base() -> TrustStore:
    anchor = TrustAnchor("own", OWN.der, frozenset({KeyPurpose.CREDENTIAL}))
    authorisation = Authorisation(
        institution="FR:TEST01",
        name="Own",
        country="FR",
        issuers=frozenset(),
        purposes=frozenset({KeyPurpose.CREDENTIAL}),
        credential_types=frozenset({PDA1}),
        valid_from=0,
    )
    return TrustStore((anchor,), (authorisation,))


def source(uri: str = LIST_URI, form: ListForm = ListForm.LOTE, *signers: Certified) -> TrustListSource:
    rules = tuple(
        AuthorisationRule(
            entity=provider(number).identifier,
            institution=provider(number).identifier,
            issuers=frozenset({ISSUER}),
            credential_types=frozenset({PDA1}),
        )
        for number in range(30)
    )
    return TrustListSource(uri, form, tuple(each.der for each in signers or (operator(),)), rules)


@dataclass
class Office:
    """A verifier's trusted lists with everything around them."""

    database: Database
    network: ListNetwork = field(default_factory=ListNetwork)
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))

    def lists(self, *sources: TrustListSource) -> TrustLists:
        return TrustLists(
            base(),
            sources or (source(),),
            database=self.database,
            fetch=self.network,
            clock=self.clock,
            skew_s=60,
        )

    def publish(self, text: str, uri: str = LIST_URI) -> None:
        self.network.published[uri] = text.encode()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    database = open_database(f"sqlite:///{tmp_path / 'store.sqlite'}")
    database.create(tables.METADATA)
    yield Office(database)
    database.close()


def found(lists: TrustLists, number: int = 0, *, at: int = NOW) -> str:
    one = provider(number)
    try:
        trusted = lists.current().resolve(
            (one.leaf().der,),
            purpose=KeyPurpose.CREDENTIAL,
            at=at,
            credential_type=PDA1,
            issuer=None,
            institution=one.identifier,
        )
    except Error as error:
        return str(error.params["reason"])
    return trusted.institution_id


def test_a_list_is_fetched_and_believed(office: Office) -> None:
    office.publish(lote())
    lists = office.lists()
    assert found(lists) == "anchor_unknown"
    assert office.network.asked == []
    assert lists.refresh() == 1
    assert found(lists, 29) == provider(29).identifier
    assert [each.sequence for each in lists.snapshots()] == [7]
    assert lists.problems == {}


def test_without_lists_the_operators_own_trust_is_in_force(office: Office) -> None:
    lists = TrustLists(base(), (), database=office.database, fetch=office.network, clock=office.clock, skew_s=60)
    assert lists.current() == base()
    assert lists.refresh() == 0
    assert lists.snapshots() == ()


def test_both_forms_of_lists_stand_side_by_side(office: Office) -> None:
    office.publish(lote())
    office.network.published[XML_URI] = sign_xml(xml_list())
    lists = office.lists(source(), source(XML_URI, ListForm.ETSI_TL))
    assert lists.refresh() == 2
    assert [each.form for each in lists.snapshots()] == [ListForm.LOTE, ListForm.ETSI_TL]
    trusted = lists.current().resolve_chain((provider().leaf().der,), purpose=KeyPurpose.CREDENTIAL, at=NOW)
    assert trusted.trust_lists == {LIST_URI, XML_URI}


def test_another_process_and_a_restart_find_the_list_that_was_fetched(office: Office) -> None:
    office.publish(lote())
    other = office.lists()
    assert found(other) == "anchor_unknown"
    office.lists().refresh()
    assert found(other) == "anchor_unknown"
    office.clock.advance(RELOAD_S)
    assert found(other) == provider().identifier
    office.network.published.clear()
    assert found(office.lists()) == provider().identifier


def test_a_list_is_fetched_again_by_its_schedule(office: Office) -> None:
    office.publish(lote())
    lists = office.lists()
    lists.refresh()
    office.clock.advance(REFRESH_S - 1)
    assert lists.refresh() == 0
    assert lists.refresh(everything=True) == 1
    office.clock.advance(REFRESH_S)
    assert lists.refresh() == 1
    assert len(office.network.asked) == 3


def test_v32_b12_a_withdrawal_counts_once_it_is_published(office: Office) -> None:
    one = provider()
    office.publish(lote(one.entry()))
    lists = office.lists()
    lists.refresh()
    assert found(lists) == one.identifier
    gone = service("x", KeyPurpose.CREDENTIAL, one.issuance, approved=False, since=NOW - 60)
    office.publish(lote(one.entry(services=(gone,)), sequence=8, issued_at=NOW - 60))
    lists.refresh(everything=True)
    assert found(lists) == "withdrawn"


@pytest.mark.parametrize(
    ("made", "code"),
    [
        pytest.param({"sequence": 6}, "trust_list_rollback", id="V-32-sequence"),
        pytest.param({"next_update": NOW + 80 * DAY}, "trust_list_rollback", id="V-32-same-sequence-other-text"),
        pytest.param({"sequence": 8, "issued_at": NOW - 2 * DAY}, "trust_list_rollback", id="V-32-issue-time"),
        pytest.param(
            {"sequence": 8, "issued_at": NOW - 90 * DAY, "next_update": NOW - 1},
            "trust_list_rollback",
            id="V-32-old",
        ),
        pytest.param({"sequence": 8, "by": certify("Somebody")}, "trust_list_untrusted", id="V-32-signer"),
    ],
)
def test_v32_a_list_that_may_not_follow_leaves_the_one_that_is_held(
    office: Office, made: dict[str, Any], code: str
) -> None:
    office.publish(lote(provider().entry()))
    lists = office.lists()
    lists.refresh()
    office.publish(lote(**made))
    assert lists.refresh(everything=True) == 0
    assert lists.problems[LIST_URI].code == code
    assert found(lists) == provider().identifier
    assert found(lists, 1) == "anchor_unknown"
    assert found(office.lists()) == provider().identifier


def test_v32_a_list_that_is_stale_when_it_comes_is_not_kept(office: Office) -> None:
    office.publish(lote(issued_at=NOW - 90 * DAY, next_update=NOW - 1))
    lists = office.lists()
    assert lists.refresh() == 0
    assert lists.problems[LIST_URI].code == "trust_list_stale"
    assert found(lists) == "anchor_unknown"


def test_v32_the_kept_list_stands_until_its_next_update_and_no_longer(office: Office) -> None:
    office.publish(lote(next_update=NOW + 10 * DAY))
    lists = office.lists()
    lists.refresh()
    office.network.published.clear()
    office.clock.advance(10 * DAY)
    assert lists.refresh() == 0
    assert found(lists, at=office.clock.now()) == provider().identifier
    office.clock.advance(1)
    assert found(lists, at=office.clock.now()) == "list_stale"


def test_a_failed_fetch_is_not_repeated_at_once(office: Office) -> None:
    lists = office.lists()
    assert lists.refresh() == 0
    assert (lists.problems[LIST_URI].code, lists.problems[LIST_URI].reason) == ("fetch_failed", "connect")
    lists.refresh()
    assert len(office.network.asked) == 1
    office.clock.advance(RETRY_S)
    office.publish(lote())
    assert lists.refresh() == 1
    assert lists.problems == {}


def test_v32_a_kept_list_whose_signer_is_set_no_more_is_not_believed(office: Office) -> None:
    office.publish(lote())
    office.lists().refresh()
    lists = office.lists(source(LIST_URI, ListForm.LOTE, certify("New operator")))
    assert found(lists) == "anchor_unknown"
    assert lists.problems[LIST_URI].reason == "signer_unknown"
    office.clock.advance(RELOAD_S)
    assert found(lists) == "anchor_unknown"
    other_form = office.lists(source(LIST_URI, ListForm.ETSI_TL))
    assert found(other_form) == "anchor_unknown"
