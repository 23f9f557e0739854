"""The database and what is stored for every role: the event table."""

from sqlalchemy import Connection

from portadoc.storage.engine import Database, new_metadata, open_database

__all__ = ["Connection", "Database", "new_metadata", "open_database"]
