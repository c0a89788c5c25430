"""The measuring of RTU polling works; its figures are printed here and judged by nobody."""

import pytest

from hil import rtu_bench


def test_polling_is_measured_against_the_wire(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rtu_bench, "RATES", ((9600, 200), (19200, 100)))
    found = rtu_bench.measure(seconds=0.4)
    with capsys.disabled():
        print()
        for name, value in found.items():
            print(f"  {name} {value:.3f}")
    for baudrate in (9600, 19200):
        assert found[f"rtu_ratio_{baudrate}"] >= 0.95  # nothing is faster than its wire
