"""Builds one case in a house, asks `doctor`, and compares what it found wrong with what the case says."""

import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hil.broken.asked import Question, ask_doctor
from hil.broken.case import Case
from hil.broken.house import House
from hil.broken.site import Site

_WRONG = {"failed", "warning"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found wrong, and each with its figures."""

    found: frozenset[str]
    measured: dict[str, str]
    document: Any


def found_in(case: Case, house: House) -> Outcome:
    """Build it, ask, and take everything down again."""
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="broken-") as name:
        folder = Path(name)
        stack.callback(house.mend)
        with stack:
            document = _asked(case, Site(folder, house, stack, runs=case.runs))
        wrong = [each for each in document["findings"] if each["verdict"] in _WRONG]
        lines = {line_of(each, folder): each["measured"]["en"] for each in wrong}
        return Outcome(frozenset(lines), lines, document)


def _asked(case: Case, site: Site) -> Any:  # noqa: ANN401 - the command's document
    case.build(site)
    config = site.write()
    if case.runs:
        site.serve(config)
    return ask_doctor(
        Question(
            config=config,
            root=site.root.root,
            environment=site.environment,
            options=("--scan", "--yes") if case.scans else (),
            hooks=tuple(site.hooks),
        )
    )


def line_of(finding: Any, folder: Path) -> str:  # noqa: ANN401 - of the command's document
    """Write a finding as cases write it."""
    subject = finding["subject"].replace(f"{folder}/", "").replace(str(folder), ".")
    head = f"{finding['check']} {subject}".strip()
    return f"{head}: {finding['cause']}"


def difference(expected: Iterable[str], found: Iterable[str]) -> list[str]:
    """Say what is missing and what is too much; empty where they agree."""
    wanted, had = set(expected), set(found)
    return [
        *(f"not found: {each}" for each in sorted(wanted - had)),
        *(f"wrongly found: {each}" for each in sorted(had - wanted)),
    ]
