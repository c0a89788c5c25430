"""Runs the real `elevator-agent doctor --json` in a process of its own, forked from one that has loaded it already.

Its waits are shorter than the tool's own, and /proc, /sys, /dev and /run are those of the installation; nothing else
differs.
"""

import contextlib
import importlib
import io
import json
import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

Hook = Callable[[], None]
_ANSWER_S: Final = 120.0
_LOADED: Final = (
    "agent.__main__", "agent.cli.main", "agent.cli.doctor", "agent.cli.doctor_page",
    "agent.cli.doctor_scene", "agent.doctor.examine", "agent.drivers.modbus", "agent.drivers.rtu",
    "agent.drivers.gpio", "agent.uplink.mqtt", "agent.outbox", "agent.outbox_summary", "hil.pins",
    "hil.broken.asked",
)  # fmt: skip

_SHORTER: Final = (
    ("look_bus", "LISTEN_S", 0.3),
    ("look_asked", "TRIES", 2),
    ("look_asked", "PATIENT_MS", 1000),
    ("answer", "LEAST_ASKED", 15),
    ("look_net", "CONNECT_S", 1.5),
    ("look_login", "_ACK_S", 2.0),
    ("look_login", "_LOGIN_S", 3.0),
    ("look_scan", "TIMEOUT_MS", 60),
    ("look_scan", "PAUSE_S", 0.0),
    ("look_scan", "DEVICE_IDS", range(1, 11)),
    ("look_scan", "BAUDRATES", (19200, 115200)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One run: its configuration, the computer's files, its environment, and what is done in the process before."""

    config: Path
    root: Path
    environment: Mapping[str, str]
    options: Sequence[str] = ()
    hooks: Sequence[Hook] = field(default=())


def ask_doctor(question: Question) -> Any:  # noqa: ANN401 - the command's document
    """Give the document; RuntimeError with what it said instead of one."""
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(list(_LOADED))
    ours, theirs = forks.Pipe(duplex=False)
    process = forks.Process(target=_answer, args=(theirs, question))
    process.start()
    theirs.close()
    try:
        if not ours.poll(_ANSWER_S):
            raise RuntimeError("doctor does not end")
        out, err = ours.recv()
    except EOFError:
        raise RuntimeError("doctor broke; its standard error says why") from None
    finally:
        process.kill()
        process.join()
        ours.close()
    if not out:
        raise RuntimeError(err)
    return json.loads(out)


def _answer(answer: Connection, question: Question) -> None:
    os.environ.update(question.environment)
    _hurry(question.root)
    for hook in question.hooks:
        hook()
    from agent.__main__ import main

    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    command = ["doctor", "--json", "--config", str(question.config), *question.options]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        main(command)
    answer.send((_text(out), _text(err)))
    answer.close()


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode()


def _hurry(root: Path) -> None:
    """Wait less than the tool does, and look at this computer's files."""
    for module, name, value in (*_SHORTER, ("scene", "ROOT", root)):
        setattr(importlib.import_module(f"agent.doctor.{module}"), name, value)
    doctor_scene = importlib.import_module("agent.cli.doctor_scene")
    vars(doctor_scene).update(_ANSWER_S=3.0, _ALL_FRAMES_US=300_000)
