"""From the text of an SD-JWT to its parts; nothing is decoded or believed. Spec: RFC 9901 §4."""

from typing import Final, NamedTuple

from portadoc.errors import Malformed

MAX_BYTES: Final = 256 * 1024
MAX_DISCLOSURES: Final = 512
MAX_DISCLOSURE_CHARS: Final = 64 * 1024


class UnverifiedSdJwt(NamedTuple):
    """The parts of an SD-JWT, or of an SD-JWT+KB when ``key_binding_jwt`` is there."""

    jws_text: str
    disclosures: tuple[str, ...]
    key_binding_jwt: str | None

    @property
    def presented_text(self) -> str:
        """What a Key Binding JWT vouches for: all before it, with the last tilde. Spec: RFC 9901 §4.3.1."""
        return "~".join((self.jws_text, *self.disclosures, ""))

    @property
    def text(self) -> str:
        """The whole compact text."""
        return self.presented_text + (self.key_binding_jwt or "")


def parse(text: str) -> UnverifiedSdJwt:
    """Return the parts of a compact SD-JWT or SD-JWT+KB.

    Input is unverified. Raises Malformed[malformed_token] for a bare JWT, an empty part or a stray dot (a second
    Key Binding JWT, say), Malformed[limit_exceeded]. Spec: RFC 9901 §4.
    """
    if len(text) > MAX_BYTES:
        raise Malformed("limit_exceeded", what="sd_jwt", limit=MAX_BYTES)
    if not text.isascii():
        raise _malformed("not_ascii")
    jws_text, first_tilde, rest = text.partition("~")
    between, last_tilde, key_binding_jwt = rest.rpartition("~")
    disclosures = tuple(between.split("~")) if last_tilde else ()
    if not first_tilde or not jws_text or "" in disclosures:
        raise _malformed("tilde")
    if not _is_jws(jws_text) or "." in between or (key_binding_jwt and not _is_jws(key_binding_jwt)):
        raise _malformed("segments")
    if len(disclosures) > MAX_DISCLOSURES:
        raise Malformed("limit_exceeded", what="disclosures", limit=MAX_DISCLOSURES)
    if len(text) > MAX_DISCLOSURE_CHARS < max(map(len, disclosures), default=0):
        raise Malformed("limit_exceeded", what="disclosure", limit=MAX_DISCLOSURE_CHARS)
    return UnverifiedSdJwt(jws_text, disclosures, key_binding_jwt or None)


def _is_jws(text: str) -> bool:
    """Tell whether a text has the two dots of a JWS; searching is faster than counting in a long one."""
    first = text.find(".")
    second = text.find(".", first + 1)
    return 0 <= first < second and "." not in text[second + 1 :]


def _malformed(reason: str) -> Malformed:
    return Malformed("malformed_token", spec="RFC 9901 §4", part="sd_jwt", reason=reason)
