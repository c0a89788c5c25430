"""The documentation against the code: links, commands, tables, examples. What it shows is run, or listed with a reason."""

import importlib.util
import json
import re
import shlex
import subprocess
import sys
import tomllib
import typing
from pathlib import Path

import msgspec
import pytest

from agent.cli.main import VERBS
from agent.config import load
from agent.drivers import profile_points, profiles
from agent.monitor.catalog import CATALOG
from agent.monitor.detectors import DETECTORS
from agent.replay import replay_events
from agent.settings import Settings
from agent.uplink import events, messages
from hil.installation import AgentProcess, configuration

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "agent/README.md", ROOT / "hil/README.md",
     ROOT / "tests/README.md"]
)  # fmt: skip
FOLDERS = ("agent", "config", "docs", "hil", "scripts", "systemd", "tests")
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
ids = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))

EXAMPLE = "--config config/agent.example.toml"
REPLAY = f"replay docs/examples/entrapment.jsonl {EXAMPLE}"
RUN = {  # command: exit code
    f"elevator-agent check {EXAMPLE}": 1,  # it warns: the example has no rescue code
    f"elevator-agent {REPLAY}": 0,
    f"elevator-agent {REPLAY} --json": 0,
    f".venv/bin/elevator-agent {REPLAY}": 0,
    "elevator-agent version --json": 0,
    "elevator-agent profiles": 0,
    "elevator-agent profiles gb24476-generic": 0,
    "elevator-agent explain": 0,
    "elevator-agent completion bash": 0,
    "elevator-agent explain trapped_passengers": 0,
    "elevator-agent explain 93 --platform chongqing": 0,
    "elevator-agent explain --platform chongqing": 0,
}
LIVE = "asks a running service; its answers are tested below and in test_cli.py"
LIVE_WATCH = "watches a running service; test_watch.py runs it"
LIVE_ACK = "acknowledges in a running service; test_ack_service.py runs it"
LIVE_RECORD = "writes in a running service; test_cli_record.py runs it"
BUNDLE = "writes an archive where it is typed; test_bundle.py runs it"
DOCTOR = "looks at this computer; test_doctor_screen.py runs it"
LIVE_BUS = "shows a running service's frames; test_bus.py runs it"
UNKNOWN = "--url tcp://192.168.1.20"
LEARN = "looks for a device; test_learn.py runs it against one"
NOT_RUN = {  # command: why not
    "make run": "starts the demonstration; test_story.py runs it",
    "make test": "is what runs this",
    ".venv/bin/python -m pytest tests/test_terms_person.py": "is part of what runs this",
    "elevator-agent run --config agent.toml --record today.jsonl": "starts a service for good",
    "elevator-agent doctor": DOCTOR,
    "elevator-agent status": LIVE,
    "elevator-agent watch": LIVE_WATCH,
    "elevator-agent watch --once": LIVE_WATCH,
    "elevator-agent watch --json": LIVE_WATCH,
    "elevator-agent signals --json": LIVE,
    "elevator-agent events --since 2h --severity major": LIVE,
    "elevator-agent events 123": "asks for an event of a journal; test_events_one.py does",
    "elevator-agent events --follow": LIVE,
    'elevator-agent ack 123 --by "Li Wei"': LIVE_ACK,
    'elevator-agent ack alarm_button --by "Li Wei"': LIVE_ACK,
    'elevator-agent ack intercom_silent/pit --by "Li Wei"': LIVE_ACK,
    "elevator-agent outbox": LIVE,
    "elevator-agent outbox --verify": LIVE,
    "elevator-agent record start --minutes 30": LIVE_RECORD,
    "elevator-agent record stop": LIVE_RECORD,
    "elevator-agent record save": LIVE_RECORD,
    "elevator-agent record list": LIVE_RECORD,
    "elevator-agent bundle": BUNDLE,
    "elevator-agent bundle --days 30 --out lift-3.tar.gz": BUNDLE,
    "elevator-agent bus": LIVE_BUS,
    "elevator-agent bus --driver controller --address 0x10-0x22": LIVE_BUS,
    "elevator-agent bus --errors --kept --full": LIVE_BUS,
    f"elevator-agent bus --scan {UNKNOWN}": LEARN,
    f"elevator-agent bus --learn {UNKNOWN} --device-id 1": LEARN,
    f'elevator-agent bus --learn {UNKNOWN} --device-id 1 --mark "door open" --mark "car up"'
    " --write-profile new.toml": LEARN,
    "mosquitto_sub -v -t 'elevator/v1/#'": "listens to a broker for good",
}
OF_A_SITE = {
    "agent.toml",
    "today.jsonl",
    "NAME.toml",
    "outbox.db",
}  # files that a page talks of and no checkout has
INSTALLATION = "changes the machine it is typed on: needs root, systemd and a Pi"


def words(page):
    return page.read_text(encoding="utf-8")


def fenced(page, *languages):
    """The fenced blocks of these languages."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", words(page), re.MULTILINE | re.DOTALL)
    return [body for language, body in blocks if language in languages]


def commands(page):
    """Each command of its `sh` blocks, continued lines joined, comments left out."""
    lines = "\n".join(fenced(page, "sh", "bash", "console")).replace("\\\n", " ").splitlines()
    return [" ".join(line.split()) for line in lines if line.strip() and not line.startswith("#")]


def project(*patterns):
    """The project's own files with such names."""
    yield from (file for pattern in patterns for file in ROOT.glob(pattern))
    for folder in FOLDERS:
        yield from (file for pattern in patterns for file in (ROOT / folder).rglob(pattern))


def is_installation(page):
    return page.name.startswith("install")


def prose(page):
    """The text outside fenced blocks."""
    return re.sub(r"^```.*?^```", "", words(page), flags=re.MULTILINE | re.DOTALL)


def anchors(page):
    """The anchors of its headings, made as usual."""
    headings = re.findall(r"^#+ (.*)$", words(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


# ---------------------------------------------------------------- links and names


@ids
def test_every_relative_link_resolves(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


@ids
def test_every_file_it_names_exists(page):
    files = [f"/{file.relative_to(ROOT)}" for file in project("*")]
    for name in re.findall(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|sh|toml|jsonl|md|db))`", prose(page)):
        assert name in OF_A_SITE or any(file.endswith(f"/{name}") for file in files), name


@ids
def test_every_verb_and_make_target_it_names_exists(page):
    text = words(page)
    verbs = set(re.findall(r"(?:^|`|bin/|sudo )elevator-agent ([a-z]+)\b", text, re.MULTILINE))
    assert verbs <= set(VERBS)
    targets = set(re.findall(r"^([a-z]+):.*##", words(ROOT / "Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z]+)\b", text, re.MULTILINE))
    assert named <= targets


def test_both_readmes_name_the_same_commands_links_and_files():
    english, chinese = READMES
    assert commands(english) == commands(chinese)
    code = [re.findall(r"`([^`\n]+)`", prose(page)) for page in READMES]
    assert sorted(code[0]) == sorted(code[1])
    links = [re.findall(r"\]\(([^)]+)\)", prose(page)) for page in READMES]
    swap = {
        "docs/consumer.md": "docs/consumer.zh-CN.md",
        "docs/events.md": "docs/events.zh-CN.md",
        "docs/intercom.md": "docs/intercom.zh-CN.md",
        "docs/platforms.md": "docs/platforms.zh-CN.md",
        "docs/wiring.md": "docs/wiring.zh-CN.md",
        "README.zh-CN.md": "README.md",
    }
    assert [swap.get(link, link) for link in links[0]] == links[1]


def test_the_readme_s_first_screen_holds_the_two_commands_and_what_it_does_not():
    for page in READMES:
        first = "\n".join(words(page).splitlines()[:24])
        assert "make run" in first
        assert "make test" in first
        assert "EN 81-28" in first
        assert "GB/T 24475" in first


# ---------------------------------------------------------------- commands


def test_every_command_shown_is_run_here_or_says_why_not():
    shown = {each for page in PAGES if not is_installation(page) for each in commands(page)}
    assert shown == {*RUN, *NOT_RUN}
    assert not RUN.keys() & NOT_RUN.keys()
    assert INSTALLATION


@pytest.mark.parametrize("command", RUN)
def test_a_shown_command_ends_as_expected(command):
    name, *arguments = shlex.split(command)
    done = run(BIN / Path(name).name, *arguments)
    assert (done.returncode, done.stderr) == (RUN[command], "")
    assert done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_shows_its_help_in_both_languages(verb):
    for lang in ("en", "zh"):
        done = run(BIN / "elevator-agent", verb, "--help", "--lang", lang)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"elevator-agent {verb}" in done.stdout


def run(*command):
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )


# ---------------------------------------------------------------- the command line


def test_every_verb_option_and_error_of_the_command_line_is_documented():
    page = words(ROOT / "docs/cli.md")
    for verb in VERBS:
        assert f"\n## {verb}\n" in page
        options = set(re.findall(r"--[a-z]+", run(BIN / "elevator-agent", verb, "--help").stdout))
        assert options <= set(re.findall(r"--[a-z]+", page)), verb
    sources = ("acknowledge_answer", "answers", "control", "flight_answer", "frames_answer")
    refusals = "".join(words(ROOT / f"agent/{name}.py") for name in sources)
    codes = set(re.findall(r'(?:RefusedError|_fail)\(\s*"(\w+)"', refusals))
    assert codes >= {"busy", "malformed", "bad_params"}
    assert codes <= set(re.findall(r"`(\w+)`", page))


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What a real service answers that has neither its device nor its broker."""
    driver = {
        "name": "controller", "kind": "modbus", "profile": "car-top-sensor",
        "url": "tcp://127.0.0.1:1",
    }  # fmt: skip
    folder = tmp_path_factory.mktemp("service")
    config = configuration(folder, mqtt={"port": 1}, drivers=[driver])
    with AgentProcess(config) as agent:
        agent.start()
        agent.wait_until(lambda status: status["links"] and status["standing"])
        told = {verb: agent.ask(verb) for verb in ("status", "signals", "events")}
        agent.stop()
    check = run(BIN / "elevator-agent", "check", "--config", config, "--json")
    return {**told, "check": json.loads(check.stdout)}


NAMES = {"controller", "car-top-sensor"}  # keys that are names of this installation


def keys_of(value):
    """Every key in it but names of signals, drivers and codes."""
    if isinstance(value, list):
        return {key for each in value for key in keys_of(each)}
    if not isinstance(value, dict):
        return set()
    mine = {key for key in value if "." not in key and key not in NAMES and key not in CATALOG}
    return mine | {key for each in value.values() for key in keys_of(each)}


@pytest.mark.parametrize("verb", ["status", "signals", "check"])
def test_every_key_that_a_verb_prints_is_documented(answers, verb):
    page = words(ROOT / "docs/cli.md")
    section = page.partition(f"\n## {verb}\n")[2].partition("\n## ")[0]
    assert keys_of(answers[verb]) <= set(re.findall(r"`(\w+)`", section))


def test_the_socket_answers_as_the_page_says(answers):
    status = answers["status"]
    assert status["state"] == "online"
    assert status["links"]["controller"]["up"] is False
    assert status["standing"][0]["code"] == "signal_lost"
    assert {point["q"] for point in answers["signals"]["signals"].values()} == {"no_answer"}
    assert [event["data"]["code"] for event in answers["events"]] == [
        "agent_started",
        "signal_lost",
    ]


# ---------------------------------------------------------------- events


def test_the_event_reference_is_what_the_catalog_says():
    source = importlib.util.spec_from_file_location("events_doc", ROOT / "scripts/events_doc.py")
    assert source is not None
    assert source.loader is not None
    generator = importlib.util.module_from_spec(source)
    source.loader.exec_module(generator)
    assert generator.EVENTS.keys() == CATALOG.keys()
    for lang, file in generator.FILES.items():
        text = generator.Page(lang).text()
        assert words(file) == text, "run: .venv/bin/python scripts/events_doc.py"
        for code, entry in CATALOG.items():
            assert f"### {code}\n" in text
            assert (entry.en if lang == "en" else entry.zh) in text


def test_the_event_reference_calls_reserved_exactly_what_nobody_says():
    tables = {"catalog.py", "details.py", "limitations.py"}
    source = "".join(words(path) for path in ROOT.glob("agent/**/*.py") if path.name not in tables)
    said = set(re.findall(r'"(\w+)"', source))
    events = tomllib.loads(words(ROOT / "agent/monitor/events.toml"))["event"]
    assert {code for code in CATALOG if code not in said} == {
        code for code, event in events.items() if event.get("unused")
    }
    assert {detector.code for detector in DETECTORS} <= said


def test_the_readmes_count_the_events_right():
    count = sum(not entry.agent for entry in CATALOG.values())
    english, chinese = (words(page) for page in READMES)
    assert f"| {count} events about the elevator" in english
    assert f"| {count} 种电梯事件" in chinese


# ---------------------------------------------------------------- MQTT


def test_the_event_shown_is_what_the_example_gives():
    (shown,) = (json.loads(each) for each in fenced(ROOT / "docs/mqtt.md", "json"))
    given = run(BIN / "elevator-agent", *shlex.split(REPLAY), "--json").stdout.splitlines()
    assert json.loads(given[0]) == shown
    table = set(re.findall(r"`(?:data\.)?(\w+)`", words(ROOT / "docs/mqtt.md")))
    assert set(shown["data"]) <= table | {"code"}


def test_every_field_of_status_asset_and_state_is_documented():
    named = set(re.findall(r"`(\w+)`", words(ROOT / "docs/mqtt.md")))
    for struct in (
        "Status",
        "Will",
        "Asset",
        "Units",
        "Dates",
        "Refusals",
        "State",
    ):
        assert set(getattr(messages, struct).__struct_fields__) <= named, struct
    assert set(events.Acknowledged.__struct_fields__) <= named


# ---------------------------------------------------------------- recordings, profiles, configuration


def test_the_recording_shown_raises_what_the_page_says(tmp_path):
    (recording,) = fenced(ROOT / "docs/recordings.md", "jsonl")
    file = tmp_path / "shown.jsonl"
    file.write_text(recording, encoding="utf-8")
    events = replay_events(file, load(ROOT / "config/agent.example.toml"))
    assert [(event.code, event.at_us) for event, _ in events][:1] == [
        ("trapped_passengers", 27_000_000)
    ]


def test_the_profile_shown_is_a_right_one_and_every_key_is_documented(tmp_path):
    profile, *parts = fenced(ROOT / "docs/profiles.md", "toml")
    assert all(tomllib.loads(part) for part in parts)
    file = tmp_path / "shown.toml"
    file.write_text(profile, encoding="utf-8")
    assert profiles.load_profile(file).points
    named = set(re.findall(r"`(\w+)`", words(ROOT / "docs/profiles.md")))
    assert {*profiles._TOP, *profiles._PROTOCOL, *profile_points._KEYS} <= named


def test_the_example_configuration_names_every_key():
    text = words(ROOT / "config/agent.example.toml")
    for struct in structs(Settings):
        for field in struct.__struct_fields__:
            assert re.search(rf"(^|[\[{{ ,#.]){field}\b", text, re.MULTILINE), (
                f"{struct.__name__}.{field}"
            )


def structs(kind):
    """A settings struct and all inside it."""
    found = [kind]
    for field in msgspec.structs.fields(kind):
        found += [each for inner in structs_in(field.type) for each in structs(inner)]
    return found


def structs_in(kind):
    """The structs of an annotation: itself, or what a union, tuple or dict holds."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [kind]
    return [each for part in typing.get_args(kind) for each in structs_in(part)]


# ---------------------------------------------------------------- the project speaks of itself alone

TEXTS = ("*.md", "*.py", "*.toml", "*.sh", "*.service", "*.lock", "Makefile", ".importlinter")
FORBIDDEN = {
    "a path of somebody's machine": r"(?<![\w.*])/(work|home|root|tmp)/",
}


def texts():
    """Every text file of the project but this one, which names what it looks for."""
    return sorted({*project(*TEXTS)} - {Path(__file__).resolve()})


def test_no_file_names_a_path_of_somebody_s_machine():
    assert len(texts()) > 150
    for file in texts():
        for what, pattern in FORBIDDEN.items():
            found = re.search(pattern, words(file))
            assert found is None, f"{file.relative_to(ROOT)}: {what}: {found}"
