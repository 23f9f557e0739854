"""A process that seals one record over and over and says each seal after it has it, until it is killed."""

import os
import sys
from pathlib import Path

from portadoc.clock import SystemClock
from portadoc.randomness import system_random_bytes
from portadoc.serve.house import open_house
from portadoc.serve.settings import PortadocSettings


def main() -> None:
    settings = PortadocSettings(data_dir=Path(sys.argv[1]))
    with open_house(
        settings, clock=SystemClock(), random_bytes=system_random_bytes, environment=dict(os.environ)
    ) as house:
        while True:
            made = house.issuer.seal("fr-demo", sys.argv[2], pin="none")
            print(made.credential_id, made.verification_code, made.text, flush=True)


if __name__ == "__main__":
    main()
