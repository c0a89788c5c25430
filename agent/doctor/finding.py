"""What a check finds: a verdict, the cause by a stable word, the figures, their meaning, one next step. Pure.

Everything here is stable for programs: `check`, `cause` and `verdict` are words that never change their meaning.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.config_problem import Say


class Verdict(enum.StrEnum):
    """How a check ended; `unknown` is what could not be looked at, which is never fine."""

    FINE = "fine"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check of one thing.

    `check` is its stable id and `subject` what was looked at: a driver, port, station or pin; empty where there is one
    only. `cause` is the stable word for what is the matter. `measured` holds the figures. `step` is None where there is
    nothing to do.
    """

    check: str
    subject: str
    verdict: Verdict
    cause: str
    measured: Say
    meaning: Say
    step: Say | None


@dataclass(frozen=True, slots=True)
class Cause:
    """What may be the matter: how grave it is, what it means, what to do. Texts may hold `{names}` to fill in."""

    verdict: Verdict
    meaning: Say
    step: Say | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its id, what it looks at, and every cause it can name."""

    id: str
    title: Say
    causes: Mapping[str, Cause] = field(hash=False)

    def found(self, cause: str, subject: str, measured: Say, **values: object) -> Finding:
        """Make the finding; `values` fill in the cause's texts."""
        known = self.causes[cause]
        return Finding(
            check=self.id,
            subject=subject,
            verdict=known.verdict,
            cause=cause,
            measured=measured,
            meaning=filled(known.meaning, values),
            step=None if known.step is None else filled(known.step, values),
        )


def filled(say: Say, values: Mapping[str, object]) -> Say:
    """Fill in both languages."""
    return Say(say.en.format(**values), say.zh.format(**values)) if values else say


def fine(en: str, zh: str) -> Cause:
    """Nothing is the matter."""
    return Cause(Verdict.FINE, Say(en, zh))


def warning(en: str, zh: str, step_en: str, step_zh: str) -> Cause:
    """Works, and yet somebody should see to it."""
    return Cause(Verdict.WARNING, Say(en, zh), Say(step_en, step_zh))


def failed(en: str, zh: str, step_en: str, step_zh: str) -> Cause:
    """Does not do what it is for."""
    return Cause(Verdict.FAILED, Say(en, zh), Say(step_en, step_zh))


def unknown(en: str, zh: str, step_en: str = "", step_zh: str = "") -> Cause:
    """Could not be looked at."""
    return Cause(Verdict.UNKNOWN, Say(en, zh), Say(step_en, step_zh) if step_en else None)
