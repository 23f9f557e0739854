"""The answer of rows 34 to 44: whose legislation, under which article and status box of the A1."""

from typing import NamedTuple


class Determined(NamedTuple):
    """``instrument`` only where the article is not one of Regulation 883/2004."""

    state: str
    article: str
    status_code: str
    instrument: str | None = None
    reasons: tuple[str, ...] = ()
