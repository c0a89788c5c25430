"""Hostile bytes for every framing and decoder: none may crash it, hold it up, fill memory or lie to it.

`python -m hil.fuzz --bytes N --seed S [NAME …]`, or with the other long claims by `make prove`; the
tests run the same code with less. What is fed, and how, is in hil/fuzz_targets.py: one row each.
"""

import argparse
import faulthandler
import math
import random
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

HANG_S = 120.0  # a round takes milliseconds
MOST_GROWTH_KIB = 32 * 1024
MOST_PROBLEMS = 5


@dataclass(slots=True)
class Tally:
    """What became of the bytes of one target.

    `chances` is how often a checksum could have come out right by chance, each time with the
    probability `odds`; `accepted` how often it did. `problems` must stay empty.
    """

    fed: int = 0
    chances: int = 0
    accepted: int = 0
    problems: list[str] = field(default_factory=list[str])

    def wrong(self, what: str) -> None:
        """Note what may not be; the first few are enough."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(what)


Round = Callable[[random.Random, Tally], None]  # feeds some bytes, and counts them


@dataclass(frozen=True, slots=True)
class Target:
    """One framing or decoder. `begin` makes a round; `odds` is 0 where nothing may be accepted."""

    begin: Callable[[], Round]
    odds: float = 0.0


class Outcome(msgspec.Struct, frozen=True):
    """What was found. `accepted` frames were none; up to `allowed` of them are the checksum's."""

    name: str
    seed: str
    fed: int
    accepted: int
    allowed: int
    seconds: float
    problems: tuple[str, ...]


def fuzz(name: str, target: Target, count: int, seed: str, *, deadly: bool = False) -> Outcome:
    """Feed so many bytes. The same seed gives the same bytes.

    `deadly`: a round that hangs ends the process, which says where it was.
    """
    chance, tally, run = random.Random(f"{seed} {name}"), Tally(), target.begin()
    before_kib, began_s = _peak_kib(), time.monotonic()
    while tally.fed < count and not tally.problems:
        if deadly:
            faulthandler.dump_traceback_later(HANG_S, exit=True)
        run(chance, tally)
    faulthandler.cancel_dump_traceback_later()
    allowed = most_by_chance(tally.chances * target.odds)
    if tally.accepted > allowed:
        tally.wrong(f"{tally.accepted} frames accepted that were none, by chance at most {allowed}")
    growth_kib = _peak_kib() - before_kib
    if growth_kib > MOST_GROWTH_KIB:
        tally.wrong(f"memory grew by {growth_kib} KiB")
    seconds = time.monotonic() - began_s
    return Outcome(name, seed, tally.fed, tally.accepted, allowed, seconds, tuple(tally.problems))


def most_by_chance(expected: float) -> int:
    """Give what a rare event's count does not exceed: six deviations above the mean; 0 for none."""
    return math.floor(expected + 6 * math.sqrt(expected) + 3) if expected else 0


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def hostile(chance: random.Random, frames: list[bytes], heads: list[bytes]) -> bytes:
    """Give a stretch of noise, damaged and broken-off frames, and beginnings of them."""
    pieces: list[bytes] = []
    for _ in range(chance.randint(1, 12)):
        frame, kind = bytearray(chance.choice(frames)), chance.randrange(6)
        place = chance.randrange(len(frame))
        if kind == 0:
            pieces.append(chance.randbytes(chance.randint(1, 60)))
        elif kind == 1:
            pieces.append(bytes(frame[:place]))
        elif kind == 2:
            pieces.append(chance.choice(heads) + chance.randbytes(chance.randint(0, 90)))
        else:
            pieces.append(_damaged(chance, frame, place, kind))
    return b"".join(pieces)


def _damaged(chance: random.Random, frame: bytearray, place: int, kind: int) -> bytes:
    if kind == 3:
        del frame[place]
    elif kind == 4:
        frame.insert(place, chance.randrange(256))
    else:
        for _ in range(chance.randint(1, 6)):
            frame[chance.randrange(len(frame))] ^= chance.randint(1, 255)
    return bytes(frame)


def main() -> int:
    """Fuzz the named targets, or all; 0 when nothing was found."""
    from hil.fuzz_targets import TARGETS

    parser = argparse.ArgumentParser(prog="python -m hil.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(TARGETS))
    parser.add_argument("--bytes", type=int, default=10_000_000, help="for each")
    parser.add_argument("--seed", default="1")
    wanted = parser.parse_args()
    found = [
        shown(fuzz(name, TARGETS[name], wanted.bytes, wanted.seed, deadly=True))
        for name in wanted.names or TARGETS
    ]
    return 1 if any(outcome.problems for outcome in found) else 0


def shown(outcome: Outcome) -> Outcome:
    """Print a line about it."""
    print(
        f"fuzz {outcome.name}, seed {outcome.seed}: {outcome.fed:,} bytes, {outcome.accepted} "
        f"accepted by chance (at most {outcome.allowed}), {outcome.seconds:.0f} s, "
        f"{len(outcome.problems)} problems",
        *outcome.problems,
        sep="\n  ",
        flush=True,
    )
    return outcome


if __name__ == "__main__":
    sys.exit(main())
