"""Trust packs: every fault that Python's own tests know, and all that is answered from one, in both languages."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from portadoc import base64url
from portadoc.errors import Error
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.formats.trust_pack import PackedList, TrustPack
from portadoc.keys.certificates import from_pem
from portadoc.keys.jwk import public_jwk
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.pinned_certificates import PinnedCertificates
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.verification.answers import StatusAnswer
from portadoc.verification.pack_answers import PackStatus, open_trust_pack
from tests.unit.formats import test_trust_pack as packs
from tests.unit.formats.test_trust_pack import house as house
from tests.unit.verification import test_pack_answers as answers
from tests.unit.verification.test_pack_answers import office as office

from .conftest import Core, Outcome, borrowed_from, outcome
from .test_core_status_lists import limits_of, records_told

ENGINES = ("node", "chromium")

NAMES = itertools.count()


def list_told(packed: PackedList) -> dict[str, Any]:
    return {"uri": packed.uri, "unverifiedToken": packed.unverified_token, "resolvedAt": packed.resolved_at}


def pack_told(pack: TrustPack) -> dict[str, Any]:
    return {
        "operator": pack.operator,
        "sequence": pack.sequence,
        "asOf": pack.as_of,
        "exp": pack.exp,
        "signerChains": [list(chain) for chain in pack.signer_chains],
        "typeMetadata": {"entries": [list(pair) for pair in pack.type_metadata.items()]},
        "statusLists": list(map(list_told, pack.status_lists)),
        "withdrawalLists": list(map(list_told, pack.withdrawal_lists)),
    }


def answer_told(answer: StatusAnswer) -> dict[str, Any]:
    record = None if answer.withdrawal is None else records_told({0: answer.withdrawal})[0][1]
    return {
        "knowledge": answer.knowledge.value,
        "value": answer.value,
        "asOf": answer.as_of,
        "code": answer.code,
        "reason": answer.reason,
        "withdrawal": record,
        "form": answer.form,
    }


@pytest.fixture(autouse=True)
def both_read_packs(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = packs.House.open

    def both(house: packs.House, message: bytes) -> TrustPack:
        whose = {"jwk": public_jwk(house.trusted.key), "institutionId": house.trusted.institution_id}
        found = outcome(lambda: pack_told(opened(house, message)))
        assert core.ask("verify_pack", raw=message, **whose) == found
        return opened(house, message)

    monkeypatch.setattr(packs.House, "open", both)


def pins(trust: TrustStore) -> tuple[bytes, ...]:
    return tuple(each.certificate for each in trust.anchors if KeyPurpose.TRUST_LIST in each.purposes)


def opened_by_core(
    core: Core, message: bytes, *, trust: TrustStore, operator: str, at: int, **terms: Any
) -> Outcome:
    asked = {"pins": list(pins(trust)), "operator": operator, "at": at, "newestSequence": terms.pop("newest", 0)}
    return core.ask("open_pack", raw=message, **asked, **terms)


@pytest.fixture(autouse=True)
def both_open_packs(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader with certificates given by hand, as the app is, beside the reader with a trust list."""
    opened = answers.Office.open

    def both(office: answers.Office, message: bytes, *, at: int = answers.NOW, **options: Any) -> TrustPack:
        named = {"operator": "DE:TEST90", "newest_sequence": 0, "skew_s": 60, **options}
        named["operators"] = PinnedCertificates(pins(office.trust))
        found = outcome(lambda: pack_told(open_trust_pack(message, at=at, **named)))
        terms = {"newest": named["newest_sequence"], "skewS": named["skew_s"]}
        told = opened_by_core(core, message, trust=office.trust, operator=named["operator"], at=at, **terms)
        assert told == found
        return opened(office, message, at=at, **options)

    monkeypatch.setattr(answers.Office, "open", both)


@pytest.fixture(autouse=True)
def both_answer(core: Core, office: answers.Office, monkeypatch: pytest.MonkeyPatch) -> None:
    class BothStatus(PackStatus):
        """Answers as Python does, and requires that the core answers the same from the same pack."""

        def __init__(self, pack: TrustPack, **options: Any) -> None:
            super().__init__(pack, **options)
            self.name = f"pack {next(NAMES)}"
            limits = {"limits": limits_of(options["limits"])} if "limits" in options else {}
            terms = {"operator": pack.operator, "at": pack.as_of, "skewS": options.get("skew_s", 60), **limits}
            told = opened_by_core(core, office.signed(pack), trust=office.trust, name=self.name, **terms)
            assert told.value == pack_told(pack)

        def answer(self, reference: Any, *, institution: str, now: int) -> StatusAnswer:
            asked = {"uri": reference.uri, "idx": reference.idx, "institution": institution, "now": now}
            ask = super().answer
            found = outcome(lambda: answer_told(ask(reference, institution=institution, now=now)))
            assert core.ask("pack_status", name=self.name, **asked) == found
            return ask(reference, institution=institution, now=now)

    monkeypatch.setattr(answers, "PackStatus", BothStatus)


OF_PYTHON_ALONE = (  # how Python keeps lists, and how it finds signers: see below
    "test_a_list_is_believed_once_for_one_time",
    "test_review_lists_believed_for_other_times_are_kept_in_bounds",
    "test_a_signer_is_found_by_the_beginning_of_its_digest",
)
globals().update(borrowed_from(packs))
globals().update(borrowed_from(answers, *OF_PYTHON_ALONE))


def test_an_entry_outside_a_list_is_refused(office: answers.Office) -> None:
    status = answers.PackStatus(office.pack())
    assert status.answer(entry(1023), institution="FR:TEST01", now=answers.NOW).value == 0
    for idx in (1024, 2**53 - 1):
        with pytest.raises(Error, match="index_out_of_range"):
            status.answer(entry(idx), institution="FR:TEST01", now=answers.NOW)


def entry(idx: int) -> StatusReference:
    return StatusReference(answers.LIST_URI, idx)


def test_signers_and_types_of_a_pack_are_found(core: Core, office: answers.Office) -> None:
    pack, name = office.pack(), f"pack {next(NAMES)}"
    opened_by_core(core, office.signed(pack), trust=office.trust, operator=pack.operator, at=pack.as_of, name=name)
    for chain in pack.signer_chains:
        key_id = answers.hashlib.sha256(chain[0]).digest()[:8]
        assert core.ask("pack_chains", name=name, keyId=key_id).value == [list(chain)]
    assert core.ask("pack_chains", name=name, keyId=bytes(8)).refusal == ("issuer_untrusted", "signer_unknown")
    vct = "urn:eudi:ehic:1"
    types = answers.packed_types(pack)
    own, other = answers.integrity(answers.type_metadata(vct)), answers.integrity(b"another edition")
    for pin in (own, other, "", "md5-AA==", f"{other} {own}?x", f"sha512-AA== {own}"):
        found = types.of_type(vct, pin)
        told = core.ask("pack_type", name=name, vct=vct, pin=pin).value
        assert (told is None) == (found is None), pin
        if found is not None:
            assert told["claims"] == [
                {
                    "path": list(each.path),
                    "labels": {"entries": [list(pair) for pair in each.labels.items()]},
                    "mandatory": each.mandatory,
                    "sd": each.sd.value,
                    "svgId": each.svg_id,
                }
                for each in found.claims
            ]


def test_pins_that_are_none_or_no_authority_are_refused(core: Core, office: answers.Office) -> None:
    message = office.signed(office.pack())
    leaf = office.signer("de-inspection", KeyPurpose.TRUST_LIST).chain[0]
    for given in ((), (leaf,), (b"no certificate",)):
        with pytest.raises(Error) as refusal:
            PinnedCertificates(given)
        asked = {"pins": list(given), "operator": "DE:TEST90", "at": answers.NOW, "newestSequence": 0}
        told = core.ask("open_pack", raw=message, **asked)
        assert told.refusal == (refusal.value.code, refusal.value.params.get("reason", ""))


def test_an_operators_own_authority_may_be_the_pin(core: Core, office: answers.Office) -> None:
    signer = office.signer("de-inspection", KeyPurpose.TRUST_LIST)
    pack = office.pack()
    message = office.signed(pack)
    asked = {"pins": [signer.chain[1]], "operator": "DE:TEST90", "at": answers.NOW, "newestSequence": 0}
    assert core.ask("open_pack", raw=message, **asked).value == pack_told(pack)


def test_the_worked_example_of_the_documentation_is_read(core: Core) -> None:
    example = json.loads((Path(packs.__file__).parents[2] / "vectors/trust_pack/example.json").read_text("utf-8"))
    message, now = base64url.decode(example["pack"]), example["now"]
    for pin in ("anchor", "operator_authority"):
        asked = {"pins": list(from_pem(example[pin])), "operator": "DE:TEST90", "at": now, "newestSequence": 0}
        told = core.ask("open_pack", raw=message, **asked, name="example")
        assert told.value["sequence"] == example["pack_content"]["sequence"]
    (listed,) = example["pack_content"]["status_lists"]
    whose = {"uri": listed["uri"], "institution": "FR:TEST01", "now": now, "name": "example"}
    assert core.ask("pack_status", idx=42, **whose).value["knowledge"] == "fresh"
