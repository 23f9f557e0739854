"""The database and what is stored for every role: the event table."""

from portadoc.storage.engine import Database, new_metadata, open_database

__all__ = ["Database", "new_metadata", "open_database"]
