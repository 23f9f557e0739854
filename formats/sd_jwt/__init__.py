"""SD-JWT: issue, parse, process, select, bind, verify the binding. Spec: RFC 9901."""

from portadoc.formats.sd_jwt.digests import PROTECTED_CLAIMS
from portadoc.formats.sd_jwt.issuance import IssuedSdJwt, PreparedSdJwt, issue, prepare
from portadoc.formats.sd_jwt.json_serialization import from_json
from portadoc.formats.sd_jwt.key_binding import bind, verify_key_binding
from portadoc.formats.sd_jwt.parse import UnverifiedSdJwt, parse
from portadoc.formats.sd_jwt.processing import ProcessedClaims, process
from portadoc.formats.sd_jwt.selection import select

__all__ = [
    "PROTECTED_CLAIMS",
    "IssuedSdJwt",
    "PreparedSdJwt",
    "ProcessedClaims",
    "UnverifiedSdJwt",
    "bind",
    "from_json",
    "issue",
    "parse",
    "prepare",
    "process",
    "select",
    "verify_key_binding",
]
