"""People who sign in, their sessions, and the slow-down after failed sign-ins."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Integer, Table, Text

from db.models.base import Ms, RowId, metadata

account = Table(
    "account",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("created_ms", Ms, nullable=False),
    CheckConstraint("role IN ('agent','expert','supervisor','unit','admin')", name="role"),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("csrf", Text, nullable=False),
    Column("created_ms", Ms, nullable=False),
    Column("seen_ms", Ms, nullable=False),
    Column("expires_ms", Ms, nullable=False),
)

login_throttle = Table(
    "login_throttle",
    metadata,
    Column("key", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_ms", Ms, nullable=False),
    Column("until_ms", Ms, nullable=False),
)
