"""Client attestations that are wrong in one way, at the endpoint for pushed requests.

Spec: draft-ietf-oauth-attestation-based-client-auth-07 §6 to §8, -10 §7; HAIP 1.0 §4.4.1.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from portadoc.conformance.checks import Check, Module, Record
from portadoc.conformance.conversation.authorization import PAR, push
from portadoc.conformance.conversation.client import Client, Twists
from portadoc.conformance.conversation.drafts import Draft, broken, left_out
from portadoc.conformance.refusals import CLIENT_OR_REQUEST, refused
from portadoc.conformance.suite.credential_requests import SUITE
from portadoc.conformance.trial import Trial

OWN: Final = "portadoc-issuer-"
WORDS: Final = frozenset({"invalid_client", "invalid_request", "invalid_client_attestation"})
_SPEC: Final = "draft-ietf-oauth-attestation-based-client-auth-07 §6.2, HAIP 1.0 §4.4.1"
_HOUR_S: Final = 3600

TAKEN: Final = Check(
    "attested-client-taken",
    "draft-ietf-oauth-attestation-based-client-auth-07 §6, RFC 9126 §2.2",
    "A pushed request of an attested client is taken with 201, a request_uri and expires_in",
    "The kit's wallet provider is not trusted, or the form of its attestation is not understood.",
    "Import what `portadoc conformance wallet-provider` writes, and start a server again that reads whom to trust "
    "when it starts; the other modules of this group need it.",
)
_TAKEN_OF_ANYBODY: Final = replace(
    TAKEN,
    title="A pushed request of the kit's wallet is taken with 201, a request_uri and expires_in",
    cause="The run speaks as a wallet that nobody vouches for (--public-client); the server wants attested ones.",
    mend="Leave --public-client out, and let the server trust the kit's wallet provider (wallet-provider).",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongClient:
    """A client whose authentication is wrong in one way."""

    name: str
    note: str
    cause: str
    mend: str
    twists: Callable[[Client], Twists]
    words: frozenset[str] = WORDS

    def module(self) -> Module:
        """Return the module that sends it."""
        return Module(self.name, f"A client attestation {self.note} is refused", self.run)

    def run(self, trial: Trial, record: Record) -> None:
        """Push a request as this client. Raises Stopped."""
        check = Check(
            f"{self.name.removeprefix(SUITE).removeprefix(OWN)}",
            _SPEC,
            f"A client attestation {self.note} is refused",
            self.cause,
            self.mend,
        )
        client = attested_client(trial, record, check)
        if client is None:
            return
        push_control(trial, record)
        answer = push(
            client,
            trial.ask(record, client),
            note=f"with a client attestation {self.note}",
            twists=self.twists(client),
        )
        refused(record, answer, check, words=self.words, statuses=CLIENT_OR_REQUEST)


def attested_client(trial: Trial, record: Record, check: Check) -> Client | None:
    """Return a wallet that is attested and can push requests; None where the server has no such thing."""
    client = trial.client(record)
    if not client.attested or not client.server.text(PAR):
        record.not_applicable(check, "the server takes no attested clients, or no pushed requests")
        return None
    return client


def push_control(trial: Trial, record: Record) -> None:
    """Push a request that is in order, once in a run. Raises Stopped when it is not taken."""
    if trial.push_taken:
        return
    client = trial.client(record)
    answer = push(client, trial.ask(record, client))
    content = answer.json or {}
    sound = answer.status == 201 and isinstance(content.get("request_uri"), str)
    check = TAKEN if client.attested else _TAKEN_OF_ANYBODY
    record.require(check, sound and type(content.get("expires_in")) is int, "it was not taken", answer)
    trial.push_taken = True


def _expired(draft: Draft) -> Draft:
    now = int(draft.payload["iat"])
    return draft.claims(iat=now - 2 * _HOUR_S, exp=now - _HOUR_S)


def _replayed(trial: Trial, record: Record) -> None:
    """Send one attestation with its proof twice."""
    client = attested_client(trial, record, REPLAY)
    if client is None:
        return
    push_control(trial, record)
    kept: dict[str, str] = {}

    def remember(name: str) -> Callable[[Draft], Draft]:
        def twist(draft: Draft) -> Draft:
            kept[name] = draft.text()
            return draft

        return twist

    twists = Twists(attestation=remember("oauth-client-attestation"), pop=remember("oauth-client-attestation-pop"))
    asked = trial.ask(record, client)
    first = push(client, asked, twists=twists)
    record.step(first.status == 201, "the first request was not taken", first)
    again = push(
        client, asked, note="with a proof of possession that was used before", twists=Twists(headers=kept)
    )
    refused(record, again, REPLAY, words=WORDS | {"use_attestation_challenge"}, statuses=CLIENT_OR_REQUEST)


REPLAY: Final = Check(
    "client-attestation-pop-replay",
    "draft-ietf-oauth-attestation-based-client-auth-10 §12.1",
    "A proof of possession that was used before is refused",
    "Neither its jti nor its challenge is used up.",
    "Keep the jti of each proof until it ends.",
)


def _case(
    name: str,
    note: str,
    cause: str,
    mend: str,
    *,
    prefix: str = SUITE,
    words: frozenset[str] = WORDS,
    attestation: Callable[[Draft], Draft | None] | None = None,
    pop: Callable[[Draft], Draft | None] | None = None,
) -> WrongClient:
    given = {key: each for key, each in (("attestation", attestation), ("pop", pop)) if each is not None}

    def twists(_client: Client) -> Twists:
        return Twists(**given)  # type: ignore[arg-type]

    return WrongClient(name=f"{prefix}{name}", note=note, cause=cause, mend=mend, twists=twists, words=words)


def _by_another_key(client: Client) -> Twists:
    stranger = client.kit.new_key()
    return Twists(pop=lambda draft: draft.by(stranger))


def _of_a_stranger(client: Client) -> Twists:
    signer = client.kit.stranger.client_attestation

    def twist(draft: Draft) -> Draft:
        made = client.kit.stranger.vouch_for_client(
            client_id=str(draft.payload["sub"]),
            instance_jwk=draft.payload["cnf"]["jwk"],
            now=int(draft.payload["iat"]),
        )
        return Draft.of(made, signer)

    return Twists(attestation=twist)


CASES: Final = (
    _case(
        "fail-invalid-client-attestation-signature",
        "with a broken signature",
        "The attestation is read and its signature is not verified.",
        "Verify it by the certificate of its x5c header.",
        attestation=broken,
    ),
    _case(
        "fail-invalid-client-attestation-pop-signature",
        "whose proof of possession has a broken signature",
        "The proof is read and its signature is not verified.",
        "Verify it by the key in cnf.",
        pop=broken,
    ),
    _case(
        "fail-client-attestation-exp-in-past",
        "that has expired",
        "exp is not looked at.",
        "Refuse attestations whose exp has passed.",
        attestation=_expired,
    ),
    _case(
        "fail-client-attestation-no-sub",
        "without sub",
        "The client_id of the form is taken in its place.",
        "Require sub, and that client_id is the same.",
        attestation=lambda draft: draft.claims(sub=None),
    ),
    _case(
        "fail-client-attestation-pop-wrong-aud",
        "whose proof of possession is for another server",
        "aud is not looked at.",
        "Require aud to be the issuer identifier of the authorization server.",
        pop=lambda draft: draft.claims(aud="https://other.example"),
    ),
    WrongClient(
        name=f"{SUITE}fail-mismatched-client-attestation-pop-key",
        note="whose proof of possession is by another key",
        cause="The proof is verified by a key that it brings along.",
        mend="Verify it by the key in cnf of the attestation.",
        twists=_by_another_key,
    ),
    WrongClient(
        name=f"{OWN}client-attestation-of-a-stranger",
        note="by a wallet provider that nobody knows",
        cause="The chain is not validated up to an anchor.",
        mend="Believe wallet providers whose chains end in anchors that you trust for them.",
        twists=_of_a_stranger,
    ),
    _case(
        "client-attestation-for-another-client",
        "for another client_id",
        "sub and client_id are not compared.",
        "Require both to be the same.",
        prefix=OWN,
        attestation=lambda draft: draft.claims(sub="https://other-wallet.example"),
    ),
    _case(
        "client-attestation-unsigned",
        "of the alg none",
        "The library takes the algorithm from the token.",
        "Take asymmetric algorithms that you list, and no other.",
        prefix=OWN,
        attestation=lambda draft: draft.head(alg="none"),
    ),
    _case(
        "client-attestation-of-another-type",
        "of another typ",
        "typ is not looked at, so that other tokens of the provider would do.",
        "Require the typ oauth-client-attestation+jwt.",
        prefix=OWN,
        attestation=lambda draft: draft.head(typ="JWT"),
    ),
    _case(
        "client-attestation-pop-of-another-type",
        "whose proof of possession is of another typ",
        "typ is not looked at, so that any token of the wallet would do.",
        "Require the typ oauth-client-attestation-pop+jwt.",
        prefix=OWN,
        pop=lambda draft: draft.head(typ="JWT"),
    ),
    _case(
        "client-attestation-pop-from-tomorrow",
        "whose proof of possession is of tomorrow",
        "iat is not looked at.",
        "Accept proofs of the last minutes.",
        prefix=OWN,
        words=WORDS | {"use_attestation_challenge"},
        pop=lambda draft: draft.claims(iat=int(draft.payload["iat"]) + 86_400),
    ),
    _case(
        "client-attestation-without-pop",
        "without a proof of possession",
        "The attestation alone counts as authentication.",
        "Require exactly one proof of possession.",
        prefix=OWN,
        pop=left_out,
    ),
    _case(
        "client-attestation-pop-from-yesterday",
        "whose proof of possession is a day old",
        "iat is not looked at.",
        "Accept proofs of the last minutes.",
        prefix=OWN,
        words=WORDS | {"use_attestation_challenge"},
        pop=lambda draft: draft.claims(iat=int(draft.payload["iat"]) - 86_400),
    ),
)

ABSENT: Final = Check(
    "client-authentication-required",
    "HAIP 1.0 §4.4.1",
    "A pushed request without client attestation is refused with invalid_client",
    "Public clients are still let in.",
    "Require a client attestation at the endpoint for pushed requests.",
)


def without_authentication(trial: Trial, record: Record) -> None:
    """Push a request without any client authentication, where the profile does not allow that."""
    if "none" in trial.profile.client_authentication:
        record.not_applicable(ABSENT, "the profile lets public clients in")
        return
    client = attested_client(trial, record, ABSENT)
    if client is None:
        return
    push_control(trial, record)
    answer = push(
        client,
        trial.ask(record, client),
        note="without client authentication",
        twists=Twists(attestation=left_out, pop=left_out),
    )
    refused(record, answer, ABSENT, words=frozenset({"invalid_client"}), statuses=CLIENT_OR_REQUEST)


CHALLENGE: Final = Check(
    "challenge-response",
    "draft-ietf-oauth-attestation-based-client-auth-10 §8.1",
    "The challenge endpoint answers a JSON object with a fresh attestation_challenge that caches do not keep",
    "The endpoint answers GET only, or gives one challenge twice.",
    "Answer any POST with a challenge of its own.",
)


def challenges(trial: Trial, record: Record) -> None:
    """Fetch two challenges."""
    client = trial.client(record)
    first, second = client.challenge(), client.challenge()
    if first is None or second is None:
        record.not_applicable(CHALLENGE, "the server has no challenge endpoint")
        return
    given = [(each.json or {}).get("attestation_challenge") for each in (first, second)]
    fresh = all(isinstance(each, str) and each for each in given) and given[0] != given[1]
    record.judge(CHALLENGE, first.status == 200 and fresh and first.uncached, "it is not so", first)


MODULES: Final = (
    *(case.module() for case in CASES),
    Module(f"{OWN}client-attestation-pop-replay", REPLAY.title, _replayed),
    Module(f"{OWN}client-authentication-required", ABSENT.title, without_authentication),
    Module(f"{OWN}attestation-challenge", CHALLENGE.title, challenges),
)
