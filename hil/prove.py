"""The long claims at full count: `make prove N=1000 SEED=1`. Shows progress, resumes, writes build/prove.json.

The tests run the same code with small counts. What was finished is not run again for the same N and seed; `PART=years`
proves one part alone.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from hil import chaos as broker_chaos
from hil.bench_backlog import backlog
from hil.bench_report import line
from hil.fuzz import Outcome, fuzz, shown
from hil.fuzz_targets import TARGETS
from hil.installation import ROOT
from hil.kills import Verdict, round_of_kills
from hil.measured import Figure
from hil.power_cuts import CUTS_A_LIFE, Cuts, life_with_cuts
from hil.scenarios.years import Years, lived, wanted

RESULT = ROOT / "build" / "prove.json"
ROUND = 25  # kills, or faults, of one installation
FUZZED_BYTES = 10_000_000  # for each framing and decoder
YEARS = 10  # of each kind of installation
# Suites that take their counts from the environment (PROVE_N, PROVE_SEED).
SUITES = ("tests/test_outbox_kill.py", "tests/test_installation_properties.py")


class Result(msgspec.Struct):
    """What has been proved so far, and what not."""

    n: int
    seed: int
    rounds: list[Verdict] = msgspec.field(default_factory=list)
    suites: dict[str, bool] = msgspec.field(default_factory=dict)
    fuzzed: dict[str, Outcome] = msgspec.field(default_factory=dict)
    years: list[Years] = msgspec.field(default_factory=list)
    power: list[Cuts] = msgspec.field(default_factory=list)
    chaos: list[broker_chaos.Verdict] = msgspec.field(default_factory=list)
    backlog: list[Figure] = msgspec.field(default_factory=list)
    seconds: float = 0.0

    @property
    def kills(self) -> int:
        """How many so far."""
        return sum(each.kills for each in self.rounds)

    @property
    def problems(self) -> list[str]:
        """Everything that did not hold."""
        found = [what for each in self.rounds for what in each.problems]
        found += [f"fuzz {n}: {what}" for n, each in self.fuzzed.items() for what in each.problems]
        found += [what for each in self.years for what in each.problems]
        found += [what for each in self.power for what in each.problems]
        found += [f"{each.seed}: {what}" for each in self.chaos for what in each.problems]
        return found + [f"{suite} failed" for suite, passed in self.suites.items() if not passed]


def main() -> int:
    """Prove what is not proved yet; 0 when everything held."""
    parser = argparse.ArgumentParser(prog="python -m hil.prove", description=__doc__)
    parser.add_argument("--n", type=int, default=1000, help="how many kills, cuts, faults")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", choices=["all", *PARTS], default="all")
    asked = parser.parse_args()
    result = earlier(asked.n, asked.seed)
    print(f"{asked.n} kills, seed {asked.seed}; {result.kills} were done before", flush=True)
    for name, part in PARTS.items():
        if asked.part in ("all", name):
            part(result)
    print(f"{RESULT.relative_to(ROOT)}: {len(result.problems)} problems")
    return 1 if result.problems else 0


def kills(result: Result) -> None:
    """SIGKILL under load, round by round."""
    while result.kills < result.n:
        with kept(result):
            one_round(result)


def power(result: Result) -> None:
    """Power cuts on a disk that forgets what was not flushed, life by life."""
    while (done := sum(each.cuts for each in result.power)) < result.n:
        with kept(result):
            seed = f"{result.seed} life {len(result.power)}"
            last = life_with_cuts(seed, min(CUTS_A_LIFE, result.n - done))
            result.power.append(last)
        print(
            f"{done + last.cuts}/{result.n} power cuts, {len(last.problems)} problems",
            *last.problems,
            sep="\n  ",
            flush=True,
        )


def chaos(result: Result) -> None:
    """Faults between agent and broker, round by round; the seed of a round runs it alone in hil/chaos.py."""
    from tests.published import judge_one  # the validators are a developer's packages

    while (done := sum(each.faults for each in result.chaos)) < result.n:
        with kept(result):
            seed = f"{result.seed} round {len(result.chaos)}"
            last = broker_chaos.round_of_chaos(min(ROUND, result.n - done), seed, judge_one)
            result.chaos.append(last)
        hours = sum(each.hours for each in result.chaos)
        print(
            f"{done + last.faults}/{result.n} faults, {hours:.1f} hours: {last.events} events,"
            f" {last.resent} sent again, alarms after {last.alarm_latest_s * 1000:.0f} ms at most,"
            f" {len(last.problems)} problems; round '{seed}'",
            *last.problems,
            sep="\n  ",
            flush=True,
        )


def suites(result: Result) -> None:
    """The suites that take their counts from outside."""
    for suite in SUITES:
        if suite not in result.suites:
            with kept(result):
                result.suites[suite] = passes(suite, result)
        print(f"{suite}: {'holds' if result.suites[suite] else 'FAILED'}", flush=True)


def bytes_from_outside(result: Result) -> None:
    """Hostile bytes for every framing and decoder."""
    for name in (each for each in TARGETS if each not in result.fuzzed):
        with kept(result):
            result.fuzzed[name] = shown(
                fuzz(name, TARGETS[name], FUZZED_BYTES, str(result.seed), deadly=True)
            )


def years(result: Result) -> None:
    """Ordinary life: ten elevator-years on each kind of installation."""
    done = {(each.kind, each.building, each.seed) for each in result.years}
    left = [year for year in wanted(YEARS, result.seed) if year not in done]
    began_s = time.monotonic()
    for year in lived(left):
        with kept(result):
            result.years.append(year)
        print(
            f"{len(result.years)}/{YEARS * 3} years: {year.kind}, {year.building}, seed {year.seed}:"
            f" {year.rides} rides, {year.readings} readings, false: {year.false or 'none'}",
            flush=True,
        )
    result.seconds += time.monotonic() - began_s


def a_million_owed(result: Result) -> None:
    """What a long backlog costs: figures beside their targets, which are no verdict on a machine at work."""
    if not result.backlog:
        with kept(result), tempfile.TemporaryDirectory(dir=RESULT.parent) as name:
            result.backlog = list(backlog(Path(name)))
    print(*map(line, result.backlog), sep="\n", flush=True)


PARTS: Mapping[str, Callable[[Result], None]] = {
    "kills": kills,
    "power": power,
    "chaos": chaos,
    "backlog": a_million_owed,
    "suites": suites,
    "fuzz": bytes_from_outside,
    "years": years,
}


def one_round(result: Result) -> None:
    """The next round, and a line about it."""
    seed = f"{result.seed} round {len(result.rounds) + 1}"
    last = round_of_kills(min(ROUND, result.n - result.kills), seed)
    result.rounds.append(last)
    print(
        f"{result.kills}/{result.n} kills: {last.events} events, {last.resent} sent again, "
        f"{len(last.problems)} problems",
        *last.problems,
        sep="\n  ",
        flush=True,
    )


def passes(suite: str, result: Result) -> bool:
    """Run one suite at the full count."""
    environment = {**os.environ, "PROVE_N": str(result.n), "PROVE_SEED": str(result.seed)}
    command = [sys.executable, "-m", "pytest", "-q", "--timeout=0", suite]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


@contextlib.contextmanager
def kept(result: Result) -> Iterator[None]:
    """Count the time of one part and keep the result, so that an interruption costs one part."""
    began_s = time.monotonic()
    yield
    result.seconds += time.monotonic() - began_s
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_bytes(msgspec.json.format(msgspec.json.encode(result)))


def earlier(n: int, seed: int) -> Result:
    """What an earlier run of the same count and seed has left."""
    try:
        before = msgspec.json.decode(RESULT.read_bytes(), type=Result)
    except (OSError, msgspec.DecodeError):
        return Result(n, seed)
    return before if (before.n, before.seed) == (n, seed) else Result(n, seed)


if __name__ == "__main__":
    sys.exit(main())
