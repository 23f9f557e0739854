"""Case numbers: what an applicant reads out on the telephone, with a check character against slips.

Spec: ISO/IEC 7064 MOD 37,36 over the letters and digits; every wrong character shows, and nearly every swap.
"""

from typing import Final

from portadoc.errors import Malformed
from portadoc.portal.applications.application import CertificateKind

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MODULUS: Final = len(_ALPHABET)
_PREFIXES: Final = {
    CertificateKind.A1: "A1",
    CertificateKind.BILATERAL: "BC",
    CertificateKind.MAINTENANCE: "MC",
    CertificateKind.EHIC: "HC",
    CertificateKind.PRC: "RC",
}


def series(kind: CertificateKind, year: int) -> str:
    """Return the series in which cases of a kind are numbered, such as ``A1-2026``."""
    return f"{_PREFIXES[kind]}-{year:04d}"


def case_number(series_name: str, running: int) -> str:
    """Return a case number such as ``A1-2026-000123-7``."""
    body = f"{series_name}-{running:06d}"
    return f"{body}-{check_character(body)}"


def read_case_number(unverified_text: str) -> str:
    """Return a case number as it is kept, however it was typed. Raises Malformed[case_number_invalid]."""
    plain = "".join(unverified_text.upper().split()).replace("-", "")
    if len(plain) < 9 or not set(plain) <= set(_ALPHABET) or check_character(plain[:-1]) != plain[-1]:
        raise Malformed("case_number_invalid")
    return f"{plain[:2]}-{plain[2:6]}-{plain[6:-1]}-{plain[-1]}"


def check_character(text: str) -> str:
    """Return the check character of letters and digits; hyphens do not count."""
    carried = _MODULUS
    for character in text.replace("-", ""):
        carried = (carried + _ALPHABET.index(character)) % _MODULUS or _MODULUS
        carried = carried * 2 % (_MODULUS + 1)
    return _ALPHABET[(_MODULUS + 1 - carried) % _MODULUS]
