"""Vocabulary of the field: canonical records, credential layouts and protocol messages.

Frozen types only: no cryptography, no clock, no randomness, and no input or output except files of this package.
"""
