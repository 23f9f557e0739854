"""Formats: what travels. Pure functions over bytes and values; time, randomness and keys are arguments."""
