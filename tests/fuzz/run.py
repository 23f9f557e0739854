"""Fuzz one reader in this process: ``python -m tests.fuzz.run READER [libFuzzer options]``."""

import logging
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["portadoc"]):
    # All of them here: what is imported later is not instrumented, and then no input is kept for what it reaches.
    from portadoc.errors import Error
    from tests.fuzz import (
        targets_of_documents,  # noqa: F401
        targets_of_exchanges,  # noqa: F401
        targets_of_inspections,  # noqa: F401
        targets_of_requests,  # noqa: F401
        targets_of_trust_lists,  # noqa: F401
    )
    from tests.fuzz.targets import all_targets


def main() -> None:
    """Fuzz the reader that the command line names; ``--list`` prints them all."""
    logging.disable(logging.CRITICAL)
    with all_targets() as targets:
        if sys.argv[1] == "--list":
            print("\n".join(targets))
            return
        target, corpus = targets[sys.argv[1]], Path(sys.argv[2])
        for number, seed in enumerate(target.seeds):
            (corpus / f"seed-{number}").write_bytes(seed)

        def read_or_refuse(fed: bytes) -> None:
            try:
                target.read(fed)
            except Error:
                return

        atheris.Setup([sys.argv[0], *sys.argv[2:]], read_or_refuse)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
