"""Message catalogues: one folder a language, one JSON file a room."""
