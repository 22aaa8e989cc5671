"""Application code: the calls that the tests make to the architecture."""

import json
import re
import uuid

# Addresses that count or for_each may leave without an instance.
CONDITIONAL = frozenset(
    [
        "aws_ssm_parameter.log_level",
    ]
)


class Deployment:
    """The resources that were deployed, as Terraform's state describes them."""

    def __init__(self, resources):
        self.resources = resources

    def instances(self, address):
        """Return the values of every instance of a resource address."""
        return [
            resource["values"]
            for resource in self.resources
            if plain_address(resource["address"]) == address
        ]

    def find(self, kind, **wanted):
        """Return the values of the resources of a type with the wanted attributes."""
        return [
            resource["values"]
            for resource in self.resources
            if resource["type"] == kind
            and all(resource["values"].get(key) == wanted[key] for key in wanted)
        ]

    def region(self):
        """Return the region that most of the deployed ARNs name, or None."""
        regions = [
            arn.split(":")[3]
            for resource in self.resources
            for arn in [resource["values"].get("arn")]
            if isinstance(arn, str) and arn.count(":") >= 5
        ]
        regions = [region for region in regions if region]
        return max(sorted(set(regions)), key=regions.count, default=None)


def plain_address(address):
    """Return a state address without its count and for_each keys."""
    return re.sub(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]', "", address)


def one_of(value):
    """Return the document with one-element lists written as the element."""
    if isinstance(value, dict):
        return {key: one_of(value[key]) for key in value}
    if isinstance(value, list):
        items = [one_of(item) for item in value]
        return items[0] if len(items) == 1 else sorted(items, key=str)
    return value


def document(policy):
    """Return a policy given as text or as a value in one comparable form."""
    return one_of(json.loads(policy) if isinstance(policy, str) else policy)


def unique(prefix="lsqm"):
    """Return a name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def protect(kms, key_id, text):
    """Return a text after it went through encrypt and decrypt."""
    sealed = kms.encrypt(KeyId=key_id, Plaintext=text)["CiphertextBlob"]
    assert sealed != text
    return kms.decrypt(CiphertextBlob=sealed)["Plaintext"]


def sign_and_verify(kms, key_id):
    """Return whether a signature of the key verifies."""
    key = kms.get_public_key(KeyId=key_id)
    options = {"KeyId": key_id, "Message": b"lsqm", "MessageType": "RAW"}
    options["SigningAlgorithm"] = key["SigningAlgorithms"][0]
    signature = kms.sign(**options)["Signature"]
    return kms.verify(Signature=signature, **options)["SignatureValid"]
