"""The acts of the tour: each calls the services that an institution, a holder or a verifier would call.

The wallet speaks real HTTP to the very server that runs these acts, so an act waits for other requests. Only a few
run at a time, or they would take every thread and wait for each other.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final

from portadoc.errors import Conflict, Refused, Unavailable
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.issuer.service import Issuer
from portadoc.schemas.examples import example
from portadoc.schemas.records import Record
from portadoc.tour.journeys import Journey
from portadoc.tour.progress import Progress, Question, Withdrawn
from portadoc.verification.presets.presets import preset
from portadoc.verifier.results import Result
from portadoc.verifier.service import Verifier
from portadoc.wallet_sim.presentation import Preview, preview_answer
from portadoc.wallet_sim.requests import read_request
from portadoc.wallet_sim.store import HeldCredential
from portadoc.wallet_sim.wallet import Wallet

COPIES: Final = 2
ACTS_AT_A_TIME: Final = 4
_BUSY_RETRY_S: Final = 2


class Tour:
    """What a visitor can do; every method takes where the visitor stands and returns where it leads."""

    def __init__(self, issuer: Issuer, verifier: Verifier, wallet: Wallet) -> None:
        self._issuer = issuer
        self._verifier = verifier
        self._wallet = wallet
        self._turns = threading.BoundedSemaphore(ACTS_AT_A_TIME)

    def today(self) -> date:
        """Return the day in UTC."""
        return datetime.fromtimestamp(self._wallet.means.clock.now(), UTC).date()

    def record(self, journey: Journey) -> Record:
        """Return the decision that a journey starts with, dated so that it holds today."""
        return example(journey.example, self.today())

    def offer(self, journey: Journey) -> Progress:
        """Let the institution keep the record and offer it with a transaction code. Raises as ``Issuer.offer``."""
        record_id = self._issuer.upload(journey.institution, self.record(journey))
        offer = self._issuer.offer(
            journey.institution, record_id, [journey.configuration_id], tx_code=True, by_reference=True
        )
        return Progress(
            record_id=record_id,
            offer_uri=offer.offer_uri,
            tx_code=offer.tx_code or "",
            offer_expires_at=offer.expires_at,
        )

    def accept(self, progress: Progress, tx_code: str) -> Progress:
        """Let the wallet take the offer, once. Raises Unavailable[tour_busy] and as ``Wallet.accept``."""
        if progress.held:
            return progress
        with self._turn():
            taken = self._wallet.accept(progress.offer_uri, tx_code=tx_code or None, copies=COPIES)
        return replace(progress, held=tuple(copy.id for copy in taken))

    def held(self, progress: Progress) -> tuple[HeldCredential, ...]:
        """Return the copies that this journey has brought. Raises Conflict[tour_step_missing]."""
        found = tuple(copy for copy in self._wallet.credentials() if copy.id in progress.held)
        if not found:
            raise Conflict("tour_step_missing")
        return found

    def others(self, progress: Progress) -> tuple[HeldCredential, ...]:
        """Return what else the wallet holds."""
        return tuple(copy for copy in self._wallet.credentials() if copy.id not in progress.held)

    def ask(self, journey: Journey, progress: Progress) -> Progress:
        """Let the verifier ask its question. Raises as ``Verifier.create_request``."""
        return replace(progress, question=self._new_question(journey), answered=False)

    def preview(self, progress: Progress, question: Question) -> Preview:
        """Return what this journey's copies would share. Raises Unavailable[tour_busy] and as ``read_request``."""
        with self._turn():
            return self._preview(self.held(progress), question)

    def present(self, journey: Journey, progress: Progress, *, agreed: bool) -> Progress:
        """Let the wallet answer, or decline; an answered question stays as it is. Raises as ``Wallet.present``."""
        question = asked(progress.question)
        if self.result(journey, question) is None:
            self._answer(journey, progress, question, agreed=agreed)
        return replace(progress, answered=True)

    def withdraw(self, journey: Journey, progress: Progress) -> Progress:
        """Withdraw the attestation for good, publish the status lists and let the verifier fetch them."""
        if progress.withdrawn is not None:
            return progress
        withdrawal = self._issuer.withdraw(
            journey.institution, progress.record_id, reason=WithdrawalReason.FACTS_CHANGED
        )
        signed = self._issuer.publish_status_lists()
        with self._turn():
            fetched = self._verifier.refresh_status_lists(everything=True)
        done = Withdrawn(copies=len(withdrawal.credential_ids), lists_signed=signed, lists_fetched=fetched)
        return replace(progress, withdrawn=done)

    def ask_again(self, journey: Journey, progress: Progress) -> Progress:
        """Ask the same question once more and let the wallet answer it with the same attestation."""
        question = self._new_question(journey)
        self._answer(journey, progress, question, agreed=True)
        return replace(progress, second_question=question)

    def result(self, journey: Journey, question: Question) -> Result | None:
        """Return what came of a question, None while it is open. Raises Refused[not_found]."""
        view = self._verifier.result(journey.verifier, question.transaction_id, question.session_secret)
        return view.result

    def _new_question(self, journey: Journey) -> Question:
        return Question.of(self._verifier.create_request(journey.verifier, preset(journey.preset)))

    def _answer(self, journey: Journey, progress: Progress, question: Question, *, agreed: bool) -> None:
        """Answer; when the verifier refuses the answer, its result tells more than the wallet's error."""
        with self._turn():
            preview = self._preview(self.held(progress), question)
            if not agreed:
                self._wallet.decline(preview)
                return
            try:
                self._wallet.present(preview)
            except Refused:
                if self.result(journey, question) is None:
                    raise

    def _preview(self, copies: Sequence[HeldCredential], question: Question) -> Preview:
        """Look through these copies only: the wallet may hold others, from other visits."""
        means = self._wallet.means
        request = read_request(question.link, means)
        return preview_answer(request, copies, means=means, optional_sets=False)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(blocking=False):
            raise Unavailable("tour_busy", retry_after_s=_BUSY_RETRY_S)
        try:
            yield
        finally:
            self._turns.release()


def asked(question: Question | None) -> Question:
    """Return a question that was asked. Raises Conflict[tour_step_missing]."""
    if question is None:
        raise Conflict("tour_step_missing")
    return question
