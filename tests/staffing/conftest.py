"""The fixtures of the staffing tests."""

from tests.db.databases import another, database, sqlite, url

__all__ = ["another", "database", "sqlite", "url"]
