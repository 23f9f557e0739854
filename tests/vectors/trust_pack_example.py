"""Writes the worked example of docs/trust-pack.md: a pack and a receipt, byte for byte, with what stands in them.

``make vectors`` runs it. Made from one seed with deterministic signatures (RFC 6979); the keys are worthless. The
file in ``trust_pack`` is for readers in other languages as well: it says what each has to find.
"""

import hashlib
import json
import textwrap
import warnings
from datetime import date
from pathlib import Path
from typing import Any, Final

from portadoc import base64url
from portadoc.formats.cose.cose_sign1 import certificate_chain, split
from portadoc.formats.jws import unverified_claims
from portadoc.formats.receipt import make_receipt, presentation_commitment
from portadoc.formats.sd_jwt import bind, parse, select
from portadoc.formats.status_list.claims import StatusListTerms
from portadoc.formats.status_list.cwt_form import sign_status_list_cwt
from portadoc.formats.status_list.statuses import StatusList
from portadoc.formats.trust_pack import (
    ROLE,
    PackedList,
    TrustPack,
    make_trust_pack,
    parse_trust_pack,
    unverified_content,
)
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.certificates import to_pem
from portadoc.keys.development_chain import CertifiedInstitution, issue_leaf, make_institution_authority, make_root
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.keys.purposes import KeyPurpose, TrustDomain
from portadoc.keys.signer import UnsafeDeterministicSigner
from portadoc.keys.trust.trust_store import Authorisation, TrustAnchor, TrustStore
from portadoc.randomness import UnsafeSeededBytes
from portadoc.schemas.profiles import profile
from portadoc.schemas.type_metadata import type_metadata
from portadoc.verification.pack_answers import PackStatus
from portadoc.verification.policy import KeyBindingRequired, VerificationPolicy
from portadoc.verification.procedure import verify_presentation
from portadoc.verification.receipts import Verified, VerifyingParty, receipt_of
from portadoc.verification.report import VerificationReport
from tests.vectors.generate import LIST_URI, NOW, WITHDRAWN, VectorWorld

FILE: Final = Path(__file__).parent / "trust_pack" / "example.json"
PAGE: Final = Path(__file__).parents[2] / "docs" / "trust-pack.md"
BEGIN: Final = "<!-- worked example: written by make vectors -->\n"
OPERATOR: Final = CertifiedInstitution(
    "DE:TEST90", "DE", "Test inspection", ("https://verifier.example/verifier/de-inspection",)
)
AUDIENCE: Final = "x509_hash:example"
NONCE: Final = "nonce-of-256-bits-for-this-example-only-000"
_MORE: Final = "…"


class ExampleWorld:
    """The issuer of the vectors, and an operator who verifies, hands out packs and signs receipts."""

    def __init__(self) -> None:
        self.issuing = VectorWorld()
        self.random_bytes = UnsafeSeededBytes(b"portadoc trust pack example")
        self.access = make_root(TrustDomain.ACCESS, now=NOW, random_bytes=self.random_bytes)
        self.pack_signer = self._signer(KeyPurpose.TRUST_LIST)
        self.receipt_signer = self._signer(KeyPurpose.RECEIPT)

    def trust(self) -> TrustStore:
        """Return the trust of the pack: the issuer may issue, the operator may hand out packs and receipts."""
        own, given = frozenset({KeyPurpose.TRUST_LIST, KeyPurpose.RECEIPT}), self.issuing.trust()
        access = TrustAnchor("access", self.access.der, own)
        operator = Authorisation(
            institution=OPERATOR.id,
            name=OPERATOR.name,
            country=OPERATOR.country,
            issuers=frozenset(OPERATOR.urls),
            purposes=own,
            credential_types=frozenset(),
            valid_from=NOW - 86_400,
        )
        return TrustStore((*given.anchors, access), (*given.authorisations, operator))

    def pack(self) -> TrustPack:
        """Return a pack with one status list in which one entry is withdrawn."""
        terms = StatusListTerms(uri=LIST_URI, iat=NOW - 60, exp=NOW + 86_400, ttl=900)
        statuses = StatusList.of(1024, bits=1).with_status([WITHDRAWN], 1)
        token = sign_status_list_cwt(statuses, terms, signer=self.issuing.status)
        return TrustPack(
            operator=OPERATOR.id,
            sequence=17,
            as_of=NOW,
            exp=NOW + 7 * 86_400,
            trust=self.trust(),
            type_metadata={"urn:eudi:pda1:1": type_metadata("urn:eudi:pda1:1").decode("utf-8")},
            status_lists=(PackedList(LIST_URI, token, NOW - 30),),
        )

    def presentation(self) -> str:
        """Return what the holder shows in this session: the document number and what is never hidden."""
        shown = select(self.issuing.credential(42), [("document_number",)])
        return bind(shown, audience=AUDIENCE, nonce=NONCE, now=NOW, signer=self.issuing.holder)

    def _signer(self, purpose: KeyPurpose) -> UnsafeDeterministicSigner:
        authority = make_institution_authority(OPERATOR, root=self.access, now=NOW, random_bytes=self.random_bytes)
        bare = UnsafeDeterministicSigner(purpose.encode())
        leaf = issue_leaf(
            OPERATOR,
            public_key_from_jwk(bare.public_jwk, allowed_algs={bare.alg}).key,
            purpose=purpose,
            authority=authority,
            now=NOW,
            random_bytes=self.random_bytes,
        )
        return UnsafeDeterministicSigner(purpose.encode(), chain=(leaf, authority.der))


def judged(pack: TrustPack, presented: str) -> VerificationReport:
    """Return the report of the presentation, judged from the pack."""
    policy = VerificationPolicy(
        policy_id="example",
        accepted_types=frozenset({"urn:eudi:pda1:1"}),
        key_binding=KeyBindingRequired(audience=AUDIENCE, nonce=NONCE, max_age_s=300),
        status_required=True,
        profile=profile("ietf-latest"),
        on_date=date(2026, 11, 22),
    )
    return verify_presentation(presented, trust=pack.trust, status=PackStatus(pack), policy=policy, now=NOW)


def example() -> dict[str, Any]:
    """Return the whole example as JSON: what is given, and what every reader has to find."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        world = ExampleWorld()
        pack, presented = world.pack(), world.presentation()
        message = make_trust_pack(pack, signer=world.pack_signer)
        report = judged(pack, presented)
        verified = [Verified(unverified_presentation=presented, report=report)]
        party = VerifyingParty(
            id=OPERATOR.id, name=OPERATOR.name, purpose="inspector-quick", policy_version="example"
        )
        made = receipt_of(verified, verifier=party, verdict=report.verdict, nonce=NONCE, verified_at=NOW)
        receipt = make_receipt(made, signer=world.receipt_signer)
    sd_hash = base64url.encode(hashlib.sha256(parse(presented).presented_text.encode()).digest())
    return {
        "comment": "TEST DATA. Keys can be derived by anybody. Times are seconds since the epoch.",
        "now": NOW,
        "anchor": to_pem([world.access.der]),
        "operator_authority": to_pem(world.pack_signer.chain[1:]),
        "pack": base64url.encode(message),
        "pack_content": unverified_content(parse_trust_pack(message, allowed_algs=ALL_ALGORITHMS)),
        "presentation": {"text": presented, "audience": AUDIENCE, "nonce": NONCE},
        "verdict": report.verdict.value,
        "receipt": receipt,
        "receipt_claims": unverified_claims(receipt),
        "sd_hash": sd_hash,
        "commitment": presentation_commitment(NONCE, presented),
    }


def section(found: dict[str, Any]) -> str:
    """Return the part of the page that shows the example, long values cut."""
    message = base64url.decode(found["pack"])
    parts = split(message, ROLE, allowed_algs=ALL_ALGORITHMS)
    chain = certificate_chain(parts)
    content = {**found["pack_content"], "type_metadata": {"urn:eudi:pda1:1": _MORE}}
    lines = (
        f"The message has {len(message):,} bytes, its payload {len(parts.payload):,}. In diagnostic notation:",
        _block(
            "text",
            "18([\n"
            f'  << {{1: -7, 16: "{ROLE.typ}",\n'
            f"      33: [h'{_cut(chain[0].hex())}', h'{_cut(chain[1].hex())}']}} >>,\n"
            "  {},\n"
            f"  h'{_cut(parts.payload.hex())}',\n"
            f"  h'{_cut(parts.signature.hex())}'\n"
            "])",
        ),
        'Inflated, the payload is `{"pack": << JSON >>, "tokens": [h\'…\']}` with this JSON, long values cut:',
        _block("json", json.dumps(_cut_texts(content), indent=2, ensure_ascii=False)),
        f"At {NOW} a presentation is judged from it: `{found['verdict']}`. The claims of the receipt:",
        _block("json", json.dumps(found["receipt_claims"], indent=2, ensure_ascii=False)),
        f"The nonce is `{NONCE}`, `sd_hash` is `{found['sd_hash']}`:\nthe commitment is `{found['commitment']}`.",
    )
    return BEGIN + "\n" + "\n\n".join(textwrap.dedent(line) for line in lines) + "\n"


def _block(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```"


def _cut(text: str) -> str:
    return text if len(text) <= 48 else text[:40] + _MORE


def _cut_texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cut_texts(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_cut_texts(each) for each in value]
    return _cut(value) if isinstance(value, str) else value


def main() -> None:
    """Write the file and the part of the page."""
    found = example()
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    told = PAGE.read_text(encoding="utf-8").partition(BEGIN)[0]
    PAGE.write_text(told + section(found), encoding="utf-8")


if __name__ == "__main__":
    main()
