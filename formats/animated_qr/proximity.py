"""What wallet and reader agree on when they have no network. Described in docs/proximity.md."""

from typing import Final

AUDIENCE: Final = "urn:portadoc:proximity:1"
"""The audience of a presentation that is shown nearby, whoever reads it."""
UNSOLICITED: Final = "unsolicited"
"""The nonce of a presentation nearby that nobody asked for: fresh by its time alone."""
MAX_BINDING_AGE_S: Final = 120
"""Seconds between the holder's signing and the last frame read."""
