#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs make targets of the committed state in a fresh Debian that has make and nothing else of
# ours: a debootstrap root in its own mount and process namespace, on the host's network with the
# host's resolver, package mirror, pip settings, proxies and CA certificates. Needs root.
#   tests/clean_room.sh [options] TARGET...          e.g. run, test, setup-test
#     --suite NAME        Debian release (bookworm)
#     --terraform FILE    put this binary on the room's PATH
#     --mirror DIR        a provider mirror (DIR/<host>/<namespace>/<type>/<version>/<os_arch>)
#     --cache DIR         keep the room's cache in DIR, between rooms
#     --keep              leave the root in place and print its path
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=vendor/lib.sh
. "$here/../vendor/lib.sh"

usage() { sed -n '3,13s/^# \{0,1\}//p' "$0" >&2; exit 2; }

parse() {
  while [ $# -gt 0 ]; do
    case $1 in
      --suite) suite=${2:?}; shift ;;
      --terraform) terraform=$(realpath "${2:?}"); shift ;;
      --mirror) mirror=$(realpath "${2:?}"); shift ;;
      --cache) mkdir -p "${2:?}"; room_cache=$(realpath "$2"); shift ;;
      --keep) keep=yes ;;
      -*) usage ;;
      *) targets+=("$1") ;;
    esac
    shift
  done
  [ ${#targets[@]} -gt 0 ] || usage
}

fresh_root() { # root
  local tarball
  tarball=$cache/roots/$suite-clean-$(debian_arch).tar
  mkdir -p "$cache/roots" "$1"
  if [ ! -s "$tarball" ]; then
    have debootstrap || die "debootstrap is missing: run \`make setup-test\`"
    say "making a fresh $suite (once)"
    # shellcheck disable=SC2046  # no mirror known means no argument
    debootstrap --variant=minbase --include=make "$suite" "$1" $(apt_mirror) >"$1.log" 2>&1 ||
      die "debootstrap of $suite failed: $(tail -n 1 "$1.log")"
    rm -f "$1.log" "$1"/var/cache/apt/archives/*.deb
    tar -C "$1" --one-file-system -cf "$tarball.part" .
    mv "$tarball.part" "$tarball"
  else
    say "unpacking a fresh $suite"
    tar -C "$1" -xf "$tarball"
  fi
  chmod 755 "$1" # mktemp made it, but / is everybody's
}

copy_in() { # root, path: the host's file or folder at the same place
  [ -e "$2" ] || return 0
  mkdir -p "$1$(dirname "$2")"
  cp -rL --no-target-directory "$2" "$1$2"
}

# What makes the network work on the host makes it work in the room.
share_network() { # root
  local path
  for path in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/ssl/certs/ca-certificates.crt \
    /usr/local/share/ca-certificates; do
    copy_in "$1" "$path"
  done
  if [ -e "$HOME/.config/pip" ]; then
    mkdir -p "$1/root/.config"
    cp -rL "$HOME/.config/pip" "$1/root/.config/"
  fi
  grep -rliE 'proxy|check-(valid|date)' /etc/apt/apt.conf.d 2>/dev/null | while read -r path; do
    copy_in "$1" "$path"
  done
  # No service may start in the room: its network is the host's.
  printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
  chmod +x "$1/usr/sbin/policy-rc.d"
}

room_environment() {
  printf '%s\n' HOME=/root TERM=dumb LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  env | grep -iE '^(pip_[a-z_]*|[a-z]+_proxy|[a-z_]*ca_bundle|ssl_cert_(file|dir)|git_ssl_cainfo)=' |
    grep -v '^PIP_FIND_LINKS=' || true
}

bind_in() { # source target
  if [ -d "$1" ]; then mkdir -p "$2"; else mkdir -p "$(dirname "$2")"; touch "$2"; fi
  mount --bind "$1" "$2"
}

# Not chroot: an engine in the room could not enter the root of a running container from one.
move_into() { # root
  mkdir -p "$1/.host"
  cd "$1"
  pivot_root . .host
  cd /
  umount -l /.host
  rmdir /.host
  hash -r
}

# Runs inside the namespaces: what is mounted here is gone when the last process is.
enter() { # root
  local root=$1 environment target
  mount --bind "$root" "$root"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount --rbind /sys "$root/sys"
  [ -z "$terraform" ] || bind_in "$terraform" "$root/usr/local/bin/terraform"
  [ -z "$mirror" ] || bind_in "$mirror" "$root/usr/local/share/terraform/plugins"
  [ -z "$room_cache" ] || bind_in "$room_cache" "$root/root/.cache/lsqm"
  mapfile -t environment < <(room_environment)
  move_into "$root"
  for target in "${targets[@]}"; do
    say "clean $suite: make $target"
    SECONDS=0
    env -i "${environment[@]}" make -C /root/lsqm "$target" </dev/null || return
    say "clean $suite: make $target took ${SECONDS} s"
  done
}

suite=bookworm terraform='' mirror='' room_cache='' keep='' targets=()
if [ "${1:-}" = --inside ]; then
  root=$2
  shift 2
  parse "$@"
  enter "$root"
  exit
fi
parse "$@"
[ "$(id -u)" = 0 ] || die "a clean room needs root"
cache=$(cache_dir)
root=$(mktemp -d "$cache/room.XXXXXX")
cleanup() {
  local bridge # only there when the room was killed before its engine could remove it
  bridge=$(sed -n 3p "${room_cache:-$root/root/.cache/lsqm}/docker/engine" 2>/dev/null) || bridge=
  [ -z "$bridge" ] || ip link del "$bridge" 2>/dev/null || true
  if [ -n "$keep" ]; then say "kept: $root"; else rm -rf --one-file-system "$root"; fi
}
trap cleanup EXIT
fresh_root "$root"
share_network "$root"
git clone --quiet --no-hardlinks "$(git -C "$here" rev-parse --show-toplevel)" "$root/root/lsqm"
unshare --mount --pid --fork --kill-child bash "$0" --inside "$root" "$@"
