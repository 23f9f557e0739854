"""One form of a day, wherever one is read."""

from datetime import date

import pytest

from portadoc.days import kept_day, read_day


def test_a_day_is_read_and_none_stays_none() -> None:
    assert read_day("2026-11-22") == date(2026, 11, 22)
    assert (kept_day("2028-02-29"), kept_day(None)) == (date(2028, 2, 29), None)


@pytest.mark.parametrize(
    "text", ["", "20261122", "2026-W47-7", "2026-02-30", "2026-11-22T00:00", " 2026-11-22", "٢٠٢٦-11-22"]
)
def test_every_other_form_is_refused(text: str) -> None:
    for read in (read_day, kept_day):
        with pytest.raises(ValueError, match=r"."):
            read(text)
