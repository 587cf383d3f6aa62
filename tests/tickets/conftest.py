"""The fixtures of the tests of tickets."""

from tests.db.databases import another, database, sqlite, url

__all__ = ["another", "database", "sqlite", "url"]
