"""What papers are set and sealed with, loaded before the first of them is asked for."""

from importlib import import_module
from importlib.util import find_spec
from typing import Final

LOADED: Final = (
    "typst",
    "pyhanko.pdf_utils.incremental_writer",
    "pyhanko.pdf_utils.reader",
    "pyhanko.sign.fields",
    "pyhanko.sign.signers",
    "pyhanko.sign.validation",
    "pyhanko_certvalidator",
)


def make_ready() -> tuple[str, ...]:
    """Load what is installed of the extra ``portadoc[pdf]``, and return it; a second time is free."""
    found = tuple(name for name in LOADED if find_spec(name.partition(".")[0]) is not None)
    for name in found:
        import_module(name)
    return found
