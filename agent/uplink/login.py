"""User name and password for the broker, read anew at each attempt, so that a corrected file heals without a restart.

Knows no connection.
"""

import logging

from agent.config import ConfigProblems, Problem, password
from agent.settings import MqttSettings
from agent.uplink import reasons

_log = logging.getLogger("agent.uplink")


class LoginUnusableError(Exception):
    """The password cannot be used; its text is the reason."""


class Login:
    """The login of one broker."""

    def __init__(self, settings: MqttSettings) -> None:
        self._settings = settings
        self._warned = False

    def read(self) -> tuple[str, str | None] | None:
        """User name and password; None when neither is configured. Raises LoginUnusableError. May block."""
        try:
            secret = password(self._settings, exposed=self._warn)
        except ConfigProblems as wrong:
            raise LoginUnusableError(reasons.password_unusable(wrong.problems[0])) from wrong
        if not self._settings.username and secret is None:
            return None
        return self._settings.username, secret

    def _warn(self, problem: Problem) -> None:
        """A password that all may read is no reason to keep an alarm from its broker."""
        if not self._warned:
            self._warned = True
            _log.warning("%s may be read by everybody: %s.", problem.file, problem.remedy.en)
