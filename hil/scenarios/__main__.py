"""`python -m hil.scenarios`: list the stories, check them, or write them as recordings."""

import argparse
import sys
from pathlib import Path

from hil.scenarios.corpus import Case, cases, judge, write


def main() -> int:
    """0 if everything asked for came out as told."""
    parser = argparse.ArgumentParser(prog="python -m hil.scenarios", description=__doc__)
    parser.add_argument("do", choices=["list", "check", "write"])
    parser.add_argument("words", nargs="*", help="only stories whose name holds one of these")
    parser.add_argument("--to", type=Path, default=Path("build/scenarios"), help="for write")
    asked = parser.parse_intermixed_args()
    chosen = [case for case in cases() if _wanted(case, asked.words)]
    if asked.do == "write":
        asked.to.mkdir(parents=True, exist_ok=True)
    return sum([_DO[asked.do](case, asked.to) for case in chosen]) > 0


def _wanted(case: Case, words: list[str]) -> bool:
    return not words or any(word in case.name for word in words)


def _list(case: Case, _to: Path) -> int:
    print(f"{case.name:<60} {case.title}")
    return 0


def _check(case: Case, _to: Path) -> int:
    wrong = judge(case).wrong
    print(f"{'ok   ' if not wrong else 'WRONG'} {case.name}", *wrong, sep="\n      ")
    return len(wrong)


def _write(case: Case, to: Path) -> int:
    write(case, to / f"{case.name}.jsonl")
    return 0


_DO = {"list": _list, "check": _check, "write": _write}

if __name__ == "__main__":
    sys.exit(main())
