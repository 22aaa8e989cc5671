#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A Docker engine for the tests. One that answers is used as it is; otherwise an own dockerd is
# started, with its own folders and bridge, and without touching the machine's firewall.
#   engine.sh start    prints the socket's path; exit 77 and a reason when none can be had
#   engine.sh stop     stops the engine that start started, never another one
#   engine.sh restart  ends that engine and starts it again at the same socket
#   engine.sh socket   prints the socket in use, exit 1 when none answers
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=vendor/lib.sh
. "$here/../../vendor/lib.sh"

home=$(cache_dir)/docker # images live here and outlast a run
state=$home/engine       # three lines: pid, folder of socket and exec root, bridge

answers() { curl -sf -m 5 --noproxy '*' --unix-socket "$1" http://engine/_ping >/dev/null 2>&1; }
skip() { printf '%s\n' "$*" >&2; exit 77; }

own_pid() { # the pid of the engine we started, if that very process still runs
  local pid
  pid=$(sed -n 1p "$state" 2>/dev/null) || return 1
  [ -n "$pid" ] && [ -r "/proc/$pid/cmdline" ] || return 1
  tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "--data-root $home/data" || return 1
  printf '%s\n' "$pid"
}
own_dir() { sed -n 2p "$state" 2>/dev/null; }

socket() {
  local path
  for path in "$(docker_socket)" /var/run/docker.sock "$(own_dir || true)/docker.sock"; do
    if [ -S "$path" ] && answers "$path"; then printf '%s\n' "$path"; return; fi
  done
  return 1
}

# The first private /24 that no route of this machine mentions.
free_subnet() {
  local net
  for net in 172.30.199 172.29.199 10.213.199 192.168.213; do
    ip -4 route show 2>/dev/null | grep -qF "$net." || { printf '%s\n' "$net"; return; }
  done
  return 1
}

make_bridge() { # sets bridge; a name of its own, so that two engines never share one
  local net
  net=$(free_subnet) || skip "no private subnet is free for the tests' Docker engine"
  for bridge in lsqm0 lsqm1 lsqm2 lsqm3; do
    ip link add "$bridge" type bridge 2>/dev/null || continue
    ip addr add "$net.1/24" dev "$bridge" && ip link set "$bridge" up && return
    ip link del "$bridge"
  done
  skip "a network bridge cannot be made here"
}

launch() { # dir
  mkdir -p "$home"
  setsid dockerd --data-root "$home/data" --exec-root "$1/exec" --pidfile "$1/pid" \
    --host "unix://$1/docker.sock" --bridge "$bridge" --iptables=false --ip6tables=false \
    --ip-masq=false --group "$(id -gn)" >"$home/log" 2>&1 </dev/null &
  printf '%s\n%s\n%s\n' "$!" "$1" "$bridge" >"$state"
}

start() {
  local dir pid bridge
  socket && return
  stop # what an engine of ours left that was killed
  have dockerd || skip "no Docker engine answers and dockerd is not installed"
  [ "$(id -u)" = 0 ] || skip "no Docker engine answers and starting one needs root"
  PATH=$PATH:/usr/sbin:/sbin
  have ip || skip "starting a Docker engine needs the package iproute2"
  make_bridge
  dir=$(mktemp -d /tmp/lsqm-engine.XXXXXX)
  launch "$dir"
  pid=$(sed -n 1p "$state")
  for _ in $(seq 300); do
    if [ -S "$dir/docker.sock" ] && answers "$dir/docker.sock"; then
      printf '%s\n' "$dir/docker.sock"
      return
    fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  stop
  skip "dockerd does not start here: $(grep -aoE 'msg=.*|failed to start.*' "$home/log" | tail -n 1)"
}

stop() {
  local pid dir
  dir=$(own_dir) || return 0
  if pid=$(own_pid); then
    kill -TERM "$pid"
    for _ in $(seq 200); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    if own_pid >/dev/null; then kill -KILL "$pid"; fi
  fi
  ip link del "$(sed -n 3p "$state" 2>/dev/null)" 2>/dev/null || true
  rm -f "$state"
  case $dir in /tmp/lsqm-engine.*) rm -rf "$dir" ;; esac
}

restart() {
  local pid dir bridge
  pid=$(own_pid) || skip "no engine of ours runs"
  dir=$(own_dir)
  bridge=$(sed -n 3p "$state")
  kill -TERM "$pid"
  for _ in $(seq 200); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  launch "$dir"
  for _ in $(seq 300); do answers "$dir/docker.sock" && return; sleep 0.1; done
  skip "dockerd does not start again here"
}

case ${1:-} in
  restart) restart ;;
  start) start ;;
  stop) stop ;;
  socket) socket ;;
  *) echo "usage: $0 start|stop|restart|socket" >&2; exit 2 ;;
esac
