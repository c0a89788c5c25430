"""What the tests of `doctor` share: the real command, its findings by check, and lines served in a loop of their own."""

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from hil.installation import ROOT

HEAD = 'title = "t"\nsource = "the bench"\n[protocol]\n'


class Report:
    """What one run of the command said."""

    def __init__(self, code: int, document: dict[str, Any]) -> None:
        self.code, self.document = code, document
        self.findings: list[dict[str, Any]] = document["findings"]

    def of(self, check: str, subject: str | None = None) -> dict[str, Any]:
        """The only finding of a check, or of a check of one subject."""
        found = [
            each
            for each in self.findings
            if each["check"] == check and subject in (None, each["subject"])
        ]
        assert len(found) == 1, (check, subject, found)
        return found[0]

    def cause(self, check: str, subject: str | None = None) -> str:
        """The cause that a check names."""
        return str(self.of(check, subject)["cause"])

    def checks(self) -> set[str]:
        """Which checks were made."""
        return {each["check"] for each in self.findings}


QUICK = """
import sys
from agent.doctor import look_asked, look_bus, look_scan
look_bus.LISTEN_S, look_asked.TRIES = 0.3, 2
look_scan.TIMEOUT_MS, look_scan.PAUSE_S, look_scan.DEVICE_IDS = 60, 0.0, range(1, 6)
look_scan.BAUDRATES = (9600, 115200)
from agent.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def text_of(config: Path, *options: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the command for a person, with shorter waits than it has."""
    command = [sys.executable, "-c", QUICK, "doctor", "--config", str(config), *options]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT, **more
    )


def doctor(config: Path, *options: str, **more: Any) -> Report:
    """Run the command for a program."""
    done = text_of(config, "--json", *options, **more)
    assert done.stdout, done.stderr
    return Report(done.returncode, json.loads(done.stdout))


@contextlib.contextmanager
def served(
    start: Callable[[], Awaitable[Any]], stop: Callable[[], Awaitable[Any]]
) -> Iterator[Callable[[Callable[[], Any]], Any]]:
    """Run a face in a loop of its own; gives what calls a function there."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def call(work: Callable[[], Any]) -> Any:
        async def there() -> Any:
            made = work()
            return await made if asyncio.iscoroutine(made) else made

        return asyncio.run_coroutine_threadsafe(there(), loop).result(20)

    try:
        call(start)
        yield call
    finally:
        call(stop)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


def profile(folder: Path, name: str, text: str) -> None:
    """Put a profile beside the configuration."""
    (folder / "controllers").mkdir(exist_ok=True)
    (folder / "controllers" / f"{name}.toml").write_text(HEAD + text, encoding="utf-8")
