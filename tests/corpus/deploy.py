# SPDX-License-Identifier: Apache-2.0
"""Deploys a CloudFormation template on an emulator and takes inventories. Jobs and answers are JSON:

  deploy.py template < {endpoint, stack, template, parameters, services}   -> {status, reason, ids,
                                                                            inventory}
  deploy.py compare < {endpoint, sides: [{left, ids, owned}], services}    -> {results, strangers}
"""

import io
import json
import sys
import time
import zipfile

from botocore.exceptions import BotoCoreError, ClientError

import difference
import inventory

DONE = ("CREATE_COMPLETE", "CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED",
        "DELETE_COMPLETE")
# Their ids name what they are attached to.
ATTACHMENTS = {"AWS::Lambda::Permission", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy",
               "AWS::S3::BucketPolicy", "AWS::IAM::Policy", "AWS::SNS::Subscription",
               "AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule",
               "AWS::ApiGateway::Deployment", "AWS::ApiGateway::Stage",
               "AWS::Lambda::EventSourceMapping", "AWS::Lambda::Version"}


def packages(account, template):
    """Code that only a package holds is replaced by one uploaded archive."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("index.py", "def handler(event, context):\n    return {}\n")
    used = False
    for resource in template.get("Resources", {}).values():
        properties = resource.get("Properties") or {}
        for field in ("Code", "Content"):
            code = properties.get(field)
            if isinstance(code, dict) and "S3Bucket" in code:
                properties[field] = {"S3Bucket": inventory.STACK_BUCKET, "S3Key": "package.zip"}
                used = True
    if used:
        store = account.client("s3")
        store.create_bucket(Bucket=inventory.STACK_BUCKET)
        store.put_object(Bucket=inventory.STACK_BUCKET, Key="package.zip", Body=archive.getvalue())


def wait(account, stack, limit=120):
    began = time.monotonic()
    while True:
        found = account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        if found["StackStatus"] in DONE:
            return found["StackStatus"]
        if time.monotonic() - began > limit:
            return "still %s after %d s" % (found["StackStatus"], limit)
        time.sleep(0.1)


def reason_of(account, stack):
    events = account.call("cloudformation", "describe_stack_events", StackName=stack)
    for event in reversed(events.get("StackEvents", [])):
        if event["ResourceStatus"].endswith("FAILED") and event.get("ResourceStatusReason"):
            return "%s (%s): %s" % (event["LogicalResourceId"], event["ResourceType"],
                                    event["ResourceStatusReason"])
    return None


def ids_of(account, stack):
    ids = {}
    answer = account.call("cloudformation", "describe_stack_resources", StackName=stack)
    for resource in answer.get("StackResources", []):
        if resource["ResourceType"] not in ATTACHMENTS and resource.get("PhysicalResourceId"):
            ids[resource["LogicalResourceId"]] = [resource["PhysicalResourceId"]]
    return ids


def template(job):
    account = inventory.Account(job["endpoint"])
    packages(account, job["template"])
    try:
        account.client("cloudformation").create_stack(
            StackName=job["stack"], TemplateBody=json.dumps(job["template"]),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[{"ParameterKey": k, "ParameterValue": v}
                        for k, v in job["parameters"].items()])
        status = wait(account, job["stack"])
    except (ClientError, BotoCoreError) as error:
        return {"status": "refused", "reason": str(error)}
    if status != "CREATE_COMPLETE":
        return {"status": status, "reason": reason_of(account, job["stack"]) or status}
    return {"status": status, "ids": ids_of(account, job["stack"]),
            "inventory": inventory.collect(account, set(job["services"]))}


def compare(job):
    """Each side gets the things that its module made; strangers are of no module."""
    account = inventory.Account(job["endpoint"])
    entries = inventory.collect(account, set(job["services"]))
    results = []
    for side in job["sides"]:
        owned = set()
        for text in side["owned"]:
            owned |= difference.names_in(text) | {text}
        mine = [entry for entry in entries if difference.belongs(entry, owned)]
        for entry in mine:
            entry["taken"] = True
        results.append(side.get("left") and difference.compare(side["left"], {"ids": side["ids"], "inventory": mine}))
    return {"results": results, "strangers": [e for e in entries if not e.get("taken")]}


if __name__ == "__main__":
    action = {"template": template, "compare": compare}[sys.argv[1]]
    json.dump(action(json.load(sys.stdin)), sys.stdout, default=str)
