"""A recorder of a test's own, and its folder read back."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.model import Instant
from agent.recorder import Recorder, header_of
from agent.settings import RecorderSettings


def raise_in_thread(error: BaseException) -> None:
    """A mistake of our own in the recorder's thread ends the test run."""
    raise error


def recorder_into(
    folder: Path,
    start: Instant,
    drivers: Mapping[str, Sequence[str]],
    settings: RecorderSettings | None = None,
) -> Recorder:
    """Make a recorder that writes below a folder, whatever room its disk has."""
    usual = settings or RecorderSettings(keep_free_mb=10)
    header = header_of("e01", "boot", start, drivers)
    return Recorder(header, start, folder, usual, raise_in_thread)


def flushed(recorder: Recorder) -> None:
    """Wait until all that was handed over is in the files."""
    recorder.disk.call(lambda: None).result(20)


def names(folder: Path) -> list[str]:
    """The files of a folder, those not whole included."""
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
