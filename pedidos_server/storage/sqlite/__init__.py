"""The SQLite half of the storage."""
