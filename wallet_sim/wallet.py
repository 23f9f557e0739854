"""The wallet as others use it: accept an offer, look at a request, answer or decline it, list what is held."""

from collections.abc import Collection, Sequence
from typing import Final

from portadoc.clock import Clock
from portadoc.errors import Refused
from portadoc.randomness import RandomBytes
from portadoc.schemas.catalogue import CREDENTIAL_TYPES, current_type
from portadoc.schemas.claims import ClaimPath, JsonObject
from portadoc.schemas.profiles import ProtocolProfile
from portadoc.verification.answers import TrustAnswers
from portadoc.wallet_sim.browser import answer_browser, read_browser_request
from portadoc.wallet_sim.identity import WalletIdentity
from portadoc.wallet_sim.issuance import Browser, accept_offer, ask_issuer, renew, resume
from portadoc.wallet_sim.issuance.sign_in import sign_in
from portadoc.wallet_sim.nearby.proximity import Shown, show
from portadoc.wallet_sim.peers import Means
from portadoc.wallet_sim.presentation import (
    PresentationOutcome,
    Preview,
    decline,
    preview_answer,
    require_wanted,
    send_answer,
)
from portadoc.wallet_sim.requests import read_request
from portadoc.wallet_sim.store import HeldCredential, PendingIssuance, WalletStore
from portadoc.wallet_sim.transport import Transport

PID_TYPE: Final = CREDENTIAL_TYPES["pid"].vct


class Wallet:
    """A wallet that a test, a demonstration or the command line drives; ``trust`` says whom it believes.

    ``identity`` makes it a client with a name, for issuers that ask who the wallet is; None leaves it anonymous.
    """

    def __init__(
        self,
        store: WalletStore,
        *,
        transport: Transport,
        trust: TrustAnswers,
        clock: Clock,
        random_bytes: RandomBytes,
        profile: ProtocolProfile,
        identity: WalletIdentity | None = None,
    ) -> None:
        self._store = store
        self.means = Means(
            transport=transport,
            trust=trust,
            clock=clock,
            random_bytes=random_bytes,
            profile=profile,
            identity=identity,
        )

    def accept(
        self, offer: str, *, tx_code: str | None = None, copies: int = 1, browser: Browser | None = None
    ) -> tuple[HeldCredential, ...]:
        """Obtain, verify and keep what an offer (link or QR code text) promises. Raises as ``accept_offer``."""
        return accept_offer(
            offer, tx_code=tx_code, copies=copies, means=self.means, store=self._store, browser=browser
        )

    def ask(
        self, credential_issuer: str, configuration_ids: Sequence[str], *, browser: Browser, copies: int = 1
    ) -> tuple[HeldCredential, ...]:
        """Obtain, verify and keep what nobody offered. Raises as ``ask_issuer``."""
        return ask_issuer(
            credential_issuer,
            configuration_ids,
            copies=copies,
            browser=browser,
            means=self.means,
            store=self._store,
        )

    def resume(self) -> tuple[HeldCredential, ...]:
        """Ask for what issuers wanted to be asked for later, and is due now. Raises as ``resume``."""
        return resume(means=self.means, store=self._store)

    def renew(self, configuration_id: str, *, copies: int = 1) -> tuple[HeldCredential, ...]:
        """Obtain fresh copies without asking the holder anew. Raises as ``renew``."""
        return renew(configuration_id, copies=copies, means=self.means, store=self._store)

    def sign_in(self, address: str) -> str:
        """Be the holder at an issuer's pages: identify with the PID held, approve. Raises as ``sign_in``."""
        return sign_in(address, present=self._identify, transport=self.means.transport)

    def _identify(self, link: str) -> str | None:
        """Show the PID that a link asks for. Raises as ``present``, Refused[wallet_without_pid]."""
        preview = self.preview(link)
        if preview.missing and not any(current_type(each.vct) == PID_TYPE for each in self._store.credentials()):
            self.decline(preview)
            raise Refused("wallet_without_pid", spec="OpenID4VP 1.0 §6.4.2")
        self.require_wanted(preview)
        return self.present(preview).redirect_uri

    def pending(self) -> tuple[PendingIssuance, ...]:
        """Return what issuers will have later, in the order of arrival."""
        return self._store.pending()

    def preview(self, link: str, *, optional_sets: bool = False) -> Preview:
        """Return who asks and what would be shared; nothing is sent. Raises as ``read_request``."""
        request = read_request(link, self.means)
        held = self._store.credentials()
        return preview_answer(request, held, means=self.means, optional_sets=optional_sets)

    def present(self, request: str | Preview, *, optional_sets: bool = False) -> PresentationOutcome:
        """Answer a preview that the holder agreed to, or a link without asking anybody.

        Raises as ``preview`` and ``send_answer``, for a link as ``require_wanted`` too.
        """
        if not isinstance(request, Preview):
            request = self.preview(request, optional_sets=optional_sets)
            self.require_wanted(request)
        return send_answer(request, means=self.means, store=self._store)

    def require_wanted(self, preview: Preview) -> None:
        """Decline what an issuer does not want shown, where nobody can be asked. Raises as ``require_wanted``."""
        require_wanted(preview, means=self.means)

    def decline(self, preview: Preview) -> None:
        """Tell the verifier that the holder does not agree. Raises as the verifier answers."""
        decline(preview, means=self.means)

    def preview_browser(
        self, protocol: str, data: JsonObject, *, origin: str, optional_sets: bool = False
    ) -> Preview:
        """Return what a page asks for through the browser's API. Raises as ``read_browser_request``."""
        request = read_browser_request(protocol, data, origin=origin, means=self.means)
        held = self._store.credentials()
        return preview_answer(request, held, means=self.means, optional_sets=optional_sets)

    def answer_browser(self, preview: Preview) -> JsonObject:
        """Return what the page gets for a preview that the holder agreed to. Raises as ``answer_browser``."""
        return answer_browser(preview, means=self.means, store=self._store).to_json()

    def show(self, credential_id: str, *, challenge: str, chosen: Collection[ClaimPath] | None = None) -> Shown:
        """Return a credential as an animated QR code for a reader nearby. Raises as ``proximity.show``."""
        return show(credential_id, challenge=challenge, chosen=chosen, means=self.means, store=self._store)

    def credentials(self) -> tuple[HeldCredential, ...]:
        """Return every credential held, in the order of arrival."""
        return self._store.credentials()
