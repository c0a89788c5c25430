"""What the command line's own verbs say of this installation, each in a process of its own.

So that one that fails, hangs or crashes is a line in the archive and not the end of it. Nothing here is different from what
the technician would have seen.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from agent.bundle.piece import MissingError, Piece

MOST_BYTES = 4 << 20


class Question(NamedTuple):
    """A verb with its options, the member it becomes, and how long it may take."""

    name: str
    arguments: tuple[str, ...]
    timeout_s: float = 30


QUESTIONS = (
    Question("version.json", ("version", "--json")),
    Question("check.txt", ("check",)),
    Question("check.json", ("check", "--json")),
    Question("status.txt", ("status",)),
    Question("status.json", ("status", "--json")),
    Question("signals.json", ("signals", "--json")),
    Question("outbox.json", ("outbox", "--json")),
    Question("recordings.json", ("record", "list", "--json")),
    Question("doctor.txt", ("doctor",), 120),
    Question("doctor.json", ("doctor", "--json"), 120),
)
_WITHOUT_CONFIG = ("version",)


def ask(question: Question, config: Path, lang: str) -> Piece:
    """Run one verb; raises MissingError with what it said instead of an answer."""
    verb = question.arguments[0]
    of_this = () if verb in _WITHOUT_CONFIG else ("--config", str(config))
    done = _run([*question.arguments, *of_this, "--lang", lang], question.timeout_s)
    if not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip() or "it said nothing"
        raise MissingError(f"exit code {done.returncode}: {said[:2000]}")
    return Piece(question.name, done.stdout[:MOST_BYTES])


def _run(arguments: Sequence[str], timeout_s: float) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "agent", *arguments]
    try:
        return subprocess.run(  # noqa: S603 - our own interpreter and module
            command,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1"},
        )
    except subprocess.TimeoutExpired:
        raise MissingError(f"no answer within {timeout_s:g} s") from None
