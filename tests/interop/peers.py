"""The verifiers of other makers that judge the same presentations as ours does, and ours, all in one shape."""

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jwcrypto.jwk import JWK
from sd_jwt.verifier import SDJWTVerifier

from portadoc.errors import Error
from portadoc.formats import jws, roles, sd_jwt
from portadoc.formats.numeric_date import check_times
from portadoc.keys.jwk import holder_key, public_key_from_jwk
from portadoc.verification.procedure import verify_presentation
from tests.interop.corpus import NOW, Part, policy, status, trust

ALGS: Final = frozenset({"ES256"})
TYP_OF_EXAMPLES: Final = frozenset({"example+sd-jwt"})


@dataclass(frozen=True)
class Judgement:
    """Accepted with these claims, or refused with this reason in the judge's own words."""

    accepted: bool
    told: Any

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "Judgement":
        """Return what a peer in another process answered."""
        return cls(answer["ok"], answer["value"] if answer["ok"] else answer["error"])


def by_procedure(part: Part) -> dict[str, Judgement]:
    """Return the verdicts of our whole procedure."""
    found = {}
    for name, text in part.texts.items():
        report = verify_presentation(text, trust=trust(), status=status(), policy=policy(), now=NOW)
        problem = report.first_problem
        found[name] = Judgement(report.valid, report.claims if problem is None else problem.full_code)
    return found


def by_formats(part: Part) -> dict[str, Judgement]:
    """Return what our formats make of presentations under a known issuer key: no chain, no status, no type."""
    found = {}
    for name, text in part.texts.items():
        try:
            found[name] = Judgement(True, _read(text, part))
        except Error as error:
            found[name] = Judgement(False, error.code)
    return found


def _read(text: str, part: Part) -> dict[str, Any]:
    parts = sd_jwt.parse(text)
    key = public_key_from_jwk(part.issuer, allowed_algs=ALGS)
    split = jws.split(parts.jws_text, roles.CREDENTIAL, allowed_algs=ALGS, tolerated_typ=TYP_OF_EXAMPLES)
    payload = jws.verify(split, key)
    check_times(payload, now=NOW, skew_s=60)
    processed = sd_jwt.process(payload, parts.disclosures)
    if part.nonce is not None:
        assert part.audience is not None
        sd_jwt.verify_key_binding(
            parts.key_binding_jwt or "",
            presented_text=parts.presented_text,
            holder_key=holder_key(processed.claims["cnf"], allowed_algs=ALGS),
            audience=part.audience,
            nonce=part.nonce,
            now=NOW,
            max_age_s=NOW,
            skew_s=60,
            hash_alg=processed.hash_alg,
        )
    return processed.claims


def by_pypi_sd_jwt(part: Part) -> dict[str, Judgement]:
    """Return what PyPI ``sd-jwt`` says; it looks at no clock."""

    def verify(text: str) -> Judgement:
        try:
            verifier = SDJWTVerifier(text, lambda issuer, header: JWK(**part.issuer), part.audience, part.nonce)
            return Judgement(True, dict(verifier.get_verified_payload()))
        except Exception as error:  # noqa: BLE001 the library raises whatever its own libraries raise
            return Judgement(False, f"{type(error).__name__}: {error}"[:300])

    return {name: verify(text) for name, text in part.texts.items()}


class PyeudiwProcess:
    """PyPI ``pyeudiw`` in its own environment, spoken to in lines of JSON."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, question: object) -> dict[str, Judgement]:
        """Return what it answers to one question."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answers = json.loads(self._process.stdout.readline())
        return {name: Judgement.of(each) for name, each in answers.items()}

    def judge(self, part: Part) -> dict[str, Judgement]:
        """Return what it says of presentations."""
        return self.ask(part.question())


Judge = Callable[[Part], dict[str, Judgement]]
