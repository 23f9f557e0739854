"""No claim, token, code or key shows in a log line at any level, nor in a refusal."""

import logging
from typing import Any

import pytest

from portadoc.issuer import WithdrawalReason
from portadoc.schemas.examples import example
from portadoc.schemas.records import record_to_json


def values(tree: Any) -> set[str]:
    if isinstance(tree, dict):
        return set().union(*map(values, tree.values()))
    if isinstance(tree, list):
        return set().union(*map(values, tree))
    return {tree} if isinstance(tree, str) and len(tree) > 5 else set()


def test_l09_a_whole_life_with_faults_says_nothing(
    rig: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    offer = rig.offer("pda1", tx_code=True)
    code, secrets = rig.code_of(offer), values(record_to_json(example("posted-worker-fr-de")))
    rig.redeem(code, tx_code="000001")
    token = rig.token(offer, tx_code=offer.tx_code)
    nonce = rig.nonce()
    text = rig.obtain(token, [rig.proof(nonce)]).json()["credentials"][0]["credential"]
    answers = [rig.obtain(token, [rig.proof(nonce)]), rig.redeem(code), rig.request(token, {"x": text})]
    with rig.database.transaction() as connection:
        connection.exec_driver_sql("DROP TABLE issuer_credentials")
    answers.append(rig.obtain(token))
    with pytest.raises(Exception, match="no such table"):
        rig.issuer.withdraw("fr-demo", rig.last_record, reason=WithdrawalReason.FRAUD)
    told = caplog.text + "".join(answer.body.decode() for answer in answers) + "".join(capfd.readouterr())
    secrets |= {code, token, nonce, text, text.split(".")[2].split("~")[0], offer.tx_code}
    assert [secret for secret in secrets if secret in told and secret not in ("posted-worker", "FR:TEST01")] == []
    assert answers[-1].status == 500
