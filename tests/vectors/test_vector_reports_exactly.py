"""What the report of each of our own vectors says, to the letter: ``expected/presentation.txt``.

A difference here is a difference in what people are told: read it, then ``make expected``.
"""

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from portadoc.formats.status_list.claims import StatusListLimits
from portadoc.keys.trust.trust_file import trust_from_json
from portadoc.schemas.profiles import profile
from portadoc.verification.answers import HeldStatusList, HeldStatusLists
from portadoc.verification.checks import Outcome
from portadoc.verification.policy import KeyBindingRequired, VerificationPolicy
from portadoc.verification.procedure import verify_presentation
from portadoc.verification.report import VerificationReport
from portadoc.verification.status_tokens import believe_status_list

FOLDER = Path(__file__).parent / "presentation"


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def reports() -> Iterator[tuple[str, VerificationReport]]:
    context = read(FOLDER / "context.json")
    trust, now, limits = trust_from_json(context["trust"]), context["now"], StatusListLimits()
    lists = {}
    for uri, text in context["status_lists"].items():
        found = believe_status_list(text, uri=uri, trust=trust, now=now, skew_s=60, limits=limits)
        lists[uri] = HeldStatusList(found.token, found.speaks_for, now)
    policy = VerificationPolicy(
        policy_id="vectors",
        accepted_types=frozenset(context["accepted_types"]),
        key_binding=KeyBindingRequired(**context["key_binding"]),
        status_required=context["status_required"],
        profile=profile(context["profile"]),
        on_date=date.fromisoformat(context["day"]),
        clock_skew_s=context["clock_skew_s"],
    )
    status = HeldStatusLists(lists, {uri: (code, reason) for uri, (code, reason) in context["blocked"].items()})
    for path in sorted(FOLDER.glob("*.json")):
        if path.name != "context.json":
            text = read(path)["presentation"]
            yield path.stem, verify_presentation(text, trust=trust, status=status, policy=policy, now=now)


def written(name: str, report: VerificationReport) -> Iterator[str]:
    yield f"{name}: {report.verdict} ({report.colour})"
    for check in report.checks:
        said = ", ".join(f"{param}={value}" for param, value in check.params.items())
        if name == "good" or check.outcome not in (Outcome.PASS, Outcome.NOT_RUN, Outcome.NOT_APPLICABLE):
            yield f"  {check.id}: {check.outcome} {check.code} [{check.clause}] {said}".rstrip()


def test_every_vector_is_reported_exactly_so(as_expected: Callable[[str, str], None]) -> None:
    lines = [line for name, report in reports() for line in written(name, report)]
    as_expected("presentation.txt", "\n".join(lines) + "\n")
