#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the fuzz targets under ASan and UBSan and runs them, each on one core:
#   tests/fuzz/run.sh [SECONDS] [hcl|yaml|docker_frames ...]       default: 600 hcl yaml
# New inputs go to build-fuzz/found/; an input that crashes, leaks or is too slow is left in
# build-fuzz/ and the script ends with 1. Without clang it says so and ends with 77.
set -euo pipefail
cd "$(dirname "$0")/../.."
compiler=
for name in clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14; do
  if command -v "$name" >/dev/null; then compiler=$name; break; fi
done
[ -n "$compiler" ] || { echo "skipped: no clang here (package clang)" >&2; exit 77; }
seconds=${1:-600}
shift || true
[ $# -gt 0 ] || set -- hcl yaml
CC=$compiler cmake -S tests/fuzz -B build-fuzz -DLSQM_FUZZ=ON >/dev/null
cmake --build build-fuzz >/dev/null
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
status=0
for target in "$@"; do
  mkdir -p "build-fuzz/found/$target"
  echo "==> $target for $seconds s"
  nice -n 19 "build-fuzz/fuzz_$target" -max_total_time="$seconds" -max_len=65536 -timeout=20 \
    -rss_limit_mb=2048 -artifact_prefix="build-fuzz/$target-" -print_final_stats=1 \
    "build-fuzz/found/$target" "tests/fuzz/corpus/$target" 2>"build-fuzz/$target.log" || status=1
  grep -E '^stat::|ERROR|SUMMARY|too slow|Done' "build-fuzz/$target.log" || true
done
exit $status
