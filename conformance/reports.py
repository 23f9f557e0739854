"""A run as people and programs read it: text, JSON, JUnit XML, Markdown. No form holds a secret.

Findings hold method, address without query, status, media type and error word of what was exchanged, never more.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final
from xml.etree import ElementTree

from portadoc.conformance.checks import Finding, ModuleReport, Outcome, RunReport

MARKS: Final = {
    Outcome.PASSED: "ok",
    Outcome.FAILED: "FAILED",
    Outcome.WARNED: "warning",
    Outcome.NOT_APPLICABLE: "n/a",
    Outcome.SKIPPED: "skipped",
}
_FIRST_CONTACT: Final = "portadoc-issuer-first-contact"
_WORTH_TELLING: Final = (Outcome.FAILED, Outcome.WARNED, Outcome.SKIPPED, Outcome.NOT_APPLICABLE)


def module_lines(report: ModuleReport) -> Iterator[tuple[str, Outcome]]:
    """Yield the lines of a module, each with its outcome."""
    passed = sum(each.outcome is Outcome.PASSED for each in report.findings)
    yield f"{MARKS[report.outcome]:<8} {report.module.name} ({passed} of {len(report.findings)})", report.outcome
    for found in once(report.findings):
        if found.outcome in _WORTH_TELLING:
            for line in finding_lines(found):
                yield f"         {line}", found.outcome


def finding_lines(found: Finding) -> Iterator[str]:
    """Yield what a finding is about; failures with exchange, likely cause and what mends them."""
    check = found.check
    yield f"{MARKS[found.outcome]}: {check.id}: {check.title} [{check.clause}]"
    yield f"  {found.reason}"
    if found.outcome not in (Outcome.FAILED, Outcome.WARNED):
        return
    if found.sent:
        yield f"  sent:    {found.sent}"
        yield f"  arrived: {found.arrived}"
    yield f"  likely:  {check.cause}"
    yield f"  mend:    {check.mend}"


def once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings without repetition: the gravest and latest of each check with the same reason."""
    return tuple({(each.check.id, each.outcome, each.reason): each for each in findings}.values())


def closing_lines(report: RunReport) -> Iterator[str]:
    """Yield what a run comes to."""
    if report.stopped:
        yield f"No module was run: {report.stopped}."
        return
    counts = ", ".join(f"{number} {name}" for name, number in counted(report).items() if number)
    yield f"{len(report.modules)} modules, {report.requests} requests, profile {report.profile}: {counts}"
    if report.incomplete:
        yield "The run is incomplete: what was skipped shows nothing; the reasons say what it lacked."


def counted(report: RunReport) -> dict[str, int]:
    """Return how many checks came to which outcome."""
    found = [each.outcome for module in report.modules for each in module.findings]
    return {outcome.value: found.count(outcome) for outcome in Outcome}


def to_json(report: RunReport) -> dict[str, Any]:
    """Return a run as a JSON object."""
    return {
        "issuer": report.issuer,
        "profile": report.profile,
        "started_at": report.started_at,
        "requests": report.requests,
        "failed": report.failed,
        "incomplete": report.incomplete,
        "stopped": report.stopped or None,
        "outcomes": counted(report),
        "modules": [
            {
                "name": each.module.name,
                "title": each.module.title,
                "outcome": each.outcome.value,
                "findings": [_finding(found) for found in each.findings],
            }
            for each in report.modules
        ],
    }


def _finding(found: Finding) -> dict[str, str]:
    check = found.check
    told = {
        "check": check.id,
        "clause": check.clause,
        "severity": check.severity.value,
        "title": check.title,
        "outcome": found.outcome.value,
    }
    if found.reason:
        told["reason"] = found.reason
    if found.outcome in (Outcome.FAILED, Outcome.WARNED):
        told |= {"sent": found.sent, "arrived": found.arrived, "likely_cause": check.cause, "mend": check.mend}
    return told


def to_junit(report: RunReport) -> str:
    """Return a run as JUnit XML: a suite for each module, a case for each finding."""
    root = ElementTree.Element("testsuites", name=f"portadoc conformance {report.profile}")
    if report.stopped:
        suite = ElementTree.SubElement(root, "testsuite", name=_FIRST_CONTACT, tests="1", errors="1")
        case = ElementTree.SubElement(suite, "testcase", classname=_FIRST_CONTACT, name="issuer-answers")
        ElementTree.SubElement(case, "error", message=_plain(report.stopped), type="incomplete")
    for each in report.modules:
        suite = ElementTree.SubElement(root, "testsuite", name=each.module.name, tests=str(len(each.findings)))
        tally = {"failures": Outcome.FAILED, "skipped": Outcome.SKIPPED}
        for name, outcome in tally.items():
            suite.set(name, str(sum(found.outcome is outcome for found in each.findings)))
        for found in each.findings:
            _case(suite, each, found)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ElementTree.Element, report: ModuleReport, found: Finding) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=report.module.name, name=_plain(found.check.id))
    if found.outcome is Outcome.FAILED:
        failure = ElementTree.SubElement(case, "failure", message=_plain(found.reason), type=found.check.clause)
        failure.text = _plain("\n".join(finding_lines(found)))
    elif found.outcome in (Outcome.SKIPPED, Outcome.NOT_APPLICABLE):
        ElementTree.SubElement(case, "skipped", message=_plain(f"{found.outcome.value}: {found.reason}"))
    elif found.outcome is Outcome.WARNED:
        ElementTree.SubElement(case, "system-out").text = _plain("\n".join(finding_lines(found)))


def to_markdown(reports: Iterable[RunReport]) -> str:
    """Return runs as a page: whom they asked, a row for each module, a column for each run, what was not shown."""
    runs = tuple(reports)
    head = ["# Conformance of an issuer", "", *(_asked(run) for run in runs), ""]
    names = dict.fromkeys(each.module.name for run in runs for each in run.modules)
    lines = [
        "| Module | " + " | ".join(run.profile for run in runs) + " |",
        "|---|" + "---|" * len(runs),
        *(f"| `{name}` | " + " | ".join(_cell(run, name) for run in runs) + " |" for name in names),
    ]
    lines = [*head, *(lines if names else ()), *(["", *_not_shown(runs)] if names else ())]
    return "\n".join(lines).rstrip("\n") + "\n"


def _asked(run: RunReport) -> str:
    began = datetime.fromtimestamp(run.started_at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    what = f"No module was run: {run.stopped}." if run.stopped else f"{run.requests} requests."
    return f"- `{_plain(run.issuer)}`, profile `{run.profile}`, {began}. {_plain(what)}"


def _cell(run: RunReport, name: str) -> str:
    for each in run.modules:
        if each.module.name == name:
            counts = {outcome: sum(found.outcome is outcome for found in each.findings) for outcome in Outcome}
            told = ", ".join(
                f"{number} {outcome.value.replace('_', ' ')}" for outcome, number in counts.items() if number
            )
            return told or "nothing to ask"
    return "not in the profile"


def _not_shown(runs: tuple[RunReport, ...]) -> Iterator[str]:
    told = {
        (found.check.title, found.outcome.value.replace("_", " "), found.reason): run.profile
        for run in runs
        for each in run.modules
        for found in each.findings
        if found.outcome in (Outcome.NOT_APPLICABLE, Outcome.SKIPPED)
    }
    if told:
        yield "Not shown:"
        yield ""
    for title, outcome, reason in told:
        profiles = ", ".join(run.profile for run in runs if _has(run, title, reason))
        yield f"- {title}: {outcome} ({profiles}): {reason}."


def _has(run: RunReport, title: str, reason: str) -> bool:
    return any(
        found.check.title == title and found.reason == reason for each in run.modules for found in each.findings
    )


def _plain(text: str) -> str:
    """Return a text without the characters that XML does not have."""
    return "".join(each if each >= " " or each in "\n\t" else "?" for each in text)
