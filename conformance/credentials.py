"""A credential as it came, taken apart: nothing of it is believed before a check says so."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from portadoc import base64url
from portadoc.conformance.conversation.published import object_of
from portadoc.conformance.signatures import leaf_of, read_leniently
from portadoc.errors import Error
from portadoc.formats import jws, sd_jwt, strict_json
from portadoc.formats.roles import CREDENTIAL_WITH_X5U
from portadoc.formats.sd_jwt import ProcessedClaims
from portadoc.keys.certificates import certificate_key
from portadoc.keys.jwk import thumbprint
from portadoc.schemas.claims import JsonObject


@dataclass(frozen=True, slots=True)
class TakenApart:
    """The parts of one SD-JWT VC. ``fault`` says what keeps it from being read, empty when nothing does."""

    header: JsonObject
    payload: JsonObject
    disclosures: tuple[str, ...]
    processed: ProcessedClaims | None
    chain: tuple[bytes, ...]
    fault: str
    signature_fault: str

    @property
    def salts(self) -> tuple[str, ...]:
        """The salts of all disclosures."""
        read = (
            strict_json.loads(base64url.decode(each, what="disclosure"), what="disclosure")
            for each in self.disclosures
        )
        return tuple(str(each[0]) for each in read if isinstance(each, list) and each)

    @property
    def bound_to(self) -> str:
        """The thumbprint of the key in ``cnf``, an empty text where there is none."""
        try:
            return thumbprint(object_of(object_of(self.payload.get("cnf")).get("jwk")))
        except (Error, KeyError, TypeError, ValueError):
            return ""

    @property
    def status(self) -> tuple[str, int] | None:
        """Address and index of the status list entry."""
        found = object_of(object_of(self.payload.get("status")).get("status_list"))
        uri, idx = found.get("uri"), found.get("idx")
        return (uri, idx) if isinstance(uri, str) and type(idx) is int else None

    @property
    def subject(self) -> tuple[str, str]:
        """What names the subject without saying anything of it."""
        claims = dict(self.processed.claims) if self.processed else {}
        return str(claims.get("sub", "")), str(claims.get("also_known_as", ""))

    @property
    def dataset(self) -> JsonObject:
        """What is said of the subject: all claims but those that may differ from copy to copy."""
        claims = dict(self.processed.claims) if self.processed else {}
        return {name: value for name, value in claims.items() if name not in _OF_THE_COPY}

    def thumbprint_of_leaf(self) -> str:
        """Return the SHA-256 of the signer's certificate as x5t#S256 has it."""
        return base64url.encode(hashlib.sha256(self.chain[0]).digest()) if self.chain else ""


_EARLIER_TYP: Final = frozenset({"vc+sd-jwt"})
_OF_THE_COPY: Final = frozenset({"cnf", "status", "iat", "nbf", "exp", "jti", "sub", "also_known_as"})


def take_apart(text: str) -> TakenApart:
    """Return the parts of a credential, as far as it can be read."""
    header: JsonObject = {}
    payload: JsonObject = {}
    chain: tuple[bytes, ...] = ()
    signature_fault = ""
    try:
        parts = sd_jwt.parse(text)
        unverified = read_leniently(parts.jws_text, CREDENTIAL_WITH_X5U, tolerated_typ=_EARLIER_TYP)
        header, payload = dict(unverified.header), jws.unverified_payload(unverified)
        chain = jws.certificate_chain(unverified)
        try:
            jws.verify(unverified, certificate_key(leaf_of(unverified)))
        except Error as fault:
            signature_fault = _word(fault)
        processed = sd_jwt.process(payload, parts.disclosures, protected_claims=frozenset())
    except Error as fault:
        return TakenApart(header, payload, (), None, chain, _word(fault), signature_fault)
    return TakenApart(header, payload, tuple(parts.disclosures), processed, chain, "", signature_fault)


def repeated(values: Sequence[Any]) -> bool:
    """Tell whether a value stands twice."""
    return len(set(values)) != len(values)


def same(mappings: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether all are equal."""
    return all(each == mappings[0] for each in mappings[1:])


def _word(fault: Error) -> str:
    return " ".join([fault.code, str(fault.params.get("reason", ""))]).strip()
