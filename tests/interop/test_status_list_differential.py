"""Status lists, sound and spoilt, read by us, by npm ``@sd-jwt/jwt-status-list`` and by PyPI ``pyeudiw``.

JWT form by all three, CWT form by us and by pyeudiw. ``DISAGREEMENTS`` names what a library reads although we
refuse it, with the reason; an entry that is true no longer fails as well.
"""

import gzip
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from portadoc import base64url
from portadoc.errors import Error
from portadoc.formats import strict_json
from portadoc.formats.cose import cose_sign1
from portadoc.formats.status_list.claims import StatusListLimits
from portadoc.formats.status_list.cwt_form import ROLE, read_status_list_cwt
from portadoc.formats.status_list.jwt_form import TYP, read_status_list_token
from portadoc.formats.status_list.statuses import StatusList
from tests.interop.peers import Judgement, PyeudiwProcess
from tests.interop.sd_jwt_peers import ISSUER, ISSUER_JWK, ISSUER_KEY, NOW, key_pair

URI: Final = "https://issuer.example/status/1"
SIZE: Final = 512
OTHER, _ = key_pair(31)
LABELS: Final = {"sub": 2, "exp": 4, "iat": 6, "ttl": 65534, "status_list": 65533}
WIDTHS: Final = (1, 2, 4, 8)


def statuses(bits: int) -> list[int]:
    """Return every value of a width, in an order that repeats at no power of two."""
    return [(index * index + index // 7) % 2**bits for index in range(SIZE)]


PACKED: Final = {
    bits: StatusList.of(SIZE, bits=bits).set(dict(enumerate(statuses(bits)))).compressed() for bits in WIDTHS
}
RAW: Final = zlib.decompress(PACKED[1])


@dataclass(frozen=True)
class Case:
    """A list token before it is signed; each default is sound. A claim of None is left out."""

    claims: Mapping[str, Any] = field(default_factory=dict)
    bits: Any = 1
    lst: bytes = PACKED[1]
    spelt: Callable[[bytes], str] = base64url.encode
    typ: str | None = None
    signer: Any = ISSUER
    at: tuple[int, ...] = (0, 1, SIZE - 1)

    def jwt(self) -> str:
        """Return the token as JWT, whatever is in it."""
        header = strict_json.dumps({"alg": "ES256", "typ": self.typ or TYP})
        payload = strict_json.dumps(self._claims(self.spelt(self.lst)))
        content = f"{base64url.encode(header)}.{base64url.encode(payload)}"
        return f"{content}.{base64url.encode(self.signer.sign(content.encode()))}"

    def cwt(self) -> bytes:
        """Return the token as CWT, whatever is in it."""
        claims = {LABELS[name]: value for name, value in self._claims(self.lst).items()}
        return cose_sign1.sign(claims, typ=self.typ or ROLE.typ, signer=self.signer)

    def _claims(self, lst: Any) -> dict[str, Any]:
        claims = {
            "sub": URI,
            "iat": NOW - 60,
            "exp": NOW + 3600,
            "ttl": 300,
            "status_list": {"bits": self.bits, "lst": lst},
            **self.claims,
        }
        return {name: value for name, value in claims.items() if value is not None}


def padded(lst: bytes) -> str:
    text = base64url.encode(lst)
    return text + "=" * (-len(text) % 4 or 4)


def of_standard_alphabet(lst: bytes) -> str:
    return base64url.encode(lst).replace("-", "+").replace("_", "/")


def raw_deflate(content: bytes) -> bytes:
    return zlib.compress(content, 9, wbits=-15)


SOUND: Final = {f"{bits} bits": Case(bits=bits, lst=PACKED[bits], at=tuple(range(SIZE))) for bits in WIDTHS} | {
    "without exp and ttl": Case(claims={"exp": None, "ttl": None})
}
SPOILT: Final = {
    "V-41 signed by another key": Case(signer=OTHER),
    "V-41 typ of another token": Case(typ="kb+jwt"),
    "V-42 of another list": Case(claims={"sub": f"{URI}/"}),
    "V-42 without sub": Case(claims={"sub": None}),
    "V-42 without iat": Case(claims={"iat": None}),
    "V-42 without list": Case(claims={"status_list": None}),
    "V-42 expired": Case(claims={"iat": NOW - 7200, "exp": NOW - 3600}),
    "V-42 from the future": Case(claims={"iat": NOW + 1800}),
    "V-42 ttl negative": Case(claims={"ttl": -1}),
    "V-42 ttl as text": Case(claims={"ttl": "300"}),
    "V-43 bits 0": Case(bits=0),
    "V-43 bits 3": Case(bits=3),
    "V-43 bits 16": Case(bits=16),
    "V-43 bits as text": Case(bits="1"),
    "V-43 bits true": Case(bits=True),
    "V-43 raw deflate": Case(lst=raw_deflate(RAW)),
    "V-43 gzip": Case(lst=gzip.compress(RAW)),
    "V-43 cut short": Case(lst=PACKED[1][:-6]),
    "V-43 more behind it": Case(lst=PACKED[1] + b"more"),
    "V-43 not compressed": Case(lst=RAW),
    "V-44 index beyond": Case(at=(SIZE,)),
    "V-44 index negative": Case(at=(-1,)),
}
SPELT: Final = {
    "V-43 padded": Case(spelt=padded),
    "V-43 standard alphabet": Case(lst=PACKED[8], bits=8, spelt=of_standard_alphabet),
    "V-43 with a blank": Case(spelt=lambda lst: base64url.encode(lst) + " "),
}
JWT: Final = SOUND | SPOILT | SPELT
CWT: Final = SOUND | SPOILT

SIGNATURE: Final = "no signature of a list is looked at; that is its caller's business"
TYP_UNSEEN: Final = "typ is not looked at; Token Status List §5.1 wants statuslist+jwt"
SUBJECT: Final = "sub and iat may be absent or another's; §8.3 step 4 compares sub with the address"
FUTURE: Final = "iat is not compared with the clock"
TTL: Final = "the value of ttl is its caller's business"
WIDTH: Final = "true is taken for 1"
CODING: Final = "gzip is read beside zlib; §4.1 wants the zlib format"
TRAILING: Final = "what follows the compressed list is passed over"
SPELLING: Final = "base64url is read with padding, blanks and the letters of both alphabets"
_SUBJECTS: Final = ("V-42 of another list", "V-42 without sub", "V-42 without iat")
_TTLS: Final = ("V-42 ttl negative", "V-42 ttl as text")
_OF_PYEUDIW: Final[Mapping[str, tuple[str, ...]]] = {
    SIGNATURE: ("V-41 signed by another key",),
    SUBJECT: _SUBJECTS,
    FUTURE: ("V-42 from the future",),
    TTL: _TTLS,
    WIDTH: ("V-43 bits true",),
    TRAILING: ("V-43 more behind it",),
}
DISAGREEMENTS: Final[Mapping[tuple[str, str], Mapping[str, tuple[str, ...]]]] = {
    ("npm", "JWT"): {
        TYP_UNSEEN: ("V-41 typ of another token",),
        SUBJECT: _SUBJECTS,
        TTL: _TTLS,
        CODING: ("V-43 gzip",),
        TRAILING: ("V-43 more behind it",),
        SPELLING: tuple(SPELT),
    },
    ("pyeudiw", "JWT"): {**_OF_PYEUDIW, SPELLING: tuple(SPELT)},
    ("pyeudiw", "CWT"): _OF_PYEUDIW,
}


def by_us(case: Case, form: str) -> Judgement:
    """Return what we make of a token."""
    terms: dict[str, Any] = {
        "key": ISSUER_KEY,
        "uri": URI,
        "now": NOW,
        "skew_s": 60,
        "limits": StatusListLimits(),
    }
    try:
        read = read_status_list_token(case.jwt(), **terms) if form == "JWT" else None
        found = read or read_status_list_cwt(case.cwt(), **terms)
        return Judgement(True, [found.statuses.get(index) for index in case.at])
    except Error as error:
        return Judgement(False, error.code)


@pytest.fixture(scope="module")
def by_npm(run_script: Callable[[str, object], Any]) -> dict[str, Judgement]:
    read = {name: {"token": case.jwt(), "at": case.at} for name, case in JWT.items()}
    found = run_script("status_list.mjs", {"key": ISSUER_JWK, "write": {}, "read": read})["found"]
    return {name: Judgement.of(each) for name, each in found.items()}


def by_pyeudiw(process: PyeudiwProcess, form: str) -> dict[str, Judgement]:
    cases = JWT if form == "JWT" else CWT
    lists = {
        name: {"token": case.jwt() if form == "JWT" else case.cwt().hex(), "at": case.at}
        for name, case in cases.items()
    }
    return process.ask({"now": NOW, "lists": lists})


def require_alike(peer: str, form: str, theirs: Mapping[str, Judgement]) -> None:
    """Require that sound lists are read alike, and that of the others only those of the table are read."""
    cases = JWT if form == "JWT" else CWT
    ours = {name: by_us(case, form) for name, case in cases.items()}
    assert {name for name, one in ours.items() if one.accepted} == SOUND.keys()
    assert {name: theirs[name] for name in SOUND} == {name: ours[name] for name in SOUND}
    table = DISAGREEMENTS[peer, form]
    listed = [name for names in table.values() for name in names]
    assert len(set(listed)) == len(listed), "a list stands under two reasons"
    assert {name for name in cases.keys() - SOUND.keys() if theirs[name].accepted} == set(listed)


@pytest.mark.node
def test_v41_v42_v43_v44_npm_reads_lists_as_we_do_or_the_table_says_why_not(by_npm: dict[str, Judgement]) -> None:
    require_alike("npm", "JWT", by_npm)


@pytest.mark.parametrize("form", ["JWT", "CWT"])
def test_v41_v42_v43_v44_pyeudiw_reads_lists_as_we_do_or_the_table_says_why_not(
    pyeudiw: PyeudiwProcess, form: str
) -> None:
    require_alike("pyeudiw", form, by_pyeudiw(pyeudiw, form))
