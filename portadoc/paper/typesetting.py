"""Pages set by Typst from data, never from markup: tagged and archivable PDF, the same bytes for the same page.

Typst is an extra: ``portadoc[pdf]``. Spec: ISO 14289-1 (PDF/UA-1), ISO 19005-3 (PDF/A-3a).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from portadoc.errors import Misconfigured

STANDARDS: Final = ("ua-1", "a-3a")


def typeset(
    template: bytes,
    content: Mapping[str, Any],
    *,
    made_at: int,
    standards: Sequence[str] = STANDARDS,
    folder: Path | None = None,
) -> bytes:
    """Return a template of ours, filled: what varies reaches it as one JSON text, ``sys.inputs.paper``.

    ``made_at`` in seconds since the epoch; ``folder`` holds the pictures that the content names. Raises
    Misconfigured[extra_missing] without Typst, [typesetting_failed] when a page does not come out as the standards
    ask.
    """
    typst = require_typst()
    try:
        made = typst.compile(
            template,
            root=None if folder is None else str(folder),
            format="pdf",
            ignore_system_fonts=True,
            sys_inputs={"paper": json.dumps(content, ensure_ascii=False)},
            pdf_standards=list(standards),
            timestamp=made_at,
        )
    except typst.TypstError as exc:
        raise Misconfigured("typesetting_failed") from exc
    assert isinstance(made, bytes), "a PDF is one file"
    return made


def require_typst() -> ModuleType:
    """Return the module that sets pages. Raises Misconfigured[extra_missing]."""
    try:
        import typst
    except ImportError as exc:
        raise Misconfigured("extra_missing", package="typst", extra="pdf") from exc
    return typst
