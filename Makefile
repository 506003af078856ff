.PHONY: test race lint cover gobench bench fuzz sim scale chaos soak quickstart ci

# The tests; those that need redis-server or fauxqs are skipped where they are missing.
test:
	go test ./...

race:
	go test -race ./...

lint:
	go vet ./...
	test -z "$$(gofmt -l bench cmd examples iniesta internal sns sqs)"
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
	cd bench && go vet ./... && go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
	cd internal/chaos && go vet ./... && go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

cover:
	go test -coverprofile=coverage.out -coverpkg=./sqs/...,./sns/...,./internal/... ./...
	go tool cover -func=coverage.out | tail -n 1

gobench:
	go test -run '^$$' -bench . -benchmem ./...

# Side by side with other consumers, in twenty minutes; needs redis-server.
bench:
	cd bench && go run . -document ../docs/benchmarks.md

# make fuzz TIME=10m runs every fuzz target for that long.
TIME ?= 30s
fuzz:
	@set -e; for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(TIME) $$package; \
		done; \
	done

# make sim SEEDS=100000 runs that many simulations, from FIRST on.
SEEDS ?= 2000
FIRST ?= 1
sim:
	INIESTA_SIM_FIRST=$(FIRST) INIESTA_SIM_SEEDS=$(SEEDS) go test ./internal/sim -run Promises -timeout 0 -v

# Fleets of consumers, by simulation.
scale:
	cd bench && go run ./scale -document ../docs/scale.md

# Real processes, broken on purpose: 10,000 messages and a minute of outage in each scenario.
chaos:
	cd internal/chaos && INIESTA_REQUIRE_SERVERS=1 INIESTA_CHAOS_LONG=1 go test -count=1 -v -parallel 4 -timeout 1h -run Chaos .

# A consumer for FOR beside others that come and go; asserts that it holds no more at the end.
FOR ?= 1h
soak:
	cd internal/chaos && INIESTA_REQUIRE_SERVERS=1 INIESTA_SOAK=$(FOR) INIESTA_SOAK_PLOT=../../docs/reliability-soak.svg \
		go test -count=1 -v -timeout 0 -run Soak .

quickstart:
	go run ./examples/quickstart

ci:
	.ci/run
