#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs the test layers one after the other and adds up what they counted.
#   tests/run.sh                 all layers of `make test`
#   tests/run.sh LAYER...        some of: lint unit lua pipelines contract slurm browser
#                                docker asan tsan gcstress
# A layer's whole output is in build/test-logs/; it is shown when the layer fails.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 3
# shellcheck source=vendor/lib.sh
. vendor/lib.sh

limit=${LSQM_TEST_LAYER_SECONDS:-1200}
logs=$PWD/build/test-logs
rows=() skips=()
total_passed=0 total_failed=0 total_skipped=0
engine_asked='' engine_reason=''

# --- layers: each prints to stdout and leaves a status -----------------------------------------

check() { # name command...
  local name=$1
  shift
  echo "# $name"
  if "$@"; then echo "ok - $name"; else echo "not ok - $name"; return 1; fi
}

no_lua_in_host() { ! grep -rnE '#[[:space:]]*include[[:space:]]*[<"](lua|lauxlib|lualib|luv/)' host; }

shell_syntax() {
  local file status=0
  while read -r file; do bash -n "$file" || status=1; done < <(git ls-files '*.sh' .ci/run)
  return $status
}

shell_analysis() { git ls-files '*.sh' .ci/run | xargs shellcheck -x; }

layer_lint() {
  local status=0
  check luacheck luacheck --no-color -q . || status=1
  check "host/ includes no Lua header" no_lua_in_host || status=1
  check "sizes and words" lua5.4 tests/lint/sizes.lua || status=1
  check "requirements have tests" lua5.4 tests/lint/requirements.lua || status=1
  check "shell syntax" shell_syntax || status=1
  check shellcheck shell_analysis || status=1
  return $status
}

layer_unit() { ctest --test-dir "$build" -V --timeout 120; }

specs() { # folder
  "$build/lsqm" exec tests/busted.lua -- -o plainTerminal "tests/$1"
}
layer_lua() { specs lua; }
layer_pipelines() { specs pipelines; }
layer_contract() { specs contract; }
layer_browser() { specs browser; }
layer_slurm() { specs slurm; }
layer_docker() { specs docker; }

# --- counting ----------------------------------------------------------------------------------

# Totals of every format our layers print: cmocka, busted's summary line, our own check lines.
count() { # log -> "passed failed skipped"
  awk '
    { sub(/^[0-9]+: /, "") }                       # ctest -V numbers its lines
    /^ok - / { p++ }
    /^not ok - / { f++ }
    /^skip - / { s++ }
    /^\[  PASSED  \] [0-9]+ test/ { p += $4 }
    /^\[  FAILED  \] [0-9]+ test/ { f += $4 }
    /^\[  SKIPPED \] [0-9]+ test/ { s += $4 }
    /^[0-9]+ success(es)? \/ [0-9]+ failures? \/ / { p += $1; f += $4 + $7; s += $10 }
    END { print p + 0, f + 0, s + 0 }' "$1"
}

skip_names() { # layer log
  awk -v layer="$1" '
    { sub(/^[0-9]+: /, "") }
    /^skip - / { sub(/^skip - /, ""); print layer ": " $0 }
    /^\[  SKIPPED \] [^0-9]/ { if (!seen[$0]++) print layer ": " $4 }
    named { sub(/^[^ ]*: /, ""); print named ($0 == "" ? "" : ": " $0); named = "" }
    pending { named = layer ": " $0; pending = 0 }
    /^Pending (->|→) / { pending = 1 }
    END { if (named) print named }' "$2"
}

add_row() { # layer passed failed skipped seconds
  rows+=("$(printf '%-18s %7d %7d %8d %7ds' "$@")")
  total_passed=$((total_passed + $2))
  total_failed=$((total_failed + $3))
  total_skipped=$((total_skipped + $4))
}

# A layer that breaks without naming a failed test counts as one failure.
run_layer() { # layer [row name]
  local layer=$1 name=${2:-$1} log begin=$SECONDS status=0 passed failed skipped line
  log=$logs/${name// /-}.log
  say "testing: $name"
  timeout --kill-after 20 "$limit" bash "$self" --layer "$layer" >"$log" 2>&1 </dev/null || status=$?
  read -r passed failed skipped < <(count "$log")
  if [ "$status" != 0 ] && [ "$failed" = 0 ]; then failed=1; fi
  if [ "$status" = 124 ]; then echo "$name: stopped after ${limit} s" >>"$log"; fi
  if [ "$failed" != 0 ]; then tail -n 400 "$log"; fi
  while read -r line; do skips+=("$line"); done < <(skip_names "$name" "$log")
  add_row "$name" "$passed" "$failed" "$skipped" $((SECONDS - begin))
}

skip_layer() { # layer reason
  skips+=("$1: $2")
  add_row "$1" 0 0 1 0
}

# --- builds and the engine ---------------------------------------------------------------------

use_build() { # preset
  local folder=build log=$logs/build-$1.log
  [ "$1" = release ] || folder=build-$1
  say "building $folder"
  if ! { cmake --preset "$1" && cmake --build --preset "$1" --parallel "$(nproc)"; } >"$log" 2>&1
  then
    grep -aE 'error|Error|FAILED' -A 4 "$log" | head -n 60 || true
    add_row "build $1" 0 1 0 0
    return 1
  fi
  export build=$PWD/$folder LSQM_BIN=$PWD/$folder/lsqm
}

# Once per run: an engine and its images, for every layer that asks for it. Without one the docker
# layer is skipped and the others skip their own cases.
need_engine() {
  local socket log=$logs/engine.log
  [ -z "$engine_asked" ] || return 0
  engine_asked=yes
  say "looking for a Docker engine and the emulator images"
  if ! socket=$(tests/docker/engine.sh start 2>"$log"); then
    engine_reason=$(tail -n 1 "$log")
    return
  fi
  export DOCKER_HOST=unix://$socket
  tests/images/build.sh all >"$log" 2>&1 || engine_reason=$(tail -n 1 "$log")
}

run_docker() {
  if [ -z "$engine_reason" ]; then
    run_layer docker
  else
    skip_layer docker "$engine_reason"
  fi
}

run_sanitized() { # preset layer...
  local preset=$1 layer
  shift
  use_build "$preset" || return
  need_engine
  for layer in "$@"; do run_layer "$layer" "$preset $layer"; done
}

run_named() {
  case $1 in
    docker) use_build release && need_engine && run_docker ;;
    asan) run_sanitized asan unit lua pipelines ;;
    tsan) TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp" run_sanitized tsan unit ;;
    gcstress) run_sanitized gcstress lua ;;
    lint) run_layer lint ;;
    browser) use_build release && run_layer browser ;;
    *) use_build release && need_engine && run_layer "$1" ;;
  esac
}

run_all() {
  run_layer lint
  if use_build release; then
    need_engine
    for layer in unit lua pipelines contract slurm browser; do run_layer "$layer"; done
    run_docker
  fi
  run_named asan
}

finish() {
  if [ -n "$engine_asked" ]; then tests/docker/engine.sh stop; fi
}

summary() {
  local line
  printf '\n%-18s %7s %7s %8s %8s\n' layer passed failed skipped time
  printf '%s\n' "${rows[@]}"
  for line in "${skips[@]}"; do echo "skipped: $line"; done
  printf '\n%d passed, %d failed, %d skipped\n' "$total_passed" "$total_failed" "$total_skipped"
}

self=$PWD/tests/run.sh
mkdir -p "$logs"
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
if [ "${1:-}" = --layer ]; then "layer_$2"; exit; fi
for layer in "$@"; do
  case $layer in
    lint | unit | lua | pipelines | contract | slurm | browser | docker) ;;
    asan | tsan | gcstress) ;;
    *) echo "tests/run.sh: there is no layer '$layer'" >&2; exit 2 ;;
  esac
done
trap finish EXIT
if [ $# = 0 ]; then run_all; else for layer in "$@"; do run_named "$layer"; done; fi
summary
[ "$total_failed" = 0 ]
