"""`elevator-agent check`: every mistake of a configuration, else what can be detected with it."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from agent.cli import screen
from agent.cli.layout import wrapped
from agent.cli.site import checked_settings, folders_of, signals_of
from agent.cli.texts import Words
from agent.cli.verb import FINE, USAGE, WARNING, verb
from agent.config import ConfigProblems, Problem, config_path, password
from agent.settings import MonitorSettings, Settings
from agent.uplink.tls import is_out_of_reach, material_of

if TYPE_CHECKING:
    from agent.monitor.capabilities import Capability


Warned = tuple[str, Mapping[str, object]]  # the text's key without "warning.", and its values


def command(words: Words) -> click.Command:
    """Make the verb."""
    return verb("check", words, _work)


def _work(words: Words, *, config: Path | None, as_json: bool) -> int:
    file = str(config_path(config))
    try:
        settings = checked_settings(config)
        credential = credentials_of(settings)
    except ConfigProblems as wrong:
        _show_problems(file, wrong, words, as_json=as_json)
        return USAGE
    from agent.drivers.table import has_contact_doors
    from agent.monitor.capabilities import capabilities

    folders = folders_of(config)
    drivers = {driver.name: signals_of(driver, folders) for driver in settings.drivers}
    wired = {signal for signals in drivers.values() for signal in signals}
    by_contact = any(has_contact_doors(driver, folders) for driver in settings.drivers)
    warned = warnings_of(settings, wired) + credential
    events = capabilities(wired, settings, contact_doors=by_contact)
    if as_json:
        screen.show_json(document(file, settings, drivers, events, warned))
    else:
        screen.show(*page(file, settings, drivers, events, words))
        for key, values in warned:
            screen.show(words("check.warning", text=words(f"warning.{key}", **values)))
    return WARNING if warned else FINE


def warnings_of(settings: Settings, signals: Collection[str]) -> list[Warned]:
    """List what is allowed and yet probably not meant."""
    warned: list[Warned] = []
    if not settings.drivers:
        warned.append(("no_drivers", {}))
    gap = settings.monitor.longest_zone_gap_s
    if signals and "car.moving" not in signals and gap == MonitorSettings().longest_zone_gap_s:
        warned.append(("zone_gap", {"value": gap}))
    if signals and "alarm.button" not in signals:
        warned.append(("alarm_button", {}))
    if not settings.elevator.rescue_code:
        warned.append(("rescue_code", {}))
    return warned


def credentials_of(settings: Settings) -> list[Warned]:
    """Try password, certificates and key, except what only the service is given; raises ConfigProblems."""
    mqtt, warned = settings.mqtt, list[Warned]()
    if is_out_of_reach(mqtt.password_file):
        warned.append(("credential", {"name": mqtt.password_file}))
    else:
        password(mqtt)
    if not mqtt.tls:
        return warned
    if is_out_of_reach(mqtt.key_file):
        warned.append(("credential_key", {"name": mqtt.key_file}))
        mqtt = msgspec.structs.replace(mqtt, certificate_file="", key_file="")
    material_of(mqtt)
    return warned


def document(
    file: str,
    settings: Settings,
    drivers: Mapping[str, Sequence[str]],
    events: Sequence["Capability"],
    warned: Sequence[Warned],
) -> dict[str, Any]:
    """Give the summary as `--json` prints it."""
    en, zh = Words("en"), Words("zh")
    return {
        "file": file,
        "valid": True,
        "problems": [],
        "elevator": {"site": settings.elevator.site, "id": settings.elevator.id},
        "drivers": [
            {"name": driver.name, "kind": _kind(driver), "signals": drivers[driver.name]}
            for driver in settings.drivers
        ],
        "events": [
            {
                "code": each.code,
                "state": each.state,
                "missing": each.missing,
                "note": {"en": each.note_en, "zh": each.note_zh},
            }
            for each in events
        ],
        "warnings": [
            {
                "code": key,
                "text": {"en": en(f"warning.{key}", **v), "zh": zh(f"warning.{key}", **v)},
            }
            for key, v in warned
        ],
    }


def _kind(driver: object) -> str:
    return str(getattr(driver, "__struct_config__").tag)  # noqa: B009 - msgspec's own attribute


def page(
    file: str,
    settings: Settings,
    drivers: Mapping[str, Sequence[str]],
    events: Sequence["Capability"],
    words: Words,
) -> list[str]:
    """Give the summary as lines for a person."""
    lines = [words("check.valid", file=file)]
    if settings.drivers:
        lines += ["", words("check.drivers")]
    for driver in settings.drivers:
        line = f"{driver.name}  {_kind(driver)}  {' '.join(drivers[driver.name])}"
        first, *others = wrapped(line, 74, " " * 4)
        lines += [first[2:], *others]
    lines += ["", words("check.events")]
    for state in ("full", "partial", "none"):
        told = [line for each in events if each.state == state for line in _event(each, words)]
        lines += [f"  {words(f'check.{state}')}", *told] if told else []
    return [*lines, "", words("check.explain"), ""]


def _event(each: "Capability", words: Words) -> list[str]:
    """Give an event's lines: its code with what is missing, and below it what is to be known."""
    missing = words("check.missing", names=" ".join(each.missing)) if each.missing else ""
    first, *others = wrapped(f"{each.code}  {missing}".rstrip(), 68, " " * 8)
    note = each.note_zh if words.lang == "zh" else each.note_en
    return [first[4:], *others, *(wrapped(note, 68, " " * 8) if note else [])]


def _show_problems(file: str, wrong: ConfigProblems, words: Words, *, as_json: bool) -> None:
    if as_json:
        problems = [_problem(problem) for problem in wrong.problems]
        screen.show_json({"file": file, "valid": False, "problems": problems})
        return
    screen.show(wrong.text(words.lang))
    screen.say(words("error.problems", count=len(wrong.problems)))


def _problem(problem: Problem) -> dict[str, object]:
    said = {"found": problem.found, "allowed": problem.allowed, "remedy": problem.remedy}
    texts = {name: {"en": text.en, "zh": text.zh} for name, text in said.items()}
    return {"file": problem.file, "key": problem.key, **texts}
