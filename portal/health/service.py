"""Health care as one service: cards, consent, replacement certificates."""

from typing import Final

from portadoc.portal.deployment import Deployment
from portadoc.portal.gate import Gate
from portadoc.portal.health.cards import Cards
from portadoc.portal.health.consents import Consents
from portadoc.portal.health.replacements import WINDOW_S, Replacements
from portadoc.portal.settings import SECONDS_PER_DAY
from portadoc.portal.steps.running import Running
from portadoc.portal.store import health_store

_KEPT_DAYS: Final = 90


class Health:
    """What insured persons and care providers do in the portal."""

    def __init__(self, deployment: Deployment, gate: Gate, running: Running) -> None:
        self._deployment = deployment
        self.cards = Cards(deployment, gate, running)
        self.consents = Consents(deployment, gate, self.cards)
        self.replacements = Replacements(deployment, gate, self.cards, self.consents, running)

    def forget(self) -> None:
        """Delete consents that were over long ago and counts of tries that are over."""
        now = self._deployment.clock.now()
        with self._deployment.database.transaction() as connection:
            health_store.forget(
                connection,
                consents_before=now - _KEPT_DAYS * SECONDS_PER_DAY,
                tries_before=now - WINDOW_S,
            )
