# SPDX-License-Identifier: Apache-2.0
"""Mutation check of generated apps: red when what they cover is gone.

For each Terraform root: deploy it on a MiniStack process, run its app (must pass), then delete
the covered resources one by one with boto3; the tests of each address must fail afterwards.
At last the emulator is emptied: no test may pass then.

    mutation.py --generate "lsqm exec tests/pipelines/generate_app.lua {root} {app}" ROOT...

TF_CLI_CONFIG_FILE may name Terraform's settings, such as a mirror of its providers; mutation.lua
sets it and mines the samples. Needs ministack, boto3, pytest, pytest-json-report and
pytest-timeout in this Python, and terraform on the path. Prints one line per root and the shares at the end; exit 1 when a share
is below 95 %.
"""

import argparse
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import boto3
from botocore.config import Config
from mutations import DELETERS

OVERRIDE = """provider "aws" {
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  s3_use_path_style           = true
  endpoints {
%s
  }
}
"""
SERVICES = """acm apigateway apigatewayv2 athena cloudwatch cognitoidp dynamodb ec2 ecr ecs efs
elasticache elbv2 events firehose glue iam kinesis kms lambda logs pipes rds route53 s3 scheduler
secretsmanager sfn sns sqs ssm sts""".split()


def clean_environment(home):
    """Return an environment without credentials, proxies or certificate settings."""
    kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
    return {**kept, "HOME": str(home), "TMPDIR": str(home)}


def free_port():
    """Return a port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def http(method, url, timeout=2):
    """Call an URL; return whether it answered with success."""
    try:
        request = urllib.request.Request(url, method=method)
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status == 200
    except OSError:
        return False


class Emulator:
    """A MiniStack process of its own, stopped on leaving."""

    def __init__(self, home):
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        env = clean_environment(home)
        env |= {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(self.port)}
        self.log = open(Path(home) / "emulator.log", "wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            env=env, cwd=home, stdout=self.log, stderr=self.log, start_new_session=True,
        )

    def __enter__(self):
        deadline = time.monotonic() + 60
        while not http("GET", f"{self.endpoint}/_localstack/health"):
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.__exit__()
                raise RuntimeError("the emulator did not start")
            time.sleep(0.2)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
        self.log.close()

    def empty(self):
        """Drop everything that the emulator holds."""
        if not http("POST", f"{self.endpoint}/_ministack/reset", timeout=30):
            raise RuntimeError("the emulator could not be emptied")


def terraform(root, *args):
    """Run terraform in a root; raise with its messages when it fails."""
    settings = os.environ.get("TF_CLI_CONFIG_FILE", "/dev/null")
    env = clean_environment(root) | {
        "TF_CLI_CONFIG_FILE": settings, "TF_IN_AUTOMATION": "1", "AWS_REGION": "us-east-1",
    }
    done = subprocess.run(
        ["terraform", *args], cwd=root, env=env, capture_output=True, text=True, timeout=600
    )
    if done.returncode != 0:
        raise RuntimeError(f"terraform {args[0]}: {(done.stderr or done.stdout)[-3000:]}")
    return done.stdout


def resources_of(module):
    """Yield the managed resources of a module of the state, nested modules too."""
    for item in module.get("resources", []):
        if item["mode"] == "managed":
            yield {key: item[key] for key in ("address", "type", "name", "values")}
    for child in module.get("child_modules", []):
        yield from resources_of(child)


def deploy(root, endpoint):
    """Deploy a root to the emulator and return its resources."""
    lines = "\n".join(f'    {name} = "{endpoint}"' for name in SERVICES)
    has_provider = any('provider "aws"' in file.read_text() for file in root.glob("*.tf"))
    name = "zz_lsqm_override.tf" if has_provider else "zz_lsqm_provider.tf"
    (root / name).write_text(OVERRIDE % lines)
    terraform(root, "init", "-input=false", "-no-color")
    terraform(root, "apply", "-auto-approve", "-input=false", "-no-color")
    shown = json.loads(terraform(root, "show", "-json"))
    return list(resources_of(shown["values"]["root_module"]))


def run_app(app, endpoint, only=None):
    """Run an app and return the outcome of each test."""
    report = app / "report.json"
    report.unlink(missing_ok=True)
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout=60",
        "--json-report", f"--json-report-file={report}",
    ]
    env = clean_environment(app) | {
        "AWS_ENDPOINT_URL": endpoint,
        "LSQM_STATE": str(app / "state.json"),
    }
    command += only or []
    done = subprocess.run(command, cwd=app, env=env, capture_output=True, text=True)
    if not report.exists():
        raise RuntimeError(f"pytest: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    found = json.loads(report.read_text())
    for test in found["tests"]:
        for phase in ("setup", "call", "teardown"):
            crash = test.get(phase, {}).get("crash")
            if crash:
                test["why"] = crash["message"][:300]
    return {test["nodeid"]: test for test in found["tests"]}


def client(service, region, endpoint):
    """Return a client that deletes."""
    config = Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"})
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


def mutate(app, resources, outcomes, endpoint):
    """Delete covered resources one by one; return (killed, tried, survivors)."""
    region = region_of(resources)
    order = {kind: place for place, kind in enumerate(DELETERS)}
    covered = [item for item in resources if item["type"] in DELETERS]
    killed, tried, survivors = 0, 0, []
    for item in sorted(covered, key=lambda item: order[item["type"]]):
        nodes = [node for node in outcomes if f"[{item['address']}]" in node]
        if not nodes:
            continue
        service, delete = DELETERS[item["type"]]
        before = run_app(app, endpoint, nodes)
        if any(test["outcome"] in ("failed", "error") for test in before.values()):
            continue  # an earlier deletion broke it; nothing can be told from one more
        delete(client(service, region, endpoint), item["values"])
        after = run_app(app, endpoint, nodes)
        tried += 1
        if all(test["outcome"] in ("failed", "error") for test in after.values()):
            killed += 1
        else:
            survivors.append(item["address"])
    return killed, tried, survivors


def check(root, generate, work, mutations):
    """Check one root and return its figures."""
    place, app = work / "root", work / "app"
    ignore = shutil.ignore_patterns(".terraform", "*.tfstate*")
    shutil.copytree(root, place, ignore=ignore)
    app.mkdir()
    command = [part.format(root=place, app=app) for part in shlex.split(generate)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    figures = {"root": Path(root).name}
    with Emulator(work) as emulator:
        resources = deploy(place, emulator.endpoint)
        (app / "state.json").write_text(json.dumps(resources))
        outcomes = run_app(app, emulator.endpoint)
        failed = {
            node: test.get("why", "") for node, test in outcomes.items()
            if test["outcome"] not in ("passed", "skipped")
        }
        figures |= {"tests": len(outcomes), "red": failed}
        if mutations:
            found = mutate(app, resources, outcomes, emulator.endpoint)
            figures |= dict(zip(("killed", "mutants", "survivors"), found))
        emulator.empty()
        empty = run_app(app, emulator.endpoint)
        figures["vacuous"] = [n for n, t in empty.items() if t["outcome"] == "passed"]
    return figures


def main():
    """Check the roots of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--generate", required=True, help="command with {root} and {app}")
    parser.add_argument("--no-mutations", action="store_true")
    parser.add_argument("roots", nargs="+")
    options = parser.parse_args()
    total = {"roots": 0, "green": 0, "killed": 0, "mutants": 0, "vacuous": 0, "tests": 0}
    for root in options.roots:
        total["roots"] += 1
        with tempfile.TemporaryDirectory(prefix="lsqm-mutation-") as work:
            try:
                figures = check(root, options.generate, Path(work), not options.no_mutations)
            except (RuntimeError, subprocess.SubprocessError) as error:
                print(json.dumps({"root": Path(root).name, "error": str(error)}), flush=True)
                continue
        print(json.dumps(figures), flush=True)
        total["green"] += not figures["red"]
        total["tests"] += figures["tests"]
        total["vacuous"] += len(figures["vacuous"])
        total["killed"] += figures.get("killed", 0)
        total["mutants"] += figures.get("mutants", 0)
    print(json.dumps(total))
    enough = total["killed"] >= 0.95 * total["mutants"]
    return 0 if total["green"] == total["roots"] and enough and not total["vacuous"] else 1


if __name__ == "__main__":
    sys.exit(main())
