"""The story: a French posted worker bound for Germany, and an insured traveller. TEST DATA throughout."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from portadoc.clock import SystemClock
from portadoc.demo.hostile import HostileCase, HostileCourt
from portadoc.errors import Error, Refused
from portadoc.issuer.authorization.offers import Offer
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.serve.house import House, open_house
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings
from portadoc.verification.presets.presets import preset
from portadoc.verifier.results import Result
from portadoc.wallet_sim.presentation import Preview

INSPECTION = "de-inspection"


@dataclass(frozen=True, slots=True)
class StepResult:
    """How one step went: ``ms`` milliseconds, ``detail`` one line for people."""

    name: str
    ok: bool
    ms: float
    detail: str = ""


@dataclass(slots=True)
class Tale:
    """What has happened so far; ``tell`` hears of each step as it ends."""

    tell: Callable[[StepResult], None]
    steps: list[StepResult] = field(default_factory=list)
    hostile: list[HostileCase] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Tell whether every step went well."""
        return bool(self.steps) and all(step.ok for step in self.steps)

    @contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Time a step; an Error in it is told as a failed step and ends the tale."""
        detail: list[str] = []
        began = time.perf_counter()
        try:
            yield detail
        except Error as error:
            self._end(StepResult(name, False, _ms_since(began), str(error)))
            raise
        self._end(StepResult(name, True, _ms_since(began), " ".join(detail)))

    def _end(self, result: StepResult) -> None:
        self.steps.append(result)
        self.tell(result)


def tell_story(
    directory: Path,
    *,
    tell: Callable[[StepResult], None],
    show_offer: Callable[[Offer], None],
    show_result: Callable[[Preview, Result], None],
    show_hostile: Callable[[HostileCase], None],
) -> Tale:
    """Run the whole path in ``directory`` and return what happened; a step that fails ends it."""
    tale = Tale(tell)
    with ExitStack() as stack:
        try:
            house = _move_in(tale, stack, directory)
            _issue(tale, house, show_offer)
            _present(tale, house, show_result)
            _withdraw(tale, house, show_result)
            _defend(tale, house, show_hostile)
        except Error:
            return tale
    return tale


def _move_in(tale: Tale, stack: ExitStack, directory: Path) -> House:
    listener = stack.enter_context(listen("127.0.0.1", 0))
    with tale.step("keys") as detail:
        settings = PortadocSettings(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", data_dir=directory)
        house = stack.enter_context(
            open_house(
                settings,
                clock=SystemClock(),
                random_bytes=system_random_bytes,
                environment=dict(os.environ),
            )
        )
        detail.append(f"{len(house.key_ring.keys)} keys, root -> institution -> signer")
    with tale.step("serve") as detail:
        stack.enter_context(serving(house, listener))
        detail.append(f"issuer, verifier and wallet on {settings.base_url}")
    return house


def _issue(tale: Tale, house: House, show_offer: Callable[[Offer], None]) -> None:
    for name, slug, record, configuration in (
        ("pda1", "fr-demo", "posted-worker-fr-de", "pda1"),
        ("ehic", "fr-health", "insured-traveller", "ehic"),
    ):
        with tale.step(f"offer-{name}") as detail:
            record_id = house.issuer.upload(slug, example(record, today(house)))
            offer = house.issuer.offer(slug, record_id, [configuration], tx_code=True, by_reference=True)
            detail.append(f"{configuration} of {slug}, with a transaction code")
        show_offer(offer)
        with tale.step(f"issue-{name}") as detail:
            held = house.wallet.accept(offer.offer_uri, tx_code=offer.tx_code, copies=2)
            detail.append(f"OpenID4VCI 1.0: {len(held)} copies, verified before kept")


def _present(tale: Tale, house: House, show_result: Callable[[Preview, Result], None]) -> None:
    for name, question in (("pda1", "inspector-quick"), ("ehic", "care-desk")):
        with tale.step(f"present-{name}") as detail:
            preview, result = present(house, question)
            if not result.accepted:
                raise Refused("presentation_not_accepted", reason=_code(result))
            detail.append(f"OpenID4VP 1.0: {question}, {_shown(preview)}")
        show_result(preview, result)


def _withdraw(tale: Tale, house: House, show_result: Callable[[Preview, Result], None]) -> None:
    with tale.step("withdraw-pda1") as detail:
        record_id = house.issuer.credentials("fr-demo")[0].record_id
        done = house.issuer.withdraw("fr-demo", record_id, reason=WithdrawalReason.FACTS_CHANGED)
        detail.append(f"{len(done.credential_ids)} copies withdrawn, for good")
    with tale.step("refresh-status") as detail:
        signed = house.issuer.publish_status_lists()
        fetched = house.verifier.refresh_status_lists(everything=True)
        detail.append(f"{signed} list signed, {fetched} lists fetched")
    with tale.step("present-withdrawn-pda1") as detail:
        preview, result = present(house, "inspector-quick")
        if _code(result) != "revoked":
            raise Refused("presentation_not_refused", reason=_code(result))
        detail.append("REFUSED: revoked, as it should be")
    show_result(preview, result)


def _defend(tale: Tale, house: House, show_hostile: Callable[[HostileCase], None]) -> None:
    with tale.step("hostile") as detail:
        record_id = house.issuer.upload("fr-demo", example("posted-worker-fr-de", today(house)))
        court = HostileCourt(house, INSPECTION, preset("inspector-quick"))
        court.wallet.accept(house.issuer.offer("fr-demo", record_id, ["pda1"]).offer_uri)
        for case in court.cases():
            tale.hostile.append(case)
            show_hostile(case)
        refused = sum(case.refused for case in tale.hostile)
        if refused != len(tale.hostile):
            raise Refused("hostile_variant_survived", count=len(tale.hostile) - refused)
        detail.append(f"{refused} of {len(tale.hostile)} hostile variants refused, each with its own code")


def present(house: House, question: str) -> tuple[Preview, Result]:
    """Ask, let the wallet answer over HTTP, and return what was shared and what came of it."""
    session = house.verifier.create_request(INSPECTION, preset(question))
    preview = house.wallet.preview(session.link)
    with suppress(Refused):  # the wallet hears of a refusal; what counts is the verifier's own result
        house.wallet.present(preview)
    view = house.verifier.result(INSPECTION, session.transaction_id, session.session_secret)
    if view.result is None:
        raise Refused("presentation_not_accepted", reason="no_result")
    return preview, view.result


def today(house: House) -> date:
    """Return the day by the house's clock (UTC): the examples' periods are moved to fit it."""
    return datetime.fromtimestamp(house.clock.now(), UTC).date()


def _code(result: Result) -> str:
    return result.problem.full_code if result.problem else "accepted"


def _shown(preview: Preview) -> str:
    shown = sum(len(shared.disclosed) for shared in preview.shared)
    return f"{shown} hidden claims disclosed, the others stay hidden"


def _ms_since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
