"""PyPI ``pyeudiw`` as a verifier, in an environment of its own: one JSON value a line comes in, one goes out.

In: {"now", "presentations": {"issuer", "audience", "nonce", "texts"}}
or {"now", "lists": {name: {"token", "at"}}};
a token in CWT form is in hexadecimal. Out: {name: {"ok", "value"} or {"ok", "error"}}. It imports nothing of ours.
"""

import json
import logging
import sys
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

from pyeudiw.jwt import helper as jwt_helper  # noqa: E402 warnings of the libraries below are not ours
from pyeudiw.sd_jwt.sd_jwt import SdJwt  # noqa: E402
from pyeudiw.status_list import helper as status_helper  # noqa: E402


def tried(step):
    """Return what a step answers, or what it says when it refuses."""
    try:
        return {"ok": True, "value": step()}
    except Exception as error:  # noqa: BLE001 the library raises whatever its own libraries raise
        return {"ok": False, "error": f"{type(error).__name__}: {error}"[:300]}


def presentation(text, issuer, audience, nonce):
    """Return the claims after every check that the library's own class offers."""
    credential = SdJwt(text)
    credential.verify_issuer_jwt_signature(issuer)
    if nonce is not None:
        if not credential.has_key_binding():
            raise ValueError("no key binding")
        credential.verify_holder_kb_jwt({"aud": audience, "nonce": nonce})
    return credential.get_disclosed_claims()


def statuses(token, at):
    """Return the statuses at these places of a list; the library looks at no signature of one."""
    listed = status_helper.StatusListTokenHelper.from_token(token)
    if listed.is_expired():
        raise ValueError("expired")
    return [listed.get_status(index) for index in at]


def answer(question):
    """Judge everything in one question at its time."""
    jwt_helper.iat_now = status_helper.iat_now = lambda: question["now"]
    if "lists" in question:
        return {name: tried(lambda one=one: statuses(**one)) for name, one in question["lists"].items()}
    asked = dict(question["presentations"])
    texts = asked.pop("texts")
    return {name: tried(lambda text=text: presentation(text, **asked)) for name, text in texts.items()}


def main():
    """Answer until the input ends."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line)), default=repr) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
