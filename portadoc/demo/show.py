"""How the story looks: a table on a terminal, one JSON object for programs."""

import io
from collections import Counter
from typing import Any

import click
import segno

from portadoc.demo.hostile import HostileCase
from portadoc.demo.story import StepResult, Tale
from portadoc.i18n import render
from portadoc.issuer.authorization.offers import Offer
from portadoc.verification.report import Outcome
from portadoc.verifier.results import Decision, Result
from portadoc.wallet_sim.presentation import Preview

_WIDTH = 24
_COLOURS = {Decision.ACCEPTED: "green", Decision.UNDECIDED: "yellow", Decision.REFUSED: "red"}


class Terminal:
    """Prints each step as it ends, the first offer as a QR code, reports as tables, hostile variants by kind."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour
        self._offers = 0
        self._hostile: Counter[str] = Counter()

    def tell(self, step: StepResult) -> None:
        """Print a step."""
        self._finish_line()
        mark = click.style("ok", fg="green") if step.ok else click.style("FAILED", fg="red", bold=True)
        self._say(f"  {step.name:<{_WIDTH}}{mark}  {step.ms:>7.1f} ms  {step.detail}")

    def show_offer(self, offer: Offer) -> None:
        """Print the first offer as a QR code that a wallet could scan."""
        self._offers += 1
        if self._offers > 1:
            return
        drawn = io.StringIO()
        segno.make(offer.offer_uri, error="l").terminal(drawn, compact=True, border=2)
        for line in drawn.getvalue().splitlines():
            self._say(f"    {line}")
        self._say(f"    {offer.offer_uri}")
        self._say(f"    transaction code, sent by another channel: {offer.tx_code}")

    def show_result(self, preview: Preview, result: Result) -> None:
        """Print what was shared, each check with its sentence, and the verdict."""
        for shared in preview.shared:
            names = ", ".join(str(path[0]) for path in shared.disclosed) or "nothing"
            self._say(f"      to {preview.request.verifier_id}: hidden claims opened up: {names}")
        for presentation in result.presentations:
            for check in presentation.report.checks:
                sentence = render(check.code, check.params).text
                self._say(f"      {_mark(check.outcome)} {check.id:<22}{sentence}")
        self._say(click.style(f"      {result.decision.upper()}", fg=_COLOURS[result.decision], bold=True))

    def show_hostile(self, case: HostileCase) -> None:
        """Count a variant that was refused; print one that was not."""
        self._hostile[case.category] += 1
        if not case.refused:
            self._finish_line()
            self._say(click.style(f"      {case.name}: expected {case.expected}, got {case.got}", fg="red"))
        elif self._colour:
            counts = "  ".join(f"{name} {count}" for name, count in self._hostile.items())
            click.echo(f"\r      {counts}", nl=False)

    def conclude(self, tale: Tale) -> None:
        """Print what every kind of variant came to, and what to do next."""
        for kind, count in Counter(case.category for case in tale.hostile).items():
            codes = sorted({case.got for case in tale.hostile if case.category is kind})
            self._say(f"      {kind:<14}{count:>3} refused   {', '.join(codes)}")
        self._say("")
        self._say("  next   make serve            click through the same path in a browser")
        self._say("         portadoc inspect ...  see inside an offer, a credential, a status list")

    def _finish_line(self) -> None:
        if self._colour and self._hostile:
            click.echo("\r" + " " * 110 + "\r", nl=False)

    def _say(self, text: str) -> None:
        click.echo(text, color=self._colour)


def as_json(tale: Tale) -> dict[str, Any]:
    """Return steps and hostile cases as one JSON object."""
    return {
        "steps": [{"name": step.name, "ok": step.ok, "ms": step.ms} for step in tale.steps],
        "hostile": {
            "tried": len(tale.hostile),
            "refused": sum(case.refused for case in tale.hostile),
            "cases": [
                {"name": case.name, "category": case.category, "expected": case.expected, "got": case.got}
                for case in tale.hostile
            ],
        },
    }


def _mark(outcome: Outcome) -> str:
    colours = {Outcome.PASS: "green", Outcome.FAIL: "red"}
    return click.style(f"{outcome.replace('_', ' '):<14}", fg=colours.get(outcome, "yellow"))
