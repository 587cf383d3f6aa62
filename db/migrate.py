"""Bringing a database to the newest form: `alembic upgrade head`, from code."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import make_url


def config_for(url: str) -> Config:
    """Alembic's settings for one database; nothing of it lies in a file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = url
    return config


def migrate(url: str) -> None:
    """Migrate the database at `url` (blocking). Creates the file of an embedded one."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(config_for(url), "head")
