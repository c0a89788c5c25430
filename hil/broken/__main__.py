"""`python -m hil.broken list|check [NAME…]`: the broken installations, and what `doctor` finds in each."""

import argparse
import logging
import sys
import time
from collections.abc import Sequence

from hil.broken.case import Case
from hil.broken.computers import MountMissing
from hil.broken.crew import Crew
from hil.broken.prove import difference
from hil.broken.table import CASES, GROUPS


def main() -> int:
    """Print the list, or build every case and print what was measured; 1 where anything differs."""
    parser = argparse.ArgumentParser(prog="python -m hil.broken", description=__doc__)
    parser.add_argument("do", choices=["list", "check"])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these; all without")
    asked = parser.parse_args()
    unknown = set(asked.names) - {case.name for case in CASES}
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    chosen = [case for case in CASES if not asked.names or case.name in asked.names]
    return show() if asked.do == "list" else check(chosen)


def show() -> int:
    """Print every case with its story and what has to be found."""
    for group in GROUPS:
        print(f"\n{group.title}")
        for case in group.cases:
            where = "runs" if case.runs else "stopped"
            print(f"  {case.name} ({where}): {case.story}")
            print(f"      {'; '.join(sorted(case.finds)) or 'nothing but that'}")
    return 0


def check(cases: Sequence[Case]) -> int:
    """Build each, ask, and print one line for each finding that is wrong with its figures."""
    logging.disable()  # what clients and servers of the bench say when they are cut off
    begun_s, wrong = time.monotonic(), 0
    with Crew(cases) as crew:
        for case in cases:
            try:
                outcome = crew.outcome(case)
            except MountMissing as missing:
                print(f"not possible here  {case.name}: {missing}")
                continue
            unlike = difference(case.expected, outcome.found)
            wrong += bool(unlike)
            print(f"{'NOT AS TOLD' if unlike else 'ok'}  {case.name}: {case.story}")
            for line in sorted(outcome.found - case.expected | case.finds & outcome.found):
                print(f"        {line}  |  {outcome.measured[line]}")
            print(*(f"        {each}\n" for each in unlike), sep="", end="", flush=True)
    print(f"{len(cases)} installations, {wrong} not as told, {time.monotonic() - begun_s:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
