"""Speed as a ratio to the physical limit and to a peer, all in one run: ``make bench``.

Candidates take turns within one process; a round lasts about 30 ms of processor time. A ratio is formed within
each round and its median counts, so that what else the machine does weighs on both sides. The limit of issuing is
one ES256 signature, one call for random bytes and one SHA-256 a disclosure; the limit of verifying is two ES256
verifications and the same digests.
"""

import argparse
import hashlib
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.roles import CREDENTIAL
from portadoc.formats.sd_jwt import bind, issue, parse, process
from portadoc.formats.sd_jwt.key_binding import verify_key_binding
from portadoc.formats.status_list.claims import VerifiedStatusList
from portadoc.formats.status_list.statuses import StatusList
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.jwk import holder_key, verification_key
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import LocalSigner
from portadoc.keys.trust.trust_file import TRUST_FILE, trust_from_json
from portadoc.randomness import system_random_bytes
from portadoc.schemas.profiles import profile
from portadoc.verification.answers import HeldStatusList, HeldStatusLists
from portadoc.verification.policy import KeyBindingRequired, VerificationPolicy
from portadoc.verification.procedure import verify_presentation

ROUND_S = 0.03
GATES = {"issue / limit": 0.45, "verify / limit": 0.55, "whole procedure / limit": 0.33}
"""Well below what a quiet machine shows: what else runs on it costs the longer code more."""
ALGS = frozenset({"ES256"})
AUDIENCE, NONCE = "x509_hash:bench", "a-nonce-of-thirty-two-characters"
NOW = int(time.time())


def flat_claims(count: int) -> dict[str, Any]:
    """Return ``count`` text claims with letters beyond ASCII."""
    return {f"claim_{number:02}": f"Wert ä {number:04} of some length" for number in range(count)}


class Limit:
    """What the processor has to do at the least, with keys and algorithm objects at hand."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.scheme = ec.ECDSA(hashes.SHA256())
        self.message = os.urandom(1500)
        self.signature = self.key.sign(self.message, self.scheme)
        self.public = self.key.public_key()
        self.disclosures = [os.urandom(100) for _ in range(count)]

    def issue(self) -> None:
        """One signature, one call for salts, a digest for each disclosure."""
        os.urandom(16 * self.count)
        for disclosure in self.disclosures:
            hashlib.sha256(disclosure).digest()
        self.key.sign(self.message, self.scheme)

    def verify(self) -> None:
        """Two verifications and a digest for each disclosure."""
        for disclosure in self.disclosures:
            hashlib.sha256(disclosure).digest()
        self.public.verify(self.signature, self.message, self.scheme)
        self.public.verify(self.signature, self.message, self.scheme)


class Ours:
    """Portadoc: the formats alone, and the whole verdict procedure with chain, status and report."""

    def __init__(self, count: int, directory: Path) -> None:
        ring = create_development_ring(
            directory,
            [
                DevelopmentInstitution(
                    slug="bench",
                    id="FR:BENCH1",
                    country="FR",
                    name="Bench",
                    roles=frozenset({Role.ISSUER}),
                    credential_types=frozenset({"urn:eudi:pid:1"}),
                )
            ],
            base_url="https://bench.example",
            now=NOW,
            random_bytes=system_random_bytes,
            passphrase=b"bench",
        )
        self.signer = ring.signer("bench", KeyPurpose.CREDENTIAL)
        self.key = verification_key(new_private_key("ES256", system_random_bytes).public_key())
        self.holder = LocalSigner(new_private_key("ES256", system_random_bytes))
        self.trust = trust_from_json(json.loads((directory / TRUST_FILE).read_text(encoding="utf-8")))
        self.header = signing_header("dc+sd-jwt", self.signer)
        self.kid_header = {"typ": "dc+sd-jwt", "kid": self.signer.kid}
        self.claims = {
            **flat_claims(count),
            "vct": "urn:eudi:pid:1",
            "iss": "https://bench.example/issuer/bench",
            "iat": NOW,
            "exp": NOW + 86_400,
            "cnf": {"jwk": dict(self.holder.public_jwk)},
            "status": {"status_list": {"idx": 4711, "uri": "https://bench.example/status/1"}},
        }
        self.disclosable = tuple((name,) for name in flat_claims(count))
        self.issued = self.issue()
        self.presented = self.bound(self.issued)
        self.presented_with_kid = self.bound(self.issue_with_kid())
        self.key = self.trust.resolve_chain(self.signer.chain, purpose=KeyPurpose.CREDENTIAL, at=NOW).key
        token = VerifiedStatusList(
            "https://bench.example/status/1", StatusList.of(131_072, bits=1), NOW, NOW + 3600, 300
        )
        self.status = HeldStatusLists({token.uri: HeldStatusList(token, frozenset({"FR:BENCH1"}), NOW)})
        self.policy = VerificationPolicy(
            policy_id="bench",
            accepted_types=frozenset({"urn:eudi:pid:1"}),
            key_binding=KeyBindingRequired(audience=AUDIENCE, nonce=NONCE, max_age_s=3600),
            status_required=True,
            profile=profile("ietf-latest"),
            on_date=date.fromtimestamp(NOW),
        )
        report = self.judge()
        assert report is not None

    def issue(self) -> str:
        """Issue with the certificate chain in the header, as the issuer does."""
        return issue(
            self.claims,
            disclosable=self.disclosable,
            header=self.header,
            signer=self.signer,
            random_bytes=system_random_bytes,
        ).text

    def issue_with_kid(self) -> str:
        """Issue with a key id in the header, as the peer does."""
        return issue(
            self.claims,
            disclosable=self.disclosable,
            header=self.kid_header,
            signer=self.signer,
            random_bytes=system_random_bytes,
        ).text

    def bound(self, issued: str) -> str:
        """Present everything with a key binding, as the holder does."""
        return bind(issued, audience=AUDIENCE, nonce=NONCE, now=NOW, signer=self.holder)

    def check_own_output(self) -> None:
        """Read back what was issued: signature and every digest."""
        parts = parse(self.issued)
        process(jws.verify(jws.split(parts.jws_text, CREDENTIAL, allowed_algs=ALGS), self.key), parts.disclosures)

    def verify(self) -> None:
        """Verify a presentation with the certificate chain in its header; the issuer's key is at hand."""
        self.verify_text(self.presented)

    def verify_with_kid(self) -> None:
        """Verify a presentation with a key id in its header, as the peer does."""
        self.verify_text(self.presented_with_kid)

    def verify_text(self, presented: str) -> None:
        """Verify signature, digests and key binding with a holder key that was never seen before."""
        parts = parse(presented)
        payload = jws.verify(jws.split(parts.jws_text, CREDENTIAL, allowed_algs=ALGS), self.key)
        processed = process(payload, parts.disclosures)
        verify_key_binding(
            str(parts.key_binding_jwt),
            presented_text=parts.presented_text,
            holder_key=holder_key(processed.claims.get("cnf"), allowed_algs=ALGS),
            audience=AUDIENCE,
            nonce=NONCE,
            now=NOW,
            max_age_s=3600,
            skew_s=60,
            hash_alg=processed.hash_alg,
        )

    def judge(self) -> Any:
        """Run the whole procedure, every check, to a report; chain and status list were believed before."""
        return verify_presentation(
            self.presented, trust=self.trust, status=self.status, policy=self.policy, now=NOW
        )


class Peer:
    """PyPI sd-jwt 0.10.4, doing less: no times, no unreferenced disclosures, no chain, no status."""

    def __init__(self, count: int, ours: Ours) -> None:
        from jwcrypto.jwk import JWK
        from sd_jwt.common import SDObj
        from sd_jwt.holder import SDJWTHolder
        from sd_jwt.issuer import SDJWTIssuer
        from sd_jwt.verifier import SDJWTVerifier

        self.issuer_class, self.verifier_class = SDJWTIssuer, SDJWTVerifier
        self.issuer_key, self.holder_key = JWK.generate(kty="EC", crv="P-256"), JWK.generate(kty="EC", crv="P-256")
        plain = {name: value for name, value in ours.claims.items() if name not in flat_claims(count)}
        plain.pop("cnf")
        self.claims = {**plain, **{SDObj(name): value for name, value in flat_claims(count).items()}}
        holder = SDJWTHolder(self.issue())
        holder.create_presentation(flat_claims(count), NONCE, AUDIENCE, self.holder_key, "ES256")
        self.presented = holder.sd_jwt_presentation

    def issue(self) -> str:
        """Issue with the same claims."""
        return str(self.issuer_class(self.claims, self.issuer_key, self.holder_key).sd_jwt_issuance)

    def verify(self) -> None:
        """Verify with key binding."""
        self.verifier_class(self.presented, lambda *_: self.issuer_key, AUDIENCE, NONCE)


def measure(candidates: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return the microseconds of processor time of one call of each candidate, round by round."""
    repeats = {name: _repeats(call) for name, call in candidates.items()}
    found: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, call in candidates.items():
            began = time.process_time()
            for _ in range(repeats[name]):
                call()
            found[name].append((time.process_time() - began) / repeats[name] * 1e6)
    return found


def _repeats(call: Callable[[], object]) -> int:
    call()
    began = time.process_time()
    for _ in range(5):
        call()
    return max(1, int(ROUND_S / max(1e-6, (time.process_time() - began) / 5)))


def main() -> None:
    """Print microseconds and ratios; exit 1 when a gate is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--disclosures", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with TemporaryDirectory() as directory:
        limit, ours = Limit(options.disclosures), Ours(options.disclosures, Path(directory))
        peer = Peer(options.disclosures, ours)
        found = measure(
            {
                "limit issue": limit.issue,
                "issue": ours.issue,
                "issue, kid header": ours.issue_with_kid,
                "check of the own output": ours.check_own_output,
                "peer issue": peer.issue,
                "limit verify": limit.verify,
                "verify with key binding": ours.verify,
                "verify, kid header": ours.verify_with_kid,
                "whole procedure": ours.judge,
                "peer verify": peer.verify,
            },
            options.rounds,
        )
    ratios = {
        "issue / limit": ratio(found, "limit issue", "issue"),
        "issue / peer": ratio(found, "peer issue", "issue"),
        "verify / limit": ratio(found, "limit verify", "verify with key binding"),
        "verify, kid header / limit": ratio(found, "limit verify", "verify, kid header"),
        "whole procedure / limit": ratio(found, "limit verify", "whole procedure"),
        "verify / peer": ratio(found, "peer verify", "verify with key binding"),
    }
    show({name: statistics.median(times) for name, times in found.items()}, ratios, as_json=options.json)
    sys.exit(0 if all(ratios[name] >= gate for name, gate in GATES.items()) else 1)


def ratio(found: dict[str, list[float]], measure_of: str, name: str) -> float:
    """Return how many times as fast as ``measure_of`` a candidate is: the median over the rounds."""
    return statistics.median(one / other for one, other in zip(found[measure_of], found[name], strict=True))


def show(times: dict[str, float], ratios: dict[str, float], *, as_json: bool) -> None:
    """Print the figures."""
    if as_json:
        print(json.dumps({"us": times, "ratios": ratios}, indent=2))
        return
    for name, spent in times.items():
        print(f"  {name:<28}{spent:9.1f} us   {1e6 / spent:9.0f} /s")
    for name, ratio in ratios.items():
        print(f"  {name:<28}{ratio:9.2f}")


if __name__ == "__main__":
    main()
