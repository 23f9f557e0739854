"""One of several processes over one database: sends prepared requests at once and prints what came of each."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from fastapi import FastAPI

from portadoc.clock import FixedClock
from portadoc.issuer import IssuerSettings, build_issuer
from portadoc.issuer.openid4vci import wallet_router
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file
from portadoc.randomness import system_random_bytes
from portadoc.storage import open_database
from portadoc.wallet_sim.transport import AsgiTransport


def race(told: dict[str, object]) -> list[int]:
    """Send every request at the same moment and return the statuses."""
    keys = Path(str(told["keys"]))
    settings = IssuerSettings.model_validate_json(str(told["settings"]))
    issuer = build_issuer(
        settings,
        open_database(str(told["database"])),
        KeyRing.open(keys, passphrase=b"test"),
        FixedClock(int(str(told["now"]))),
        system_random_bytes,
        wallet_trust=read_trust_file(keys / TRUST_FILE),
    )
    app = FastAPI(openapi_url=None)
    app.include_router(wallet_router(issuer))
    transport = AsgiTransport(app, settings.base_url)
    requests = told["requests"]
    assert isinstance(requests, list)
    together = Barrier(len(requests))

    def send(request: dict[str, str | dict[str, str]]) -> int:
        together.wait()
        headers, body = request["headers"], request["body"]
        assert isinstance(headers, dict)
        return transport.request("POST", str(request["path"]), headers=headers, body=str(body).encode()).status

    transport.request("POST", "/issuer/fr-demo/nonce")  # keys are open before the race begins
    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(send, requests))


if __name__ == "__main__":
    print(json.dumps(race(json.loads(sys.stdin.readline()))), flush=True)
