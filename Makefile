# Two commands: `make demo` runs the main job, `make test` passes the tests. Both set up .venv first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DEV    := $(VENV)/.ready-for-development
PINS   := --constraint constraints.txt
PIP     = $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PINS)

.PHONY: help setup demo test test-fast coverage lint types check schemas argocd-schema kubernetes-schemas chart-readme attack bench tools renovate e2e e2e-node services constraints docs dist release clean

help:
	@echo 'make demo   generate a repository in a scratch folder and show it'
	@echo 'make test   run the tests;  make test-fast   the quick ones;  make coverage   all, with the floor of coverage'
	@echo 'make lint   ruff, codespell, word list;  make types   mypy;  make check   validate this repository'
	@echo 'make tools  build kubeconform, kube-score, conftest, kyverno, checkov, actionlint, Helm 4 and Helm 3, which make test uses when they are there (Go; once, about 10 minutes)'
	@echo 'make renovate  install Renovate from npm, which make test uses when it is there (half a minute; 700 MB)'
	@echo 'make e2e    run the scenarios on a real Argo CD (Go, redis-server; builds its programs once, about 20 minutes)'
	@echo 'make e2e-node  run the chart'"'"'s pods on a real kubelet (Linux, root, containerd; lists what it needs; about 25 minutes of building more)'
	@echo 'make services  run the chart'"'"'s scripts against PostgreSQL, Redis and Temporal (Linux, Go, PostgreSQL 15, redis-server; builds for about'
	@echo '               10 minutes once; a third of it wants the programs of make e2e: without them it skips those tests and says how many and why)'
	@echo 'make schemas, make chart-readme   regenerate the JSON Schemas and the chart'"'"'s README'
	@echo 'make argocd-schema  regenerate the schema of Application and AppProject from the pinned Argo CD (after make e2e)'
	@echo 'make kubernetes-schemas  regenerate the schemas of Kubernetes and of operators (Go downloads their modules)'
	@echo 'make attack  hostile pull requests, bad inputs, settings of git and kills, all of them; make test runs a part'
	@echo 'make docs   build the documentation as a site in build/site'
	@echo 'make dist   build and check the sdist and the wheel;  make release VERSION=0.2.0   check everything, commit the version and tag it'
	@echo 'make bench  measure the speeds that the documentation names'

setup: $(DEV)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or newer is needed: make PYTHON=python3.13 …' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	$(BIN)/python -m compileall -q gitops_gen # as pip does for what it installs by copying
	@touch $@

$(DEV): $(READY)
	$(PIP) --editable '.[dev]'
	@touch $@

demo: $(READY)
	@$(BIN)/python -m tests.demo

test: $(DEV)
	$(BIN)/python -m pytest -n auto

test-fast: $(DEV)
	$(BIN)/python -m pytest -q -n auto -m 'not slow'

coverage: $(DEV)
	$(BIN)/python -m pytest -q -n auto --cov --cov-report=term-missing

lint: $(DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell gitops_gen bench docs helm *.md
	$(BIN)/python -m pytest -q tests/test_prose.py tests/test_workflows.py

types: $(DEV)
	$(BIN)/mypy

check: $(READY)
	$(BIN)/gitops-gen validate

schemas: $(DEV)
	@for kind in project environment release; do \
		$(BIN)/gitops-gen --quiet schema $$kind > .gitops-gen/$$kind.schema.json || exit 1; done
	$(BIN)/python -m tests.json_schemas

attack: $(DEV)
	$(BIN)/python -m pytest tests/attack -n auto --attack

bench: $(DEV)
	$(BIN)/python -m bench
	$(BIN)/python -m bench.workspace
	$(BIN)/python -m bench.report
	$(BIN)/python -m bench.diff --helm "$${GITOPS_GEN_HELM:-helm}"

tools: $(DEV)
	tests/e2e/build.sh lint

renovate:
	tests/starter/renovate.sh

e2e: $(DEV)
	tests/e2e/build.sh
	$(BIN)/python -m pytest tests/e2e -n 2 --dist loadfile --no-loadscope-reorder

e2e-node: $(DEV)
	$(BIN)/python -m tests.e2e.node --can-build
	tests/e2e/build.sh e2e node
	tests/services/build.sh
	$(BIN)/python -m tests.e2e.node
	$(BIN)/python -m pytest tests/e2e/node_run

services: $(DEV)
	tests/services/build.sh || echo 'not everything can be built here: the tests that need the rest are skipped'
	$(BIN)/python -m pytest tests/services -n 2 --branches

constraints: # the newest versions that pyproject.toml allows
	$(MAKE) clean setup PINS=
	@echo '# The versions that the tests pass with, which `make` installs; `make constraints` takes newer ones.' > constraints.txt
	$(BIN)/python -m pip freeze --exclude-editable >> constraints.txt

docs: $(DEV) # the documentation as a site in build/site; a link to nothing is an error
	$(BIN)/python -m tests.site build/pages
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

dist: $(DEV) # sdist and wheel, checked
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl

release: $(DEV) # VERSION=0.2.0: checks everything, commits the version and tags it; the tag starts .github/workflows/release.yaml
	$(BIN)/python -m tests.release '$(VERSION)' --check
	.ci/run
	$(BIN)/python -m tests.release '$(VERSION)'

argocd-schema: $(DEV)
	$(BIN)/python -m tests.e2e.argocd_schema

kubernetes-schemas: $(DEV)
	$(BIN)/python -m tests.kubernetes_schemas

chart-readme: $(READY)
	$(BIN)/python helm/api-forge/scripts/readme.py

clean:
	rm -rf $(VENV) build dist
