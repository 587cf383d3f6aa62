"""Runs one part of the house as a process of its own, so that a test can kill it.

python -m tests.support.part controller SETTINGS.pickle
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

from hotline import serve

PARTS = {
    "controller": serve.controller_alone,
    "console": serve.console_alone,
    "hotline": serve.everything,
}

if __name__ == "__main__":
    part, settings = sys.argv[1], Path(sys.argv[2])
    sys.exit(PARTS[part](pickle.loads(settings.read_bytes())))  # noqa: S301 - written by the test
