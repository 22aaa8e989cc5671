# SPDX-License-Identifier: Apache-2.0
"""Short links: the code of a link is taken from the hash of its address."""

import hashlib
import json


def make(event, context):
    """Answer with the code of the address in the body."""
    address = json.loads(event.get("body") or "{}").get("address", "")
    if not address:
        return {"statusCode": 400, "body": json.dumps({"error": "address is missing"})}
    code = hashlib.sha256(address.encode()).hexdigest()[:7]
    return {"statusCode": 201, "body": json.dumps({"code": code})}


def follow(event, context):
    """Send the caller on to the address of a code."""
    code = (event.get("pathParameters") or {}).get("code", "")
    location = f"https://example.com/{code}"
    return {"statusCode": 302, "headers": {"Location": location}, "body": ""}
