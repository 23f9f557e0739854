"""One report in several forms: for machines, for a page and for a terminal."""
