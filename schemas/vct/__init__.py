"""Published Type Metadata documents, written by ``python -m portadoc.schemas.type_metadata``."""
