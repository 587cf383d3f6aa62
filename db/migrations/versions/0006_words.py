"""The words of tickets can be searched: FTS5 for SQLite, GIN for PostgreSQL; indexes of the list.

Tickets that are there already get their words here.
"""

import re
import unicodedata

import rjieba
import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_ticket_state_created", ["state", "created_ms"], None),
    ("ix_ticket_class_created", ["content_class", "created_ms"], None),
    ("ix_ticket_type_created", ["type", "created_ms"], None),
    ("ix_ticket_unit_created", ["unit_id", "created_ms"], "unit_id IS NOT NULL"),
    ("ix_ticket_company", ["company"], "company <> ''"),
    ("ix_ticket_repeats", ["repeats", "created_ms"], "repeats > 0"),
    ("ix_ticket_merged", ["merged_into"], "merged_into IS NOT NULL"),
)
# An external content table: the words lie once, in ticket_words, and these triggers follow it.
SEARCH_OF_SQLITE = (
    """CREATE VIRTUAL TABLE ticket_fts USING fts5(words, content='ticket_words',
    content_rowid='ticket_id', tokenize="unicode61 remove_diacritics 0", detail=none,
    columnsize=0)""",
    """CREATE TRIGGER ticket_words_added AFTER INSERT ON ticket_words BEGIN
    INSERT INTO ticket_fts (rowid, words) VALUES (NEW.ticket_id, NEW.words); END""",
    """CREATE TRIGGER ticket_words_removed AFTER DELETE ON ticket_words BEGIN
    INSERT INTO ticket_fts (ticket_fts, rowid, words)
    VALUES ('delete', OLD.ticket_id, OLD.words); END""",
    """CREATE TRIGGER ticket_words_changed AFTER UPDATE ON ticket_words BEGIN
    INSERT INTO ticket_fts (ticket_fts, rowid, words)
    VALUES ('delete', OLD.ticket_id, OLD.words);
    INSERT INTO ticket_fts (rowid, words) VALUES (NEW.ticket_id, NEW.words); END""",
    "INSERT INTO ticket_fts (ticket_fts) VALUES ('rebuild')",
)
# Not to_tsvector: its parser would cut the words a second time, and as the locale has it.
SEARCH_OF_POSTGRES = """CREATE INDEX ix_ticket_words_found ON ticket_words
    USING gin (array_to_tsvector(string_to_array(words, ' ')))"""
AT_ONCE = 1000
WEEK_MS = 7 * 24 * 3600 * 1000


def upgrade() -> None:
    for name, columns, given in INDEXES:
        where = sa.text(given) if given else None
        op.create_index(name, "ticket", columns, sqlite_where=where, postgresql_where=where)
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SEARCH_OF_SQLITE if on_sqlite else (SEARCH_OF_POSTGRES,):
        op.execute(statement)
    index_old_tickets()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("added", "removed", "changed"):
            op.execute(f"DROP TRIGGER ticket_words_{name}")
        op.execute("DROP TABLE ticket_fts")
    else:
        op.drop_index("ix_ticket_words_found", "ticket_words")
    for name, _, _ in INDEXES:
        op.drop_index(name, "ticket")


def index_old_tickets() -> None:
    """Words as `tickets.words` wrote them when this migration was made."""
    bind = op.get_bind()
    ticket = sa.table("ticket", *(sa.column(c) for c in ("id", "text", "company", "created_ms")))
    words = sa.table("ticket_words", sa.column("ticket_id"), sa.column("words"))
    last = 0
    while rows := bind.execute(
        sa.select(ticket)
        .where(ticket.c.id > last)
        .where(~sa.exists().where(words.c.ticket_id == ticket.c.id))
        .order_by(ticket.c.id)
        .limit(AT_ONCE)
    ).all():
        last = rows[-1].id
        bind.execute(
            sa.insert(words),
            [{"ticket_id": r.id, "words": words_of(r.text, r.company, r.created_ms)} for r in rows],
        )


HAN_DIGIT = "[零〇○一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖]"
CONTACTS = (
    r"[a-z0-9._+-]+@[a-z0-9.-]+",
    r"(?:微信|qq|vx|wechat|v信)\s*(?:号|群)?\s*(?:码)?\s*(?:是|为)?\s*[::]?\s*[a-z0-9_-]{5,}",
    rf"{HAN_DIGIT}(?:[\s,.、·-]{{0,3}}{HAN_DIGIT}){{6,}}",
    r"\d(?:[\s().,、·_–—/\\-]{0,3}\d){6,}",
)


def words_of(text: str, company: str, created_ms: int) -> str:
    found: set[str] = set()
    for written in (text, company):
        plain = unicodedata.normalize("NFKC", written).lower()
        plain = "".join(c for c in plain if unicodedata.category(c) != "Cf")
        for pattern in CONTACTS:
            plain = re.sub(pattern, " ", plain)
        for word in rjieba.cut_all(plain):
            for part in re.findall(r"[a-z0-9]+|[^\W_a-z0-9]+", word):
                if len(part) <= 40 and sum(c.isdigit() for c in part) < 7:
                    found.add(part)
        found.update(re.findall(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]", plain))
    week = created_ms // WEEK_MS
    return " ".join((f"周{week}", f"季{week // 13}", *sorted(found)))
