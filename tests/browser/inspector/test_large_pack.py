"""The status of eleven million A1s in one trust pack: its size, how soon it is loaded, how soon it answers."""

import random  # noqa: TID251 - lists that are the same in every run
import time
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from portadoc.formats.status_list.claims import StatusListTerms
from portadoc.formats.status_list.cwt_form import sign_status_list_cwt
from portadoc.formats.status_list.statuses import StatusList, StatusReference
from portadoc.formats.trust_pack import PackedList, TrustPack, make_trust_pack
from portadoc.formats.visible_seal import SealTerms, make_seal
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file
from portadoc.randomness import system_random_bytes
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.schemas.seals import seal_content
from portadoc.schemas.type_metadata import type_metadata
from tests.browser.inspector.doing import outcome, paste, say
from tests.browser.inspector.pack_service import OPERATOR, PackService, pack_service
from tests.browser.inspector.running import have_the_app, visiting
from tests.browser.inspector.seen import observe, seen
from tests.browser.inspector.town import today

LISTS, ENTRIES, WITHDRAWN = 11, 2**20, 2**20 // 100
LARGEST_PACK = 250_000
DAY = 86_400
BASE_URL = "https://issuer.example"


@dataclass(frozen=True)
class Country:
    """One issuer with all its lists, and the entries of one list by what they say."""

    ring: KeyRing
    pack: TrustPack
    withdrawn: tuple[tuple[str, int], ...]
    valid: tuple[tuple[str, int], ...]

    def seal(self, entry: tuple[str, int]) -> str:
        uri, idx = entry
        now = int(time.time())
        terms = SealTerms(institution="FR:TEST01", iat=now - DAY, exp=now + DAY, status=StatusReference(uri, idx))
        content = seal_content(example("posted-worker-fr-de", today()), pin="none")
        return make_seal(content, terms, signer=self.ring.signer("fr-demo", KeyPurpose.DOCUMENT_SEAL))


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    folder, now = tmp_path_factory.mktemp("country"), int(time.time())
    vcts = frozenset({"urn:eudi:pda1:1"})
    ring = create_development_ring(
        folder,
        [
            DevelopmentInstitution("fr-demo", "FR:TEST01", "FR", "Test", frozenset({Role.ISSUER}), vcts),
            DevelopmentInstitution("de-inspection", OPERATOR, "DE", "Test", frozenset({Role.VERIFIER})),
        ],
        base_url=BASE_URL,
        now=now - 2 * DAY,
        random_bytes=system_random_bytes,
        passphrase=b"test",
    )
    chance, signer = random.Random(11), ring.signer("fr-demo", KeyPurpose.STATUS)
    lists, withdrawn, valid = [], [], []
    for number in range(LISTS):
        uri = f"{BASE_URL}/status/{number}"
        chosen = chance.sample(range(ENTRIES), WITHDRAWN)
        statuses = StatusList.of(ENTRIES, bits=1).with_status(chosen, 1)
        terms = StatusListTerms(uri=uri, iat=now - 60, exp=now + DAY, ttl=900)
        lists.append(PackedList(uri, sign_status_list_cwt(statuses, terms, signer=signer), now - 30))
        gone = set(chosen)
        withdrawn.append((uri, max(chosen)))
        valid.append((uri, next(idx for idx in range(ENTRIES - 1, 0, -1) if idx not in gone)))
    pack = TrustPack(
        operator=OPERATOR,
        sequence=1,
        as_of=now,
        exp=now + 7 * DAY,
        trust=read_trust_file(folder / TRUST_FILE),
        signer_chains=ring.chains(KeyPurpose.DOCUMENT_SEAL),
        type_metadata={each.vct: type_metadata(each.vct).decode() for each in CREDENTIAL_TYPES.values()},
        status_lists=tuple(lists),
        withdrawal_lists=(),
    )
    return Country(ring, pack, tuple(withdrawn), tuple(valid))


@pytest.fixture(scope="module")
def service(country):
    have_the_app()
    with pack_service() as service:
        service.pack = make_trust_pack(
            country.pack, signer=country.ring.signer("de-inspection", KeyPurpose.TRUST_LIST)
        )
        service.anchors = [
            each.certificate for each in country.pack.trust.anchors if KeyPurpose.TRUST_LIST in each.purposes
        ]
        yield service


def test_the_pack_of_eleven_million_documents_stays_small(service: PackService):
    print(f"\ntrust pack of {LISTS} lists of 2^20 entries, 1 % withdrawn: {len(service.pack):,} bytes")
    assert len(service.pack) <= LARGEST_PACK


def test_the_app_answers_from_eleven_million_entries_without_a_network(browser_program, service, country):
    with visiting(browser_program, service.address) as visit:
        observe(visit)
        page = visit.open()
        begun = time.perf_counter()
        visit.synchronised()
        synchronised = time.perf_counter() - begun
        visit.installed()
        visit.offline()
        page.reload()
        expect(page.locator(".bar-age")).to_be_visible()
        loaded = page.evaluate("performance.now()")
        print(
            f"\nsynchronised in {1000 * synchronised:.0f} ms; offline start {seen(page).usable:.0f} ms, ", end=""
        )
        print(f"pack verified and in hand within {loaded:.0f} ms of it")
        times = {"withdrawn": [], "valid": []}
        for number in range(LISTS):
            for kind, entry in (("withdrawn", country.withdrawn[number]), ("valid", country.valid[number])):
                page.evaluate("observed.verdict = null")
                paste(visit, country.seal(entry))
                expected = "withdrawn_or_replaced" if kind == "withdrawn" else "holder_not_proven.seal"
                assert outcome(page) == say(f"verdict.{expected}.headline"), entry
                times[kind].append(page.evaluate("observed.verdict - observed.tapped"))
        for kind, taken in times.items():
            print(f"{kind}: tap to verdict {min(taken):.0f} to {max(taken):.0f} ms, each from another list")
        assert max(map(max, times.values())) < 1_500
