"""The fixtures of the tests of notices."""

from tests.db.databases import another, database, sqlite, url

__all__ = ["another", "database", "sqlite", "url"]
