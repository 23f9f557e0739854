"""Trusted lists in both forms: JSON (ETSI TS 119 602) and XML (ETSI TS 119 612)."""
