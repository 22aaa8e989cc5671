#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A Slurm cluster on this host for the tests: one controller and two nodes with a root, keys and
# ports of their own. It touches no Slurm that is installed and running here.
#   cluster.sh start DIR [CPUS]   prints the path of its slurm.conf (for SLURM_CONF); exit 77 and a
#                                 reason when it cannot be had
#   cluster.sh kill-node DIR NAME [noticed]
#                                 the node n1 or n2 and all that runs on it die, as by a power cut;
#                                 noticed: and Slurm is told, which it else finds out in half a minute
#   cluster.sh stop DIR           ends what start started and nothing else
set -euo pipefail

skip() { printf '%s\n' "$*" >&2; exit 77; }
PATH=$PATH:/usr/sbin:/sbin

free_ports() { # count: that many different TCP ports nobody listens at
  python3 -c '
import socket, sys
open_ = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in open_: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in open_])' "$1"
}

write_conf() { # dir cpus
  local dir=$1 cpus=$2 host port1 port2 port3 memory
  host=$(hostname -s)
  read -r port1 port2 port3 < <(free_ports 3)
  memory=$(awk '/MemTotal/ { print int($2 / 1024 / 3) }' /proc/meminfo)
  cat >"$dir/slurm.conf" <<CONF
ClusterName=lsqmtest
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port1
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$dir/munge.sock
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool.%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=2,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SlurmdTimeout=5
SlurmctldTimeout=10
MessageTimeout=10
KillWait=2
MinJobAge=30
InactiveLimit=0
SlurmdParameters=config_overrides
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$port2 CPUs=$cpus RealMemory=$memory
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$port3 CPUs=$cpus RealMemory=$memory
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
CONF
}

# Each daemon is the leader of a session of its own, so that a node can be killed with its jobs.
launch() { # dir name command...
  local dir=$1 name=$2
  shift 2
  setsid "$@" >"$dir/$name.out" 2>&1 </dev/null &
  echo $! >"$dir/$name.daemon"
}

wait_for() { # seconds command...
  local tenths=$(($1 * 10))
  shift
  while ! "$@" >/dev/null 2>&1; do
    tenths=$((tenths - 1))
    [ $tenths -gt 0 ] || return 1
    sleep 0.1
  done
}

both_idle() { [ "$(sinfo -h -t idle -o %D)" = 2 ]; }

start() { # dir [cpus]
  local dir=$1 cpus=${2:-2} name
  for name in munged slurmctld slurmd sbatch; do
    command -v $name >/dev/null || skip "$name is not installed (packages munge and slurm-wlm)"
  done
  [ "$(id -u)" = 0 ] || skip "a Slurm cluster of our own needs root"
  mkdir -p "$dir"/{state,spool.n1,spool.n2}
  chmod 755 "$dir"
  dd if=/dev/urandom of="$dir/munge.key" bs=1 count=1024 2>/dev/null
  chmod 400 "$dir/munge.key"
  write_conf "$dir" "$cpus"
  export SLURM_CONF=$dir/slurm.conf
  launch "$dir" munged munged --foreground --force --num-threads=2 --socket="$dir/munge.sock" \
    --key-file="$dir/munge.key" --pid-file="$dir/munged.pid" --log-file="$dir/munged.log" \
    --seed-file="$dir/munge.seed"
  wait_for 10 test -S "$dir/munge.sock" || fail "$dir" munged
  launch "$dir" slurmctld slurmctld -D -c
  launch "$dir" n1 slurmd -D -N n1
  launch "$dir" n2 slurmd -D -N n2
  wait_for 20 both_idle || fail "$dir" slurmctld n1 n2
  printf '%s\n' "$SLURM_CONF"
}

fail() { # dir names: what the daemons said last is the reason
  local dir=$1 name reason=''
  shift
  for name in "$@"; do reason+=" $name: $(tail -n 1 "$dir/$name.out" 2>/dev/null)"; done
  stop "$dir"
  skip "the Slurm cluster does not come up here;$reason"
}

# The processes and all their descendants: what a job starts has an environment of its own, so the
# family tree is what holds them together.
family() { # pids
  local pids=("$@") seen=' ' pid entry
  while [ ${#pids[@]} -gt 0 ]; do
    pid=${pids[0]}
    pids=("${pids[@]:1}")
    case $seen in *" $pid "*) continue ;; esac
    seen+="$pid "
    printf '%s\n' "$pid"
    for entry in /proc/"$pid"/task/*/children; do
      # shellcheck disable=SC2207  # numbers
      pids+=($(cat "$entry" 2>/dev/null || true))
    done
  done
}

has() { # file of /proc, pattern
  { tr '\0' '\n' <"$1" | grep -qx -- "$2"; } 2>/dev/null
}

# A node's daemon, and the batch scripts with the step daemons above them.
node_roots() { # dir node
  local entry pid
  cat "$1/$2.daemon"
  for entry in /proc/[0-9]*; do
    pid=${entry#/proc/}
    has "$entry/environ" "SLURM_CONF=$1/slurm.conf" || continue
    has "$entry/environ" "SLURMD_NODENAME=$2" || continue
    printf '%s\n' "$pid"
    pid=$(awk '/^PPid:/ { print $2 }' "$entry/status" 2>/dev/null) || continue
    if [ "${pid:-1}" != 1 ] && grep -q '^slurmstepd' "/proc/$pid/comm" 2>/dev/null; then
      printf '%s\n' "$pid"
    fi
  done
}

kill_all() { # signal pids...
  local signal=$1
  shift
  [ $# = 0 ] || kill "-$signal" "$@" 2>/dev/null || true
}

kill_node() { # dir node [noticed]
  local pids
  mapfile -t pids < <(node_roots "$1" "$2")
  mapfile -t pids < <(family "${pids[@]}")
  kill_all STOP "${pids[@]}"
  kill_all KILL "${pids[@]}"
  if [ "${3:-}" = noticed ]; then
    SLURM_CONF=$1/slurm.conf scontrol update "nodename=$2" state=down reason=killed
  fi
}

stop() { # dir
  local dir=$1 name entry
  for name in n1 n2; do [ ! -s "$dir/$name.daemon" ] || kill_node "$dir" "$name"; done
  for name in slurmctld munged; do
    [ ! -s "$dir/$name.daemon" ] || kill_all KILL "$(cat "$dir/$name.daemon")"
  done
  for entry in /proc/[0-9]*; do # a step without its script yet
    if has "$entry/comm" 'slurm.*' && has "$entry/environ" "SLURM_CONF=$dir/slurm.conf"; then
      kill_all KILL "${entry#/proc/}"
    fi
  done
  rm -f "$dir"/*.daemon
}

case ${1:-} in
  start) start "${@:2}" ;;
  kill-node) kill_node "${@:2}" ;;
  stop) stop "$2" ;;
  *) echo "usage: $0 start|kill-node|stop DIR" >&2; exit 2 ;;
esac
