"""Portable social-security attestations: issue, hold, verify. Importing this package loads nothing else."""

__version__ = "0.1.0"
