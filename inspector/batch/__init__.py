"""Many files at once: what is in each, and one verdict a file. Light enough for a command without a service."""
