"""`elevator-agent doctor`: what is wrong, what it means, and one next step for each."""

import asyncio
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli import screen
from agent.cli.layout import cut
from agent.cli.number import Number
from agent.cli.texts import Words
from agent.cli.verb import FINE, INTERRUPTED, USAGE, WARNING, verb
from agent.clock import Clock
from agent.model import SECOND_US

if TYPE_CHECKING:
    from agent.cli.doctor_scene import Read
    from agent.doctor.finding import Finding
    from agent.doctor.scene import Service
    from agent.doctor.unit import SocketFacts
    from agent.settings import Settings


def command(words: Words) -> click.Command:
    """Make the verb."""
    params: list[click.Parameter] = [
        click.Option(["--scan"], is_flag=True, help=words("option.doctor.scan")),
        click.Option(["--yes"], is_flag=True, help=words("option.doctor.yes")),
        click.Option(
            ["--endurance-tb"],
            type=Number(0.1, 100_000),
            metavar="TB",
            help=words("option.doctor.endurance"),
        ),
    ]
    return verb("doctor", words, _work, params)


def _work(
    words: Words,
    *,
    scan: bool,
    yes: bool,
    endurance_tb: float | None,
    config: Path | None,
    as_json: bool,
) -> int:
    if scan and not _understood(words, yes=yes):
        return USAGE
    logging.disable(logging.CRITICAL)  # what drivers would log is said by the findings
    from agent.cli.doctor_page import document, page
    from agent.cli.doctor_scene import asked_service, read_configuration
    from agent.doctor.finding import Verdict

    clock = Clock()
    begun_us = clock.uptime_us()
    try:
        read = read_configuration(config)
        told = asked_service(
            read.settings, clock
        )  # outside the loop, where Ctrl-C ends a wait at once
        read.taken = _taken(read.settings, config)
        found = asyncio.run(_examined(words, clock, read, told, endurance_tb, scan=scan))
    except KeyboardInterrupt:
        return INTERRUPTED
    seconds = (clock.uptime_us() - begun_us) / SECOND_US
    if as_json:
        running, took_ms = told[1] is not None, round(seconds * 1000)
        screen.show_json(document(found, read.file, running=running, took_ms=took_ms))
    else:
        screen.show(*page(found, seconds, words))
    if any(each.cause == "problem" for each in found):
        return USAGE
    bad = {Verdict.FAILED, Verdict.WARNING}
    return WARNING if any(each.verdict in bad for each in found) else FINE


async def _examined(
    words: Words,
    clock: Clock,
    read: "Read",
    told: "tuple[SocketFacts, Service | None]",
    endurance_tb: float | None,
    *,
    scan: bool,
) -> "list[Finding]":
    from agent.doctor.examine import examine
    from agent.doctor.look_system import unit_facts
    from agent.doctor.scene import ROOT, Scene

    await clock.ask()
    socket, service = told
    scene = Scene(
        file=read.file,
        settings=read.settings,
        folders=read.folders,
        problems=read.problems,
        warned=read.warned,
        socket=socket,
        service=service,
        unit=await unit_facts(),
        clock=clock,
        root=ROOT,
        endurance_tb=endurance_tb,
        scan=scan,
        holder=_holder(read.settings) if socket.cause == "not_running" else None,
        taken=read.taken,
    )
    progress = _Progress(words)
    try:
        return await examine(scene, progress)
    finally:
        progress.clear()


def _taken(settings: "Settings | None", config: Path | None) -> dict[str, str]:
    """Which lines the service of this computer is on, where another configuration than its was named."""
    from agent.cli.bus_held import holder_beside

    drivers = () if settings is None else settings.drivers
    urls = {each.name: getattr(each, "url", None) for each in drivers}
    held = {name: holder_beside(url, config) for name, url in urls.items() if url}
    return {name: holder for name, holder in held.items() if holder is not None}


def _holder(settings: "Settings | None") -> int | None:
    """Give who has the journal; a service that is there and does not answer needs no other."""
    if settings is None:
        return None
    from agent.doctor.lock_holder import lock_holder
    from agent.doctor.scene import ROOT

    return lock_holder(ROOT, Path(settings.outbox.path))


class _Progress:
    """One line on a terminal of what is still looked at; nothing anywhere else."""

    def __init__(self, words: Words) -> None:
        self._words, self._shows = words, sys.stderr.isatty()

    def __call__(self, names: str) -> None:
        """Tell."""
        if self._shows:
            text = cut(self._words("doctor.looking", names=names), 79)
            sys.stderr.write(f"\r{text}\x1b[K")
            sys.stderr.flush()

    def clear(self) -> None:
        """Leave no trace."""
        if self._shows:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _understood(words: Words, *, yes: bool) -> bool:
    """Some drives trip when whoever polled them stops: said before anything is asked."""
    screen.say(words("bus.learn.warning"))
    if yes or (sys.stdin.isatty() and click.confirm(words("bus.learn.sure"), err=True)):
        return True
    screen.say(words("bus.learn.unsure"))
    return False
