"""Access tokens that are shown without their key, or with a wrong proof of it. Spec: RFC 9449, HAIP 1.0 §4."""

from dataclasses import dataclass
from typing import Final

from portadoc.conformance.beyond.proofs import OWN
from portadoc.conformance.checks import Check, Module, Record
from portadoc.conformance.conversation.client import Twists
from portadoc.conformance.conversation.drafts import Draft, Twist, broken, left_out
from portadoc.conformance.refusals import CHALLENGE, CLIENT_OR_REQUEST, refused
from portadoc.conformance.trial import Trial

_DAY_S: Final = 86_400
WORDS: Final = frozenset({"invalid_dpop_proof", "invalid_token"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongProof:
    """A DPoP proof at the credential endpoint that is wrong in one way."""

    name: str
    note: str
    cause: str
    mend: str
    twist: Twist
    words: frozenset[str] = WORDS

    def module(self) -> Module:
        """Return the module that sends it."""
        return Module(f"{OWN}dpop-{self.name}", f"A credential request {self.note} is refused", self.run)

    def run(self, trial: Trial, record: Record) -> None:
        """Ask for a credential with the wrong proof. Raises Stopped, Lacking."""
        title = f"A credential request {self.note} is refused"
        check = Check(f"dpop-{self.name}-refused", "RFC 9449 §4.3, §7.1", title, self.cause, self.mend)
        judge_proof(trial, record, check, Twists(dpop=self.twist), self.note, self.words)


def judge_proof(
    trial: Trial, record: Record, check: Check, twists: Twists, note: str, words: frozenset[str] = WORDS
) -> None:
    """Ask for a credential with a DPoP proof that is not right, and judge the refusal."""
    trial.sample(record)
    access = trial.access(record)
    if access.client.dpop is None:
        record.not_applicable(check, "the server binds no tokens by DPoP")
        return
    answer = trial.deliver(access, trial.order(access, note=note), record, twists=twists).answer
    if refused(record, answer, check, words=words, statuses=CLIENT_OR_REQUEST):
        told = "dpop" in answer.headers.get("www-authenticate", "").lower()
        record.judge(CHALLENGE, answer.status != 401 or told, "there is no WWW-Authenticate: DPoP", answer)


def _by_other_key(draft: Draft) -> Draft:
    return draft.head(jwk=_OTHER_JWK)


_OTHER_JWK: Final = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
"""The public key of RFC 7515 App. A.3."""


def _case(name: str, note: str, twist: Twist, cause: str, mend: str, words: frozenset[str] = WORDS) -> WrongProof:
    return WrongProof(name=name, note=note, cause=cause, mend=mend, twist=twist, words=words)


CASES: Final = (
    _case(
        "missing",
        "without a DPoP proof",
        left_out,
        "The token alone is enough.",
        "Require a proof for every token that is bound to a key.",
        WORDS | {"", "invalid_request"},
    ),
    _case(
        "signature",
        "with a DPoP proof whose signature is broken",
        broken,
        "The signature is not verified.",
        "Verify it by the jwk of the header.",
    ),
    _case(
        "htu",
        "with a DPoP proof for another address",
        lambda draft: draft.claims(htu="https://other.example/credential"),
        "htu is not looked at.",
        "Compare htu with the address of the endpoint, without query and fragment.",
    ),
    _case(
        "htm",
        "with a DPoP proof for another method",
        lambda draft: draft.claims(htm="GET"),
        "htm is not looked at.",
        "Compare htm with the method.",
    ),
    _case(
        "ath",
        "with a DPoP proof for another access token",
        lambda draft: draft.claims(ath="fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"),
        "ath is not looked at.",
        "Compare ath with the hash of the token that came along.",
    ),
    _case(
        "ath-missing",
        "with a DPoP proof without ath",
        lambda draft: draft.claims(ath=None),
        "ath is optional.",
        "Require ath wherever a token comes along.",
    ),
    _case(
        "type",
        "with a DPoP proof of another typ",
        lambda draft: draft.head(typ="JWT"),
        "typ is not looked at.",
        "Require the typ dpop+jwt.",
    ),
    _case(
        "unsigned",
        "with a DPoP proof of the alg none",
        lambda draft: draft.head(alg="none"),
        "The library takes the algorithm from the token.",
        "Take asymmetric algorithms that you list, and no other.",
    ),
    _case(
        "private-key",
        "with a private key in the DPoP proof",
        lambda draft: draft.head(jwk={**draft.header["jwk"], "d": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}),
        "The members of the key are not looked at.",
        "Refuse private keys.",
    ),
    _case(
        "another-key-named",
        "with a DPoP proof that names another key",
        _by_other_key,
        "The key of the token is used whatever the header says.",
        "Verify by the header's jwk, then compare it.",
    ),
    _case(
        "from-yesterday",
        "with a DPoP proof of yesterday",
        lambda draft: draft.claims(iat=int(draft.payload["iat"]) - _DAY_S),
        "iat is not looked at.",
        "Accept proofs of the last minutes.",
    ),
    _case(
        "from-tomorrow",
        "with a DPoP proof of tomorrow",
        lambda draft: draft.claims(iat=int(draft.payload["iat"]) + _DAY_S),
        "iat is not looked at.",
        "Accept proofs of the last minutes.",
    ),
    _case(
        "nonce",
        "with a DPoP proof under a nonce that the server never gave",
        lambda draft: draft.claims(nonce="nobody-gave-this-nonce"),
        "The nonce is not compared.",
        "Refuse with use_dpop_nonce and give a fresh nonce in DPoP-Nonce.",
        frozenset({"use_dpop_nonce"}),
    ),
)

STOLEN: Final = Check(
    "dpop-stolen-token-refused",
    "RFC 9449 §7.1",
    "A token with a sound DPoP proof by another key is refused",
    "The key of the proof is not compared with the one that the token is bound to.",
    "Compare the thumbprints.",
)
REPLAY: Final = Check(
    "dpop-replay-refused",
    "RFC 9449 §11.1",
    "A DPoP proof that was used is refused",
    "The jti of proofs is not kept, and nonces can be used again.",
    "Keep each jti until its proof ends.",
)
AS_BEARER: Final = Check(
    "dpop-downgrade-refused",
    "RFC 9449 §7.2",
    "A token that is bound to a key is refused as a bearer token",
    "The scheme of the Authorization header is not looked at.",
    "Require the scheme DPoP for bound tokens.",
)
NONCE_TOLD: Final = Check(
    "dpop-nonce-told",
    "RFC 9449 §8, HAIP 1.0 §4",
    "Whoever uses no nonce, or an unknown one, is told a fresh one in DPoP-Nonce",
    "The header is missing, or kept from scripts and proxies.",
    "Send DPoP-Nonce with use_dpop_nonce.",
)


def stolen(trial: Trial, record: Record) -> None:
    """Show a token with a key of somebody else."""
    thief = trial.kit.new_key()

    def twist(draft: Draft) -> Draft:
        return draft.head(jwk=dict(thief.public_jwk)).by(thief)

    judge_proof(trial, record, STOLEN, Twists(dpop=twist), "with a DPoP proof by another key")


def replay(trial: Trial, record: Record) -> None:
    """Send one DPoP proof twice."""
    trial.sample(record)
    access = trial.access(record)
    if access.client.dpop is None:
        record.not_applicable(REPLAY, "the server binds no tokens by DPoP")
        return
    kept: dict[str, str | None] = {}

    def remember(draft: Draft) -> Draft:
        kept["dpop"] = draft.text()
        return draft

    first = trial.deliver(access, trial.order(access), record, twists=Twists(dpop=remember))
    record.step(bool(first.credentials), "the issuer gave no credential", first.answer)
    order = trial.order(access, note="with a DPoP proof that was used before")
    again = trial.deliver(access, order, record, twists=Twists(headers=kept))
    refused(record, again.answer, REPLAY, words=WORDS | {"use_dpop_nonce"}, statuses=CLIENT_OR_REQUEST)


def as_bearer(trial: Trial, record: Record) -> None:
    """Show a bound token by the scheme Bearer, without a proof."""
    access = trial.access(record)
    twists = Twists(dpop=left_out, headers={"authorization": f"Bearer {access.token}"})
    judge_proof(trial, record, AS_BEARER, twists, "with a bound token as Bearer", WORDS | {"", "invalid_request"})


def nonce_told(trial: Trial, record: Record) -> None:
    """Show a token under an unknown nonce, and see whether the server tells a better one."""
    access = trial.access(record)
    if access.client.dpop is None:
        record.not_applicable(NONCE_TOLD, "the server binds no tokens by DPoP")
        return
    twists = Twists(dpop=lambda draft: draft.claims(nonce="nobody-gave-this-nonce"))
    answer = trial.deliver(
        access, trial.order(access, note="under an unknown DPoP nonce"), record, twists=twists
    ).answer
    record.judge(NONCE_TOLD, bool(answer.headers.get("dpop-nonce")), "there is none", answer)


MODULES: Final = (
    *(case.module() for case in CASES),
    Module(f"{OWN}dpop-stolen-token", STOLEN.title, stolen),
    Module(f"{OWN}dpop-replay", REPLAY.title, replay),
    Module(f"{OWN}dpop-downgrade", AS_BEARER.title, as_bearer),
    Module(f"{OWN}dpop-nonce-told", NONCE_TOLD.title, nonce_told),
)
