"""Exceptions by agreement (art. 16): telework, single cases, pensioners."""
