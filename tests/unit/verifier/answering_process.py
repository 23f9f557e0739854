"""One worker process of a verifier: takes answers to requests and tells the HTTP status of each.

Started by ``test_one_answer`` with one line of JSON that says where everything is; each further line is an answer
and the moment (monotonic, of this machine) at which to post it.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from portadoc.clock import FixedClock
from portadoc.fetch import Fetched
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.trust.trust_file import TRUST_FILE, trust_from_json
from portadoc.randomness import system_random_bytes
from portadoc.storage.engine import open_database
from portadoc.verifier.http.openid4vp import wallet_router
from portadoc.verifier.service import build_verifier
from portadoc.verifier.settings import VerifierSettings
from portadoc.wallet_sim.transport import AsgiTransport
from portadoc.web.app import install_problems, protect


class OneList:
    """Serves one status list, whoever asks for what."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def get(self, url: str, **_: Any) -> Fetched:
        return Fetched(url, 200, "application/statuslist+jwt", {}, self._token)


def transport(told: dict[str, Any]) -> AsgiTransport:
    directory = Path(told["keys"])
    verifier = build_verifier(
        VerifierSettings.model_validate_json(told["settings"]),
        open_database(told["database"], workers=2),
        KeyRing.open(directory, passphrase=b"test"),
        trust_from_json(json.loads((directory / TRUST_FILE).read_text(encoding="utf-8"))),
        OneList(told["status"]),
        FixedClock(told["now"]),
        system_random_bytes,
    )
    app = FastAPI(openapi_url=None)
    app.include_router(wallet_router(verifier))
    install_problems(app)
    protect(app)
    return AsgiTransport(app, told["base_url"])


def main() -> None:
    http = transport(json.loads(sys.stdin.readline()))
    print("ready", flush=True)
    for line in sys.stdin:
        answer = json.loads(line)
        while time.monotonic() < answer["at"]:
            pass
        print(http.post_form(answer["uri"], {"response": answer["response"]}).status, flush=True)


if __name__ == "__main__":
    main()
