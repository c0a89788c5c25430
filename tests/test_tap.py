"""The tap: what passed is kept, bounded, and who listens hears of the next."""

from agent.drivers.tap import KEPT, Frame, Tap


def frame(n: int) -> Frame:
    return Frame(n, "controller", "out", bytes([n & 0xFF]))


def test_the_last_frames_are_kept_oldest_first_and_no_more():
    tap = Tap()
    for n in range(KEPT + 10):
        tap.passed(frame(n))
    assert tap.kept == tuple(frame(n) for n in range(10, KEPT + 10))


def test_a_listener_hears_each_frame_until_it_stops():
    tap = Tap()
    one: list[Frame] = []
    other: list[Frame] = []
    stop = tap.listen(one.append)
    tap.listen(other.append)
    tap.passed(frame(1))
    stop()
    tap.passed(frame(2))
    assert (one, other) == ([frame(1)], [frame(1), frame(2)])


def test_a_listener_may_stop_while_it_hears_and_the_others_still_do():
    tap = Tap()
    heard: list[Frame] = []

    def once(_frame: Frame) -> None:
        stop()

    stop = tap.listen(once)
    tap.listen(heard.append)
    tap.passed(frame(1))
    tap.passed(frame(2))
    assert heard == [frame(1), frame(2)]
