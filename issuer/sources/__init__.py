"""Authentic sources: the systems of an institution in which decisions are made, as clients of the issuer."""
