"""``make conformance``: run the kit against our own issuer in every profile, and write docs/issuer-conformance.md.

Exit code 1 when something failed or was skipped; the page is written all the same.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from portadoc.conformance.checks import Outcome, RunReport
from portadoc.conformance.reports import closing_lines, module_lines
from portadoc.schemas.profiles import PROFILES
from tests.conformance.campaign import PAGE, all_profiles, page_of


def main(chosen: Sequence[str]) -> int:
    """Run the profiles chosen, all of them when none is; only then write the page. Return the exit code."""
    began, reports = time.process_time(), []
    with TemporaryDirectory(prefix="portadoc-conformance-") as folder:
        for report in all_profiles(Path(folder), chosen or tuple(PROFILES)):
            _show(report)
            reports.append(report)
    if not chosen:
        PAGE.write_text(page_of(reports), encoding="utf-8")
    print(f"{time.process_time() - began:.1f} s of processor time")
    return int(any(each.failed or each.incomplete for each in reports))


def _show(report: RunReport) -> None:
    for module in report.modules:
        for line, outcome in module_lines(module):
            if outcome in (Outcome.FAILED, Outcome.SKIPPED, Outcome.WARNED):
                print(line)
    print(*closing_lines(report), sep="\n", end="\n\n", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
