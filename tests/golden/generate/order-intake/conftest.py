"""Fixtures: clients for the emulator and the state of the deployed architecture."""

import json
import os

import app
import boto3
import pytest
from botocore.config import Config


def load_resources(path):
    """Return the deployed resources from a list or from `terraform show -json`."""
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    if isinstance(data, list):
        return data
    found, modules = [], [data["values"]["root_module"]]
    while modules:
        module = modules.pop()
        items = module.get("resources", [])
        found += [item for item in items if item["mode"] == "managed"]
        modules += module.get("child_modules", [])
    return found


def emulator_endpoint():
    """Return the emulator's address without a slash at its end."""
    for name in ("AWS_ENDPOINT_URL", "LOCALSTACK_ENDPOINT"):
        if os.environ.get(name):
            return os.environ[name].rstrip("/")
    return "http://127.0.0.1:4566"


def connect(service, region, endpoint):
    """Return a client that neither retries nor waits for long."""
    config = Config(
        retries={"max_attempts": 0},
        connect_timeout=5,
        read_timeout=30,
        inject_host_prefix=False,
        s3={"addressing_style": "path"},
    )
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=os.environ.get("AWS_ACCESS_KEY_ID", "test"),
        aws_secret_access_key=os.environ.get("AWS_SECRET_ACCESS_KEY", "test"),
        config=config,
    )


@pytest.fixture(scope="session")
def endpoint():
    """Return the emulator's address."""
    return emulator_endpoint()


@pytest.fixture(scope="session")
def deployment():
    """Return the deployed architecture; without it no test can pass."""
    path = os.environ.get("LSQM_STATE")
    assert path, "LSQM_STATE names no file with the deployed resources"
    return app.Deployment(load_resources(path))


@pytest.fixture(scope="session")
def region(deployment):
    """Return the region that the architecture was deployed to."""
    return deployment.region() or os.environ.get("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture(scope="session")
def deployed(deployment):
    """Return a function that gives the instances of an address, five at most."""

    def instances(address):
        found = deployment.instances(address)[:5]
        if not found and address in app.CONDITIONAL:
            pytest.skip(f"{address} has no instances in this configuration")
        assert found, f"{address} was not deployed"
        return found

    return instances


@pytest.fixture(scope="session")
def dynamodb(region, endpoint):
    """Return a client for dynamodb."""
    return connect("dynamodb", region, endpoint)


@pytest.fixture(scope="session")
def logs(region, endpoint):
    """Return a client for logs."""
    return connect("logs", region, endpoint)


@pytest.fixture(scope="session")
def sns(region, endpoint):
    """Return a client for sns."""
    return connect("sns", region, endpoint)


@pytest.fixture(scope="session")
def sqs(region, endpoint):
    """Return a client for sqs."""
    return connect("sqs", region, endpoint)
