"""A presentation nearby without a challenge: freshly signed, and never a proof of its holder."""

from typing import Any

from portadoc.formats.animated_qr.proximity import AUDIENCE, UNSOLICITED
from portadoc.formats.sd_jwt.key_binding import bind
from portadoc.verification.policy import KeyBindingRefused, KeyBindingUnsolicited
from portadoc.verification.report import KEY_BINDING, Outcome, Verdict, VerificationReport


def judged(world: Any, *, nonce: str = UNSOLICITED, age_s: int = 0) -> VerificationReport:
    text = bind(world.credential(), audience=AUDIENCE, nonce=nonce, now=world.NOW - age_s, signer=world.holder)
    report: VerificationReport = world.verify(
        text, key_binding=KeyBindingUnsolicited(audience=AUDIENCE, max_age_s=120)
    )
    return report


def test_an_unsolicited_presentation_is_authentic_and_its_holder_not_proven(world: Any) -> None:
    report = judged(world)
    check = report.check(KEY_BINDING)
    assert (check.outcome, check.code) == (Outcome.UNKNOWN, "kb_unsolicited")
    assert report.verdict is Verdict.HOLDER_NOT_PROVEN
    assert report.colour == "amber"


def test_k07_a_copy_that_nobody_signed_just_now_proves_no_holder(world: Any) -> None:
    report = world.verify(world.credential(), key_binding=KeyBindingRefused(shown=True))
    check = report.check(KEY_BINDING)
    assert (check.outcome, check.code) == (Outcome.UNKNOWN, "kb_not_asked")
    assert (report.verdict, report.colour) == (Verdict.HOLDER_NOT_PROVEN, "amber")


def test_c04_an_unsolicited_presentation_is_no_recording(world: Any) -> None:
    assert judged(world, age_s=121).check(KEY_BINDING).full_code == "kb_invalid.iat"


def test_c05_the_challenge_of_somebody_else_is_not_unsolicited(world: Any) -> None:
    assert judged(world, nonce="0123456789ABCDEF").check(KEY_BINDING).full_code == "kb_invalid.nonce"
