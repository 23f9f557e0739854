"""How long a hospital waits for a replacement certificate: from the request with a code to the sealed PDF in hand.

Run: ``python -m tests.bench.replacement_certificate [COUNT]``. It prints the figures and judges the promise of two
seconds; nothing in ``make test`` depends on it.
"""

import statistics
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from portadoc.access import Role, Subject, SubjectKind
from portadoc.clock import SystemClock
from portadoc.randomness import system_random_bytes
from portadoc.serve.house import open_house
from portadoc.serve.settings import PortadocSettings

SLUG, PIN, BORN = "fr-health", "TEST185041201", date(1985, 4, 12)
PERSON = Subject("bench-person", SubjectKind.PERSON, frozenset({Role.WORKER}), pin=PIN)
PROVIDER = Subject("bench-provider", SubjectKind.MACHINE, frozenset({Role.CARE_PROVIDER}))
PROMISE_S = 2.0


def main(count: int = 50) -> int:
    """Print the figures; return 1 if any request took longer than promised."""
    took = []
    with tempfile.TemporaryDirectory() as folder:
        settings = PortadocSettings(data_dir=Path(folder), portal={"consent_tries_per_hour": 1000})
        with open_house(settings, clock=SystemClock(), random_bytes=system_random_bytes, environment={}) as house:
            portal = house.portal.portal
            for _ in range(count):
                code = portal.health.consents.make_code(PERSON, SLUG, PIN).code
                need = portal.health.replacements.need("short_notice", None, "en")
                begun = time.perf_counter()
                given = portal.health.replacements.by_code(PROVIDER, SLUG, code, BORN, need)
                portal.paper(PROVIDER, SLUG, given.application_id, language="en")
                took.append(time.perf_counter() - begun)
    took.sort()
    slow = took[min(len(took) - 1, int(len(took) * 0.99))]
    print(
        f"replacement certificate, request to sealed PDF: median {statistics.median(took) * 1000:.0f} ms, "
        f"p99 {slow * 1000:.0f} ms, slowest {took[-1] * 1000:.0f} ms over {count} (promised: {PROMISE_S:.0f} s)"
    )
    return int(took[-1] > PROMISE_S)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
