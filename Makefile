# Each target stands alone on a fresh machine with Python 3.11 or later and make.
PYTHON ?= python3
VENV := .venv
OLDEST := .venv-oldest
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# Where benchmarks leave their tables, figures and pictures.
BENCH := build/bench

.PHONY: demo test oldest lint docs results bench bench-debtags clean

demo: $(VENV)/.installed-demo
	KERAS_BACKEND=$${KERAS_BACKEND:-jax} $(BIN)/kerasbert demo --resume

# What needs no Keras once, the rest on each backend, two processes side by side (tests/run.py).
test: $(VENV)/.installed-test
	$(BIN)/python tests/run.py

# The suite once, on JAX, with the lowest versions that pyproject.toml allows (tests/oldest.py).
# PyTorch's lower bound is not tried: of it there is no build for processors alone where we test.
oldest: $(OLDEST)/.installed
	KERAS_BACKEND=none $(OLDEST)/bin/python -m pytest -m "not backend and not once"
	KERAS_BACKEND=jax $(OLDEST)/bin/python -m pytest --everywhere -m "backend and not once"

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The tables of README and docs/results, from the files of benchmarks/results.
results: $(VENV)/.installed-test
	$(BIN)/python -m benchmarks.results

# The site in build/site; a page that links nowhere, or a docstring that cannot be read, is an error.
docs: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

bench: $(VENV)/.installed-bench
	for size in 128 256 512; do \
		$(BIN)/python -m benchmarks.speed.masked_lm_step --size $$size --apart --rounds 3 --steps 4 --out $(BENCH)/masked_lm_$$size.json || exit 1; \
	done
	for name in text_cnn_step public_model starting_up input_pipeline prediction; do \
		$(BIN)/python -m benchmarks.speed.$$name --out $(BENCH)/$$name.json || exit 1; \
	done

# What needs real text: make bench-debtags DEBTAGS=DIR, the folder that data/debtags.py makes.
bench-debtags: $(VENV)/.installed-bench
	test -f "$(DEBTAGS)/raw.txt" || { echo "DEBTAGS=DIR: expected raw.txt, train.txt, valid.txt and test.txt in it"; exit 2; }
	$(BIN)/kerasbert prepare --corpus $(DEBTAGS)/raw.txt --out $(BENCH)/store
	$(BIN)/kerasbert pretrain --store $(BENCH)/store --out $(BENCH)/lm --size small --minutes 10 --resume
	$(BIN)/python -m benchmarks.speed.masked_lm_step --store $(BENCH)/store --apart --rounds 3 --steps 12 --out $(BENCH)/masked_lm_lengths.json
	$(BIN)/python -m benchmarks.speed.prediction --train $(DEBTAGS)/train.txt --texts $(DEBTAGS)/test.txt --out $(BENCH)/prediction_debtags.json
	$(BIN)/python -m benchmarks.speed.to_target --pretrained $(BENCH)/lm --store $(BENCH)/store --peer --minutes 10 \
		--train $(DEBTAGS)/train.txt --valid $(DEBTAGS)/valid.txt --test $(DEBTAGS)/test.txt --out $(BENCH)/to_target.json

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-demo: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e .[jax] scikit-learn
	touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) torch==2.13.0
	$(INSTALL) -e .[jax,torch,tensorflow,zh,hub,keras-hub,dev]
	touch $@

$(VENV)/.installed-docs: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e .[docs]
	touch $@

$(OLDEST)/.installed: pyproject.toml tests/oldest.py
	$(PYTHON) -m venv $(OLDEST)
	$(PYTHON) tests/oldest.py jax zh dev > $(OLDEST)/pins.txt
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check -r $(OLDEST)/pins.txt -e .
	touch $@

$(VENV)/.installed-bench: $(VENV)/.installed-test
	$(INSTALL) -e .[bench]
	touch $@

clean:
	rm -rf $(VENV) $(OLDEST) build dist *.egg-info
