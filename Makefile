# Two commands matter: `make demo` shows the main job on real input, `make test` passes the tests.
# Both set everything up by themselves in .venv; nothing is downloaded but Python packages.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
export OMP_WAIT_POLICY = PASSIVE

.PHONY: demo test lint chat clean

demo: $(VENV)/.installed
	$(BIN)/python -m examples.demo

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

chat: $(VENV)/.installed
	$(BIN)/baton chat

$(VENV)/bin/pip:
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || (echo "Baton needs Python 3.11 or newer: make PYTHON=python3.11 ..." && false)
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/pip
	@echo "Installing Baton and its packages into $(VENV): about 2.5 GB, some minutes the first time ..."
	$(BIN)/pip install --disable-pip-version-check -q -c constraints.txt torch==2.13.0
	$(BIN)/pip install --disable-pip-version-check -q -c constraints.txt -e ".[speech,encrypted]"
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/pip install --disable-pip-version-check -q -c constraints.txt -e ".[speech,encrypted,openai,test]"
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache
