"""A card that stays is one presentation; gone for a second, it is news when it comes again."""

import pytest

from agent.drivers.card_field import GONE_US, MOST_CARDS, NO_CARD, CardField


@pytest.fixture
def field() -> CardField:
    return CardField()


def state(field: CardField) -> tuple[str, int | None]:
    return field.shown, field.due_us


def test_a_presented_card_is_shown_once(field: CardField) -> None:
    assert field.seen("A", 0)
    assert field.shown == "A"
    assert not any(field.seen("A", at) for at in range(0, 10 * GONE_US, 50_000))


def test_a_card_is_gone_a_second_after_its_last_frame_and_not_before(field: CardField) -> None:
    field.seen("A", 0)
    field.seen("A", 500)
    assert not field.gone(500 + GONE_US - 1)
    assert state(field) == ("A", 500 + GONE_US)
    assert field.gone(500 + GONE_US)
    assert state(field) == (NO_CARD, None)
    assert not field.gone(500 + GONE_US)


def test_the_same_card_presented_again_is_news(field: CardField) -> None:
    field.seen("A", 0)
    field.gone(GONE_US)
    assert field.seen("A", GONE_US)


def test_a_card_that_comes_back_unlooked_at_is_news_too(field: CardField) -> None:
    field.seen("A", 0)
    assert field.seen("A", GONE_US)


def test_another_card_is_shown_at_once(field: CardField) -> None:
    field.seen("A", 0)
    assert field.seen("B", 10)
    assert field.shown == "B"


def test_two_cards_read_in_turn_are_two_presentations(field: CardField) -> None:
    news = [field.seen("AB"[n % 2], n * 50_000) for n in range(100)]
    assert sum(news) == 2
    assert field.shown == "B"
    assert not field.gone(100 * 50_000)


def test_a_card_taken_away_is_gone_though_another_lies_there_and_may_come_again(
    field: CardField,
) -> None:
    step_us = 50_000
    field.seen("lying", 0)
    field.seen("visitor", step_us)
    for at_us in range(2 * step_us, GONE_US + step_us, step_us):
        assert not field.seen("lying", at_us)
        assert not field.gone(at_us)
    assert field.due_us == GONE_US + step_us
    assert field.gone(GONE_US + step_us)
    assert state(field) == (NO_CARD, None)
    assert not field.seen("lying", GONE_US + 2 * step_us)
    assert field.shown == NO_CARD
    assert field.seen("visitor", GONE_US + 3 * step_us)
    assert field.shown == "visitor"


def test_a_flood_of_cards_is_forgotten_but_for_the_latest(field: CardField) -> None:
    assert all(field.seen(str(n), 0) for n in range(10_000))
    assert len(field._seen_us) == MOST_CARDS
    assert field.shown == "9999"


def test_a_reader_that_was_away_shows_nothing(field: CardField) -> None:
    field.seen("A", 0)
    field.clear()
    assert field.shown == NO_CARD
    assert not field.gone(GONE_US)
    assert field.seen("A", 1)
