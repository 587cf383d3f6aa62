"""Where log lines go: everything into `<var>/log/NAME.log`, warnings onto the terminal too."""

from __future__ import annotations

import logging
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path

SIZE_BYTES = 20_000_000
KEPT = 5
LINE = "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s"
TIME = "%Y-%m-%dT%H:%M:%S"


def set_up(directory: Path, name: str, *, level: str = "INFO") -> Path:
    """Start logging (times in UTC); returns the file."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}.log"
    whole = logging.Formatter(LINE, TIME)
    whole.converter = time.gmtime
    file = RotatingFileHandler(path, maxBytes=SIZE_BYTES, backupCount=KEPT, encoding="utf-8")
    file.setFormatter(whole)
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setLevel(logging.WARNING)
    terminal.setFormatter(logging.Formatter("  ! %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[file, terminal], force=True)
    logging.captureWarnings(capture=True)
    for chatty in ("alembic", "asyncio", "aiohttp.access", "websockets"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return path


def only_errors_on_terminal() -> None:
    """While everything is being stopped, a part that misses another is no news."""
    for handler in logging.getLogger().handlers:
        if type(handler) is logging.StreamHandler:
            handler.setLevel(logging.ERROR)
