"""`elevator-agent explain`: what an event means and what to check, without a network and without the service."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli import complete, screen
from agent.cli.layout import aligned, clean, wrapped
from agent.cli.texts import Words
from agent.cli.verb import FINE, USAGE, verb

if TYPE_CHECKING:
    from agent.cli.explain_find import Found
    from agent.cli.explain_here import Here
    from agent.platforms import Platform

Platforms = Mapping[str, "Platform"]


def command(words: Words) -> click.Command:
    """Make the verb."""
    code = click.Argument(["code"], required=False, shell_complete=complete.codes)
    platform = click.Option(
        ["--platform"],
        metavar="NAME",
        shell_complete=complete.platforms,
        help=words("option.explain.platform"),
    )
    return verb("explain", words, _work, [code, platform])


def _work(
    words: Words, *, code: str | None, platform: str | None, config: Path | None, as_json: bool
) -> int:
    from agent.cli.explain_here import here

    site = here(config)
    platforms = _platforms(site.file, words)
    chosen = platform or site.platform
    if chosen is not None and chosen not in platforms:
        _say_no_platform(chosen, platforms, words)
        return USAGE
    if code is None:
        _show_list(site, None if platform is None else platforms[platform], words, as_json=as_json)
        return FINE
    return _explain(code, chosen, site, platforms, words, as_json=as_json)


def _platforms(config: Path, words: Words) -> dict[str, "Platform"]:
    """Every platform that can be read; what is wrong with another is said."""
    from agent.platforms import PlatformProblems, default_folders, platform_names, platform_of

    folders, found = default_folders(config), dict[str, "Platform"]()
    for name in platform_names(folders):
        try:
            found[name] = platform_of(name, folders)
        except PlatformProblems as wrong:
            problems = "\n".join(f"    {text}" for text in wrong.problems)
            screen.say(clean_lines(words("explain.broken_platform", problems=problems)))
    return found


def clean_lines(text: str) -> str:
    """Replace what a terminal would obey, line by line."""
    return "\n".join(clean(line) for line in text.splitlines())


def _explain(
    text: str,
    chosen: str | None,
    site: "Here",
    platforms: Platforms,
    words: Words,
    *,
    as_json: bool,
) -> int:
    from agent.cli.explain_find import find, is_number, meanings

    found = find(text, platforms, chosen)
    if not found.codes and not found.rows:
        if is_number(text) and chosen is not None:
            facts = {"platform": chosen, "number": clean(text.strip())}
            screen.say(words("explain.no_number", **facts))
        else:
            _say_unknown(text, found.near, words)
        return USAGE
    told = list(meanings(found.rows).values())
    if any(each != told[0] for each in told):
        _say_which(text, found, words)
        return USAGE
    _show_found(found, site, platforms, words, as_json=as_json)
    return FINE


def _show_found(
    found: "Found", site: "Here", platforms: Platforms, words: Words, *, as_json: bool
) -> None:
    from agent.cli.explain_facts import row_facts, whole
    from agent.cli.explain_page import page
    from agent.monitor.catalog import CATALOG

    others = [each for name, each in platforms.items() if name != "gb24476-2017"]
    entries = [CATALOG[code] for code in found.codes]
    if as_json:
        screen.show_json(
            {
                "configuration": None if site.site is None else str(site.file),
                "numbers": [row_facts(*row) for row in found.rows],
                "events": [whole(entry, site, others) for entry in entries],
            }
        )
        return
    lines = list(_numbers(found, words))
    for entry in entries:
        lines += [*([""] if lines else []), *page(entry, site, others, words)]
    screen.show(*(clean(line) for line in lines))


def _numbers(found: "Found", words: Words) -> Iterator[str]:
    """What the number that was asked for means, on each platform that has it."""
    from agent.cli.explain_page import conditions, meaning

    for platform, row in found.rows:
        facts = {"platform": platform.name, "number": row.mark, "meaning": meaning(row, words)}
        said = [words("explain.number", **facts), conditions(row.when, words)]
        yield from wrapped("  ".join(text for text in said if text), 78, "")
    if found.rows and not found.codes:
        yield words("explain.no_event")


def _show_list(site: "Here", platform: "Platform | None", words: Words, *, as_json: bool) -> None:
    from agent.cli.explain_facts import brief, row_facts
    from agent.monitor.catalog import ENTRIES

    if platform is not None:
        if as_json:
            screen.show_json({"numbers": [row_facts(platform, row) for row in platform.codes]})
        else:
            screen.show(*(clean(line) for line in _scheme(platform, words)))
    elif as_json:
        file = None if site.site is None else str(site.file)
        screen.show_json({"configuration": file, "events": [brief(e, site) for e in ENTRIES]})
    else:
        screen.show(*(clean(line) for line in _all(site, words)))


def _all(site: "Here", words: Words) -> Iterator[str]:
    """Every event on a line: code, title, severity, and whether it is detected here."""
    from agent.cli.explain_facts import brief
    from agent.cli.explain_page import based_on
    from agent.monitor.catalog import ENTRIES

    rows: list[tuple[str, ...]] = []
    for entry in ENTRIES:
        state = brief(entry, site)["state"]
        title = entry.zh if words.lang == "zh" else entry.en
        severity = words(f"severity.{entry.severity.value}")
        told = "" if state is None else words(f"check.{state}")
        rows.append((entry.code, title, severity, "⚑" if entry.stop_recommended else "", told))
    yield from aligned(rows, gap=" ")
    yield ""
    yield from wrapped(based_on(site, words), 78, "")
    yield words("explain.more")


def _scheme(platform: "Platform", words: Words) -> Iterator[str]:
    """Every number of a platform, with what is worth knowing about them."""
    from agent.cli.explain_page import conditions, meaning

    zh = words.lang == "zh"
    yield f"{platform.name}  {platform.title_zh if zh else platform.title_en}"
    yield from wrapped(words("explain.source", source=platform.source), 76, "  ")
    yield ""
    for row in platform.codes:
        head = f"{row.mark!s:>3}  {meaning(row, words)}"
        yield from wrapped(head, 78, "")
        if row.event is not None:
            yield from wrapped(f"{row.event}  {conditions(row.when, words)}".rstrip(), 70, "     ")
    notes = platform.notes_zh if zh else platform.notes_en
    if notes:
        yield ""
        yield words("explain.notes")
    for note in notes:
        first, *others = wrapped(note, 74, "    ")
        yield from (f"  - {first.lstrip()}", *others)


def _say_unknown(text: str, near: tuple[str, ...], words: Words) -> None:
    hint = words("explain.near", names=", ".join(near)) if near else ""
    screen.say(words("explain.unknown", text=clean(text.strip())[:64], near=hint))


def _say_which(text: str, found: "Found", words: Words) -> None:
    from agent.cli.explain_page import meaning

    told = {platform.name: meaning(row, words) for platform, row in found.rows}
    choices = "".join(f"\n    {name}: {what}" for name, what in told.items())
    screen.say(words("explain.which", number=clean(text.strip()), choices=choices))


def _say_no_platform(name: str, platforms: Platforms, words: Words) -> None:
    from agent.config_problem import nearest

    close = nearest(name, platforms)
    near = "" if close is None else words("explain.near", names=close)
    known = ", ".join(platforms) or "-"
    screen.say(words("explain.no_platform", name=clean(name)[:64], near=near, names=known))
