"""Names of recordings, and which of them go first."""

from hypothesis import given
from hypothesis import strategies as st

from agent.flight_names import Kept, kept, name_of, victims, wall_of
from agent.model import Instant

NOW = Instant(uptime_us=5_000_000, wall_us=1_795_420_831_000_000, synchronised=True)


def file(name, kind="major", size=10, order=-1):
    return Kept(name=name, at="", kind=kind, code="", size=size, order=order)


def test_a_name_says_when_how_urgent_and_what():
    name = name_of("critical", "trapped_passengers", NOW, "boot")
    assert name.startswith("20261123T080031Z-critical-trapped_passengers-")
    assert name.endswith(".jsonl.gz")
    understood = kept(name, 7, 3)
    assert understood == Kept(
        name=name, at="20261123T080031Z", kind="critical", code="trapped_passengers", size=7, order=3
    )  # fmt: skip


def test_two_files_of_one_second_have_names_of_their_own():
    later = Instant(uptime_us=6_000_000, wall_us=NOW.wall_us, synchronised=True)  # stepped back
    assert name_of("major", "mains_lost", NOW, "b") != name_of("major", "mains_lost", later, "b")


def test_a_clock_before_1970_is_written_as_1970():
    assert wall_of(Instant(uptime_us=0, wall_us=-5, synchronised=False)).year == 1970


def test_other_files_are_not_ours():
    for name in ("notes.txt", "20261123T080031Z-critical-x-7f3a.jsonl.gz.part", "a.jsonl.gz", ""):
        assert kept(name, 1) is None


def test_nothing_goes_while_all_fits():
    assert victims([file("a"), file("b")], 20, 2) == []


def test_the_oldest_goes_first():
    assert victims([file("c"), file("a"), file("b")], 20) == ["a"]
    assert victims([file("c"), file("a"), file("b")], 1000, 1) == ["a", "b"]


def test_within_a_run_the_order_of_writing_counts_and_not_the_clock():
    before, stepped = file("2026", order=-1), file("1970", order=0)
    assert victims([stepped, before], 10) == ["2026"]


def test_critical_recordings_outlive_others_until_they_fill_three_quarters():
    old, new = file("a", "critical"), file("b")
    assert victims([old, new, file("c")], 20) == ["b"]
    flood = [file(f"{n}", "critical") for n in range(4)]
    assert victims([*flood, file("9")], 40) == ["0"]  # 40 are over 30: room for others is kept
    assert victims([*flood[:3], file("8"), file("9")], 40) == ["8"]
    assert victims([file("a", "critical", 100)], 10) == ["a"]


@given(
    st.lists(st.tuples(st.sampled_from(["critical", "major", "manual"]), st.integers(1, 50))),
    st.integers(0, 200),
    st.integers(0, 8),
)
def test_what_stays_always_fits(rows, bytes_max, files_max):
    files = [file(f"{n:03d}", kind, size) for n, (kind, size) in enumerate(rows)]
    gone = victims(files, bytes_max, files_max)
    stays = [each for each in files if each.name not in gone]
    assert len(set(gone)) == len(gone)
    assert sum(each.size for each in stays) <= bytes_max
    assert len(stays) <= files_max
