"""Tab in a real bash: what it offers, where."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agent.cli.main import main
from agent.monitor.catalog import CATALOG
from tests.watched import FINE, SILENT, STATUS, TRAPPED, Service

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
COMPLETE = """
eval "$(elevator-agent completion bash)"
COMP_WORDS=({words}) COMP_CWORD={at}
_elevator_agent_completion elevator-agent
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def offered(typed: str, **environment: str) -> list[str]:
    """What bash offers at the end of a line; a space at its end begins a new word."""
    words = [*typed.split(), *([""] if typed.endswith(" ") else [])]
    script = COMPLETE.format(words=" ".join(f"'{each}'" for each in words), at=len(words) - 1)
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run(
        [bash, "--norc", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"PATH": f"{BIN}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", **environment},
    )
    return done.stdout.split()


def test_verbs_are_offered_by_their_beginning() -> None:
    assert {"status", "signals"} == set(offered("elevator-agent s"))


def test_an_option_is_offered_after_its_verb() -> None:
    assert offered("elevator-agent events --sev") == ["--severity"]


def test_event_codes_are_offered_where_a_code_is_wanted() -> None:
    overtravels = [code for code in CATALOG if code.startswith("overt")]
    assert offered("elevator-agent explain overt") == overtravels
    assert offered("elevator-agent events --code overt") == overtravels


def test_profiles_number_schemes_and_drivers_come_from_the_installation(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    config.write_text(
        '[elevator]\nsite = "here"\nid = "e01"\n[[drivers]]\nname = "pi"\nkind = "host"\n'
    )
    assert "gb24476-generic" in offered("elevator-agent profiles gb")
    assert offered("elevator-agent explain --platform chong") == ["chongqing"]
    assert offered("elevator-agent bus --driver ", ELEVATOR_AGENT_CONFIG=str(config)) == ["pi"]
    assert offered(f"elevator-agent bus --config {config} --driver p") == ["pi"]


def test_a_configuration_that_cannot_be_read_offers_nothing_and_says_nothing(
    tmp_path: Path,
) -> None:
    assert offered("elevator-agent bus --driver ", ELEVATOR_AGENT_CONFIG=str(tmp_path)) == []


def test_ack_offers_what_stands_in_the_running_service_and_is_not_taken_up(tmp_path: Path) -> None:
    service = Service(tmp_path)
    taken = {**TRAPPED, "code": "overspeed", "acknowledged": {"by": "Li Wei"}, "seq": 9}
    service.answer = {**FINE, "status": {**STATUS, "standing": [TRAPPED, SILENT, taken]}}
    with service.running():
        line = f"elevator-agent ack --config {service.config} "
        assert offered(line) == ["trapped_passengers", "intercom_silent/duty_room"]
        assert offered(line + "tr") == ["trapped_passengers"]
        assert offered(line + "1") == ["123", "120"]
    assert offered(line + "tr") == []


def test_run_offers_its_options() -> None:
    assert {"--config", "--record", "--help", "--lang"} == set(offered("elevator-agent run --"))


def test_run_is_the_same_behind_another_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "zh", "run", "--help"]) == 0
    assert "用法：elevator-agent run" in capsys.readouterr().out
    assert main(["--lang", "en", "run", "--config", "/nowhere", "--bogus"]) == 2
    assert "--bogus" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_a_script_that_calls_this_command(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    assert f"_ELEVATOR_AGENT_COMPLETE={shell}_complete" in capsys.readouterr().out
