"""Applications: what they are, how they go on, when, and what is recorded of them. No database, no clock."""
