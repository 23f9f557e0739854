"""The verdict procedure, once, for every role: pure, numbered, and reported check by check."""
