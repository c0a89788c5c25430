"""An event that the broker refuses alone: its report in the journal, over a restart, until the broker has that."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.model import Event, Instant, Lane, Severity, Transition
from agent.outbox import Journal
from agent.uplink.aside import Aside
from tests.publisher_stage import make_row

NOW = Instant(uptime_us=1_000_000, wall_us=1_795_420_800_000_000, synchronised=True)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal.open(tmp_path / "outbox.db")) as journal:
        yield journal


def notice(code: str = "usage", severity: Severity = Severity.INFO) -> Event:
    return Event(code=code, transition=Transition.NOTICE, severity=severity, at_us=5)


def report_of(seq: int) -> Event:
    aside = Aside()
    aside.add(make_row(seq, notice()), "usage: not authorised [0x87]")
    (detail,) = aside.to_report()
    return Event(
        code="records_dropped",
        transition=Transition.NOTICE,
        severity=Severity.MAJOR,
        at_us=6,
        detail=detail,
    )


def withheld(journal: Journal) -> tuple[int, ...]:
    return tuple(journal.withheld or ())


def test_what_is_set_aside_is_withheld_over_a_restart_until_its_report_has_arrived(
    journal: Journal,
) -> None:
    journal.append([notice(), notice(), notice()], NOW, "boot")
    assert withheld(journal) == ()
    journal.append([report_of(2)], NOW, "boot", {Lane.REST: 3})
    assert withheld(journal) == (2, 4)
    journal.close()
    with closing(Journal.open(journal.path)) as again:
        assert withheld(again) == (2, 4)
        again.append([notice()], NOW, "boot", {Lane.REST: 4})
        assert withheld(again) == ()
        again.append([notice()], NOW, "boot", {Lane.REST: 5})
    with closing(Journal.open(journal.path)) as third:
        assert withheld(third) == ()


def test_a_second_one_holds_both_until_the_later_report_has_arrived(journal: Journal) -> None:
    journal.append([notice(), notice(), notice()], NOW, "boot")
    journal.append([report_of(3)], NOW, "boot")
    journal.append([report_of(1), report_of(2)], NOW, "boot")
    assert journal.withheld == (1, 6)


def test_the_row_itself_stays_in_the_journal(journal: Journal) -> None:
    journal.append([notice("odd")], NOW, "boot")
    journal.append([report_of(1)], NOW, "boot", {Lane.REST: 1})
    assert [row.event.code for row in journal.fetch(Lane.REST, 0, 9)] == ["odd", "records_dropped"]
