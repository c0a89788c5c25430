"""Writes what is generated from the catalog; run it after changing that. Tests compare the files with this text.

docs/events.md and docs/events.zh-CN.md, the event reference, from agent/monitor/catalog.py and the words in
agent/monitor/events.toml; docs/schema, JSON Schemas of the event message, from agent/event_schema.py. Limits are the
settings' defaults.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.cli.texts import TEXTS
from agent.event_schema import schemas
from agent.event_texts import EventTexts, is_reserved, limits_in_words, read_texts
from agent.monitor.catalog import ENTRIES, GB24476_OF_MODE, GB24476_OUT_OF_SERVICE, Entry
from agent.settings import MonitorSettings

ROOT = Path(__file__).resolve().parent.parent
FILES = {"en": ROOT / "docs/events.md", "zh": ROOT / "docs/events.zh-CN.md"}
SCHEMAS = ROOT / "docs/schema"
EVENTS: Mapping[str, Any] = read_texts()["event"]


class Page:
    """The reference in one language, `en` or `zh`."""

    def __init__(self, lang: str) -> None:
        self._lang = lang
        self._texts = EventTexts(lang, limits_in_words(MonitorSettings()))
        self._word = self._texts.word

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
        cells = (
            f"[`{entry.code}`](#{entry.code}){flag}",
            self._texts.title(entry),
            severity[0] if self._lang == "en" else severity[1],
            ", ".join("–" if number is None else str(number) for number in _gb24476(entry)),
            "–" if entry.bacnet is None else str(entry.bacnet),
        )
        return f"| {' | '.join(cells)} |"

    def _section(self, entry: Entry) -> str:
        texts, stop = self._texts, self._word("stop")
        lines = [f"### {entry.code}", "", texts.means(entry.code), ""]
        lines.append(self._line("holds", texts.holds(entry.code)))
        if not is_reserved(entry.code):
            lines.append(self._line("ends", texts.ends(entry) + stop))
        if not entry.agent:
            lines.append(self._line("muted", texts.muted(entry) + stop))
            needs = ((texts.way(part), texts.needs(part)) for part in entry.parts)
            lines += [self._line("needs", self._word("colon").join(each)) for each in needs]
        if entry.evidence:
            names = self._word("comma").join(f"`{name}`" for name in entry.evidence)
            lines.append(self._line("evidence", names))
        lines += self._situations(entry)
        lines += self._list("causes", texts.causes(entry.code), "-")
        lines += self._list("checks", texts.checks(entry.code), "1.")
        return "\n".join(lines)

    def _situations(self, entry: Entry) -> list[str]:
        if entry.code == "mode_changed":
            by_mode = (f"`{mode}` {number}" for mode, number in GB24476_OF_MODE.items())
            return [self._line("by_mode", self._word("comma").join(by_mode))]
        number = GB24476_OUT_OF_SERVICE.get(entry.code)
        return [] if number is None else [self._line("by_mode", f"`out_of_service` {number}")]

    def _list(self, name: str, texts: Sequence[str], mark: str) -> list[str]:
        return [f"- **{self._word(name)}**", *(f"  {mark} {text}" for text in texts)]

    def _line(self, name: str, text: str) -> str:
        return f"- **{self._word(name)}**{self._word('colon')}{text}"


def _gb24476(entry: Entry) -> list[int | None]:
    if entry.code == "mode_changed":
        return [*sorted(GB24476_OF_MODE.values())]
    return [GB24476_OUT_OF_SERVICE.get(entry.code, entry.gb24476)]


def schema_files() -> dict[Path, str]:
    """Each file of docs/schema with its text."""
    return {
        SCHEMAS / f"{name}.json": json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
        for name, schema in schemas().items()
    }


def main() -> None:
    """Write all files, and delete the schemas of events there are no more."""
    for lang, file in FILES.items():
        file.write_text(Page(lang).text(), encoding="utf-8")
    SCHEMAS.mkdir(exist_ok=True)
    files = schema_files()
    for old in SCHEMAS.glob("*.json"):
        if old not in files:
            old.unlink()
    for file, text in files.items():
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
