# `make help` lists the targets.

CONFIGURATION ?= plain
ifeq (,$(filter plain debug release,$(CONFIGURATION)))
$(error CONFIGURATION is plain, debug or release, found '$(CONFIGURATION)')
endif
CONVIT := .build/release/convit
PYTHON := .venv/bin/python

# plain: as a release is built, but Swift without optimisation. With DEBUG defined, the command parser
# checks all of its flags several times at every start of the command, which takes it seconds.
# Tests need -enable-testing; build directories of their own keep `make build` incremental.
TEST_FLAGS_plain := -c release -Xswiftc -Onone -Xswiftc -enable-testing --scratch-path .build/plain
TEST_FLAGS_debug := -Xcc -O2
TEST_FLAGS_release := -c release -Xswiftc -enable-testing --scratch-path .build/testing
TEST_FLAGS := $(TEST_FLAGS_$(CONFIGURATION))

.PHONY: python-check findings findings-raw help demo demo-video test test-mpi test-sanitized api api-check test-arm fuzz fuzz-products pillow-images build format lint docs parity parity-zoo parity-hub bench-peers bench-products bench-data bench-video bench-allocations bench-locality \
  consumer kill-loop grid-kill-loop search-kill-loop prune-kill-loop ticket-kill-loop ticket-labels ticket-table ticket-transfer soak weights report-check search-page-check grid-page-check pruning-page-check tickets-page-check symmetry pruning pruning-table pruning-retrained video-table clips-memory vit-bench tensorboard-check clean
.DEFAULT_GOAL := help

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Train, evaluate and predict on Fashion-MNIST (FRESH=1 trains again)
	@Scripts/dependencies.sh demo
	@FRESH=$(FRESH) Scripts/demo.sh

demo-video: ## Train a model of clips on moving clothes, and see what it looks at (FRESH=1 trains again)
	@Scripts/dependencies.sh demo
	@FRESH=$(FRESH) Scripts/demo_video.sh

test: ## Build and run all tests (CONFIGURATION=release for optimised code, debug for a debugger)
	@Scripts/dependencies.sh
	swift build --build-tests $(TEST_FLAGS)
	swift test --skip-build $(TEST_FLAGS)

test-mpi: ## Check training by several processes, with Open MPI and MPICH (MPI="openmpi --kills 20")
	@Scripts/dependencies.sh mpi
	@Scripts/mpi.sh $(MPI)

test-sanitized: ## Run all tests under a sanitizer (SANITIZER=thread; address if left out)
	@Scripts/dependencies.sh
	@Scripts/sanitize.sh $(or $(SANITIZER),address)

api: ## Write the public declarations of each library to docs/api, after make test
	@Scripts/api.py write

api-check: ## Compare them with docs/api: nothing public changes or goes by accident
	@Scripts/api.py check

test-arm: ## Test the C kernels for aarch64 under qemu, and here under sanitizers
	@Scripts/dependencies.sh arm
	@Scripts/kernels.sh

fuzz: ## Fuzz the readers of files, each for SECONDS (60; TARGETS="images weights …")
	Fuzz/run.sh $(or $(SECONDS),60) $(TARGETS)

pillow-images: ## Hold the images of a folder, IMAGES, against Pillow (its checkout's Tests/images)
	@test -d "$(IMAGES)" || { echo "IMAGES is the folder of images, such as Pillow's Tests/images" >&2; exit 2; }
	Scripts/pillow/check.sh "$(IMAGES)"

# With ARM=1 for aarch64 under qemu, where pages that cannot be touched do AddressSanitizer's work.
FUZZ_FLAGS := -fsanitize=address -mllvm -asan-instrumentation-with-call-threshold=0
FUZZ_FLAGS_ARM := --target=aarch64-linux-gnu -static
fuzz-products: ## Matrix products of random sizes under AddressSanitizer, for SECONDS (60; ARM=1)
	@mkdir -p .build
	@$(if $(ARM),Scripts/dependencies.sh arm)
	clang -O1 -g -w -fuse-ld=lld $(FUZZ_FLAGS$(if $(ARM),_ARM)) -ISources/CKernels/include \
	  -ITests/Kernels Fuzz/products.c Tests/Kernels/memory.c Sources/CKernels/product*.c \
	  Sources/CKernels/level.c -o .build/fuzz-products$(if $(ARM),-arm)
	$(if $(ARM),qemu-aarch64-static) .build/fuzz-products$(if $(ARM),-arm) $(or $(SECONDS),60)

build: ## Build the command, .build/release/convit
	swift build -c release --product convit

format: ## Format all Swift code in place
	swift format --in-place --parallel --recursive \
	  $(wildcard Package.swift Sources Tests Examples Benchmarks Fuzz/Sources)

docs: ## Write the documentation of all libraries as a static site into .build/docs
	@Scripts/docs.sh

lint: ## Check formatting, file and line lengths, links, spelling, shell scripts
	@Scripts/lint.sh

parity: build ## Compare logits and training with PyTorch, in .venv
	Scripts/parity/environment.sh
	$(PYTHON) Scripts/parity/logits.py
	$(PYTHON) Scripts/parity/training.py

parity-zoo: build ## Compare every preset with timm, and at other sizes of images, in .venv (ZOO=--all)
	Scripts/parity/environment.sh
	$(PYTHON) Scripts/parity/zoo.py $(ZOO)

parity-hub: build ## Compare weights as hubs give them with transformers, torchvision and timm, in .venv
	Scripts/parity/environment.sh
	$(PYTHON) -m pip install --quiet --no-deps --requirement Scripts/parity/hub.txt
	$(PYTHON) Scripts/parity/hub.py

python-check: build ## Run every line of docs/PYTHON.md, in .venv (DATA=<Fashion-MNIST>)
	Scripts/parity/environment.sh
	$(PYTHON) -m pip install --quiet --no-deps --requirement Scripts/python/requirements.txt
	$(PYTHON) Scripts/python/check.py $(if $(DATA),--data $(DATA))

bench-peers: build ## Time this package, PyTorch, JAX, ONNX Runtime and OpenVINO in turn (BENCH="--only train-tiny-32")
	Benchmarks/environment.sh
	python3 Benchmarks/peers.py $(BENCH)

symmetry: build ## Hold the closed forms of linear models against fits of random data
	Scripts/symmetry.sh

clips-memory: ## Open 10,000 clips of all formats in constant memory
	swift build --build-tests $(TEST_FLAGS)
	CONVIT_BARS=1 swift test --skip-build $(TEST_FLAGS) --filter manyClipsTakeConstantMemory

pruning: ## Hold what is predicted of pruning against random networks, at all sizes and draws
	swift build --build-tests $(TEST_FLAGS_release)
	CONVIT_BARS=1 swift test --skip-build $(TEST_FLAGS_release) --filter PruningTests

pruning-table: build ## Sweep the shipped models over sparsities (DATA=<Fashion-MNIST> SAMPLE=2000 OUT=sweeps)
	for model in fashion fashion-deit; do \
	  .build/release/convit prune --sweep --weights Weights/$$model.safetensors --data-path $(or $(DATA),data/fashion-mnist) \
	    --sample $(or $(SAMPLE),2000) --output-dir $(or $(OUT),sweeps)/$$model || exit; \
	done

pruning-retrained: build ## Train pruned models for two epochs, at all sparsities (DATA=… CSV=docs/experiments/pruning-retrained.csv)
	python3 Scripts/pruning/retrain.py --data-path $(or $(DATA),data/fashion-mnist) $(or $(CSV),docs/experiments/pruning-retrained.csv)

findings: ## Make tables and pictures of docs/EXPERIMENTS.md again from docs/experiments (CHECK=--check)
	python3 Scripts/findings/findings.py $(CHECK)

findings-raw: build ## Measure what is no grid for make findings (RUNS=<folder of the grids> DATA=<folder of the data sets>)
	python3 Scripts/findings/knockouts.py --convit .build/release/convit --data $(DATA)/pairs- --runs $(RUNS)/distance-
	for system in pruned symmetry; do python3 Scripts/findings/across.py $$system --convit .build/release/convit \
	  --data $(DATA)/fashion-mnist --runs $(RUNS)/sample-efficiency-middle || exit; done
	for what in groups motions gates; do python3 Scripts/findings/averaging.py $$what --convit .build/release/convit \
	  --data $(DATA)/fashion-mnist --runs $(RUNS)/sample-efficiency-middle || exit; done
	python3 Scripts/findings/students.py --convit .build/release/convit --data $(DATA)/fashion-mnist \
	  --runs $(RUNS)/sample-efficiency-middle --output-dir $(RUNS)/students
	python3 Scripts/findings/across.py tickets --convit .build/release/convit --data $(DATA)/fashion-mnist --runs tickets/transfer
	python3 Scripts/findings/across.py masked --convit .build/release/convit --data $(DATA)/fashion-mnist
	python3 Scripts/findings/across.py scores --convit .build/release/convit --data $(DATA)/fashion-mnist --runs $(RUNS)/ablation-middle

video-table: build ## Six models of clips on moving clothes, three seeds, into OUT (runs/moving-clothes)
	@Scripts/dependencies.sh demo
	$(CONVIT) dataset moving-clothes --output data/moving-clothes
	$(CONVIT) experiment Configs/experiments/moving-clothes.yaml --data-path data/moving-clothes \
	  --output-dir $(or $(OUT),runs/moving-clothes)
	python3 Scripts/video/bars.py $(or $(OUT),runs/moving-clothes)/runs.csv

bench-allocations: build ## Count the heap allocations of a step, by depth and batch
	Benchmarks/allocations.sh

vit-bench: ## Score and predict others' trained networks, into docs/experiments: DATA=<their folder> IMAGES=<a folder of images>
	@test -n "$(DATA)" -a -n "$(IMAGES)" || { echo "make vit-bench DATA=<gt_autoformer.json and others> IMAGES=<train/ inside>" >&2; exit 2; }
	CONVIT_VIT_BENCH=1 swift build -c release --product VitBench
	.build/release/VitBench replay "$(DATA)" > docs/experiments/others-regression.csv
	.build/release/VitBench scores "$(DATA)" "$(IMAGES)" > docs/experiments/others-scores.csv

bench-products: ## Share of the multiply-adds in registers that our products reach (CONVIT_LEVEL=x86-64-v3)
	@mkdir -p .build
	clang -O2 -ISources/CKernels/include Benchmarks/products.c Sources/CKernels/product*.c \
	  Sources/CKernels/level.c -o .build/bench-products
	.build/bench-products

bench-data: build ## Time reading JPEGs beside timm with Pillow, and training on them (BENCH="--rounds 3")
	Benchmarks/environment.sh
	python3 Benchmarks/data.py $(BENCH)

bench-video: build ## Time models of clips beside Hugging Face's on PyTorch (BENCH="--rounds 1 --only joint")
	Benchmarks/environment.sh
	python3 Benchmarks/video.py $(BENCH)

bench-locality: build ## What measuring where heads look costs beside an evaluation
	python3 Benchmarks/locality.py

consumer: ## Build and run the examples, which depend on this package by version (REQUESTS=10000)
	@REQUESTS=$(REQUESTS) Scripts/consumer.sh

kill-loop: build ## Kill a run at 50 random moments, resume each time, compare (KILLS="--kills 9")
	python3 Scripts/runs/kill_loop.py $(KILLS)

grid-kill-loop: build ## Four processes share a grid of 24 runs, two are killed; compare with one (ROUNDS="--rounds 5")
	python3 Scripts/runs/grid_kill_loop.py $(ROUNDS)

search-kill-loop: build ## Kill a search at 20 random moments, resume each time, compare (KILLS="--kills 5")
	python3 Scripts/runs/search_kill_loop.py $(KILLS)

prune-kill-loop: build ## Kill runs on pruned weights, with each optimiser; zeros must stay (KILLS="--kills 1")
	python3 Scripts/runs/prune_kill_loop.py $(KILLS)

ticket-kill-loop: build ## Kill a search for tickets at 20 random moments, resume each time, compare
	python3 Scripts/runs/ticket_kill_loop.py $(KILLS)

ticket-labels: build ## Flip 5 % of the labels of 6,000 images three times, and count how many are found
	@Scripts/dependencies.sh demo
	$(CONVIT) dataset fashion-mnist --output data/fashion-mnist
	python3 Scripts/tickets/labels.py data/fashion-mnist --draws 3 --csv docs/experiments/ticket-labels.csv

ticket-table: build ## Six ways to lottery tickets on 6,000 images, three seeds, into tickets/fashion
	@Scripts/dependencies.sh demo
	$(CONVIT) dataset fashion-mnist --output data/fashion-mnist
	python3 Scripts/tickets/tables.py data/fashion-mnist tickets/data
	$(CONVIT) ticket --config Configs/tickets.yaml --data-path tickets/data/train.csv \
	  --val-path tickets/data/val.csv --output-dir tickets/fashion --resume auto --method all --seeds 3 \
	  --rounds 8 --rate 0.36 --rewind-step 40 --patch-embed --retrain 2 6 8
	$(CONVIT) ticket --config Configs/tickets.yaml --data-path tickets/data/train.csv \
	  --val-path tickets/data/val.csv --output-dir tickets/iterations --resume auto --method prac --scaling iterations --seeds 3 \
	  --rounds 8 --rate 0.36 --rewind-step 40 --patch-embed --retrain 2 6 8

ticket-transfer: build ## Tickets of DeiT on ConViT's critical images, and the other way round (DATA=… OUT=tickets/transfer)
	python3 Scripts/tickets/transfer.py $(or $(DATA),data/fashion-mnist) $(or $(OUT),tickets/transfer)

soak: build ## Watch the memory of 2,400 steps of training
	python3 Scripts/runs/soak.py

# Two models of equal size, each on all of the images and on one in twenty.
weights: ## Train the four models in Weights/ into runs/ (about an hour on two cores)
	@Scripts/dependencies.sh demo
	swift build -c release --product convit
	$(CONVIT) dataset fashion-mnist --output data/fashion-mnist
	set -e; train() { $(CONVIT) train --config Configs/fashion.yaml --data-path data/fashion-mnist --output-dir "$$@"; }; \
	train runs/fashion; \
	train runs/fashion-deit --model deit_tiny_patch16_224; \
	train runs/fashion-5 --sampling-ratio 0.05 --epochs 120 --eval-every 10; \
	train runs/fashion-deit-5 --model deit_tiny_patch16_224 --sampling-ratio 0.05 --epochs 120 --eval-every 10

report-check: build ## Drive the page of runs in headless Chromium (RUN="runs/demo")
	Scripts/report/environment.sh
	$(CONVIT) report $(RUN)
	.venv-report/bin/python Scripts/report/check.py $(firstword $(RUN))/report.html $(RUN)

search-page-check: build ## Drive the page of a search in headless Chromium (SEARCH="searches/fashion")
	Scripts/report/environment.sh
	.venv-report/bin/python Scripts/report/check_search.py $(SEARCH)

grid-page-check: build ## Drive the page of a grid in headless Chromium (GRID="runs/ablation-quick")
	Scripts/report/environment.sh
	.build/release/convit report $(GRID) --output $(GRID)/report.html
	.venv-report/bin/python Scripts/report/check_grid.py $(GRID)/report.html $(GRID)

pruning-page-check: build ## Drive the page of a sweep in headless Chromium (SWEEP="sweeps/fashion")
	Scripts/report/environment.sh
	.venv-report/bin/python Scripts/report/check_pruning.py $(SWEEP)

tickets-page-check: build ## Hold the page of a search for tickets against its table (TICKETS="tickets/fashion")
	Scripts/report/environment.sh
	.venv-report/bin/python Scripts/report/check_tickets.py $(TICKETS)

tensorboard-check: build ## Hold what TensorBoard reads of killed runs against their logs
	Scripts/tensorboard/environment.sh
	.venv-tensorboard/bin/python Scripts/tensorboard/check.py

.PHONY: onnx-check
onnx-check: build ## Hold ONNX Runtime's logits of exported models against our own
	Scripts/onnx/environment.sh
	.venv-onnx/bin/python Scripts/onnx/check.py

clean: ## Remove what was built (not data, runs or .venv)
	rm -rf .build
