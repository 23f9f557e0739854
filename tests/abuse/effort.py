"""How hard the abuse tests try: a bounded, repeatable run by default, a long random one on demand.

``HYPOTHESIS_PROFILE=long`` (``make routes``) multiplies every number of examples and draws anew each time.
"""

import os
from typing import Final

from hypothesis import HealthCheck, Phase, settings

LONG: Final = os.environ.get("HYPOTHESIS_PROFILE") == "long"
_TIMES: Final = int(os.environ.get("FUZZ_TIMES", "40")) if LONG else 1


def bounded(examples: int) -> settings:
    """Return settings for a property over the network edge, where an example has side effects and no deadline."""
    return settings(
        max_examples=examples * _TIMES,
        derandomize=not LONG,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
