"""What stands on paper as a code."""
