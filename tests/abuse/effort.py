"""How hard the abuse tests try: a bounded, repeatable run by default, a long random one on demand.

``HYPOTHESIS_PROFILE=long`` (``make routes``) multiplies every number of examples and draws anew each time.
"""

import os
from typing import Final

from hypothesis import HealthCheck, Phase, settings

LONG: Final = os.environ.get("HYPOTHESIS_PROFILE") == "long"
_TIMES: Final = int(os.environ.get("FUZZ_TIMES", "40")) if LONG else 1


def bounded(examples: int, *, by_default: int | None = None) -> settings:
    """Return settings for a property over the network edge, where an example has side effects and no deadline.

    ``by_default`` is for properties over very many things: fewer examples of each, unless the run is a long one.
    """
    return settings(
        max_examples=examples * _TIMES if LONG or by_default is None else by_default,
        derandomize=not LONG,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
