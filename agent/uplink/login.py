"""How the agent proves who it is: user name and password, certificate and key. Knows no connection.

All is read anew at each attempt, so that a corrected or renewed file heals without a restart.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

from agent.config import ConfigProblems, Problem, password
from agent.config_problem import Say
from agent.settings import MqttSettings
from agent.uplink import reasons
from agent.uplink.tls import Material, material_of

_log = logging.getLogger("agent.uplink")

T = TypeVar("T")


class LoginUnusableError(Exception):
    """A file cannot be used."""

    def __init__(self, reason: Say) -> None:
        super().__init__(reason.en)
        self.reason = reason


class Login:
    """The login of one broker. What it reads may block."""

    def __init__(self, settings: MqttSettings) -> None:
        self._settings = settings
        self._warned: set[str] = set()

    def read(self) -> tuple[str, str | None] | None:
        """User name and password; None when neither is configured. Raises LoginUnusableError."""
        secret = _usable(lambda: password(self._settings, exposed=self._warn))
        if not self._settings.username and secret is None:
            return None
        return self._settings.username, secret

    def material(self) -> Material | None:
        """What TLS needs; None when it is not configured. Raises LoginUnusableError."""
        if not self._settings.tls:
            return None
        return _usable(lambda: material_of(self._settings, exposed=self._warn))

    def _warn(self, problem: Problem) -> None:
        """A secret that all may read is no reason to keep an alarm from its broker."""
        if problem.key not in self._warned:
            self._warned.add(problem.key)
            _log.warning("%s may be read by everybody: %s.", problem.file, problem.remedy.en)


def _usable(read: Callable[[], T]) -> T:
    try:
        return read()
    except ConfigProblems as wrong:
        raise LoginUnusableError(reasons.file_unusable(wrong.problems[0])) from wrong
