"""Posting: rows 10 to 21, under Regulation 883/2004, the protocols with the United Kingdom and the agreements."""

from portadoc.rules.articles.posting.route import decide_posting

__all__ = ["decide_posting"]
