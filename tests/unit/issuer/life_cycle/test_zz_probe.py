from typing import Any
import pytest
from portadoc.issuer.life_cycle.reissuing import Terms
from portadoc.issuer.life_cycle.succession import Asked, Change
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.issuer.authorization.offers import OfferFlow
from portadoc.schemas.examples import example
A1="fr-demo"
def test_haip(make_rig: Any) -> None:
    rig = make_rig()
    rig.issued(copies=2)
    for terms in (Terms(flow=OfferFlow.AUTHORIZATION_CODE, tx_code=True),):
        try:
            rig.issuer.life_cycle.reissue(A1, rig.last_record, lost=True, terms=terms, asked=Asked())
        except Exception as e: print(repr(e))
        print([c.withdrawn_at for c in rig.issuer.credentials(A1, record_id=rig.last_record)])
def test_self(make_rig: Any) -> None:
    rig = make_rig()
    rig.issued(copies=1)
    from portadoc.issuer.store import record_store
    r = example("posted-worker-fr-de")
    try:
        print(rig.issuer.life_cycle.correct(A1, rig.last_record, r, change=Change(reason=WithdrawalReason.ISSUED_IN_ERROR), successor_id=rig.last_record, asked=Asked()))
    except Exception as e: print(repr(e), getattr(e,'params',None))
    v = rig.issuer.life_cycle.view(A1, rig.last_record); print(v.state, v.successor, v.acts)
