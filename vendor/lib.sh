# SPDX-License-Identifier: Apache-2.0
# What the set-up and test scripts share. Sourced, never run: sets no option and prints nothing.
# shellcheck shell=bash

say() { printf '%s\n' "==> $*"; }
die() { printf '%s\n' "error: $*" >&2; exit 3; }
have() { command -v "$1" >/dev/null 2>&1; }

cache_dir() {
  local dir=${LSQM_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/lsqm}
  mkdir -p "$dir" || die "the cache folder $dir cannot be made"
  printf '%s\n' "$dir"
}

# The hash of file contents only: the same for every checkout.
hash_of() { cat "$@" | sha256sum | cut -c1-16; }

# A data file's lines without comments and blanks.
lines_of() { sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^[[:space:]]*$/d' "$1"; }

# Runs a command as root, through sudo where we are not root.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; return; fi
  have sudo || die "root rights are needed for \`$1\`: run as root or install sudo"
  sudo "$@"
}

# The package mirror this machine uses, empty where its tools do not say.
apt_mirror() {
  # shellcheck disable=SC2016  # the format is apt's, not the shell's
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | head -n 1
}

debian_arch() { dpkg --print-architecture; }

# unix:// socket of the engine in use: DOCKER_HOST, else the system's.
docker_socket() {
  case ${DOCKER_HOST:-} in
    unix://*) printf '%s\n' "${DOCKER_HOST#unix://}" ;;
    *) printf '%s\n' /var/run/docker.sock ;;
  esac
}

# docker_api METHOD PATH [curl options]: the answer's body; fails on HTTP errors.
docker_api() {
  local method=$1 path=$2
  shift 2
  curl --silent --show-error --fail-with-body --noproxy '*' --unix-socket "$(docker_socket)" \
    --request "$method" "$@" "http://engine$path"
}
