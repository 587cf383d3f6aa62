"""What a list filters by stands beside a ticket's words: one index answers them together.

Triggers keep these tags from now on: of a row that has words, whoever changes the ticket. Narrowing
is all they are for; who may see a ticket is asked of the ticket itself. The index takes each change
in at once (fastupdate): a list of waiting ones would be worked off by some writer, while all wait.
"""
# ruff: noqa: S608 - statements are put together of this file's own names

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CODES = {
    "state": "态",
    "content_class": "类",
    "type": "型",
    "disposition": "办",
    "difficulty": "难",
}
COLUMNS = ("unit_id", "account_id", *CODES, "special", "repeats")


def code(sign: str, column: str) -> str:
    """Without the signs at which FTS5 would cut a word."""
    bare = f"replace(replace(replace({column}, '_', ''), '.', ''), '-', '')"
    return f"coalesce(' {sign}' || {bare}, '')"


def tags(together: str, of: str) -> str:
    """The tags of the ticket with the id `of`; as `tickets.words` writes them."""
    codes = " || ".join(code(sign, f"t.{column}") for column, sign in CODES.items())
    return f"""SELECT coalesce(' 位' || CAST(t.unit_id AS TEXT), '')
    || coalesce(' 员' || CAST(t.account_id AS TEXT), '') || {codes}
    || CASE WHEN t.special THEN ' 标1' ELSE '' END
    || CASE WHEN t.repeats > 0 THEN ' 标2' ELSE '' END
    || coalesce((SELECT {together}(' 位' || CAST(a.unit_id AS TEXT), '')
        FROM ticket_assist a WHERE a.ticket_id = t.id), '')
    FROM ticket t WHERE t.id = {of}"""


def sqlite_trigger(name: str, when: str, of: str) -> str:
    now = tags("group_concat", of)
    return f"""CREATE TRIGGER {name} AFTER {when} BEGIN
    UPDATE ticket_words SET tags = ({now}) WHERE ticket_id = {of} AND tags <> ({now}); END"""


def changed(differs: str) -> str:
    return " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in COLUMNS)


SQLITE = (
    sqlite_trigger(
        "ticket_tags_changed",
        f"UPDATE OF {', '.join(COLUMNS)} ON ticket WHEN {changed('IS NOT')}",
        "NEW.id",
    ),
    sqlite_trigger("ticket_tags_assist_added", "INSERT ON ticket_assist", "NEW.ticket_id"),
    sqlite_trigger("ticket_tags_assist_removed", "DELETE ON ticket_assist", "OLD.ticket_id"),
    sqlite_trigger(
        "ticket_tags_assist_other", "UPDATE OF unit_id ON ticket_assist", "NEW.ticket_id"
    ),
)
POSTGRES = (
    f"""CREATE FUNCTION ticket_tags(of_id bigint) RETURNS text LANGUAGE sql STABLE AS $$
    {tags("string_agg", "of_id")} $$""",
    """CREATE FUNCTION ticket_tags_write(of_id bigint) RETURNS void LANGUAGE sql AS $$
    UPDATE ticket_words SET tags = now.tags FROM (SELECT ticket_tags(of_id) AS tags) now
    WHERE ticket_id = of_id AND ticket_words.tags <> now.tags $$""",
    """CREATE FUNCTION ticket_tags_of_ticket() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM ticket_tags_write(NEW.id); RETURN NULL; END $$""",
    """CREATE FUNCTION ticket_tags_of_assist() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM ticket_tags_write(coalesce(NEW.ticket_id, OLD.ticket_id)); RETURN NULL; END $$""",
    f"""CREATE TRIGGER ticket_tags_changed AFTER UPDATE OF {", ".join(COLUMNS)} ON ticket
    FOR EACH ROW WHEN ({changed("IS DISTINCT FROM")}) EXECUTE FUNCTION ticket_tags_of_ticket()""",
    """CREATE TRIGGER ticket_tags_assist AFTER INSERT OR DELETE OR UPDATE OF unit_id ON ticket_assist
    FOR EACH ROW EXECUTE FUNCTION ticket_tags_of_assist()""",
)


def fts(columns: str, new: str, old: str) -> tuple[str, ...]:
    """The search of SQLite over these columns of `ticket_words`, and what keeps it."""
    gone = f"INSERT INTO ticket_fts (ticket_fts, rowid, {columns}) VALUES ('delete', OLD.ticket_id, {old});"
    come = f"INSERT INTO ticket_fts (rowid, {columns}) VALUES (NEW.ticket_id, {new});"
    return (
        f"""CREATE VIRTUAL TABLE ticket_fts USING fts5({columns}, content='ticket_words',
        content_rowid='ticket_id', tokenize="unicode61 remove_diacritics 0", detail=none,
        columnsize=0)""",
        f"CREATE TRIGGER ticket_words_added AFTER INSERT ON ticket_words BEGIN {come} END",
        f"CREATE TRIGGER ticket_words_removed AFTER DELETE ON ticket_words BEGIN {gone} END",
        f"CREATE TRIGGER ticket_words_changed AFTER UPDATE ON ticket_words BEGIN {gone} {come} END",
        "INSERT INTO ticket_fts (ticket_fts) VALUES ('rebuild')",
    )


def upgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    forget_index(on_sqlite)
    op.add_column("ticket_words", sa.Column("tags", sa.Text, nullable=False, server_default=""))
    if on_sqlite:
        op.execute(f"UPDATE ticket_words SET tags = ({tags('group_concat', 'ticket_id')})")
        statements = (*fts("words, tags", "NEW.words, NEW.tags", "OLD.words, OLD.tags"), *SQLITE)
    else:
        fill = f"UPDATE ticket_words SET tags = ({tags('string_agg', 'ticket_id')})"
        index = gin("words || tags", " WITH (fastupdate = off)")
        statements = (fill, index, *POSTGRES)
    for statement in statements:
        op.execute(statement)


def downgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    if on_sqlite:
        for name in ("changed", "assist_added", "assist_removed", "assist_other"):
            op.execute(f"DROP TRIGGER ticket_tags_{name}")
    else:
        for name in ("of_ticket()", "of_assist()", "write(bigint)"):
            op.execute(f"DROP FUNCTION ticket_tags_{name} CASCADE")
        op.execute("DROP FUNCTION ticket_tags(bigint)")
    forget_index(on_sqlite)
    op.drop_column("ticket_words", "tags")
    for statement in fts("words", "NEW.words", "OLD.words") if on_sqlite else (gin("words"),):
        op.execute(statement)


def gin(line: str, options: str = "") -> str:
    return f"""CREATE INDEX ix_ticket_words_found ON ticket_words
    USING gin (array_to_tsvector(string_to_array({line}, ' '))){options}"""


def forget_index(on_sqlite: bool) -> None:
    if on_sqlite:
        for name in ("added", "removed", "changed"):
            op.execute(f"DROP TRIGGER ticket_words_{name}")
        op.execute("DROP TABLE ticket_fts")
    else:
        op.drop_index("ix_ticket_words_found", "ticket_words")
