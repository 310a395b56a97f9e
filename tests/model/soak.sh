#!/usr/bin/env bash
# The model test over many seeds: soak.sh BUILD FIRST COUNT JOBS. Every mode gets its share of them.
set -euo pipefail
build=$1 first=$2 count=$3 jobs=$4
exec "$build/tests/model/model_test" --seeds "$first..$((first + count - 1))" --jobs "$jobs"
