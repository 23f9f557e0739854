"""The judging steps: each reads authenticated claims and returns what it found, or raises why it cannot hold."""
