# SPDX-License-Identifier: Apache-2.0
import json
import os

import boto3
import pytest


@pytest.fixture
def ssm():
    return boto3.client("ssm", endpoint_url=os.environ["AWS_ENDPOINT_URL"])


@pytest.fixture
def greeting():
    with open(os.environ["LSQM_STATE"]) as file:
        [found] = [r for r in json.load(file) if r["type"] == "aws_ssm_parameter"]
    return found["values"]["name"]
