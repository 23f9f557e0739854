"""Make SD-JWTs: hide the claims named, sign once. Spec: RFC 9901 §4, §6."""

from binascii import b2a_base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from math import isfinite
from typing import Any, Final

from portadoc.errors import Malformed, Refused
from portadoc.formats import jws
from portadoc.formats.sd_jwt.digests import (
    DEFAULT_HASH_ALG,
    PROTECTED_CLAIMS,
    RESERVED_NAMES,
    HashFunction,
    digest,
    digests,
    hash_function,
)
from portadoc.formats.strict_json import dumps, dumps_each
from portadoc.keys.signer import Signer
from portadoc.randomness import RandomBytes
from portadoc.schemas.claims import ClaimPath, Json, JsonObject

SALT_BYTES: Final = 18
"""144 bits: above the 128 that RFC 9901 §9.3 asks for, and a whole number of base64 letters."""
DECOY_BYTES: Final = 32
_SALT_CHARS: Final = 24
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")


@dataclass(frozen=True, slots=True)
class IssuedSdJwt:
    """A signed SD-JWT: ``text`` ends with a tilde and has no key binding; ``payload`` is what was signed."""

    text: str
    payload: JsonObject

    @property
    def disclosures(self) -> tuple[str, ...]:
        """The disclosures, children before parents."""
        return tuple(self.text.split("~")[1:-1])


@dataclass(frozen=True, slots=True)
class PreparedSdJwt:
    """An SD-JWT but for its signature: ``payload_bytes`` is exactly what will be signed."""

    payload: JsonObject
    payload_bytes: bytes
    tail: str
    """What follows the signature: ``~<disclosure 1>~...~<disclosure n>~``."""

    def sign(self, header: Mapping[str, Any], signer: Signer) -> IssuedSdJwt:
        """Return the signed SD-JWT; one signature. Spec: RFC 9901 §4."""
        return IssuedSdJwt(jws.sign(header, self.payload_bytes, signer) + self.tail, self.payload)


def prepare(
    claims: JsonObject,
    *,
    disclosable: Sequence[ClaimPath],
    random_bytes: RandomBytes,
    hash_alg: str = DEFAULT_HASH_ALG,
    decoys: int = 0,
    protected_claims: frozenset[str] = PROTECTED_CLAIMS,
) -> PreparedSdJwt:
    """Return what an issuer can record before it signs: an SD-JWT whose holder decides on ``disclosable``.

    ``claims`` is a plain JSON tree; it is not changed. A path whose parent is listed too is hidden inside it.
    Every place with digests gets ``decoys`` more. One call of ``random_bytes``. Raises
    Refused[reserved_claim_name], Refused[protected_claim_disclosed], Malformed[claim_missing],
    Malformed[json_malformed], Untrusted[hash_alg_unsupported]. Spec: RFC 9901 §4.1, §4.2, §9.3, §9.7.
    """
    function = hash_function(hash_alg)
    plan = _plan(tuple(disclosable), protected_claims)
    _check_content(claims)
    entropy = random_bytes(SALT_BYTES * plan.hidden + DECOY_BYTES * decoys * plan.places)
    hiding = _Hiding(function, _salts(entropy, plan.hidden), _decoy_seeds(entropy, plan.hidden), decoys)
    payload = hiding.members(claims, plan.root)
    if plan.hidden:
        payload["_sd_alg"] = hash_alg
    tail = b"~".join([b"", *hiding.disclosures, b""])
    return PreparedSdJwt(payload, dumps(payload), tail.decode("ascii"))


def issue(
    claims: JsonObject,
    *,
    disclosable: Sequence[ClaimPath],
    header: Mapping[str, Any],
    signer: Signer,
    random_bytes: RandomBytes,
    hash_alg: str = DEFAULT_HASH_ALG,
    decoys: int = 0,
    protected_claims: frozenset[str] = PROTECTED_CLAIMS,
) -> IssuedSdJwt:
    """Return an SD-JWT of ``claims`` in which the holder decides on the claims at ``disclosable``.

    ``prepare`` and ``sign`` in one step, for a caller that records nothing in between. Raises as ``prepare``.
    """
    prepared = prepare(
        claims,
        disclosable=disclosable,
        random_bytes=random_bytes,
        hash_alg=hash_alg,
        decoys=decoys,
        protected_claims=protected_claims,
    )
    return prepared.sign(header, signer)


@dataclass(slots=True)
class _Mark:
    """What is hidden in one object or array: the steps to hide, and the containers to look into first."""

    hidden: list[Any] = field(default_factory=list)
    inner: dict[Any, "_Mark"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The paths to hide as a tree, the number of them, and the number of containers that will hold digests."""

    root: _Mark
    hidden: int
    places: int


@lru_cache(maxsize=256)
def _plan(disclosable: tuple[ClaimPath, ...], protected_claims: frozenset[str]) -> _Plan:
    root = _Mark()
    distinct = dict.fromkeys(disclosable)
    for path in distinct:
        if path[0] in protected_claims:
            raise Refused("protected_claim_disclosed", spec="SD-JWT VC §2.2.2.2", claim=str(path[0]))
        mark = root
        for step in path[:-1]:
            mark = mark.inner.setdefault(step, _Mark())
        mark.hidden.append(path[-1])
    return _Plan(root, len(distinct), len({path[:-1] for path in distinct}))


_LOOK_INTO: Final = frozenset((dict, list, float))


def _check_content(value: Json) -> None:
    """Refuse what would be read as something else: the format's own names, numbers that JSON cannot carry."""
    if type(value) is float:
        if not isfinite(value):
            raise Malformed("json_malformed", spec="RFC 8259 §6", what="claims", reason="number")
        return
    if type(value) is dict:
        if not RESERVED_NAMES.isdisjoint(value):
            raise Refused("reserved_claim_name", spec="RFC 9901 §4.1")
        value = value.values()
    for inner in value:
        if type(inner) in _LOOK_INTO:
            _check_content(inner)


def _salts(entropy: bytes, count: int) -> Iterator[str]:
    letters = b2a_base64(entropy[: SALT_BYTES * count], newline=False).translate(_TO_URL).decode("ascii")
    return iter([letters[start : start + _SALT_CHARS] for start in range(0, _SALT_CHARS * count, _SALT_CHARS)])


def _decoy_seeds(entropy: bytes, salts: int) -> Iterator[bytes]:
    starts = range(SALT_BYTES * salts, len(entropy), DECOY_BYTES)
    return iter([entropy[start : start + DECOY_BYTES] for start in starts])


@dataclass(slots=True)
class _Hiding:
    """One pass over the claims of one credential; collects its disclosures, children before parents."""

    function: HashFunction
    salts: Iterator[str]
    decoy_seeds: Iterator[bytes]
    decoys: int
    disclosures: list[bytes] = field(default_factory=list)

    def members(self, source: JsonObject, mark: _Mark) -> JsonObject:
        """Return an object whose hidden members are digests, sorted so that their order tells nothing."""
        members = dict(source)
        try:
            for name, inner in mark.inner.items():
                members[name] = self._content(members[name], inner)
            contents = [
                [salt, name, members.pop(name)] for name, salt in zip(mark.hidden, self.salts, strict=False)
            ]
        except KeyError as exc:
            raise _missing(exc.args[0]) from exc
        if contents:
            decoys = digests(list(islice(self.decoy_seeds, self.decoys)), self.function)
            members["_sd"] = sorted(self._disclose(contents) + decoys)
        return members

    def _elements(self, source: list[Any], mark: _Mark) -> list[Any]:
        elements = list(source)
        for index in (*mark.inner, *mark.hidden):
            if type(index) is not int or not 0 <= index < len(elements):
                raise _missing(index)
        for index, inner in mark.inner.items():
            elements[index] = self._content(elements[index], inner)
        contents = [[salt, elements[index]] for index, salt in zip(mark.hidden, self.salts, strict=False)]
        for index, placeholder in zip(mark.hidden, self._disclose(contents), strict=True):
            elements[index] = {"...": placeholder}
        if contents:
            # Behind the elements, never among them: an index then means the same place to every reader, whether it
            # counts decoys or not. There are always as many, so their place tells no more than their number.
            elements += [{"...": digest(seed, self.function)} for seed in islice(self.decoy_seeds, self.decoys)]
        return elements

    def _content(self, value: Json, mark: _Mark) -> Json:
        if type(value) is dict:
            return self.members(value, mark)
        if type(value) is list:
            return self._elements(value, mark)
        raise _missing(next(iter((*mark.inner, *mark.hidden))))

    def _disclose(self, contents: list[list[Any]]) -> list[str]:
        """Keep the disclosures with these contents and return their digests. Spec: RFC 9901 §4.2."""
        texts = dumps_each(contents)
        encoded = [b2a_base64(text, newline=False).translate(_TO_URL).rstrip(b"=") for text in texts]
        self.disclosures += encoded
        return digests(encoded, self.function)


def _missing(step: str | int) -> Malformed:
    return Malformed("claim_missing", spec="RFC 9901 §4.2", claim=str(step))
