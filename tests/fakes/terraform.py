#!/usr/bin/python3 -SE
# SPDX-License-Identifier: Apache-2.0
"""A terraform that deploys nothing. The first line of main.tf says how it behaves:
# fake: ok | fail TEXT | fail-if WORD TEXT (fails while a line below says WORD) | hang | crash | noise BYTES | init-fail TEXT | destroy-fail TEXT"""
import json
import os
import signal
import sys
import time


def directive():
    with open("main.tf", encoding="utf-8") as file:
        words = file.readline().strip().split(" ", 3)
    if words[:2] != ["#", "fake:"]:
        return "ok", ""
    return words[2], words[3] if len(words) > 3 else ""


def write_state():
    resource = {"mode": "managed", "type": "aws_ssm_parameter", "name": "p",
                "instances": [{"attributes": {"name": "/p"}}]}
    with open("terraform.tfstate", "w", encoding="utf-8") as file:
        json.dump({"version": 4, "resources": [resource],
                   "outputs": {"name": {"value": "/p"}}}, file)


def fail(text):
    print("\nError: %s\n\n  with aws_ssm_parameter.p,\n  on main.tf line 2" % text)
    return 1


def apply(kind, rest):
    if kind == "hang":
        print("aws_ssm_parameter.p: Still creating...", flush=True)
        time.sleep(3600)
    if kind == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if kind == "noise":
        sys.stdout.write(("x" * 99 + "\n") * (int(rest) // 100))
    if kind == "fail":
        return fail(rest)
    if kind == "fail-if":
        word, text = rest.split(" ", 1)
        with open("main.tf", encoding="utf-8") as file:
            if word in file.read().split("\n", 1)[1]:
                return fail(text)
    write_state()
    print("Apply complete! Resources: 1 added, 0 changed, 0 destroyed.")
    return 0


def main():
    command = sys.argv[1]
    if command == "version":
        print(json.dumps({"terraform_version": "1.11.4"}))
        return 0
    kind, rest = directive()
    if command == "init":
        return fail(rest) if kind == "init-fail" else 0
    if command == "apply":
        return apply(kind, rest)
    if command == "destroy" and kind == "destroy-fail":
        return fail(rest)
    return 0


sys.exit(main())
