#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the emulator images of the tests without an image registry: a small Debian root, the
# hash-pinned Python packages beside it, imported as one layer. An image whose label carries the
# present lock hash is left alone.
#   tests/images/build.sh ministack|localstack|moto|all
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=vendor/lib.sh
. "$here/../../vendor/lib.sh"

recipe=2 # raise it when the way of building changes what is in the images

describe() { # name -> suite, python, tag, module and its arguments, port, environment, packages
  port=4566 arguments=() packages=
  case $1 in
    ministack)
      suite=bookworm python=3.11 tag=1.5.33 module=ministack
      # as the published image: functions of nodejs runtimes run in it
      packages=,nodejs env_lines=(BIND_HOST=0.0.0.0 GATEWAY_PORT=4566) ;;
    localstack)
      suite=trixie python=3.13 tag=4.14.0 module=localstack.runtime.main
      env_lines=(GATEWAY_LISTEN=0.0.0.0:4566) ;;
    moto)
      suite=bookworm python=3.11 tag=5.2.5 module=moto.server port=5000
      arguments=(-H 0.0.0.0) env_lines=(MOTO_PORT=5000) ;;
    *) echo "usage: $0 ministack|localstack|moto|all" >&2; exit 2 ;;
  esac
}

# A minbase root with Python, kept as a tarball: making one takes about a minute.
base_tarball() { # suite, further packages (each with a comma before it)
  local suite=$1 out root
  out=$cache/roots/$suite-python${2//,/-}-$(debian_arch).tar
  if [ ! -s "$out" ]; then
    have debootstrap || die "debootstrap is missing: run \`make setup-test\`"
    say "making a $suite root (once)" >&2
    root=$(mktemp -d "$work/root.XXXXXX")
    # shellcheck disable=SC2046  # no mirror known means no argument
    as_root debootstrap --variant=minbase --include="python3,ca-certificates$2" "$suite" "$root" \
      $(apt_mirror) >"$work/debootstrap.log" 2>&1 ||
      die "debootstrap of $suite failed (network?): $(tail -n 1 "$work/debootstrap.log")"
    as_root rm -rf "$root"/usr/share/{doc,man,info,locale} "$root"/var/cache/apt \
      "$root"/var/lib/apt/lists "$root"/var/log/*
    as_root tar -C "$root" --one-file-system -cf "$out.part" .
    as_root chown "$(id -u)" "$out.part"
    mv "$out.part" "$out"
    as_root rm -rf "$root"
  fi
  printf '%s\n' "$out"
}

# uv installs for another Python than the host's, which bookworm's pip does badly.
uv_tool() {
  local lock=$here/../../vendor/python/tools.txt dir
  dir=$cache/tools-$(hash_of "$lock")
  if [ ! -x "$dir/bin/uv" ]; then
    rm -rf "$dir"
    /usr/bin/python3 -m venv "$dir" || die "a Python environment cannot be made: install python3-venv"
    "$dir/bin/pip" install --quiet --require-hashes -r "$lock" ||
      die "the Python package uv cannot be installed (network?)"
  fi
  printf '%s\n' "$dir/bin/uv"
}

image_is_current() { # reference lock-hash
  docker_api GET "/images/$1/json" 2>/dev/null | grep -q "\"lsqm.test.lock\":\"$2\""
}

import_image() { # reference, changes...; the root comes as a tar on stdin
  local query="fromSrc=-&repo=${1%:*}&tag=${1##*:}" change
  shift
  for change in "$@"; do
    query+="&changes=$(printf %s "$change" | python3 -c \
      'import sys, urllib.parse; print(urllib.parse.quote(sys.stdin.read()))')"
  done
  docker_api POST "/images/create?$query" --header 'Content-Type: application/x-tar' \
    --upload-file - >"$work/import.log" || die "the engine refused the image: $(cat "$work/import.log")"
  ! grep -q '"error"' "$work/import.log" || die "the import failed: $(cat "$work/import.log")"
}

build_one() {
  local name=$1 suite python tag module port arguments packages env_lines=() lock ref root base item
  local changes entry
  describe "$name"
  ref=lsqm-test/$name:$tag
  lock=$recipe-$(hash_of "$here/$name/requirements.txt")
  if image_is_current "$ref" "$lock"; then say "$ref is up to date"; return; fi
  root=$work/$name
  mkdir -p "$root"
  base=$(base_tarball "$suite" "$packages")
  say "$ref: unpacking the $suite root"
  as_root tar -C "$root" -xf "$base"
  say "$ref: installing the locked packages for Python $python"
  "$(uv_tool)" pip install --quiet --require-hashes --python-version "$python" --link-mode copy \
    --target "$work/$name-app" -r "$here/$name/requirements.txt" ||
    die "$ref: its Python packages cannot be installed (network?)"
  as_root cp -r "$work/$name-app" "$root/opt/app"
  rm -rf "$work/$name-app"
  as_root chroot "$root" "python$python" -W ignore -m compileall -q -j 0 /opt/app >/dev/null || true
  entry=$(printf ', "%s"' -m "$module" "${arguments[@]}")
  changes=("ENTRYPOINT [\"python3\"$entry]" "EXPOSE $port" 'WORKDIR /tmp'
    'ENV PYTHONPATH=/opt/app' 'ENV PATH=/opt/app/bin:/usr/local/bin:/usr/bin:/bin'
    "LABEL lsqm.test.lock=$lock")
  for item in "${env_lines[@]}"; do changes+=("ENV $item"); done
  as_root tar -C "$root" --one-file-system -c . | import_image "$ref" "${changes[@]}"
  as_root rm -rf "$root"
  say "$ref: $(docker_api GET "/images/$ref/json" | grep -o '"Size":[0-9]*' | head -n 1 |
    awk -F: '{printf "%d MB", $2 / 1000000}')"
}

[ $# = 1 ] || { echo "usage: $0 ministack|localstack|moto|all" >&2; exit 2; }
cache=$(cache_dir)
mkdir -p "$cache/roots"
docker_api GET /_ping >/dev/null 2>&1 || die "no Docker engine answers at $(docker_socket)"
work=$(mktemp -d "$cache/work.XXXXXX")
trap 'as_root rm -rf "$work"' EXIT
names=("$1")
[ "$1" != all ] || names=(ministack localstack moto)
for name in "${names[@]}"; do build_one "$name"; done
