"""Writes the event reference, docs/events.md and docs/events.zh-CN.md, from the catalog; run it after changing that.

Titles, severities, numbers, muting, endings and needed signals come from the catalog, limits from the settings' defaults;
only when an event holds is said in words, in events_doc.toml. A test compares the files with this text.
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from agent.cli.texts import TEXTS
from agent.monitor.catalog import ENTRIES, GB24476_OF_MODE, Ends, Entry, Part
from agent.settings import MonitorSettings

ROOT = Path(__file__).resolve().parent.parent
FILES = {"en": ROOT / "docs/events.md", "zh": ROOT / "docs/events.zh-CN.md"}
TEXT: Mapping[str, Mapping[str, Any]] = tomllib.loads(
    (ROOT / "scripts/events_doc.toml").read_text(encoding="utf-8")
)
EVENTS = TEXT["event"]


class Page:
    """The reference in one language, `en` or `zh`."""

    def __init__(self, lang: str) -> None:
        self._lang = lang
        limits = msgspec.to_builtins(MonitorSettings())
        self._limits = {name: f"{value:g}" for name, value in limits.items()}

    def text(self) -> str:
        """The whole file."""
        parts = [self._word("title"), self._word("intro")]
        for heading, agent in (("elevator", False), ("agent", True)):
            entries = [entry for entry in ENTRIES if entry.agent is agent]
            parts += [self._word(heading), self._table(entries)]
            parts += [self._section(entry) for entry in entries]
        return "\n\n".join(parts) + "\n"

    def _table(self, entries: Sequence[Entry]) -> str:
        return "\n".join([self._word("head"), "|---" * 5 + "|", *map(self._row, entries)])

    def _row(self, entry: Entry) -> str:
        flag = " ⚑" if entry.stop_recommended else ""
        severity = TEXTS[f"severity.{entry.severity.value}"]
        gb = [entry.gb24476] if entry.code != "mode_changed" else sorted(GB24476_OF_MODE.values())
        cells = (
            f"[`{entry.code}`](#{entry.code}){flag}",
            self._title(entry),
            severity[0] if self._lang == "en" else severity[1],
            ", ".join("–" if number is None else str(number) for number in gb),
            "–" if entry.bacnet is None else str(entry.bacnet),
        )
        return f"| {' | '.join(cells)} |"

    def _section(self, entry: Entry) -> str:
        said = EVENTS[entry.code]
        holds = said[self._lang].format(**self._limits)
        lines = [f"### {entry.code}", "", self._line("holds", holds)]
        if not said.get("unused"):
            lines.append(self._line("ends", self._ends(entry, said) + self._word("stop")))
        if not entry.agent:
            lines.append(self._line("muted", self._muted(entry) + self._word("stop")))
            lines += [self._line("needs", self._needs(part)) for part in entry.parts]
        if entry.evidence:
            names = self._word("comma").join(f"`{name}`" for name in entry.evidence)
            lines.append(self._line("evidence", names))
        if entry.code == "mode_changed":
            by_mode = (f"`{mode}` {number}" for mode, number in GB24476_OF_MODE.items())
            lines.append(self._line("by_mode", self._word("comma").join(by_mode)))
        return "\n".join(lines)

    def _ends(self, entry: Entry, said: Mapping[str, Any]) -> str:
        if said.get("notice"):
            return self._word("notice")
        if entry.agent:
            return str(said[f"ends_{self._lang}"])
        ways = [] if entry.ends is Ends.NEVER else [self._word(entry.ends.value)]
        if entry.end_key:
            ways.append(self._word("end_key"))
        if entry.runs:
            name = "runs_blind" if entry.runs_only_blind else "runs"
            ways.append(self._word(name, runs=entry.runs, s="s"[: entry.runs - 1]))
        if entry.yields_to is not None:
            ways.append(self._word("yields_to", code=entry.yields_to))
        return self._word("semicolon").join(ways)

    def _muted(self, entry: Entry) -> str:
        by = {
            "inspection": entry.inspection_mutes,
            "visit": entry.visit_mutes,
            "mains": entry.mains_mutes,
        }
        named = [self._word(name) for name, mutes in by.items() if mutes]
        return self._word("semicolon").join(named) or self._word("never_muted")

    def _needs(self, part: Part) -> str:
        groups = self._word("and").join(self._group(names) for names in part.needs)
        return f"{part.en if self._lang == 'en' else part.zh}{self._word('colon')}{groups}"

    def _group(self, names: Sequence[str]) -> str:
        any_signal = self._word("any_signal")
        told = [any_signal if name == "<driver>" else f"`{name}`" for name in names]
        either = self._word("or").join(told)
        return self._word("group", names=either) if len(told) > 1 else either

    def _line(self, name: str, text: str) -> str:
        return f"- **{self._word(name)}**{self._word('colon')}{text}"

    def _title(self, entry: Entry) -> str:
        return entry.en if self._lang == "en" else entry.zh

    def _word(self, name: str, **values: object) -> str:
        return str(TEXT["page"][name][self._lang]).format(**self._limits, **values)


def main() -> None:
    """Write both files."""
    for lang, file in FILES.items():
        file.write_text(Page(lang).text(), encoding="utf-8")


if __name__ == "__main__":
    main()
