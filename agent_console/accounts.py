"""Making accounts: what `hotline` uses for the demo accounts and for a place's own."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from agent_console import auth
from db.clock import now_ms
from db.models import account


def add_account(conn: Connection, login: str, name: str, role: str, password_hash: str) -> int:
    """Make an account; returns its id.

    Args:
        login: what is typed at sign-in; must be new.
        name: shown on screens.
        role: agent, expert, supervisor, unit or admin.
        password_hash: from `agent_console.passwords.hash_password`.

    Raises:
        sqlalchemy.exc.IntegrityError: the login is taken or the role unknown.
    """
    made: int = conn.execute(
        insert(account).returning(account.c.id),
        {
            "login": login,
            "name": name,
            "role": role,
            "password_hash": password_hash,
            "disabled": False,
            "created_ms": now_ms(),
        },
    ).scalar_one()
    return made


def set_password(conn: Connection, login: str, password_hash: str) -> bool:
    """Give an account a new password and end its sessions; False when there is none."""
    found = conn.execute(select(account.c.id).where(account.c.login == login)).scalar()
    if found is None:
        return False
    conn.execute(update(account).where(account.c.id == found).values(password_hash=password_hash))
    auth.close_all_of(conn, found)
    return True
