"""The command `elevator-agent`. The service starts here before the rest of the command line loads.

`run` must not cost what only people at a terminal need: click, rich and sqlite_utils stay out.
"""

import getopt
import os
import sys
from collections.abc import Sequence
from pathlib import Path

USAGE = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments say and return the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["run"]:
        return run(arguments[1:])
    from agent.cli.main import main as command_line

    return command_line(arguments)


def run(arguments: Sequence[str]) -> int:
    """Run the service until it is stopped."""
    try:
        options, rest = getopt.getopt(arguments, "h", ["help", "config=", "record=", "lang="])
    except getopt.GetoptError as wrong:
        return _wrong_usage(str(wrong))
    given = dict(options)
    if "-h" in given or "--help" in given:
        from agent.cli.texts import words_for

        print(words_for(arguments, os.environ)("run.help"))  # noqa: T201 - this is the command line
        return 0
    if rest:
        return _wrong_usage(f"run takes no argument {rest[0]!r}")
    return _serve(given.get("--config"), given.get("--record"))


def _serve(config: str | None, record: str | None) -> int:
    from agent.lean import without_what_is_never_used

    with without_what_is_never_used():
        from agent.app import main as serve
        from agent.config import config_path

    return serve(config_path(config), Path(record) if record else None)


def _wrong_usage(what: str) -> int:
    print(f"elevator-agent run: {what}\nSee: elevator-agent run --help", file=sys.stderr)  # noqa: T201
    return USAGE


if __name__ == "__main__":
    sys.exit(main())
