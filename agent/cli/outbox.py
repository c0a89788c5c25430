"""`elevator-agent outbox`: how the journal stands, and whether its chain is whole."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import msgspec

from agent.cli import screen
from agent.cli.ask import ForbiddenError, NoAnswerError, NotRunningError, ask
from agent.cli.layout import age, clean, cut, pad
from agent.cli.site import settings_of
from agent.cli.texts import Words
from agent.cli.verb import FINE, WARNING, read, verb
from agent.outbox_fault import JournalFault
from agent.settings import Settings

WIDTH = 80
_MB = 1_000_000
_ASIDE_MOST = 5
_TOLD_EVERY = 50  # looks, of 2,000 records each


class Mark(msgspec.Struct):
    """One record."""

    seq: int
    at: str


class Owed(msgspec.Struct):
    """What a lane owes."""

    count: int
    oldest: Mark | None


class Records(msgspec.Struct):
    """How far back it goes."""

    oldest: Mark | None
    newest: Mark | None
    dropped: int


class Size(msgspec.Struct):
    """On the disk."""

    used_bytes: int
    free_bytes: int
    file_bytes: int
    log_bytes: int


class Bounds(msgspec.Struct):
    """How much it may be."""

    max_bytes: int
    keep_days: int
    days_left: int | None


class Aside(msgspec.Struct):
    """One event that the broker refuses while it takes later ones."""

    seq: int
    reason: str | None = None


class Outbox(msgspec.Struct):
    """The answer, of the service or of the file."""

    running: bool
    path: str
    journal: str
    head: int
    chain_head: str
    owed: dict[str, Owed]
    waiting: int
    fault: str | None
    rate_per_s: float | None
    drain_s: int | None
    records: Records
    size: Size
    bounds: Bounds
    ballast_bytes: int
    set_aside: list[Aside] = []
    unheard: int | None = None


def command(words: Words) -> click.Command:
    """Make the verb."""
    params: list[click.Parameter] = [
        click.Option(["--verify"], is_flag=True, help=words("option.outbox.verify"))
    ]
    return verb("outbox", words, _work, params)


def _work(words: Words, *, verify: bool, config: Path | None, as_json: bool) -> int:
    settings = settings_of(config)
    try:
        return _verify(words, settings, as_json) if verify else _show(words, settings, as_json)
    except JournalFault as fault:
        screen.say(fault.reason)
        return WARNING


def _show(words: Words, settings: Settings, as_json: bool) -> int:  # noqa: FBT001 - the verb's option
    try:
        raw = ask(Path(settings.control.path), "outbox")
    except (NoAnswerError, ForbiddenError):  # it runs
        raise
    except NotRunningError:
        screen.say(words("outbox.offline"))
        raw = msgspec.json.encode(_of_the_file(settings))
    told = read(raw, Outbox)
    if as_json:
        screen.show_lines([raw], live=True)
    else:
        screen.show(*page(told, words))
    return WARNING if told.fault else FINE


def _of_the_file(settings: Settings) -> Mapping[str, object]:
    from agent.outbox import read_rows, reading
    from agent.outbox_answer import searched, told
    from agent.outbox_retention import Bounds as Limits
    from agent.outbox_summary import summary_of

    path = Path(settings.outbox.path)
    with reading(path) as db:
        summary = summary_of(db, path)
    reports = read_rows(path, **searched(summary.head))
    return told(summary, path, Limits.of(settings.outbox), reports)


def page(told: Outbox, words: Words) -> list[str]:
    """Give the screen's lines."""
    rows = [*_identity(told, words), *_owed(told, words), *_kept(told, words)]
    return [cut(clean(f"{pad(label, 10)}{text}".rstrip()), WIDTH) for label, text in rows]


def _identity(told: Outbox, words: Words) -> Iterator[tuple[str, str]]:
    file = words("outbox.file", journal=told.journal, head=told.head, path=told.path)
    yield words("outbox.journal"), file
    yield words("outbox.chain"), told.chain_head
    if told.fault:
        yield "", words("outbox.fault", fault=told.fault)
    if told.waiting:
        yield "", words("outbox.waiting", count=told.waiting)


def _owed(told: Outbox, words: Words) -> Iterator[tuple[str, str]]:
    for lane, owed in told.owed.items():
        text = words("outbox.nothing")
        if owed.oldest is not None:
            text = words("outbox.owed", count=owed.count, seq=owed.oldest.seq, at=owed.oldest.at)
        yield words.known("outbox", lane), text
    if told.rate_per_s and told.drain_s is not None:
        text = words("outbox.draining", rate=told.rate_per_s, age=age(told.drain_s))
        yield words("outbox.pace"), text
    elif told.rate_per_s is not None:
        yield words("outbox.pace"), words("outbox.stuck")
    if told.unheard:
        yield "", words("outbox.unheard", count=told.unheard)
    for aside in told.set_aside[:_ASIDE_MOST]:
        yield words("outbox.aside"), words("outbox.aside_one", seq=aside.seq, reason=aside.reason)
    if len(told.set_aside) > _ASIDE_MOST:
        yield "", words("outbox.aside_more", count=len(told.set_aside) - _ASIDE_MOST)


def _kept(told: Outbox, words: Words) -> Iterator[tuple[str, str]]:
    oldest, size = told.records.oldest, told.size
    text = words("outbox.none")
    if oldest is not None:
        text = words("outbox.since", at=oldest.at, dropped=told.records.dropped)
    yield words("outbox.records"), text
    used, most, file, log = (
        each / _MB
        for each in (size.used_bytes, told.bounds.max_bytes, size.file_bytes, size.log_bytes)
    )
    yield words("outbox.size"), words("outbox.used", used=used, most=most, file=file, log=log)
    if told.bounds.days_left is not None:
        yield words("outbox.left"), words("outbox.days", days=told.bounds.days_left)
    held = words("outbox.held", mb=told.ballast_bytes / _MB)
    if told.running:
        yield words("outbox.ballast"), held if told.ballast_bytes else words("outbox.no_ballast")


def _verify(words: Words, settings: Settings, as_json: bool) -> int:  # noqa: FBT001 - the verb's option
    from agent.outbox import reading
    from agent.outbox_verify import verify

    with reading(Path(settings.outbox.path)) as db:
        verdict = verify(db, _Progress(words))
    if as_json:
        screen.show_json(verdict)
    elif verdict.broken is not None:
        screen.show(words("outbox.broken", seq=verdict.broken))
    else:
        screen.show(
            words(
                "outbox.whole",
                rows=verdict.rows,
                ranges=verdict.ranges,
                seq=verdict.seq,
                head=verdict.chain_head,
            )
        )
        if verdict.chained_after:
            screen.show(words("outbox.chained_after", seq=verdict.chained_after))
    return FINE if verdict.broken is None else WARNING


class _Progress:
    """Says now and then how far a long walk is: on one line of a terminal, else on lines of their own."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._looks = 0

    def __call__(self, seq: int, head: int) -> None:
        self._looks += 1
        if self._looks % _TOLD_EVERY == 0:
            end = "\r" if sys.stderr.isatty() else "\n"
            print(self._words("outbox.walked", seq=seq, head=head), end=end, file=sys.stderr)
