"""The court: every hostile variant is sent to the real verifier over HTTP, in a session of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Refused
from portadoc.formats import strict_json
from portadoc.formats.jwe import new_encryption_key
from portadoc.formats.sd_jwt import parse
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.development_chain import (
    CertifiedInstitution,
    issue_leaf,
    make_institution_authority,
    make_root,
)
from portadoc.keys.private_jwk import signer_from_private_jwk
from portadoc.keys.purposes import KeyPurpose, TrustDomain
from portadoc.keys.signer import LocalSigner, Signer
from portadoc.serve.house import House
from portadoc.verification.presets.presets import Preset
from portadoc.verifier.requests import CreatedRequest
from portadoc.wallet_sim.faults import (
    FORGERIES,
    PRESENTATION_FAULTS,
    RESPONSE_FAULTS,
    Fault,
    FaultCategory,
    GoodPresentation,
    GoodResponse,
    ResponseFault,
    UnsafeForgery,
)
from portadoc.wallet_sim.presentation import Preview, VpToken, bind_answer, encrypt_answer, post_answer
from portadoc.wallet_sim.store import MemoryStore
from portadoc.wallet_sim.transport import TransportResponse
from portadoc.wallet_sim.wallet import Wallet

ISSUER: Final = "fr-demo"


@dataclass(frozen=True, slots=True)
class HostileCase:
    """A hostile variant: the code it must be refused with, and what the verifier said."""

    name: str
    category: FaultCategory
    expected: str
    got: str

    @property
    def refused(self) -> bool:
        """Tell whether it was refused for its own reason."""
        return self.got == self.expected


@dataclass(frozen=True, slots=True)
class Trial:
    """One session with an honest wallet's answer ready, to be spoilt and sent."""

    session: CreatedRequest
    preview: Preview
    vp_token: VpToken

    def spoilt(self, text: str) -> VpToken:
        """Return the answer with another presentation in the place of the good one."""
        return {query_id: [text] for query_id in self.vp_token}


class HostileCourt:
    """Try every known fault against a verifier.

    ``wallet`` starts empty; give it a credential that answers ``question`` before asking for ``cases``.
    """

    def __init__(self, house: House, institution: str, question: Preset) -> None:
        self._house = house
        self._institution = institution
        self._question = question
        self.wallet = Wallet(
            MemoryStore(),
            transport=house.wallet.means.transport,
            trust=house.trust,
            clock=house.clock,
            random_bytes=house.random_bytes,
            profile=house.wallet.means.profile,
        )
        self._stranger = _stranger(house)
        self._issuer = house.key_ring.signer(ISSUER, KeyPurpose.CREDENTIAL)

    def cases(self) -> Iterator[HostileCase]:
        """Yield each variant with what the verifier said of it."""
        for fault in PRESENTATION_FAULTS:
            yield self._present(fault, fault.apply)
        for forgery in FORGERIES:
            yield self._present(forgery, self._forge(forgery))
        for response_fault in RESPONSE_FAULTS:
            yield self._respond(response_fault)
        yield from self._sessions()

    def _forge(self, forgery: UnsafeForgery) -> Callable[[GoodPresentation], str]:
        signer = self._stranger if forgery.untrusted_signer else self._issuer
        return lambda good: forgery.apply(good, signer)

    def _present(self, fault: Fault | UnsafeForgery, spoil: Callable[[GoodPresentation], str]) -> HostileCase:
        """Send a broken presentation in a sound response; the verifier's own result holds the full code."""
        trial = self._open()
        self._post(trial, encrypt_answer(trial.spoilt(spoil(self._good(trial))), trial.preview.request))
        return HostileCase(fault.name, fault.category, fault.expected_code, self._found(trial))

    def _respond(self, fault: ResponseFault) -> HostileCase:
        """Send a sound presentation in a broken response; the wallet hears the code without its reason."""
        trial = self._open()
        request = trial.preview.request
        assert request.encryption_jwk is not None, "the demonstration asks for encrypted answers"
        assert request.enc is not None, "the demonstration asks for encrypted answers"
        good = GoodResponse(
            vp_token=trial.vp_token,
            state=request.request.state,
            encryption_jwk=request.encryption_jwk,
            another_jwk=new_encryption_key(self._house.random_bytes).public_jwk,
            enc=request.enc,
        )
        answer = post_answer(fault.apply(good), trial.preview, self.wallet.means)
        return HostileCase(fault.name, fault.category, fault.expected_code.partition(".")[0], _refusal(answer))

    def _sessions(self) -> Iterator[HostileCase]:
        """Sound answers at the wrong time and place."""
        trial, other = self._open(), self._open()
        response = encrypt_answer(trial.vp_token, trial.preview.request)
        self._post(trial, response)
        replayed = _refusal(self._post(trial, response))
        yield HostileCase("answer-sent-twice", FaultCategory.SESSION, "request_answered", replayed)
        moved = _refusal(self._post(other, response))
        yield HostileCase("answer-moved-to-another-session", FaultCategory.SESSION, "encryption_invalid", moved)
        mixed = encrypt_answer(trial.vp_token, other.preview.request)
        self._post(other, mixed)
        yield HostileCase(
            "presentation-of-another-session", FaultCategory.SESSION, "kb_invalid.nonce", self._found(other)
        )

    def _open(self) -> Trial:
        session = self._house.verifier.create_request(self._institution, self._question)
        preview = self.wallet.preview(session.link)
        return Trial(session, preview, bind_answer(preview, means=self.wallet.means))

    def _good(self, trial: Trial) -> GoodPresentation:
        shared = trial.preview.shared[0]
        text = trial.vp_token[shared.query_id][0]
        shown = set(parse(text).disclosures)
        every = parse(shared.credential.sd_jwt).disclosures
        return GoodPresentation(
            text=text,
            withheld=tuple(each for each in every if each not in shown),
            audience=trial.preview.request.request.client_id,
            nonce=trial.preview.request.request.nonce,
            now=self._house.clock.now(),
            holder=signer_from_private_jwk(shared.credential.holder_key),
            stranger=self._stranger,
        )

    def _post(self, trial: Trial, response: str) -> TransportResponse:
        return post_answer({"response": response}, trial.preview, self.wallet.means)

    def _found(self, trial: Trial) -> str:
        """Return the full code of what the verifier found, or ``accepted``."""
        session = trial.session
        view = self._house.verifier.result(self._institution, session.transaction_id, session.session_secret)
        if view.result is None:
            raise Refused("presentation_not_accepted", reason="no_result")
        return view.result.problem.full_code if view.result.problem else "accepted"


def _refusal(answer: TransportResponse) -> str:
    """Return the code that a wallet is told, or ``accepted``."""
    if answer.status == 200:
        return "accepted"
    return str(strict_json.loads_object(answer.body, what="refusal").get("error_description"))


def _stranger(house: House) -> Signer:
    """Return a signer whose certificate says all the right things, under a root that nobody trusts."""
    now, random_bytes = house.clock.now(), house.random_bytes
    settings = house.settings.institutions[ISSUER]
    named = CertifiedInstitution(
        settings.id, settings.country, settings.name, (f"{house.settings.base_url}/issuer/{ISSUER}",)
    )
    root = make_root(TrustDomain.ATTESTATION, now=now, random_bytes=random_bytes)
    authority = make_institution_authority(named, root=root, now=now, random_bytes=random_bytes)
    key = new_private_key("ES256", random_bytes)
    leaf = issue_leaf(
        named,
        key.public_key(),
        purpose=KeyPurpose.CREDENTIAL,
        authority=authority,
        now=now,
        random_bytes=random_bytes,
    )
    return LocalSigner(key, chain=(leaf, authority.der))
