"""Status lists, held ahead of need."""
