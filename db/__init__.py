"""Storage: engine, tables, migrations and the change feed. Knows no rule of the business."""

from db.engine import Database, connect
from db.feed import Change, Feed, publish

__all__ = ["Change", "Database", "Feed", "connect", "publish"]
