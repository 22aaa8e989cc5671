# SPDX-License-Identifier: Apache-2.0
"""Expands SAM templates, one JSON line per request and per answer.

Requests come from the named pipe that is the first argument (made here), answers go to standard
output: {"id", "template", "limit"} -> {"id", "template"} or {"id", "errors": [text]}. `limit` is
in seconds. Ends when its parent is gone. Needs no network, no credentials and no AWS account: the
managed policies that policy templates name are given offline.
"""
import json
import os
import select
import signal
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

import boto3  # noqa: E402
from samtranslator.model.exceptions import InvalidDocumentException  # noqa: E402
from samtranslator.policy_template_processor.processor import (  # noqa: E402
    PolicyTemplatesProcessor,
)
from samtranslator.sdk.parameter import SamParameterValues  # noqa: E402
from samtranslator.translator.transform import transform  # noqa: E402

SERVICE_ROLE = "service-role/"
SERVICE_POLICIES = (
    "AWSLambdaBasicExecutionRole", "AWSLambdaDynamoDBExecutionRole", "AWSLambdaENIManagementAccess",
    "AWSLambdaKinesisExecutionRole", "AWSLambdaMSKExecutionRole", "AWSLambdaRole",
    "AWSLambdaSQSQueueExecutionRole", "AWSLambdaVPCAccessExecutionRole",
    "AWSAppSyncPushToCloudWatchLogs", "AmazonAPIGatewayPushToCloudWatchLogs",
    "AWSCodeDeployRoleForLambda", "AWSIoTLogging", "AmazonElasticMapReduceRole",
)


class ManagedPolicies:
    """Name to ARN for every managed policy: those in service-role/ are listed, others are direct."""

    def load(self):
        return {name: self._arn(name) for name in SERVICE_POLICIES}

    @staticmethod
    def _arn(name):
        path = SERVICE_ROLE if name in SERVICE_POLICIES else ""
        return "arn:aws:iam::aws:policy/" + path + name


def spare_repetitions():
    """Most of a short translation is the check of the translator's own policy templates, which are
    the same each time, and a new session that is only asked for its region."""
    session = boto3.session.Session()
    add_values = SamParameterValues.add_pseudo_parameter_values
    check = PolicyTemplatesProcessor._is_valid_templates_dict
    checked = []

    def check_once(templates, schema=None):
        if templates not in checked:
            check(templates, schema)
            checked.append(templates)
        return True

    SamParameterValues.add_pseudo_parameter_values = (
        lambda self, given=None: add_values(self, given or session))
    PolicyTemplatesProcessor._is_valid_templates_dict = staticmethod(check_once)


def errors_of(problem):
    causes = getattr(problem, "causes", None) or [problem]
    return [getattr(cause, "message", None) or str(cause) for cause in causes]


class OutOfTime(Exception):
    pass


def out_of_time(signum, frame):
    raise OutOfTime("the translator did not finish in time")


def answer(request):
    signal.alarm(int(request.get("limit") or 0))
    try:
        template = transform(request["template"], request.get("parameters") or {},
                             ManagedPolicies(), None)
        return {"id": request["id"], "template": template}
    except InvalidDocumentException as problem:
        return {"id": request["id"], "errors": errors_of(problem)}
    except Exception as problem:  # a template must never end the worker
        return {"id": request["id"], "errors": ["the SAM translator takes no such template: "
                                                + type(problem).__name__ + ": " + str(problem)]}
    finally:
        signal.alarm(0)


def requests(path, parent):
    """Lines of the pipe; opened for writing too, so that it never ends by itself."""
    pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    rest = b""
    while os.getppid() == parent:
        ready, _, _ = select.select([pipe], [], [], 1.0)
        if not ready:
            continue
        rest += os.read(pipe, 1 << 16)
        *lines, rest = rest.split(b"\n")
        yield from lines


def main():
    parent = os.getppid()
    spare_repetitions()
    signal.signal(signal.SIGALRM, out_of_time)
    os.mkfifo(sys.argv[1], 0o600)
    print(json.dumps({"ready": True}), flush=True)
    for line in requests(sys.argv[1], parent):
        print(json.dumps(answer(json.loads(line)), default=str), flush=True)


if __name__ == "__main__":
    main()
