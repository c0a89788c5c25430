"""The wiretap over the whole run: every request the bench hears is kept and, at the end, only reads.

And no deadline for properties: how long an example takes says only what else the machine does.
"""

import os
import tempfile
from pathlib import Path

import hypothesis
import pytest

from hil import wiretap

hypothesis.settings.register_profile("shared machine", deadline=None)
hypothesis.settings.load_profile("shared machine")

ASK_THE_BENCH_THEMSELVES = {
    "test_hil_modbus.py",
    "test_rtu_face.py",
}  # not the agent: they also write
TALLY = pytest.StashKey[wiretap.Tally]()


def _is_worker(config):
    return hasattr(config, "workerinput")


def pytest_configure(config):
    """Name the file before any other process starts: workers and subprocesses inherit it."""
    if not _is_worker(config):
        descriptor, path = tempfile.mkstemp(prefix="wiretap-", suffix=".hex")
        os.close(descriptor)
        os.environ[wiretap.VARIABLE] = path


@pytest.fixture(autouse=True)
def _wiretap(request, monkeypatch):
    if request.path.name in ASK_THE_BENCH_THEMSELVES:
        monkeypatch.delenv(wiretap.VARIABLE, raising=False)


def pytest_sessionfinish(session):
    """Judge what was heard; a single write, or anything that is no reading request, fails the run."""
    if _is_worker(session.config):
        return
    found = session.config.stash[TALLY] = wiretap.tally(Path(os.environ[wiretap.VARIABLE]))
    if found.wrong and session.exitstatus in {
        pytest.ExitCode.OK,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    }:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    """Say in one line what was heard, and name what may not be."""
    found = config.stash.get(TALLY, None)
    if found is None:
        return
    terminalreporter.write_line(found.summary)
    for frame in found.named:
        terminalreporter.write_line(f"wiretap: FORBIDDEN {frame}", red=True)


def pytest_unconfigure(config):
    """Leave no file behind."""
    if not _is_worker(config):
        Path(os.environ.pop(wiretap.VARIABLE)).unlink(missing_ok=True)
