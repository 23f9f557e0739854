"""What other institutions send, and the clocks between institutions: neither rows 1 to 8 nor an A1 is involved."""

from portadoc.rules.incoming.notices import check_notice
from portadoc.rules.incoming.procedure import answer_procedure

__all__ = ["answer_procedure", "check_notice"]
