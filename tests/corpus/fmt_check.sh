#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compares our formatter with `terraform fmt` on every .tf file of a corpus, as it is and mangled:
#   tests/corpus/fmt_check.sh build/lsqm [corpus]
# Exit 0: all agree, or skipped with the reason; 1: some differ.
set -eu
lsqm=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
corpus=${2:-$here/../../../shared/corpus}
skip() { echo "skipped: $1"; exit 0; }
command -v terraform >/dev/null || skip "terraform is not installed"
[ -d "$corpus" ] || skip "no corpus at $corpus"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$lsqm" exec "$here/fmt_prepare.lua" "$corpus" "$work"
status=0
for kind in plain mangled; do
  (cd "$work/$kind.theirs" && terraform fmt -write=true >/dev/null 2>&1) || true
  total=$(find "$work/$kind.ours" -name '*.tf' | wc -l)
  differ=$(diff -rq "$work/$kind.theirs" "$work/$kind.ours" | tee "$work/$kind.diff" | wc -l)
  echo "$kind: $((total - differ)) of $total agree"
  [ "$total" -gt 0 ] || status=1
  [ "$differ" -eq 0 ] || { status=1; diff -r "$work/$kind.theirs" "$work/$kind.ours" | head -40; }
done
exit $status
