"""Power cuts on a disk that forgets what was not flushed: nothing committed is lost, no number comes twice, it always opens.

A life of the journal is recorded in a process of its own (`python -m hil.power_cuts LIFE SEED FOLDER`): lives differ by
seed in the size of transactions, in when the log is folded in, in what is dropped. Then the power goes at random instants.
"""

import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from agent import outbox
from agent.model import Event, Instant, Lane, Severity, Transition
from agent.outbox import Journal, reading
from agent.outbox_retention import Drop, Sweep
from agent.outbox_rows import Batch
from agent.outbox_verify import verify
from hil.forgetful_disk import ForgetfulDisk
from hil.installation import ROOT
from hil.recording_disk import Op, RecordingDisk

CUTS_A_LIFE = 50
DEEDS = 120
BOOT = "boot-a"


class Said(msgspec.Struct, frozen=True):
    """What a commit told: the last sequence, the chain's link there, the cursors, and what stands."""

    head: int
    chain_head: str
    critical: int
    rest: int
    standing: list[int]


class Cuts(msgspec.Struct, frozen=True):
    """What one life came to: how many cuts, in how many deeds on the disk, and what did not hold."""

    cuts: int
    deeds: int
    problems: tuple[str, ...]


# ---------------------------------------------------------------- a life


def live(folder: Path, seed: str) -> list[Op]:
    """Work on a journal and record what that does to the disk."""
    from agent.outbox_schema import migrate

    disk, chance = RecordingDisk(), random.Random(seed)
    setattr(outbox, "make_tables", lambda path: migrate(str(path)))  # noqa: B010 - in this process, and recorded
    journal = Journal.open(folder / "outbox.db")
    sweep = Sweep()
    for _ in range(DEEDS):
        match chance.randrange(24):
            case 0:
                journal.close()
                journal = Journal.open(journal.path)
            case 1:
                journal.reopen(suspect=True)
            case 2 | 3:
                _drop(journal, sweep)
            case 4:
                journal.look(
                    lambda db: db.execute(
                        f"PRAGMA wal_autocheckpoint = {chance.choice((20, 60, 1000))}"
                    )
                )
            case _:
                _append(journal, chance)
        disk.said(msgspec.json.encode(_said(journal)))
    return disk.ops


def _append(journal: Journal, chance: random.Random) -> None:
    stands = {row.event.code for row in journal.standing()}
    transition = Transition.CLEARED if stands else Transition.RAISED
    events = [_event("alarm_button", Severity.CRITICAL, transition)]
    size = chance.choice((0, 0, 0, 1, 5, 40, 300))
    events += [
        _event("usage", chance.choice(list(Severity)), Transition.NOTICE) for _ in range(size)
    ]
    chance.shuffle(events)
    cursors = None
    if chance.random() < 0.5:
        cursors = {lane: chance.randint(at, journal.head) for lane, at in journal.cursors.items()}
    journal.append(events, _instant(), BOOT, cursors)


def _drop(journal: Journal, sweep: Sweep) -> None:
    cursor = journal.cursors[Lane.REST]
    drop = journal.look(lambda db: sweep.next(db, "size", cursor, journal.head))
    if drop is not None:
        journal.commit([Batch((_report(drop),), _instant())], BOOT, {}, drop)


def _report(drop: Drop) -> Event:
    return msgspec.structs.replace(
        _event("records_dropped", Severity.MAJOR, Transition.NOTICE),
        detail={"ranges": [f"{first}-{last}" for first, last in drop.ranges]},
    )


def _event(code: str, severity: Severity, transition: Transition) -> Event:
    return Event(code=code, transition=transition, severity=severity, at_us=1)


def _instant() -> Instant:
    return Instant(uptime_us=1, wall_us=1_790_000_000_000_000, synchronised=True)


def _said(journal: Journal) -> Said:
    return Said(
        journal.head,
        journal.chain_head.hex(),
        journal.cursors[Lane.CRITICAL],
        journal.cursors[Lane.REST],
        [row.seq for row in journal.standing()],
    )


# ---------------------------------------------------------------- cuts


def life_with_cuts(seed: str, cuts: int = CUTS_A_LIFE) -> Cuts:
    """Record one life and cut it so many times. RuntimeError where that cannot be recorded."""
    return cut(recorded(seed), seed, cuts)


def cut(ops: list[Op], seed: str, cuts: int) -> Cuts:
    """Cut a recorded life at so many instants and look at what each leaves."""
    chance, problems = random.Random(seed), list[str]()
    instants = sorted(chance.randrange(len(ops)) for _ in range(cuts))
    with tempfile.TemporaryDirectory(prefix="cuts-") as name:
        for number, (disk, said, following) in enumerate(_instants(ops, instants)):
            folder = Path(name, str(number))
            folder.mkdir()
            disk.cut(folder, chance)
            problems += [
                f"{seed}, cut at {instants[number]}: {what}"
                for what in _wrong(folder, said, following)
            ]
    return Cuts(cuts, len(ops), tuple(problems))


def recorded(seed: str) -> list[Op]:
    """One life, lived in a process of its own. RuntimeError where that cannot be recorded."""
    with tempfile.TemporaryDirectory(prefix="life-") as name:
        return _recorded(seed, Path(name))


def _recorded(seed: str, folder: Path) -> list[Op]:
    life = folder / "life"
    done = subprocess.run(
        [sys.executable, "-m", "hil.power_cuts", str(life), seed, str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return msgspec.msgpack.decode(life.read_bytes(), type=list[Op])


def _instants(
    ops: list[Op], instants: list[int]
) -> Iterator[tuple[ForgetfulDisk, Said | None, Said | None]]:
    """The disk at each instant, what had been said by then, and what was said next."""
    disk, done, said = ForgetfulDisk(), 0, None
    for instant in instants:
        for op in ops[done:instant]:
            disk.do(op)
            said = msgspec.json.decode(op.data, type=Said) if op.what == "said" else said
        done = instant
        later = next((op.data for op in ops[instant:] if op.what == "said"), None)
        yield disk, said, None if later is None else msgspec.json.decode(later, type=Said)


def _wrong(folder: Path, said: Said | None, following: Said | None) -> Iterator[str]:
    """What does not hold of the journal that was left."""
    path = folder / "outbox.db"
    try:
        journal = Journal.open(path, suspect=True)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is reported
        yield f"it does not open: {error!r}"
        return
    with closing(journal):
        if journal.recovered is not None:
            yield f"it was begun anew: {journal.recovered}"
            return
        yield from _lost(journal, said, following)
        with reading(path) as db:
            found = verify(db, lambda *_: None)
        if found.broken is not None or found.seq != journal.head:
            yield f"its chain ends at {found.seq} of {journal.head}, broken at {found.broken}"
        [row] = journal.append(
            [_event("usage", Severity.INFO, Transition.NOTICE)], _instant(), BOOT
        )
        if row.seq != found.seq + 1:
            yield f"{row.seq} follows {found.seq}"


_LINK = "SELECT hash FROM journal WHERE seq = ?1 UNION ALL SELECT hash FROM dropped WHERE last = ?1"


def _lost(journal: Journal, said: Said | None, following: Said | None) -> Iterator[str]:
    """A state is right when it is the one last said, or the one that was under way."""
    now = _said(journal)
    if said is None or now in (said, following):
        return
    link = journal.look(lambda db: db.execute(_LINK, (said.head,)).fetchone())
    if now.head < said.head or (said.head and (link is None or link[0].hex() != said.chain_head)):
        yield f"committed was {said}, left is {now}"
    elif min(now.critical - said.critical, now.rest - said.rest) < 0:
        yield f"cursors went back from {said} to {now}"
    else:
        yield f"neither {said} nor {following} is left, but {now}"


if __name__ == "__main__":
    folder = Path(sys.argv[3], "real")
    folder.mkdir()
    try:
        deeds = live(folder, sys.argv[2])
    except OSError as error:
        sys.exit(f"SQLite is not a shared library here: {error}")
    if not any(op.what == "sync" for op in deeds):
        sys.exit("Python's sqlite3 does not use the shared library of SQLite here.")
    Path(sys.argv[1]).write_bytes(msgspec.msgpack.encode(deeds))
