#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs each measurement of tests/bench/ with the release build, one after the other.
set -euo pipefail
cd "$(dirname "$0")/.."
shopt -s nullglob
scripts=(tests/bench/*_bench.lua)
[ ${#scripts[@]} -gt 0 ] || { echo "no measurements in tests/bench/"; exit 0; }
for script in "${scripts[@]}"; do
  echo "==> $script"
  build/lsqm exec "$script"
done
