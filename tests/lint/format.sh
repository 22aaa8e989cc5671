#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Formats our C code in place; with --check says which files differ and changes nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=vendor/lib.sh
. vendor/lib.sh
have clang-format || die "clang-format is missing: run \`vendor/setup.sh dev\`"
mapfile -t files < <(git ls-files '*.c' '*.h')
if [ "${1:-}" = --check ]; then
  clang-format --dry-run --Werror "${files[@]}"
else
  say "formatting ${#files[@]} files"
  clang-format -i "${files[@]}"
fi
