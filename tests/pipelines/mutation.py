# SPDX-License-Identifier: Apache-2.0
"""Runs a generated app, and deletes what it covers; mutation.lua deploys and counts.

    mutation.py run APP ENDPOINT
        {node: {"outcome", "why"}} of all tests
    mutation.py sweep APP ENDPOINT < [node, ...]
        deletes the resources of these tests one by one with boto3, dependents first, and runs the
        tests of each address before and after:
        {"red": [node], "green": [node], "broken": [node], "kept": {address: reason}}
        where broken tests were red before their resource was deleted (an earlier deletion did it),
        and kept resources could not be deleted

APP holds the app and state.json with the deployed resources. Every run of pytest is a fork of this
process, which has loaded boto3 and the descriptions of the services.
"""

import json
import os
import re
import sys
import traceback
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from deleters import DELETERS

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
RED = ("failed", "error")


class Outcomes:
    """A pytest plugin that keeps the outcome of each test."""

    def __init__(self):
        self.tests = {}

    def pytest_runtest_logreport(self, report):
        """Keep the first bad phase of a test, else that of its call."""
        known = self.tests.get(report.nodeid)
        bad = report.outcome == "failed"
        if known and (known["outcome"] in RED or not bad):
            return
        if report.when == "call" or bad or report.outcome == "skipped":
            crash = getattr(report.longrepr, "reprcrash", None)
            why = crash.message[:300] if crash else ""
            self.tests[report.nodeid] = {"outcome": report.outcome, "why": why}


def child(app, endpoint, nodes, answer):
    """Run pytest in this process and write the outcomes."""
    os.chdir(app)
    os.environ.update(KEYS, AWS_ENDPOINT_URL=endpoint, LSQM_STATE=f"{app}/state.json")
    log = os.open(app / "pytest.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.dont_write_bytecode = True
    plugin = Outcomes()
    options = ["-q", "-p", "no:cacheprovider", "--timeout=90", "--rootdir", str(app)]
    pytest.main(options + (nodes or ["test_app.py"]), plugins=[plugin])
    with os.fdopen(answer, "w") as file:
        json.dump(plugin.tests, file)


def run(app, endpoint, nodes=None):
    """Return the outcome of each test, all tests without nodes."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(ours)
            child(app, endpoint, nodes, theirs)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(3)
    os.close(theirs)
    with os.fdopen(ours) as file:
        text = file.read()
    status = os.waitpid(pid, 0)[1]
    if status != 0 or not text:
        raise RuntimeError(f"pytest ended with {status}: {(app / 'pytest.log').read_text()[-500:]}")
    return json.loads(text)


def client(service, region, endpoint):
    """Return a client that deletes."""
    config = Config(
        retries={"max_attempts": 0}, s3={"addressing_style": "path"}, read_timeout=30,
        inject_host_prefix=False,
    )
    return boto3.client(
        service, endpoint_url=endpoint, region_name=region, config=config,
        aws_access_key_id="test", aws_secret_access_key="test",
    )


def region_of(resources):
    """Return the region that the first regional ARN names."""
    for item in resources:
        parts = str(item["values"].get("arn") or "").split(":")
        if len(parts) > 5 and parts[3]:
            return parts[3]
    return "us-east-1"


def argument(template, values):
    """Return an argument: "@name" reads an attribute, lists and maps hold arguments."""
    if isinstance(template, dict):
        return {key: argument(template[key], values) for key in template}
    if isinstance(template, list):
        return [argument(item, values) for item in template]
    if not (isinstance(template, str) and template.startswith("@")):
        return template
    for part in template[1:].split("."):
        values = values[int(part) if part.isdigit() else part]
    return values


def delete(entry, values, region, endpoint):
    """Delete a resource as its entry says; return why that did not work, or None."""
    service, action, *rest = entry
    api = client(service, region, endpoint)
    try:
        if callable(action):
            action(api, values)
        else:
            getattr(api, action)(**argument(rest[0], values))
    except (BotoCoreError, ClientError, KeyError, IndexError, TypeError) as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return None


def plain(address):
    """Return an address without instance keys, as the tests name it."""
    return re.sub(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]', "", address)


def reds(outcomes, nodes):
    """Return which of the nodes are red."""
    return [node for node in nodes if outcomes.get(node, {}).get("outcome") in RED]


def work_of(resources, wanted):
    """Return (address, its resources, its tests) of what is to be deleted, dependents first."""
    order = {kind: place for place, kind in enumerate(DELETERS)}
    deployed = {}
    for item in resources:
        deployed.setdefault(plain(item["address"]), []).append(item)
    work = [
        (address, items, [node for node in wanted if node.endswith(f"[{address}]")])
        for address, items in deployed.items()
    ]
    work = [row for row in work if row[2]]
    return sorted(work, key=lambda row: (order.get(row[1][0]["type"], 0), row[0]))


def delete_all(items, region, endpoint):
    """Delete the instances of an address; return why none could be deleted, or None."""
    entry = DELETERS.get(items[0]["type"])
    if not entry:
        return "no deletion is known for this type"
    whys = [delete(entry, item["values"], region, endpoint) for item in items]
    return whys[0] if all(whys) else None


def sweep(app, endpoint, wanted):
    """Delete the resources of the wanted tests; see the head of this file.

    One run of pytest tells what a deletion did and how the next address stood before its own.
    """
    resources = json.loads((app / "state.json").read_text())
    region = region_of(resources)
    found = {"red": [], "green": [], "broken": [], "kept": {}}
    work = work_of(resources, wanted)
    before = run(app, endpoint, work[0][2]) if work else {}
    for (address, items, nodes), (_, _, following) in zip(work, work[1:] + [(None, None, [])]):
        broken = reds(before, nodes)
        found["broken"] += broken
        tried = [node for node in nodes if node not in broken]
        why = delete_all(items, region, endpoint) if tried else None
        if why:
            found["kept"][address], tried = why, []
        after = run(app, endpoint, tried + following) if tried + following else {}
        red = reds(after, tried)
        found["red"] += red
        found["green"] += [node for node in tried if node not in red]
        before = after
    return found


def load_services(app):
    """Load the descriptions of the app's services once, for all forks."""
    for service in re.findall(r'connect\("([\w-]+)"', (app / "conftest.py").read_text()):
        client(service, "us-east-1", "http://127.0.0.1:9")


def main():
    """Run the command of the command line."""
    command, app, endpoint = sys.argv[1], Path(sys.argv[2]).resolve(), sys.argv[3]
    load_services(app)
    answer = run(app, endpoint) if command == "run" else sweep(app, endpoint, json.load(sys.stdin))
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
