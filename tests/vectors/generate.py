"""Writes our own vectors: one fault a file, with the code it must be refused with. ``make vectors``.

Everything is made from one seed with deterministic signatures (RFC 6979), so that writing them again changes
nothing. The keys are worthless: anybody can derive them from this file.
"""

import json
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from portadoc.formats.headers import signing_header
from portadoc.formats.sd_jwt import bind, issue, parse, select
from portadoc.formats.status_list.jwt_form import make_status_list_token
from portadoc.formats.status_list.statuses import StatusList, StatusReference
from portadoc.keys.development_chain import (
    CertificateAuthority,
    CertifiedInstitution,
    issue_leaf,
    make_institution_authority,
    make_root,
)
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.keys.purposes import KeyPurpose, TrustDomain
from portadoc.keys.signer import Signer, UnsafeDeterministicSigner
from portadoc.keys.trust.trust_file import trust_to_json
from portadoc.keys.trust.trust_store import Authorisation, TrustAnchor, TrustStore
from portadoc.randomness import UnsafeSeededBytes
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.wallet_sim.faults import (
    FORGERIES,
    PRESENTATION_FAULTS,
    Fault,
    FaultCategory,
    GoodPresentation,
    UnsafeForgery,
)

FOLDER: Final = Path(__file__).parent / "presentation"
NOW: Final = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
ORIGIN: Final = "https://issuer.example"
ISSUER: Final = f"{ORIGIN}/issuer/fr-demo"
LIST_URI: Final = f"{ORIGIN}/status/1"
AUDIENCE: Final = "x509_hash:u0pSQxKBCBNOqfZ4Rdfr2G8kC6fvUWxAHb6nHLhpjoQ"
NONCE: Final = "n-0S6_WzA2Mj-for-vectors-only"
WITHDRAWN: Final = 7
NAMED: Final = CertifiedInstitution("FR:TEST01", "FR", "Test institution", (ISSUER,))
TOO_LARGE: Final = frozenset({"disclosures-by-the-thousand"})


class VectorWorld:
    """One certified institution, its keys, a holder and a stranger, all from one seed."""

    def __init__(self) -> None:
        self.random_bytes = UnsafeSeededBytes(b"portadoc vectors 1")
        self.root = make_root(TrustDomain.ATTESTATION, now=NOW, random_bytes=self.random_bytes)
        authority = self._authority(self.root)
        self.issuer = self._signer("issuer", authority, KeyPurpose.CREDENTIAL)
        self.status = self._signer("status", authority, KeyPurpose.STATUS)
        unknown_root = make_root(TrustDomain.ATTESTATION, now=NOW, random_bytes=self.random_bytes)
        self.unknown = self._signer("unknown", self._authority(unknown_root), KeyPurpose.CREDENTIAL)
        self.holder = UnsafeDeterministicSigner(b"holder")
        self.stranger = UnsafeDeterministicSigner(b"stranger")

    def trust(self) -> TrustStore:
        """Return the trust configuration of every vector."""
        purposes = frozenset({KeyPurpose.CREDENTIAL, KeyPurpose.STATUS})
        vct = CREDENTIAL_TYPES["pda1"].vct
        return TrustStore(
            (TrustAnchor("vectors", self.root.der, purposes),),
            (
                Authorisation(
                    institution=NAMED.id,
                    name=NAMED.name,
                    country=NAMED.country,
                    issuers=frozenset(NAMED.urls),
                    purposes=purposes,
                    credential_types=frozenset({vct}),
                    valid_from=NOW - 86_400,
                ),
            ),
        )

    def status_list(self) -> str:
        """Return the status list token: all valid but one."""
        statuses = StatusList.of(1024, bits=1).with_status([WITHDRAWN], 1)
        return make_status_list_token(
            statuses, uri=LIST_URI, iat=NOW - 60, exp=NOW + 3600, ttl=600, signer=self.status
        )

    def credential(self, idx: int) -> str:
        """Return a PDA1 of the example worker with its status at ``idx``."""
        projection = CREDENTIAL_TYPES["pda1"].projection
        subject = projection.project(example("posted-worker-fr-de"))
        claims = {
            **subject,
            "vct": projection.vct,
            "iss": ISSUER,
            "sub": "urn:uuid:00000000-0000-4000-8000-000000000001",
            "jti": "urn:uuid:00000000-0000-4000-8000-000000000002",
            "iat": NOW - 3600,
            "exp": NOW + 30 * 86_400,
            "cnf": {"jwk": dict(self.holder.public_jwk)},
            "status": StatusReference(LIST_URI, idx).to_claim(),
        }
        return issue(
            claims,
            disclosable=projection.disclosable(subject),
            header=signing_header("dc+sd-jwt", self.issuer),
            signer=self.issuer,
            random_bytes=self.random_bytes,
            decoys=2,
        ).text

    def good(self, credential: str) -> GoodPresentation:
        """Return a presentation that shows the document number and withholds the rest."""
        shown = select(credential, [("document_number",)])
        text = bind(shown, audience=AUDIENCE, nonce=NONCE, now=NOW, signer=self.holder)
        kept = set(parse(shown).disclosures)
        return GoodPresentation(
            text=text,
            withheld=tuple(each for each in parse(credential).disclosures if each not in kept),
            audience=AUDIENCE,
            nonce=NONCE,
            now=NOW,
            holder=self.holder,
            stranger=self.stranger,
        )

    def _authority(self, root: CertificateAuthority) -> CertificateAuthority:
        return make_institution_authority(NAMED, root=root, now=NOW, random_bytes=self.random_bytes)

    def _signer(self, seed: str, authority: CertificateAuthority, purpose: KeyPurpose) -> Signer:
        bare = UnsafeDeterministicSigner(seed.encode())
        leaf = issue_leaf(
            NAMED,
            public_key_from_jwk(bare.public_jwk, allowed_algs={bare.alg}).key,
            purpose=purpose,
            authority=authority,
            now=NOW,
            random_bytes=self.random_bytes,
        )
        return UnsafeDeterministicSigner(seed.encode(), chain=(leaf, authority.der))


def vectors() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each file's name and content."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        world = VectorWorld()
    yield "context.json", context(world)
    good = world.good(world.credential(42))
    yield "good.json", vector("good", "none", good.text, "authentic_in_force", None)
    withdrawn = world.good(world.credential(WITHDRAWN))
    yield "withdrawn.json", vector("withdrawn", "status", withdrawn.text, "withdrawn_or_replaced", "revoked")
    for fault in (*PRESENTATION_FAULTS, *FORGERIES):
        if fault.name not in TOO_LARGE:
            yield f"{fault.name}.json", of_fault(fault, good, world)


def of_fault(fault: Fault | UnsafeForgery, good: GoodPresentation, world: VectorWorld) -> dict[str, Any]:
    """Return the vector of one fault."""
    if isinstance(fault, UnsafeForgery):
        text = fault.apply(good, world.unknown if fault.untrusted_signer else world.issuer)
    else:
        text = fault.apply(good)
    return vector(fault.name, fault.category, text, verdict_for(fault), fault.expected_code)


def verdict_for(fault: Fault | UnsafeForgery) -> str:
    """Return the verdict that a fault must lead to: what concerns holder, status or time leaves it genuine."""
    if fault.expected_code.startswith(("kb_", "holder_key_")):
        return "holder_not_proven"
    if fault.category is FaultCategory.STATUS:
        return "status_not_known"
    if fault.expected_code in ("expired", "not_yet_valid"):
        return "not_in_force_on_date"
    return "not_what_was_asked" if fault.category is FaultCategory.TIME else "not_authentic"


def vector(name: str, category: str, text: str, verdict: str, code: str | None) -> dict[str, Any]:
    """Return one vector: what is presented, and what must be said of it."""
    return {
        "name": name,
        "category": category,
        "presentation": text,
        "expected": {"verdict": verdict, "code": code},
    }


def context(world: VectorWorld) -> dict[str, Any]:
    """Return what every vector is judged by."""
    return {
        "comment": "TEST DATA. Keys can be derived by anybody. Times are seconds since the epoch.",
        "now": NOW,
        "day": datetime.fromtimestamp(NOW, UTC).date().isoformat(),
        "profile": "ietf-latest",
        "accepted_types": [CREDENTIAL_TYPES["pda1"].vct, CREDENTIAL_TYPES["pid"].vct],
        "key_binding": {"audience": AUDIENCE, "nonce": NONCE, "max_age_s": 300},
        "clock_skew_s": 60,
        "status_required": True,
        "trust": trust_to_json(world.trust()),
        "status_lists": {LIST_URI: world.status_list()},
        "blocked": {"ftp://status.invalid/lists/1": ["fetch_blocked", "scheme"]},
    }


def text_of(content: dict[str, Any]) -> str:
    """Return the file's text."""
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def main() -> None:
    """Write every file and remove those that are no more."""
    FOLDER.mkdir(exist_ok=True)
    files = {name: text_of(content) for name, content in vectors()}
    for stale in FOLDER.glob("*.json"):
        if stale.name not in files:
            stale.unlink()
    for name, text in files.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
