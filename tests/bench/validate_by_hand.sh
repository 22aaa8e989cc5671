#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Validation as a user writes it without LSQM: for each architecture a fresh emulator, tflocal init
# and apply, pytest, tflocal destroy, several at once.
#   validate_by_hand.sh WORK PARALLEL
# WORK/<name>/root is the Terraform, WORK/<name>/app the tests; cli.tfrc beside them names the
# provider cache. Writes WORK/<name>/status and WORK/<name>/seconds: step, wall, user, system.
# PYTHON's folder has tflocal, pytest and ministack.
set -uo pipefail

step() { # NAME COMMAND...: the step's times, and its output in a log
  local name=$1
  shift
  { time "$@" >"$dir/$name.log" 2>&1; } 2>"$dir/time"
  local code=$?
  printf '%s %s\n' "$name" "$(tail -n 1 "$dir/time")" >>"$dir/seconds"
  return $code
}

boot() {
  local _
  for _ in $(seq 600); do
    curl -sf --noproxy '*' -o /dev/null "$AWS_ENDPOINT_URL/_localstack/health" && return
    sleep 0.1
  done
  return 1
}

state() { # what the tests want to know of the deployment
  "$PYTHON" - terraform.tfstate "$1" <<'PY'
import json, sys
found = []
for resource in json.load(open(sys.argv[1]))["resources"]:
    if resource["mode"] == "managed":
        module = resource["module"] + "." if "module" in resource else ""
        for instance in resource["instances"]:
            key = instance.get("index_key")
            found.append({"type": resource["type"], "name": resource["name"],
                          "address": module + resource["type"] + "." + resource["name"]
                          + ("" if key is None else "[%s]" % json.dumps(key)),
                          "values": instance["attributes"]})
json.dump(found, open(sys.argv[2], "w"))
PY
}

verdict() { # by pytest's exit code and summary
  if [ "$1" = 0 ] && grep -q ' passed' "$dir/tests.log"; then echo PASSED
  elif [ "$1" = 1 ] && grep -q ' passed' "$dir/tests.log"; then echo PARTIAL
  else echo FAILED; fi
}

deploy_and_test() {
  step boot boot || { echo ERROR; return; }
  cd "$dir/root" || exit
  if step init tflocal init -input=false -no-color \
    && step apply tflocal apply -auto-approve -input=false -no-color; then
    state "$dir/state.json"
    cd "$dir/app" || exit
    step tests "$PYTHON" -m pytest -q --color=no -p no:cacheprovider --timeout=60 test_app.py
    verdict $?
  else
    echo FAILED
  fi
  cd "$dir/root" || exit
  step destroy tflocal destroy -auto-approve -input=false -no-color
}

free_port() {
  "$PYTHON" -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

one() {
  dir=$1
  local port emulator
  TIMEFORMAT='%R %U %S'
  port=$(free_port)
  export AWS_ENDPOINT_URL=http://127.0.0.1:$port LSQM_STATE=$dir/state.json
  export S3_HOSTNAME=127.0.0.1
  cd "$dir" || exit
  BIND_HOST=127.0.0.1 GATEWAY_PORT=$port LOG_LEVEL=INFO "$PYTHON" -m ministack \
    >"$dir/emulator.log" 2>&1 &
  emulator=$!
  deploy_and_test >"$dir/status"
  kill "$emulator"
  wait "$emulator" 2>/dev/null
  return 0
}

if [ "$1" = one ]; then
  one "$2"
  exit
fi
work=$1
export TF_CLI_CONFIG_FILE=$work/cli.tfrc CHECKPOINT_DISABLE=1 PYTHON
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1
PATH=$(dirname "$PYTHON"):$PATH
find "$work" -mindepth 2 -maxdepth 2 -name root -printf '%h\n' | sort \
  | xargs -n 1 -P "$2" "$0" one
