"""Storage: engine, tables, migrations and the change feed. Knows no rule of the business."""

from db.connecting import connect
from db.engine import Database
from db.feed import Change, Feed, publish

__all__ = ["Change", "Database", "Feed", "connect", "publish"]
