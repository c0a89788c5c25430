"""From events to rows of the journal: numbering, which raise a transition belongs to, durations. Pure; knows no SQL."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from agent import clock_anchor
from agent.model import Event, Instant, Row, Transition

Key = tuple[str, str | None]


class Batch(msgspec.Struct, frozen=True):
    """Events that were decided at one instant and are committed together or not at all.

    `boot_id` is the boot that instant belongs to; None for the present one.
    """

    events: tuple[Event, ...]
    now: Instant
    boot_id: str | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where new rows go: which journal, after which sequence, in which boot.

    `anchor_us` is that boot's anchor, where it is known, and `boot_first` the sequence of its first row, where asked for.
    """

    journal: str
    head: int
    boot_id: str
    anchor_us: int | None = None
    boot_first: int | None = None


def number(
    batches: Sequence[Batch], place: Place, standing: Mapping[Key, Row]
) -> tuple[tuple[Row, ...], dict[Key, Row]]:
    """The rows of these batches, and what stands after them.

    A raise of what stands, or a clear or acknowledgement of what does not, is our own mistake: AssertionError.
    """
    stands = dict(standing)
    rows: list[Row] = []
    for batch in batches:
        for event in batch.events:
            row = _row(event, batch, place, len(rows) + 1, stands.get(event.key))
            rows.append(row)
            _follow(stands, row)
    return tuple(rows), stands


def pair(batches: Sequence[Batch], standing: Collection[Key]) -> tuple[Batch, ...]:
    """The same batches, with what this journal cannot pair turned into notices.

    A journal that was opened late, began anew after damage, or lost a raise while it could not write, may hold a raise
    its callers do not know of, or lack one they do. Such a transition is journaled as a notice whose detail `unpaired`
    says which it was; nothing is left out.
    """
    stands = set(standing)
    return tuple(
        msgspec.structs.replace(
            batch, events=tuple(_paired(event, stands) for event in batch.events)
        )
        for batch in batches
    )


def carried(standing: Iterable[Row]) -> tuple[Batch, ...]:
    """What stood in a journal that is gone, for the one in its place: the same raises, each at its own instant."""
    return tuple(
        Batch(
            (row.event,),
            Instant(uptime_us=row.event.at_us, wall_us=row.wall_us, synchronised=row.synchronised),
            row.boot_id,
        )
        for row in standing
    )


def still_acknowledged(before: Mapping[int, Row], rows: Iterable[Row]) -> dict[int, Row]:
    """The newest acknowledgement of each raise that stands, by the raise, after these rows."""
    after = dict(before)
    for row in rows:
        if row.raised_seq is None:
            continue
        if row.event.transition is Transition.ACKNOWLEDGED:
            after[row.raised_seq] = row
        elif row.event.transition is Transition.CLEARED:
            after.pop(row.raised_seq, None)
    return after


def pairs(event: Event, *, stands: bool) -> bool:
    """Whether a transition fits to whether its key stands."""
    match event.transition:
        case Transition.RAISED:
            return not stands
        case Transition.CLEARED | Transition.ACKNOWLEDGED:
            return stands
        case Transition.NOTICE:
            return True


def unpaired(event: Event) -> Event:
    """The notice a transition becomes that has no pair in the journal."""
    detail = {**event.detail, "unpaired": event.transition.value}
    return msgspec.structs.replace(event, transition=Transition.NOTICE, detail=detail)


class Callers:
    """What stands as the callers know it; their transitions have to pair with that."""

    def __init__(self) -> None:
        self._stands: set[Key] = set()
        self._inherited: set[Key] = set()  # in a journal that opened after they had begun
        self._ended: set[Key] = set()  # cleared by them and not raised since

    def know(self, keys: Iterable[Key]) -> None:
        """They begin with what the journal holds."""
        self._stands = set(keys)

    def inherit(self, keys: Iterable[Key]) -> None:
        """The journal holds these too, but they began without: they may raise these or clear them."""
        self._inherited = {key for key in keys if not self.has_ended(key)} - self._stands

    def has_ended(self, key: Key) -> bool:
        """Whether they have cleared it: should a journal hold it still, the clear is on its way there."""
        return key in self._ended

    def follow(self, event: Event) -> None:
        """Take a transition in; AssertionError for one they cannot mean."""
        is_raise = event.transition is Transition.RAISED
        stands = event.key in self._stands or (not is_raise and event.key in self._inherited)
        assert pairs(event, stands=stands), f"{event.transition} of {event.key} has no pair"
        if is_raise:
            self._stands.add(event.key)
            self._ended.discard(event.key)
        elif event.transition is Transition.CLEARED:
            self._stands.discard(event.key)
            self._inherited.discard(event.key)
            self._ended.add(event.key)


def _paired(event: Event, stands: set[Key]) -> Event:
    if not pairs(event, stands=event.key in stands):
        return unpaired(event)
    if event.transition is Transition.RAISED:
        stands.add(event.key)
    elif event.transition is Transition.CLEARED:
        stands.discard(event.key)
    return event


def _row(event: Event, batch: Batch, place: Place, offset: int, raised: Row | None) -> Row:
    assert pairs(event, stands=raised is not None), f"{event.transition} of {event.key} has no pair"
    seq = place.head + offset
    if event.code == clock_anchor.CODE:
        event = clock_anchor.ranged(event, place.boot_first or place.head + 1, seq)
    is_ours = batch.boot_id in (None, place.boot_id)
    row = Row(
        seq=seq,
        journal=place.journal,
        raised_seq=raised.seq if raised is not None else None,
        event=event,
        boot_id=place.boot_id if batch.boot_id is None else batch.boot_id,
        wall_us=batch.now.wall_at(event.at_us),
        synchronised=batch.now.synchronised,
        anchor_us=place.anchor_us if is_ours and not batch.now.synchronised else None,
    )
    if event.transition is Transition.RAISED:
        return msgspec.structs.replace(row, raised_seq=seq)
    if event.transition is Transition.CLEARED and raised is not None:
        return msgspec.structs.replace(row, duration_ms=_duration_ms(raised, row))
    return row


def _duration_ms(raised: Row, cleared: Row) -> int | None:
    """Milliseconds it stood: by uptime within one boot, else by the wall where both ends can be trusted."""
    if raised.boot_id == cleared.boot_id:
        return (cleared.event.at_us - raised.event.at_us) // 1000
    if raised.is_dated and cleared.is_dated and cleared.told_us >= raised.told_us:
        return (cleared.told_us - raised.told_us) // 1000
    return None


def _follow(stands: dict[Key, Row], row: Row) -> None:
    if row.event.transition is Transition.RAISED:
        stands[row.event.key] = row
    elif row.event.transition is Transition.CLEARED:
        del stands[row.event.key]
