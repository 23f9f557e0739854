"""The vectors of seals: each fault alone leads to its verdict and code, and the files are what is written."""

import base64
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portadoc.errors import Untrusted
from portadoc.formats.numeric_date import LATEST
from portadoc.formats.status_list.claims import StatusListLimits
from portadoc.keys.trust.trust_file import trust_from_json
from portadoc.schemas.profiles import profile
from portadoc.verification.answers import HeldStatusList, HeldStatusLists, TrustAnswers
from portadoc.verification.checks import LETS_THROUGH, PROCEDURE, Outcome
from portadoc.verification.policy import KeyBindingRefused, VerificationPolicy, WorkAsked
from portadoc.verification.report import VerificationReport
from portadoc.verification.seal_procedure import verify_sealed
from portadoc.verification.status_tokens import believe_status_list
from tests.vectors.seal_example import BEGIN, PAGE, section
from tests.vectors.seal_vectors import FOLDER, text_of, vectors

FILES = sorted(path.name for path in FOLDER.glob("*.json") if path.name != "context.json")


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return content


class GivenSigners:
    """The chains that a vector gives for key ids, whatever their leaves hash to."""

    def __init__(self, given: dict[str, list[list[str]]]) -> None:
        self._given = given

    def chains(self, key_id: bytes) -> tuple[tuple[bytes, ...], ...]:
        found = self._given.get(key_id.hex(), [])
        if not found:
            raise Untrusted("issuer_untrusted", reason="signer_unknown")
        return tuple(tuple(map(base64.b64decode, chain)) for chain in found)


def held(context: dict[str, Any], trust: TrustAnswers) -> HeldStatusLists:
    """Return the lists that can be believed, whatever their own times: those are judged with the seal."""
    lists, problems = {}, {}
    for uri, packed in context["status_lists"].items():
        try:
            found = believe_status_list(
                packed["token"],
                uri=uri,
                trust=trust,
                now=context["now"],
                skew_s=LATEST,
                limits=StatusListLimits(),
            )
        except Untrusted as error:
            problems[uri] = ("status_invalid", str(error.params["reason"]))
        else:
            lists[uri] = HeldStatusList(found.token, found.speaks_for, packed["resolved_at"])
    return HeldStatusLists(lists, problems)


def work_of(given: dict[str, Any] | None) -> WorkAsked | None:
    if given is None:
        return None
    days = {name: date.fromisoformat(given[name]) for name in ("first", "last") if name in given}
    return WorkAsked(state=given.get("state"), employers=frozenset(given.get("employers", ())), **days)


def judged(vector: dict[str, Any]) -> VerificationReport:
    """Return the report of a vector, judged by the context and by what it gives itself."""
    context = {**read("context.json"), **vector["given"]}
    trust = trust_from_json(context["trust"])
    policy = VerificationPolicy(
        policy_id="vectors",
        accepted_types=frozenset(context["accepted_types"]),
        key_binding=KeyBindingRefused(),
        status_required=True,
        profile=profile(context["profile"]),
        on_date=date.fromisoformat(context["day"]),
        work=work_of(context["work"]),
        max_status_age_s=context["max_status_age_s"],
        clock_skew_s=context["clock_skew_s"],
    )
    return verify_sealed(
        vector["seal"],
        trust=trust,
        signers=GivenSigners(context["signers"]),
        status=held(context, trust),
        policy=policy,
        now=context["now"],
    )


@pytest.mark.parametrize("name", FILES)
def test_a_seal_leads_to_its_verdict_and_code(name: str) -> None:
    vector = read(name)
    report = judged(vector)
    expected = dict(vector["expected"])
    codes = expected.pop("codes", {})
    reason = report.deciding_check
    assert {"verdict": report.verdict.value, "code": reason.full_code if reason else None} == expected
    assert {check.id: check.full_code for check in report.checks if check.id in codes} == codes
    assert [check.id for check in report.checks] == [kind.id for kind in PROCEDURE]
    assert report.verdict.colour != "green", "a seal is bound to nobody"


def test_the_seal_vectors_are_what_the_generator_writes() -> None:
    written = {name: text_of(content) for name, content in vectors()}
    assert {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")} == written


def test_every_seal_vector_is_reported_exactly_so(as_expected: Callable[[str, str], None]) -> None:
    lines = []
    for name in FILES:
        report = judged(read(name))
        lines.append(f"{name.removesuffix('.json')}: {report.verdict} ({report.colour})")
        for check in report.checks:
            said = ", ".join(f"{param}={value}" for param, value in check.params.items())
            if name.startswith("good-") or check.outcome not in LETS_THROUGH | {Outcome.NOT_RUN}:
                lines.append(f"  {check.id}: {check.outcome} {check.code} [{check.clause}] {said}".rstrip())
    as_expected("seal.txt", "\n".join(lines) + "\n")


def test_the_worked_example_of_seals_is_what_the_page_shows() -> None:
    shown = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    assert shown[1] + shown[2] == section(), "run: make vectors"


def test_there_are_forty_seal_vectors_and_more_of_every_category() -> None:
    categories = {read(name)["category"] for name in FILES}
    assert categories == {
        "none",
        "text",
        "compression",
        "cbor",
        "header",
        "trust",
        "signature",
        "claims",
        "content",
        "left_out",
        "status",
        "period",
        "work",
        "application",
    }
    assert len(FILES) > 100
    assert Path(FOLDER).name == "seal"
