"""The beginning of a profile from what was learned: what answers is listed, what it means is not known. Pure."""

from collections.abc import Iterator

from agent.drivers.learn_survey import Survey, runs
from agent.drivers.learn_watch import Followed, Moves, Place, Watch
from agent.drivers.registers import Table

_HEAD = """\
# What a device answered, written by `elevator-agent bus --learn`. Not a profile yet: nobody knows what
# the registers mean. Name the signals below, with the maker's manual or by watching the elevator.

title = "Unknown device at {where}"
source = "Observed on the bus; no manual"
verified = []
uncertain = [
  "Everything: the addresses answered once, and what they mean was not seen anywhere.",
  "Whether the readable ranges end where this device's map ends, or only where the survey did.",
]

[protocol]
readable = {readable}
"""


def skeleton(where: str, survey: Survey, watch: Watch) -> str:
    """Write the file. Everything observed is a comment; only `readable` and the limits are keys."""
    lines = [_HEAD.format(where=_quoted(where), readable=_readable(survey))]
    most = [
        max((b.count for b in survey.blocks() if b.table.is_bits is bits), default=0)
        for bits in (False, True)
    ]
    for key, count in zip(("max_registers", "max_bits"), most, strict=True):
        if count:
            lines[0] += f"{key} = {count}  # the longest request it answered\n"
    lines += _hints(watch)
    for table in survey.tables:
        lines += _observed(table, survey, watch)
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Leave out what would end a text in TOML."""
    return "".join(letter for letter in text if letter.isprintable() and letter not in '"\\')


def _readable(survey: Survey) -> str:
    spans = {
        table.value: ", ".join(
            f"[0x{run.start:04X}, 0x{run.stop - 1:04X}]" for run in runs(survey.answering[table])
        )
        for table in survey.tables
        if survey.answering[table]
    }
    return "{ " + ", ".join(f"{name} = [{found}]" for name, found in spans.items()) + " }"


def _hints(watch: Watch) -> Iterator[str]:
    for name in watch.names:
        shown = _quoted(name)
        yield f"# After the mark {shown!r}, made {watch.times(name)} times:"
        yield from (f"#   {place_of(hint)}: {counts_of(hint)}" for hint in watch.followed(name))


def place_of(hint: Followed) -> str:
    """Name a bit: `holding 0x0011 bit 10`."""
    where = f"{hint.place.table.value} 0x{hint.place.address:04X}"
    return where if hint.place.table.is_bits else f"{where} bit {hint.bit}"


def counts_of(hint: Followed) -> str:
    """Say what a bit did: `to 1, after 3 marks, 0 times otherwise`."""
    to = "either way" if hint.to is None else f"to {hint.to}"
    return f"{to}, after {hint.times} marks, {hint.otherwise} times otherwise"


def _observed(table: Table, survey: Survey, watch: Watch) -> Iterator[str]:
    known = survey.answering[table]
    if not known:
        return
    yield f"\n# {table.value}: as seen"
    for address, first in sorted(known.items()):
        moves = watch.moves.get(Place(table.function, address), Moves(first, first, first))
        yield f"#   0x{address:04X}: {_seen(moves)}"


def _seen(moves: Moves) -> str:
    if not moves.changes:
        return f"{moves.value} (0x{moves.value:04X}), never changed"
    bits = ", ".join(map(str, sorted(moves.bits)))
    return f"{moves.least} to {moves.most}, {moves.changes} changes, bits {bits}"
