# Thin: calls CMake, CTest and the scripts in tests/house. `make help` lists the targets.
PREFIX ?= /usr/local
DESTDIR ?=
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 30
SOAK_SEEDS ?= 1000000
SOAK_FUZZ_SECONDS ?= 7200
SOAK_KILLS ?= 200

.PHONY: help build flink demo demo-kafka demo-flink check soak bench install clean format

help:
	@echo 'make build    the program: build/release/recon'
	@echo 'make flink    the Flink job: build/flink/recon-flink-2.2.jar and -1.20.jar (JDK 17, Maven)'
	@echo 'make demo     five days of flights, reconciled'
	@echo 'make demo-kafka  the same through Kafka and recon run, on this machine (KEEP=1: runs on)'
	@echo 'make demo-flink  the same through Kafka and Flink, on this machine (KEEP=1: runs on)'
	@echo 'make check    every test (FUZZ_SECONDS=30 a fuzzer)'
	@echo 'make soak     model seeds by the million, fuzzers for hours, hundreds of kills (SOAK_SEEDS=1000000, SOAK_FUZZ_SECONDS=7200, SOAK_KILLS=200)'
	@echo 'make bench    what it costs, beside what one would use instead'
	@echo 'make install  program, library, headers, man page, completions (PREFIX=/usr/local, DESTDIR=)'
	@echo 'make format   clang-format over the whole tree'
	@echo 'make clean    removes build/'

build:
	@sh tools/librdkafka.sh >/dev/null || echo 'recon: goes on without `recon run`' >&2
	@echo 'recon: building build/release/recon'
	@cmake --preset release --log-level=WARNING >/dev/null
	@cmake --build build/release --target recon_command -j $(JOBS) -- --quiet

flink:
	@echo 'recon: building build/flink/recon-flink-2.2.jar and recon-flink-1.20.jar'
	@static=$$(sh tools/static.sh) && cmake --preset release -DRECON_STATIC_DIR=$$static --log-level=WARNING >/dev/null
	@cmake --build build/release --target recon_command recon_flink -j $(JOBS) -- --quiet
	@static=$$(sh tools/static.sh aarch64) && if [ -n "$$static" ]; then \
		cmake --preset aarch64 -DRECON_STATIC_DIR=$$static --log-level=WARNING >/dev/null && \
		cmake --build build/aarch64 --target recon_flink -j $(JOBS) -- --quiet; \
	else \
		echo 'recon: no aarch64-linux-gnu-g++ here, so the jars are for x86-64 alone' >&2; \
		rm -rf build/aarch64 build/flink/maven-*/classes/native/linux-aarch64; \
	fi
	@mvn -B -q -ntp -f flink/pom.xml -DskipTests package
	@mvn -B -q -ntp -f flink/pom.xml -Pflink-1.20 -DskipTests package

demo-flink: flink
	@python=$$(sh tools/fetch.sh python) && $$python/bin/python examples/flights/demo_flink.py build/flink/recon-flink-2.2.jar

demo-kafka: build
	@python=$$(sh tools/fetch.sh python) && $$python/bin/python examples/kafka/demo.py build/release/recon

demo: build
	@sh examples/flights/demo.sh build/release/recon

check:
	@exec setpriv --pdeathsig TERM env JOBS=$(JOBS) FUZZ_SECONDS=$(FUZZ_SECONDS) bash tests/house/check.sh

soak:
	@exec setpriv --pdeathsig TERM env JOBS=$(JOBS) SOAK_SEEDS=$(SOAK_SEEDS) SOAK_FUZZ_SECONDS=$(SOAK_FUZZ_SECONDS) SOAK_KILLS=$(SOAK_KILLS) bash tests/house/soak.sh

bench: build
	@bash bench/run.sh

install:
	@cmake --preset release -DCMAKE_INSTALL_PREFIX=$(PREFIX) --log-level=WARNING >/dev/null
	@cmake --build build/release -j $(JOBS) --target recon_command recon_shared recon_static -- --quiet
	@DESTDIR=$(DESTDIR) cmake --install build/release

format:
	@find include src flink/native tests bench -name '*.[ch]' -o -name '*.cpp' | xargs clang-format -i

clean:
	rm -rf build
