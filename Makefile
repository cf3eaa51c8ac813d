# Each target stands alone on a fresh machine with Python 3.11 or later and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test lint bench clean

demo: $(VENV)/.installed-demo
	KERAS_BACKEND=$${KERAS_BACKEND:-jax} $(BIN)/kerasbert demo --resume

# OMP_WAIT_POLICY: beside other work on few cores, PyTorch's waiting threads take the time of the
# working ones; passive, they do not.
# The suite runs once for each backend; then what must agree between backends is compared.
test: $(VENV)/.installed-test
	@status=0; \
	for backend in jax torch tensorflow; do \
		echo "== tests on $$backend"; \
		OMP_WAIT_POLICY=PASSIVE KERAS_BACKEND=$$backend $(BIN)/python -m pytest --ignore=tests/across_backends || status=1; \
	done; \
	echo "== tests across backends"; \
	OMP_WAIT_POLICY=PASSIVE KERAS_BACKEND=jax $(BIN)/python -m pytest tests/across_backends || status=1; \
	exit $$status

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed-bench
	$(BIN)/python -m benchmarks.masked_lm_step

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-demo: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e .[jax] scikit-learn
	touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) torch==2.13.0
	$(INSTALL) -e .[jax,torch,tensorflow,zh,hub,dev]
	touch $@

$(VENV)/.installed-bench: $(VENV)/.installed-test
	$(INSTALL) -e .[bench]
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info
