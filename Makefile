# Two commands do all set-up: `make demo` starts the page, `make test` passes the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint install install-dev tables robustness clean

demo: install  ## Set up and open the page on the embedded weights
	$(BIN)/python app.py

test: install-dev lint  ## Set up, check style and types, run the tests
	@command -v chromium chromium-browser google-chrome >/dev/null || echo "no Chromium found: the browser tests are skipped"
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadfile

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@find app -name '*.pyi' -delete  # gradio writes them beside a component; one of an older state hides what is new
	$(BIN)/mypy

install: $(VENV)/.installed

install-dev: $(VENV)/.installed-dev

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q -e .
	touch $@

$(VENV)/.installed-dev: requirements.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q -e '.[dev]'
	touch $@

# The tables of docs/results, measured on the embedded weights; DATA holds mit1003, osie and davis_voc.
DATA ?= ../shared/data
RUNS ?= runs
NANO := $(foreach mixer,self performer vars_s vars_d vars_sd,--model rvt_nano/$(mixer))
ANALYSIS := $(BIN)/python -m analysis
MIT1003 := fixations --data $(DATA)/mit1003 --layout table --drop-first
OSIE := fixations --data $(DATA)/osie --layout osie
DAVIS := segmentation --data $(DATA)/davis_voc
EVERYWHERE := --layer all --readout all
SIZES := 112 160 224 288

tables: install  ## Measure the embedded weights again and rewrite docs/results
	mkdir -p docs/results
	for size in $(SIZES); do \
		$(ANALYSIS) $(OSIE) $(EVERYWHERE) --metrics nss $(NANO) --image-size $$size --out $(RUNS)/osie-everywhere-$$size && \
		$(ANALYSIS) $(MIT1003) $(EVERYWHERE) --metrics nss $(NANO) --image-size $$size --out $(RUNS)/mit1003-everywhere-$$size && \
		$(ANALYSIS) $(DAVIS) $(EVERYWHERE) $(NANO) --image-size $$size --out $(RUNS)/davis-everywhere-$$size || exit 1; \
	done
	$(ANALYSIS) readouts $(foreach size,$(SIZES),--run OSIE=$(RUNS)/osie-everywhere-$(size) \
		--run MIT1003=$(RUNS)/mit1003-everywhere-$(size) --run DAVIS=$(RUNS)/davis-everywhere-$(size)) \
		--out docs/results/readouts.md
	$(ANALYSIS) $(MIT1003) $(NANO) --out $(RUNS)/mit1003
	$(ANALYSIS) $(OSIE) $(NANO) --out $(RUNS)/osie
	$(ANALYSIS) $(DAVIS) $(NANO) --out $(RUNS)/davis
	$(ANALYSIS) table --run $(RUNS)/mit1003 > docs/results/mit1003.md
	$(ANALYSIS) table --run $(RUNS)/osie > docs/results/osie.md
	$(ANALYSIS) table --run $(RUNS)/davis --digits 2 > docs/results/davis.md
	$(ANALYSIS) agreement $(NANO) --data $(DATA)/mit1003/stimuli --limit 10 --out $(RUNS)/agreement \
		> docs/results/agreement.md
	$(ANALYSIS) ablation $(NANO) --labels $(DATA)/tiny_imagenet --fixations $(DATA)/mit1003 --masks $(DATA)/davis_voc \
		--limit 250 --corrupted 12 --out $(RUNS)/ablation > docs/results/ablation.md
	cp $(RUNS)/ablation/figure_6.webp docs/results/ablation.webp
	$(ANALYSIS) ablation $(NANO) --labels $(DATA)/tiny_imagenet --limit 80 --corrupted 0 --lam 1 --batch-size 8 \
		--out $(RUNS)/cost >> docs/results/ablation.md
	$(ANALYSIS) sheet $(NANO) --out docs/results/maps.webp
	$(ANALYSIS) sheet $(NANO) --image "$$($(BIN)/python -c 'import skimage; print(skimage.data_dir)')/chelsea.png" --out docs/results/cat.webp

TINY := --data $(DATA)/tiny_imagenet $(NANO)

robustness: install  ## Attack and corrupt the embedded weights again and rewrite docs/results/robustness.md; hours on two cores
	$(ANALYSIS) robustness --suite clean --limit 10000 $(TINY) --out $(RUNS)/robust-clean
	$(ANALYSIS) robustness --suite clean,corrupted --limit 200 $(TINY) --out $(RUNS)/robust-corrupted
	for epsilon in 1 8; do \
		$(ANALYSIS) robustness --suite clean,pgd,fgsm --epsilon $$epsilon/255 --limit 300 $(TINY) \
			--out $(RUNS)/robust-attacks-$$epsilon || exit 1; \
	done
	$(ANALYSIS) robustness-table $(foreach run,clean corrupted attacks-1 attacks-8,--run $(RUNS)/robust-$(run)) \
		> docs/results/robustness.md

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
