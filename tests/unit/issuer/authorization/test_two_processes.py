"""Once means once over all processes: fifty requests at the same moment, half of them in each of two processes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.unit.issuer.wallets import CALLBACK, FORM, VERIFIER, AttestedWallet

CHILD = Path(__file__).with_name("racing_process.py")
ROOT = Path(__file__).resolve().parents[4]
TOKEN = "/issuer/fr-demo/token"


def race(rig: Any, requests: list[dict[str, Any]]) -> list[int]:
    """Return the statuses of requests that two processes send at once."""
    told = {
        "keys": str(rig.key_ring.directory),
        "settings": rig.issuer.settings.model_dump_json(),
        "database": f"sqlite:///{rig.database._path}",
        "now": rig.clock.now(),
    }
    children = [
        subprocess.Popen(
            [sys.executable, str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for _ in range(2)
    ]
    try:
        for child, half in zip(children, (requests[::2], requests[1::2]), strict=True):
            child.stdin.write(json.dumps({**told, "requests": half}) + "\n")
            child.stdin.flush()
        for child in children:
            assert child.stdout.readline() == "ready\n"
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        return [status for child in children for status in json.loads(child.stdout.readline())]
    finally:
        for child in children:
            child.kill()
            child.communicate()


def form_of(wallet: AttestedWallet, kind: str) -> dict[str, str]:
    if kind == "code":
        return {
            "grant_type": "authorization_code",
            "code": wallet.code(),
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
    return {"grant_type": "refresh_token", "refresh_token": wallet.tokens()["refresh_token"]}


def requests_of(wallet: AttestedWallet, forms: list[dict[str, str]], heads: list[dict[str, str]]) -> Any:
    return [
        {"path": TOKEN, "headers": {"content-type": FORM, **head}, "body": urlencode(form)}
        for form, head in zip(forms, heads, strict=True)
    ]


@pytest.mark.parametrize("kind", ["code", "refresh_token"])
def test_f01_fifty_at_once_over_two_processes_have_one_winner(
    haip: Any, wallet: AttestedWallet, kind: str
) -> None:
    form = form_of(wallet, kind)
    heads = [wallet.headers("token") for _ in range(50)]
    statuses = race(haip, requests_of(wallet, [form] * 50, heads))
    assert sorted(statuses) == [200] + [400] * 49


@pytest.mark.parametrize("kind", ["dpop jti", "attestation jti", "challenge"])
def test_f14_f15_what_proves_the_sender_is_used_once_over_two_processes(
    haip: Any, wallet: AttestedWallet, kind: str
) -> None:
    forms = [form_of(wallet, "code") for _ in range(10)]
    heads = [wallet.headers("token") for _ in forms]
    if kind == "dpop jti":
        heads = [{**head, "DPoP": heads[0]["DPoP"]} for head in heads]
    else:
        shared = {"jti": wallet.new_jti()} if kind == "attestation jti" else {"challenge": wallet.challenge()}
        heads = [{**head, "OAuth-Client-Attestation-PoP": wallet.pop(**shared)} for head in heads]
    statuses = race(haip, requests_of(wallet, forms, heads))
    assert sorted(statuses)[:1] == [200]
    assert statuses.count(200) == 1
