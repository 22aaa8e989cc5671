#!/usr/bin/python3 -SE
# SPDX-License-Identifier: Apache-2.0
"""A terraform that deploys nothing. The first line of main.tf says how it behaves:
# fake: ok | fail TEXT | fail-if WORD TEXT (fails while a line below says WORD) | hang | crash | crash-unless WORD | unstarted [TEXT] | refuse WORD | noise BYTES | init-fail TEXT | destroy-fail TEXT | destroy-left |
# ask SERVICE.OPERATION (fails if it is refused) | drift | plan-fail TEXT |
# only-on VERSION BAD NEEDED (fails while a line below says BAD; on other versions, unless one says NEEDED)"""
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request


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


def ask(service, operation):
    """What the aws provider would send; a test's emulator is always found at this address."""
    request = urllib.request.Request("http://127.0.0.1:4566/", data=b"{}", headers={
        "Authorization": "AWS4-HMAC-SHA256 Credential=t/20260101/us-east-1/%s/aws4_request" % service,
        "X-Amz-Target": "Fake." + operation})
    print("aws_%s_thing.other: Creating..." % service)
    print("aws_%s_thing.other: Creation complete after 0s [id=x]" % service)
    print("aws_ssm_parameter.p: Creating...")
    print("aws_%s_thing.t: Creating..." % service, flush=True)
    try:
        urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        return fail("%s: StatusCode: %d" % (operation, error.code))
    return 0


def only_on(version, bad, needed):
    with urllib.request.urlopen("http://127.0.0.1:4566/health") as answer:
        found = json.load(answer)["version"]
    with open("main.tf", encoding="utf-8") as file:
        text = file.read().split("\n", 1)[1]
    wrong = bad in text if found == version else needed not in text
    return fail("it is wrong on %s" % found) if wrong else 0


def plan(kind, rest):
    if kind == "plan-fail":
        return fail(rest)
    return 2 if kind == "drift" else 0


def show():
    change = {"actions": ["update"], "before": {"name": "/p", "tier": "Standard"},
              "after": {"name": "/p", "tier": None}, "after_unknown": {}}
    print(json.dumps({"resource_changes": [
        {"address": "aws_ssm_parameter.p", "change": change},
        {"address": "aws_ssm_parameter.q", "change": {"actions": ["no-op"]}}],
        "output_changes": {"v": {"actions": ["update"]}}}))
    return 0


def apply(kind, rest):
    if kind == "ask":
        return ask(*rest.split("."))
    if kind == "hang":
        print("aws_ssm_parameter.p: Still creating...", flush=True)
        time.sleep(3600)
    if kind == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if kind == "crash-unless":  # fails while a line below says the word
        with open("main.tf", encoding="utf-8") as file:
            if rest not in file.read().split("\n", 1)[1]:
                os.kill(os.getpid(), signal.SIGSEGV)
        return fail("it is there")
    if kind == "unstarted":
        print("bwrap: Can't find source path /gone: No such file or directory")
        return fail(rest) if rest else 1
    if kind == "noise":
        sys.stdout.write(("x" * 99 + "\n") * (int(rest) // 100))
    if kind == "fail":
        return fail(rest)
    if kind == "fail-if":
        word, text = rest.split(" ", 1)
        with open("main.tf", encoding="utf-8") as file:
            if word in file.read().split("\n", 1)[1]:
                return fail(text)
    if kind == "refuse":  # always, but in other words without the word
        with open("main.tf", encoding="utf-8") as file:
            found = rest in file.read().split("\n", 1)[1]
        return fail("operation error KMS: CreateKey, https response error StatusCode: 400, "
                    "RequestID: %d, Malformed: %s" % (time.time_ns(), "bad" if found else "empty"))
    if kind == "only-on" and only_on(*rest.split()):
        return 1
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
    if command == "plan":
        return plan(kind, rest)
    if command == "show":
        return show()
    if command == "destroy":
        if kind == "destroy-fail":
            return fail(rest)
        if kind != "destroy-left":
            os.remove("terraform.tfstate")
    return 0


sys.exit(main())
