"""The side file of reserved sequence numbers: whatever a power cut leaves, no number is given out twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.sequence_reserve import BLOCK, SequenceReserve


def test_a_missing_file_reserves_nothing(tmp_path):
    assert SequenceReserve(tmp_path / "outbox.seq").reserved_through == 0


def test_a_reservation_covers_the_thousand_numbers_after_it_and_survives_reopening(tmp_path):
    reserve = SequenceReserve(tmp_path / "outbox.seq")
    reserve.reserve(0)
    assert reserve.reserved_through == BLOCK == 1000
    assert SequenceReserve(tmp_path / "outbox.seq").reserved_through == 1000
    SequenceReserve(tmp_path / "outbox.seq").reserve(1000)
    assert SequenceReserve(tmp_path / "outbox.seq").reserved_through == 2000


def test_a_reservation_never_goes_back(tmp_path):
    reserve = SequenceReserve(tmp_path / "outbox.seq")
    reserve.reserve(5000)
    with pytest.raises(AssertionError):
        reserve.reserve(4000)


@given(past=st.lists(st.integers(1, 5), min_size=1, max_size=4), torn=st.integers(0, 20))
def test_a_torn_write_leaves_the_reservation_before_it(tmp_path_factory, past, torn):
    path = tmp_path_factory.mktemp("seq") / "outbox.seq"
    reserve = SequenceReserve(path)
    for blocks in past:
        reserve.reserve(reserve.reserved_through + BLOCK * (blocks - 1))
    before, old = path.read_bytes(), reserve.reserved_through
    reserve.reserve(old)
    after = path.read_bytes().ljust(len(before), b"\0")
    before = before.ljust(len(after), b"\0")
    changed = [i for i in range(len(after)) if before[i] != after[i]]
    cut = changed[0] + torn
    path.write_bytes(after[:cut] + before[cut:])
    assert SequenceReserve(path).reserved_through in {old, old + BLOCK}


@pytest.mark.parametrize("content", [b"", b"\0" * 9000, b"agentseq", b"x" * 5000])
def test_a_file_that_holds_nothing_readable_reserves_nothing_and_is_written_anew(tmp_path, content):
    path = tmp_path / "outbox.seq"
    path.write_bytes(content)
    reserve = SequenceReserve(path)
    assert reserve.reserved_through == 0
    reserve.reserve(41)
    assert SequenceReserve(path).reserved_through == 1041


def test_one_flipped_bit_in_a_slot_makes_the_other_count(tmp_path):
    path = tmp_path / "outbox.seq"
    reserve = SequenceReserve(path)
    reserve.reserve(0)
    reserve.reserve(1000)
    content = bytearray(path.read_bytes())
    content[4096 + 10] ^= 4
    path.write_bytes(content)
    assert SequenceReserve(path).reserved_through == 1000


def test_a_directory_in_its_place_is_a_warning_when_read_and_an_error_when_written(tmp_path):
    path = tmp_path / "outbox.seq"
    path.mkdir()
    reserve = SequenceReserve(path)
    assert reserve.reserved_through == 0
    with pytest.raises(OSError, match="directory"):
        reserve.reserve(0)
