# Two commands do everything on a fresh machine: `make demo` and `make test`.
# Environments live in build/venv; each is made once, and again when pyproject.toml changes.
PYTHON ?= python3
export PYTHON
JOBS ?= 2
TESTS ?=
BENCH ?=
MINUTES ?= 10
FUZZ ?=
GUIDED ?= graph text checkpoint
DEMO_GRAPH ?= fixtures/mobile_cnn.pb
# What sets hold comes in the order of hashes and addresses, and what code is covered goes by that.
SAME := PYTHONHASHSEED=0 $(shell setarch $$(uname -m) -R true 2>/dev/null && echo setarch $$(uname -m) -R)

V := build/venv
ENVIRONMENT := .ci/environment
# A file's tests share fixtures, some of which TensorFlow takes a minute for.
PYTEST := -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder
MKDOCS := NO_MKDOCS_2_WARNING=1 $(V)/docs/bin/python -m mkdocs
NO_TF := -m 'not tf and not tf1'
# What looks at the source alone, or counts steps, says the same with any libraries: `make test` and `test-fast` run it.
ONCE := $(addprefix --ignore=tests/,scaling $(patsubst %,architecture/test_%.py,hints layers registry repository shape))
PACKAGE = $(shell find graphsurgeon proto_utils -type f -not -path '*/__pycache__/*')
# $(PYTHON) itself comes first when it is one that we support.
THIS := $(shell $(PYTHON) -c 'import sys; v = sys.version_info; print("%d.%d" % v[:2] if v >= (3, 10) else "")')
ANY := $(THIS) 3.13 3.12 3.11 3.10 3.14
OLDEST := 3.10 3.11 3.12 3.13 3.14
NEWEST := 3.14 3.13 3.12 3.11 3.10
WITH_TF := $(filter 3.10 3.11 3.12 3.13,$(ANY))

help: ## show this
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

demo: $(V)/demo.installed ## install without TensorFlow, unfreeze a real frozen graph, freeze it again, compare
	@PATH="$(CURDIR)/$(V)/demo/bin:$$PATH" .ci/demo $(DEMO_GRAPH)

test: $(V)/test.stamp ## run every test on new libraries with TensorFlow 2.21, and 1.15 when a Python 3.7 is found
	@.ci/with-tf1 $(V)/test/bin/python $(PYTEST) $(TESTS)

test-tf1: $(V)/test.stamp ## the TensorFlow 1.15 round trips only
	@.ci/with-tf1 $(V)/test/bin/python $(PYTEST) -m tf1 $(TESTS)

test-fast: $(V)/dev.stamp ## run everything that needs no TensorFlow: a few minutes on two cores
	@$(V)/dev/bin/python $(PYTEST) $(NO_TF) $(TESTS)

test-clients: $(V)/clients.stamp ## what tf2onnx with onnxruntime, OpenVINO and TensorFlow Lite make of our files
	@GRAPHSURGEON_CLIENTS_PYTHON="$(CURDIR)/$(V)/clients/bin/python" \
	    $(V)/clients/bin/python -m pytest $(if $(TESTS),$(TESTS),tests/tf/test_clients.py tests/tf/test_docs_tf.py)

test-beam: $(V)/beam.stamp ## fleets, and checkpoints by data shards, with Apache Beam: killed workers, portable runners
	@$(V)/beam/bin/python -m pytest $(if $(TESTS),$(TESTS),tests/beam tests/cli/test_catalog.py -k 'beam or fleet')

test-oldest: $(V)/oldest.stamp ## tests without TensorFlow on the oldest Python, protobuf and numpy we support
	@$(V)/oldest/bin/python $(PYTEST) $(NO_TF) $(if $(TESTS),$(TESTS),$(ONCE))

test-newest: $(V)/newest.stamp ## the same on the newest of each
	@$(V)/newest/bin/python $(PYTEST) $(NO_TF) $(if $(TESTS),$(TESTS),$(ONCE))

kill-points: $(V)/dev.stamp ## kill verbs that write at 1,000 operations, let 300 fail; all cuts of a simulated disk
	@$(V)/dev/bin/python -m tests.kill_points $(KILLS)
	@GRAPHSURGEON_ALL_CUTS=1 $(V)/dev/bin/python -m pytest -q tests/test_power_cuts.py

fuzz: $(V)/dev.stamp ## run every verb on mutated files for MINUTES=10; findings go to build/fuzz
	@$(V)/dev/bin/python -m tests.fuzz --minutes $(MINUTES) $(FUZZ)

fuzz-guided: $(V)/fuzz.stamp ## the same led by coverage (atheris: Linux, Python 3.11 and newer)
	@for kind in $(GUIDED); do \
	    $(V)/fuzz/bin/python -m tests.fuzz.guided $$kind --minutes $(MINUTES) $(FUZZ) || exit 1; done

fuzz-ci: fuzz-same fuzz-guided-same ## about a minute of each: always the same cases; guided where atheris installs

fuzz-same: $(V)/dev.stamp
	@$(V)/dev/bin/python -m tests.fuzz --seed 1 --cases 4000

fuzz-guided-same:
	@if $(MAKE) --no-print-directory $(V)/fuzz.stamp; then \
	    for kind in $(GUIDED); do $(SAME) $(V)/fuzz/bin/python -m tests.fuzz.guided $$kind --seed 1 --runs 1000 || exit 1; done; \
	else echo 'guided fuzzing is skipped: atheris does not install here' >&2; fi

snapshots: $(V)/dev.stamp ## store what help, tables and the examples of docs/ look like now, for review
	@$(V)/dev/bin/python -m pytest -q -k snapshot --write-snapshots tests/cli
	@$(V)/dev/bin/python -m pytest -q --write-snapshots tests/test_docs.py tests/test_examples.py

snapshots-tf: $(V)/test.stamp ## the same of the examples that train
	@.ci/with-tf1 $(V)/test/bin/python -m pytest -q --write-snapshots tests/tf/test_docs_tf.py tests/tf/test_examples_tf.py

lint: $(V)/dev.stamp ## ruff: rules and format; and that generated files are current
	@$(V)/dev/bin/ruff check .
	@$(V)/dev/bin/ruff format --check .
	@$(V)/dev/bin/python -m pytest -q tests/proto_utils/test_make_schema.py

format: $(V)/dev.stamp ## let ruff format the code
	@$(V)/dev/bin/ruff format .

types: $(V)/dev.stamp ## mypy --strict
	@$(V)/dev/bin/mypy

bench: $(V)/bench.installed $(V)/test.stamp ## measure against TensorFlow and cp (build/bench: table, JSON, plots)
	@GRAPHSURGEON_TF_PYTHON="$${GRAPHSURGEON_TF_PYTHON:-$(CURDIR)/$(V)/test/bin/python}" \
	    .ci/with-tf1 $(V)/bench/bin/python -m benchmarks $(BENCH)

docs: $(V)/docs.stamp ## build the documentation into build/site, strictly, and look at what came out
	@$(MKDOCS) -q build
	@GRAPHSURGEON_SITE=build/site $(V)/docs/bin/python -m pytest -q tests/docs/test_site.py

schema: $(V)/dev.stamp ## make proto_utils/schema.binpb and schema.pyi from proto_utils/protos
	@$(V)/dev/bin/python -m proto_utils.make_schema

pictures: $(V)/dev.stamp ## make the README's pictures of a report (docs/pictures) with Chromium
	@$(V)/dev/bin/python -m docs.make.pictures

assets: ## take elkjs, which lays out the graphs of reports, from npm again: the version that is pinned
	@.ci/assets graphsurgeon/tools/report/page/elk-worker.pin

fixtures: $(V)/test.stamp ## make fixtures/ anew with TensorFlow
	@.ci/with-tf1 $(V)/test/bin/python fixtures/make/make_fixtures.py

clean: ## remove build/ and caches
	@rm -rf build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

environments: $(patsubst %,$(V)/%.stamp,dev docs oldest test) ## make what `.ci/run` needs, TensorFlow 1.15 too
	@.ci/with-tf1 true

$(V)/dev.stamp: pyproject.toml
	@$(ENVIRONMENT) dev "$(ANY)" -e '.[test,dev,bench]' && touch $@

$(V)/test.stamp: pyproject.toml
	@$(ENVIRONMENT) test "$(filter $(WITH_TF),$(NEWEST))" -e '.[test,tf,servers]' && touch $@

$(V)/fuzz.stamp: pyproject.toml
	@$(ENVIRONMENT) fuzz "$(filter-out 3.10,$(ANY))" -e '.[test,fuzz]' && touch $@

$(V)/beam.stamp: pyproject.toml
	@$(ENVIRONMENT) beam "$(WITH_TF)" -e '.[test,beam]' && touch $@

$(V)/clients.stamp: pyproject.toml
	@$(ENVIRONMENT) clients "$(WITH_TF)" -e '.[test,tf,clients]' && touch $@

$(V)/docs.stamp: pyproject.toml
	@$(ENVIRONMENT) docs "$(ANY)" -e '.[docs,test]' && touch $@

$(V)/oldest.stamp: pyproject.toml requirements/oldest.txt
	@$(ENVIRONMENT) oldest "$(OLDEST)" -r requirements/oldest.txt -e '.[test,remote]' && touch $@

$(V)/newest.stamp: pyproject.toml
	@$(ENVIRONMENT) newest "$(NEWEST)" -e '.[test,servers]' && touch $@

$(V)/demo.stamp: pyproject.toml
	@$(ENVIRONMENT) demo "$(ANY)" . && touch $@

$(V)/bench.stamp: pyproject.toml
	@$(ENVIRONMENT) bench "$(ANY)" '.[bench]' && touch $@

# demo and bench run what a user installs, so the package is installed anew whenever it has changed.
$(V)/demo.installed $(V)/bench.installed: $(V)/%.installed: $(V)/%.stamp $(PACKAGE) README.md docs/make/long_description.py
	@$(V)/$*/bin/python -m pip --disable-pip-version-check -qq install --no-deps --force-reinstall . && touch $@

.PHONY: help demo docs test test-fast test-tf1 test-clients test-beam test-oldest test-newest kill-points fuzz fuzz-guided fuzz-ci fuzz-same fuzz-guided-same environments snapshots snapshots-tf lint format types bench schema pictures assets fixtures clean
