"""Power cuts on a disk that forgets what was not flushed. PROVE_N sets how many cuts, PROVE_SEED from which seed."""

import os
import random

import pytest

from hil.forgetful_disk import SECTOR, ForgetfulDisk
from hil.power_cuts import CUTS_A_LIFE, cut, life_with_cuts, recorded
from hil.recording_disk import Op

CUTS = int(os.environ.get("PROVE_N", "100"))
SEED = os.environ.get("PROVE_SEED", "20261123")


@pytest.mark.timeout(120 + 2 * CUTS)
def test_no_power_cut_loses_what_was_committed_or_repeats_a_number_or_leaves_it_unusable():
    print(f"seed {SEED}, {CUTS} cuts")
    for life in range(-(-CUTS // CUTS_A_LIFE)):
        try:
            came = life_with_cuts(f"{SEED} life {life}")
        except RuntimeError as error:
            pytest.skip(str(error))
        assert came.problems == ()


def test_a_journal_that_did_not_flush_would_be_found_out():
    try:
        ops = recorded("unflushed")
    except RuntimeError as error:
        pytest.skip(str(error))
    lazy = [op for op in ops if (op.what, op.name) != ("sync", "outbox.db-wal")]
    assert cut(lazy, "unflushed", 20).problems != ()


def test_the_disk_keeps_what_was_flushed_and_any_sectors_of_what_was_not(tmp_path):
    disk = ForgetfulDisk()
    for op in (
        Op("write", "f", 0, b"a" * 3 * SECTOR),
        Op("sync", "f"),
        Op("write", "f", SECTOR // 2, b"b" * 2 * SECTOR),
        Op("said", ""),
    ):
        disk.do(op)
    seen = set()
    for seed in range(200):
        disk.cut(tmp_path, random.Random(seed))
        left = (tmp_path / "f").read_bytes()
        assert len(left) == 3 * SECTOR
        assert left[: SECTOR // 2] == b"a" * (SECTOR // 2)
        seen.add(bytes(left[at] for at in (SECTOR // 2, SECTOR, 2 * SECTOR)))
    assert len(seen) == 8  # every choice of the three sectors touched
    disk.do(Op("sync", "f"))
    disk.cut(tmp_path, random.Random(1))
    assert (tmp_path / "f").read_bytes()[SECTOR // 2 :][: 2 * SECTOR] == b"b" * 2 * SECTOR


def test_a_truncation_and_a_hole_are_as_on_a_real_disk(tmp_path):
    disk = ForgetfulDisk()
    disk.do(Op("write", "f", 4, b"x"))
    disk.do(Op("sync", "f"))
    disk.do(Op("truncate", "f", 2))
    lengths = set()
    for seed in range(50):
        disk.cut(tmp_path, random.Random(seed))
        lengths.add(len((tmp_path / "f").read_bytes()))
    assert lengths == {5, 2}
    disk.do(Op("delete", "f"))
    (tmp_path / "f").unlink()
    disk.cut(tmp_path, random.Random(1))
    assert not (tmp_path / "f").exists()
