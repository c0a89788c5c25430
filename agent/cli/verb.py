"""What all verbs share: the common options, the page of help, and how each failure ends."""

import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from agent.cli import screen
from agent.cli.ask import ForbiddenError, NoAnswerError, NotRunningError, RefusedError
from agent.cli.page import Page
from agent.cli.texts import Words
from agent.config_problem import ConfigProblems

FINE, WARNING, USAGE, NOT_RUNNING, INTERRUPTED = 0, 1, 2, 3, 130

T = TypeVar("T")


def verb(
    name: str,
    words: Words,
    work: Callable[..., int],
    params: Sequence[click.Parameter] = (),
    *,
    config: bool = True,
) -> click.Command:
    """Make a verb: `work` gets `words`, the options as keywords, and returns the exit code."""
    options = [*params, *([_config(words)] if config else []), *_common(words)]
    page = Page(
        name,
        callback=functools.partial(_guarded, work, words),
        params=options,
        help=words(f"{name}.help"),
        short_help=words(f"{name}.short"),
        epilog=_examples(name, words),
        options_metavar=words("page.some_options"),
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    page.words = words
    return page


def _config(words: Words) -> click.Option:
    kind = click.Path(path_type=Path)
    return click.Option(["--config"], type=kind, metavar="FILE", help=words("option.config"))


def _common(words: Words) -> list[click.Parameter]:
    return [
        click.Option(["--json", "as_json"], is_flag=True, help=words("option.json")),
        lang_option(words),
    ]


def lang_option(words: Words) -> click.Option:
    """Make the option `--lang`; it was obeyed before click saw it."""
    kind = click.Choice(["zh", "en"])
    return click.Option(["--lang"], type=kind, expose_value=False, help=words("option.lang"))


def _examples(name: str, words: Words) -> str:
    lines = "\n".join(f"  {line}" for line in words(f"{name}.examples").splitlines())
    return f"\b\n{words('examples')}:\n{lines}"


def _guarded(work: Callable[..., int], words: Words, **options: Any) -> int:  # noqa: ANN401
    code = FINE
    with screen.closed_pipe_is_no_error():
        try:
            code = work(words, **options)
            sys.stdout.flush()
        except ConfigProblems as wrong:
            screen.say(wrong.text(words.lang))
            code = USAGE
        except NotRunningError as wrong:
            screen.say(words(_not_running(wrong), path=wrong.path, reason=wrong.reason))
            code = NOT_RUNNING
        except RefusedError as wrong:
            screen.say(f"{wrong.failure.message}\n    {wrong.failure.remedy}".rstrip())
            code = USAGE if wrong.failure.code == "bad_params" else WARNING
        except msgspec.MsgspecError as wrong:
            screen.say(words("error.not_understood", reason=wrong))
            code = WARNING
        except BrokenPipeError:
            raise
        except OSError as wrong:
            screen.say(words("error.output", reason=wrong.strerror or wrong))
            screen.forget_output()
            code = WARNING
        except KeyboardInterrupt:
            code = INTERRUPTED
    return code


def _not_running(wrong: NotRunningError) -> str:
    match wrong:
        case ForbiddenError():
            return "error.forbidden"
        case NoAnswerError():
            return "error.no_answer"
        case _:
            return "error.not_running"


def read(raw: bytes, kind: type[T]) -> T:
    """Take an answer of the service as what it should be; raises MsgspecError."""
    return msgspec.json.decode(raw, type=kind)
