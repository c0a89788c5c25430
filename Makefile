# Two commands do everything on a new machine: `make run` and `make test`.
.DEFAULT_GOAL := help
.PHONY: help setup run test check prove bench docs clean
BIN := .venv/bin
export PATH := $(PATH):/usr/sbin:/usr/local/sbin

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-7s %s\n", $$1, $$2}'

setup: ## make .venv from the locked requirements
	@scripts/setup.sh

run: setup ## a simulated elevator, a broker and the agent, live on one screen
	@$(BIN)/python -m hil.story

test: ## set up and run every test (real broker, real processes; at most 10 minutes)
	@scripts/setup.sh mosquitto libmodbus5 sip-tester sipsak baresip-core librtsp-server-perl tmux
	@$(BIN)/python -m pytest -n 4 --dist loadfile --cov --cov-report= -q tests
	@$(BIN)/coverage report --include='agent/monitor/*,agent/drivers/registers.py,agent/drivers/blocks.py,agent/drivers/debounce.py,agent/drivers/gpio_contact.py,agent/drivers/wiegand.py,agent/uplink/messages.py,agent/uplink/events.py,agent/uplink/lanes.py,agent/freshness.py,agent/recording.py,agent/drivers/rtu_framing.py,agent/drivers/rtu_diagnosis.py,agent/drivers/cic_framing.py,agent/drivers/cic_diagnosis.py,agent/drivers/crc16.py,agent/drivers/validity.py,agent/drivers/sip.py,agent/drivers/rtsp.py,agent/drivers/icmp.py,agent/drivers/heads.py,agent/drivers/presence.py,agent/event_numbers.py,agent/naming.py' --fail-under=100
	@$(BIN)/coverage report --fail-under=90

check: setup ## everything CI checks besides the tests: format, lint, types twice, imports, locks
	@scripts/check.sh

prove: ## the long claims in full: N=2000 SEED=7 [PART=years] make prove
	@scripts/setup.sh mosquitto
	@$(BIN)/python -m hil.prove --n "$(or $(N),1000)" --seed "$(or $(SEED),1)" --part "$(or $(PART),all)"

bench: ## detection, speed, memory and bytes, against the targets; writes build/bench.json
	@scripts/setup.sh mosquitto
	@$(BIN)/python -m hil.bench_report

clean: ## remove what was made
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*
