#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the fuzz targets under ASan and UBSan and runs them, each on one core:
#   tests/fuzz/run.sh [SECONDS] [hcl|yaml|docker_frames ...]       default: 600 hcl yaml
# It starts from tests/fuzz/corpus/: seeds as files, and what earlier runs found (inputs up to 160
# bytes that cover something new) in an archive; `keep` instead of SECONDS makes those archives
# again of what is in build-fuzz/found/. New inputs go to build-fuzz/found/; an input that crashes, leaks or is too slow is left in
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

keep() { # target
  local small=build-fuzz/kept/$1
  rm -rf "$small"
  mkdir -p "$small"
  "build-fuzz/fuzz_$1" -merge=1 -max_len=160 "$small" "build-fuzz/found/$1" 2>/dev/null
  tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$small" -cf - . |
    gzip -9n >"tests/fuzz/corpus/$1.tar.gz"
}

status=0
for target in "$@"; do
  mkdir -p "build-fuzz/found/$target"
  archive=tests/fuzz/corpus/$target.tar.gz
  if [ "$seconds" = keep ]; then keep "$target"; continue; fi
  if [ -f "$archive" ]; then tar -C "build-fuzz/found/$target" -xzf "$archive"; fi
  echo "==> $target for $seconds s"
  nice -n 19 "build-fuzz/fuzz_$target" -max_total_time="$seconds" -max_len=65536 -timeout=20 \
    -rss_limit_mb=2048 -artifact_prefix="build-fuzz/$target-" -print_final_stats=1 \
    "build-fuzz/found/$target" "tests/fuzz/corpus/$target" 2>"build-fuzz/$target.log" || status=1
  grep -E '^stat::|ERROR|SUMMARY|too slow|Done' "build-fuzz/$target.log" || true
done
exit $status
