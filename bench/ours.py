"""Our side of a bench run: the whole house in one process, its threads named for the kernel.

    python -m bench.ours SETTINGS.pickle

Python 3.11 keeps thread names to itself; /proc tells threads apart by their own name only.
"""

from __future__ import annotations

import pickle
import sys
import threading
from pathlib import Path

from hotline import serve

_EVERY_S = 1.0


def _name_threads(done: threading.Event) -> None:
    named: set[int] = set()
    while not done.wait(_EVERY_S):
        for thread in threading.enumerate():
            if thread.native_id is None or thread.native_id in named:
                continue
            named.add(thread.native_id)
            if thread is not threading.main_thread():
                comm = Path(f"/proc/self/task/{thread.native_id}/comm")
                comm.write_text(thread.name[:15], encoding="ascii")


def main(settings: Path) -> int:
    done = threading.Event()
    threading.Thread(target=_name_threads, args=(done,), name="namer", daemon=True).start()
    try:
        return serve.everything(pickle.loads(settings.read_bytes()))  # noqa: S301 - bench's own
    finally:
        done.set()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
