# SPDX-License-Identifier: Apache-2.0
"""The handler of all functions of this root."""


def handler(event, context):
    """Answer as an API's function does."""
    return {"statusCode": 200, "body": "ok"}
