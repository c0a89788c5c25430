"""Events about the agent itself."""

from agent.model import Severity, Transition
from agent.self_events import Key, SelfEvents


def test_a_notice_is_told_in_the_catalog_s_words():
    event = SelfEvents({}).notice("agent_started", 7, {"version": "1"})
    assert (event.code, event.transition, event.severity, event.at_us, event.since_us) == (
        "agent_started",
        Transition.NOTICE,
        Severity.INFO,
        7,
        None,
    )
    assert event.detail == {"version": "1"}


def test_a_notice_may_say_when_what_it_ends_began():
    event = SelfEvents({}).notice("power_restored", 7, {"cause": "mains"}, 3)
    assert (event.at_us, event.since_us) == (7, 3)


def test_what_is_followed_is_raised_once_and_cleared_once():
    own = SelfEvents({})
    assert own.follow("storage_failed", 1, {}, holds=False) is None
    raised = own.follow("storage_failed", 2, {"reason": "full"}, holds=True)
    assert raised is not None
    assert (raised.transition, raised.since_us) == (Transition.RAISED, 2)
    assert own.follow("storage_failed", 3, {}, holds=True) is None
    cleared = own.follow("storage_failed", 4, {}, holds=False)
    assert cleared is not None
    assert (cleared.transition, cleared.severity) == (Transition.CLEARED, raised.severity)
    assert own.follow("storage_failed", 5, {}, holds=False) is None


def test_a_start_ends_what_stood_with_the_severity_of_its_raise():
    own = SelfEvents(
        {("agent_fault", "doors"): Severity.MINOR, ("storage_failed", None): Severity.MAJOR}
    )
    ended = list(own.restarted(9))
    assert [(e.key, e.severity, e.transition, e.at_us) for e in ended] == [
        (("agent_fault", "doors"), Severity.MINOR, Transition.CLEARED, 9),
        (("storage_failed", None), Severity.MAJOR, Transition.CLEARED, 9),
    ]
    assert ended[0].detail == {"reason": "agent_restarted"}
    assert list(own.restarted(10)) == []


def test_a_journal_opened_late_ends_what_stood_unless_it_stands_again():
    own = SelfEvents({})
    own.follow("storage_failed", 1, {}, holds=True)
    late: dict[Key, Severity] = {
        ("storage_failed", None): Severity.MAJOR,
        ("publish_refused", None): Severity.MAJOR,
    }
    assert [event.code for event in own.adopt(late, 5)] == ["publish_refused"]
    assert own.follow("storage_failed", 6, {}, holds=False) is not None
