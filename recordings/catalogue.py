"""The catalogue of recordings: which there are, how they stand, who listened.

States: running (being written), filed (in the vault), failed (`problem` says why), and
expired (kept for its time, then removed).
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from db.clock import now_ms
from db.feed import publish
from db.models import recording, recording_access, recording_mark
from db.prepared import Prepared

PROBLEMS = {
    "not_started": "录音未能开始",
    "disk_full": "录音存储空间不足",
    "missing": "未找到录音文件",
    "unreadable": "录音文件无法读取",
    "empty": "没有录到声音",
}


class Recording(msgspec.Struct, frozen=True, gc=False):
    """A recording as the catalogue has it; `path` is relative to the vault."""

    id: int
    call_id: str
    state: str
    path: str | None
    format: str | None
    length_ms: int | None
    size_bytes: int | None
    sha256: str | None
    problem: str | None
    started_ms: int


class Filed(msgspec.Struct, frozen=True):
    """What became of the raw sound of a call."""

    path: Path
    format: str
    length_ms: int
    size_bytes: int
    sha256: str


_columns = [recording.c[name] for name in Recording.__struct_fields__]
_begin = Prepared(insert(recording), returns=_columns, inserts=("call_id", "state", "started_ms"))
_of_call = Prepared(select(*_columns).where(recording.c.call_id == bindparam("call_id")), _columns)
_file = Prepared(
    update(recording)
    .where(recording.c.id == bindparam("of_id"))
    .values(
        state="filed",
        path=bindparam("filed_path"),
        format=bindparam("filed_format"),
        length_ms=bindparam("filed_length_ms"),
        size_bytes=bindparam("filed_size"),
        sha256=bindparam("filed_sha256"),
        filed_ms=bindparam("at_ms"),
    )
    .returning(*_columns),
    _columns,
)


def _tell(conn: Connection, found: Recording) -> Recording:
    publish(
        conn,
        "recording",
        found.id,
        {
            "id": found.id,
            "call_id": found.call_id,
            "state": found.state,
            "problem": found.problem,
        },
    )
    return found


def begin(conn: Connection, call_id: str) -> Recording:
    """A call is being recorded."""
    row = _begin.rows(conn, {"call_id": call_id, "state": "running", "started_ms": now_ms()})[0]
    return Recording(*row)


def of_call(conn: Connection, call_id: str) -> Recording | None:
    row = _of_call.one(conn, {"call_id": call_id})
    return Recording(*row) if row else None


def get(conn: Connection, recording_id: int) -> Recording | None:
    row = conn.execute(select(*_columns).where(recording.c.id == recording_id)).one_or_none()
    return Recording(*row) if row else None


def unfiled(conn: Connection) -> list[Recording]:
    """Recordings that still lie in the spool."""
    rows = conn.execute(select(*_columns).where(recording.c.state == "running"))
    return [Recording(*row) for row in rows]


def expired(conn: Connection, before_ms: int, limit: int = 100) -> list[Recording]:
    """Filed recordings older than their time to be kept."""
    old = (
        select(*_columns)
        .where(recording.c.state == "filed", recording.c.started_ms < before_ms)
        .order_by(recording.c.id)
        .limit(limit)
    )
    return [Recording(*row) for row in conn.execute(old)]


def expire(conn: Connection, recording_id: int) -> None:
    """The sound is gone, as it must be; the row stays and says that there was one."""
    row = conn.execute(
        update(recording)
        .where(recording.c.id == recording_id)
        .values(state="expired", path=None)
        .returning(*_columns)
    ).one()
    _tell(conn, Recording(*row))


def problem(conn: Connection, call_id: str, what: str) -> Recording | None:
    """A recording is in trouble while its call goes on; shown, never ends the call."""
    row = conn.execute(
        update(recording)
        .where(recording.c.call_id == call_id)
        .values(problem=what)
        .returning(*_columns)
    ).one_or_none()
    return _tell(conn, Recording(*row)) if row else None


def mark(conn: Connection, call_id: str, kind: str) -> None:
    """Mark a pause or its end on the recording's time line."""
    found = of_call(conn, call_id)
    if found is not None:
        conn.execute(
            insert(recording_mark),
            {"recording_id": found.id, "at_ms": now_ms(), "kind": kind},
        )


def file(conn: Connection, recording_id: int, filed: Filed) -> Recording:
    """The sound lies in the vault.

    Raises:
        LookupError: there is no such recording.
    """
    values = {
        "of_id": recording_id,
        "filed_path": str(filed.path),
        "filed_format": filed.format,
        "filed_length_ms": filed.length_ms,
        "filed_size": filed.size_bytes,
        "filed_sha256": filed.sha256,
        "at_ms": now_ms(),
    }
    row = _file.one(conn, values)
    if row is None:
        raise LookupError(f"no recording {recording_id}")
    return _tell(conn, Recording(*row))


def fail(conn: Connection, recording_id: int, what: str) -> Recording:
    """There is nothing to file; `what` says why."""
    row = conn.execute(
        update(recording)
        .where(recording.c.id == recording_id)
        .values(state="failed", problem=what)
        .returning(*_columns)
    ).one()
    return _tell(conn, Recording(*row))


def heard(conn: Connection, recording_id: int, account_id: int) -> None:
    """Somebody listened."""
    conn.execute(
        insert(recording_access),
        {"recording_id": recording_id, "account_id": account_id, "at_ms": now_ms()},
    )
