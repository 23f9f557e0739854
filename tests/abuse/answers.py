"""What any answer to anything has to look like: the oracle of the tests that send nonsense."""

import re
from typing import Final

from portadoc.formats import strict_json
from portadoc.i18n import catalogue
from portadoc.wallet_sim.transport import TransportResponse

PROBLEM: Final = "application/problem+json"
_TRACES: Final = (b"Traceback", b'File "/', b"site-packages", b".py:", b"Error:", b"Exception")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


def require_sound(answer: TransportResponse, *, may_be_page: bool = False) -> None:
    """Require an answer that no incident lies behind and whose refusal, if it is one, has our form and a code."""
    assert answer.status != 500, answer.body[:400]
    assert 200 <= answer.status < 504, answer.status
    assert not any(trace in answer.body for trace in _TRACES), answer.body[:400]
    if answer.status == 503:
        assert answer.headers["retry-after"].isdecimal()
    if answer.status < 400:
        return
    assert answer.status < 500 or answer.status in (501, 503), answer.status
    if may_be_page and answer.content_type == "text/html":
        assert b'class="code"' in answer.body or b"<code" in answer.body, answer.body[:2000]
    else:
        _require_coded(answer)


def _require_coded(answer: TransportResponse) -> None:
    told = strict_json.loads_object(answer.body, what="refusal")
    if answer.content_type == PROBLEM:
        assert told["status"] == answer.status
        assert told["code"] in catalogue("en"), told
        return
    assert answer.content_type == "application/json", answer.content_type
    assert _NAME.fullmatch(told["error"]), told
    assert told["error_description"] in catalogue("en"), told
