"""The journal's tables and how an older database comes up to date; the only file that imports sqlite-utils.

Runs as its own process (`python -m agent.outbox_schema PATH`), so that the service does not carry sqlite-utils in its
memory. Each migration is one transaction together with the version it leads to: a power cut leaves the old or the new.
"""

# pyright: reportUnknownMemberType=false
# (sqlite-utils annotates `execute` only in part.)

import secrets
import sys

import msgspec
from sqlite_utils import Database, Migrations

from agent.outbox_chain import Origin, digest_of, link_of

VERSION = 2

migrations = Migrations("outbox")


@migrations(name="0001_journal")
def journal(db: Database) -> None:
    """The journal, what stands in it, and the facts about it.

    `lane` is 0 for critical and 1 for rest. The index on it ends in the sequence, as every index of SQLite does.
    `acked_…` are the lanes' cursors when the row was written: a page of their own would cost each commit 1 KiB more.
    They stand in `meta` only when there was no row to carry them; the larger one counts.
    """
    db.execute(
        "CREATE TABLE journal ("
        " seq INTEGER PRIMARY KEY, lane INTEGER NOT NULL, code TEXT NOT NULL, severity TEXT NOT NULL,"
        " transition TEXT NOT NULL, boot_id TEXT NOT NULL, uptime_us INTEGER NOT NULL, wall_us INTEGER NOT NULL,"
        " synchronised INTEGER NOT NULL, raised_seq INTEGER, duration_ms INTEGER, acked_critical INTEGER NOT NULL,"
        " acked_rest INTEGER NOT NULL, body BLOB NOT NULL) STRICT"
    )
    db.execute("CREATE INDEX journal_lane ON journal (lane)")
    db.execute(
        "CREATE TABLE standing (code TEXT NOT NULL, instance TEXT NOT NULL, seq INTEGER NOT NULL,"
        " PRIMARY KEY (code, instance)) STRICT, WITHOUT ROWID"
    )
    db.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID")
    db.execute(
        "INSERT INTO meta VALUES ('journal', ?), ('created_at', datetime('now'))",
        [secrets.token_hex(4)],
    )
    db.execute("PRAGMA user_version = 1")


@migrations(name="0002_chain")
def chain(db: Database) -> None:
    """Each row's link in the hash chain; what was dropped from it; the journals that salvaged rows come from.

    Rows that are there already are linked now: what happened to them before cannot be seen, what happens from now on can.
    The fact `chained_after` is the last of them. `dropped` holds stubs (with a digest) and summarised ranges (without).
    """
    db.execute("ALTER TABLE journal ADD COLUMN hash BLOB")
    db.execute(
        "CREATE TABLE dropped (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, digest BLOB,"
        " hash BLOB NOT NULL, reason TEXT NOT NULL) STRICT"
    )
    db.execute("CREATE TABLE origins (last INTEGER PRIMARY KEY, journal TEXT NOT NULL) STRICT")
    newest = db.execute("SELECT max(seq) FROM journal").fetchone()[0]
    if newest is not None:
        _link_what_is_there(db, newest)
    db.execute("PRAGMA user_version = 2")


def _link_what_is_there(db: Database, newest: int) -> None:
    name = db.execute("SELECT value FROM meta WHERE key = 'journal'").fetchone()[0]
    origin = Origin(journal=str(name))
    facts = {"origin": msgspec.json.encode(origin).decode(), "chained_after": newest}
    link, last = origin.link, 0
    while records := db.execute(
        "SELECT * FROM journal WHERE seq > ? ORDER BY seq LIMIT 1000", [last]
    ).fetchall():
        for record in records:
            link, last = link_of(link, digest_of(record)), record[0]
            db.execute("UPDATE journal SET hash = ? WHERE seq = ?", [link, last])
    for key, value in facts.items():
        db.execute("INSERT INTO meta VALUES (?, ?)", [key, value])


def migrate(path: str) -> None:
    """Make the tables or bring them up to date; a database that is newer than this program is left alone."""
    db = Database(path)
    try:
        found = db.execute("PRAGMA user_version").fetchone()[0]
        if found > VERSION:
            sys.exit(
                f"The journal {path} has version {found}; this program knows {VERSION}. "
                "Install the newer program again, or move the journal away."
            )
        db.execute("PRAGMA page_size = 1024")  # counts only before the first table
        db.enable_wal()
        db.execute("PRAGMA synchronous = FULL")
        migrations.apply(db)
    finally:
        db.close()


if __name__ == "__main__":
    migrate(sys.argv[1])
