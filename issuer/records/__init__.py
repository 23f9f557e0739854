"""The records of institutions: kept before anything is issued of them, and withdrawn with all that was."""
