"""Numbers that a person types: within bounds, and numbers at all; `nan` is below no bound."""

import math

import click


class Number(click.FloatRange):
    """A finite number from `min` to `max`."""

    def convert(  # type: ignore[explicit-override]
        self, value: float | str, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read it; click's own error for what is none."""
        number = super().convert(value, param, ctx)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        if not math.isfinite(number):
            self.fail(f"{value!r}", param, ctx)
        return float(number)
