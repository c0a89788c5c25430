"""What is said in words about each event: the catalog's rows and monitor/events.toml, in one language.

The event reference and `elevator-agent explain` come from it. The running service does not load it.
"""

import string
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from agent.monitor.catalog import Ends, Entry, Part
from agent.settings import MonitorSettings

FILE = Path(__file__).parent / "monitor/events.toml"


@cache
def read_texts() -> Mapping[str, Mapping[str, Any]]:
    """The file: `event` by code, `page` the words between."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def limits_in_words(settings: MonitorSettings) -> dict[str, str]:
    """Each key of `[monitor]` as the texts write its value."""
    values = {name: getattr(settings, name) for name in settings.__struct_fields__}
    return {name: f"{value:g}" for name, value in values.items()}


class EventTexts:
    """The words in `en` or `zh`. `limits` are what the texts fill in, by the key of `[monitor]`."""

    def __init__(self, lang: str, limits: Mapping[str, str]) -> None:
        self.lang = lang
        self._limits = limits

    def title(self, entry: Entry) -> str:
        """What it is called."""
        return entry.en if self.lang == "en" else entry.zh

    def means(self, code: str) -> str:
        """What it means for people, in a sentence or two."""
        return str(_said(code).get(f"means_{self.lang}", ""))

    def holds(self, code: str) -> str:
        """Exactly when it holds."""
        return str(_said(code)[self.lang]).format(**self._limits)

    def causes(self, code: str) -> Sequence[str]:
        """What is likely behind it."""
        return self._list("causes", code)

    def checks(self, code: str) -> Sequence[str]:
        """What to look at, in a safe order."""
        return self._list("checks", code)

    def _list(self, name: str, code: str) -> Sequence[str]:
        texts: Sequence[str] = _said(code).get(f"{name}_{self.lang}", ())
        return texts

    def ends(self, entry: Entry) -> str:
        """What clears it."""
        said = _said(entry.code)
        if said.get("notice"):
            return self.word("notice")
        if entry.agent:
            return str(said[f"ends_{self.lang}"])
        ways = [] if entry.ends is Ends.NEVER else [self.word(entry.ends.value)]
        if entry.end_key:
            ways.append(self.word("end_key"))
        if entry.site_ends:
            ways.append(self.word("acknowledged_on_site"))
        if entry.runs:
            name = "runs_blind" if entry.runs_only_blind else "runs"
            ways.append(self.word(name, runs=entry.runs, s="s"[: entry.runs - 1]))
        if entry.yields_to is not None:
            ways.append(self.word("yields_to", code=entry.yields_to))
        return self.word("semicolon").join(ways)

    def muted(self, entry: Entry) -> str:
        """What keeps it from being raised."""
        by = {
            "inspection": entry.inspection_mutes,
            "visit": entry.visit_mutes,
            "mains": entry.mains_mutes,
        }
        named = [self.word(name) for name, mutes in by.items() if mutes]
        return self.word("semicolon").join(named) or self.word("never_muted")

    def way(self, part: Part) -> str:
        """One way to detect it."""
        return part.en if self.lang == "en" else part.zh

    def needs(self, part: Part, mark: str = "`") -> str:
        """The signals of one way; `mark` stands around each name."""
        groups = (self._group(names, mark) for names in part.needs)
        return self.word("and").join(groups)

    def _group(self, names: Iterable[str], mark: str) -> str:
        any_signal = self.word("any_signal")
        told = [any_signal if name == "<driver>" else f"{mark}{name}{mark}" for name in names]
        either = self.word("or").join(told)
        return self.word("group", names=either) if len(told) > 1 else either

    def word(self, name: str, **values: object) -> str:
        """One of the words between."""
        return str(read_texts()["page"][name][self.lang]).format(**self._limits, **values)


def is_reserved(code: str) -> bool:
    """Whether no part of this version says it."""
    return bool(_said(code).get("unused"))


def limits_of_text(code: str) -> tuple[str, ...]:
    """The keys of `[monitor]` that the text of an event names."""
    fields = (field for _, field, _, _ in string.Formatter().parse(_said(code)["en"]))
    return tuple(dict.fromkeys(field for field in fields if field))


def _said(code: str) -> Mapping[str, Any]:
    said: Mapping[str, Any] = read_texts()["event"][code]
    return said
