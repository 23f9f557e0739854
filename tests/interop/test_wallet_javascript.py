from typing import Any
import json
from portadoc.serve.house import House
from portadoc.demo.story import today
from portadoc.schemas.examples import example
from portadoc.verifier.presets import preset

def test_x(scripts: Any, house: House) -> None:
  for slug,record,conf,question in [("fr-demo","posted-worker-fr-de","pda1","inspector-quick"),("fr-health","insured-traveller","ehic","care-desk"),("fr-demo","posted-worker-fr-de","pda1-webuild","inspector-webuild")]:
    origin = house.settings.base_url
    rid = house.issuer.upload(slug, example(record, today(house)))
    offer = house.issuer.offer(slug, rid, [conf], tx_code=True, by_reference=True)
    got = scripts.run("accept.mjs", {"origin": origin, "offerUri": offer.offer_uri, "txCode": offer.tx_code, "copies": 2})
    print(json.dumps({k:v for k,v in got.items() if k not in ("credentials",)}, indent=1)[:6000])
    print([(r.notified, r.issued_at) for r in house.issuer.credentials(slug, record_id=rid)])
    s = house.verifier.create_request("de-inspection", preset(question))
    house.verifier.refresh_status_lists()
    p = scripts.run("present.mjs", {"origin": origin, "link": s.link, "held": got["credentials"]})
    p['shown']={k:[x[:30],x.count("~")] for k,[x] in p["shown"].items()}
    print(json.dumps(p, indent=1))
    v = house.verifier.result("de-inspection", s.transaction_id, s.session_secret)
    print(v.result.accepted, v.result.problem)
