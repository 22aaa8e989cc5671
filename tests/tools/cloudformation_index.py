#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the compact index of CloudFormation's resource schemas that the rule tests read.

    pip download --no-deps cfn-lint && unzip cfn_lint-*.whl -d DIR
    python3 tests/tools/cloudformation_index.py DIR/cfnlint/data/schemas [TYPE-PREFIX...]
        > tests/contract/cloudformation.idx

The schemas are those that CloudFormation publishes for its resource types (us-east-1). One JSON
object per line, sorted by type:
    {"type": "AWS::SQS::Queue", "id": ["QueueUrl"], "get": ["Arn", ...], "required": [...],
     "props": {"QueueName": "s", "RedrivePolicy": "j", "Tags": [{"Key": "s", "Value": "s"}]}}
A property is "s", "n", "b", "j" (any JSON), a list of one, or an object; "{}" marks a map whose
keys are free. A definition inside itself is "@<name>".
"""
import json
import os
import sys

SCALARS = {"string": "s", "integer": "n", "number": "n", "boolean": "b"}


def target(schema, root):
    name = schema.get("$ref", "")
    node = root
    for part in name.removeprefix("#/").split("/"):
        node = node.get(part, {})
    return name.rsplit("/", 1)[-1], node


def properties_of(schema):
    """All properties, those of alternatives too."""
    found = dict(schema.get("properties", {}))
    for word in ("oneOf", "anyOf", "allOf"):
        for branch in schema.get(word, []):
            found.update(branch.get("properties", {}))
    return found


def shape(schema, root, above):
    if "$ref" in schema:
        name, found = target(schema, root)
        return "@" + name if name in above else shape(found, root, above + (name,))
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((k for k in kind if k in ("object", "array")), kind[0])
    if kind == "array":
        return [shape(schema.get("items", {}), root, above)]
    members = properties_of(schema)
    if members:
        return {key: shape(value, root, above) for key, value in sorted(members.items())}
    if schema.get("patternProperties"):
        inner = next(iter(schema["patternProperties"].values()))
        return {"{}": shape(inner, root, above)}
    for word in ("oneOf", "anyOf"):
        if kind is None and schema.get(word):
            return shape(schema[word][0], root, above)
    return SCALARS.get(kind, "j")


def names(schema, key):
    return [".".join(p for p in path.split("/")[2:] if p != "*") for path in schema.get(key, [])]


def entry(schema):
    hidden = {name for name in names(schema, "readOnlyProperties") if "." not in name}
    props = {key: shape(value, schema, ()) for key, value in sorted(properties_of(schema).items())}
    return {
        "type": schema["typeName"],
        "id": names(schema, "primaryIdentifier"),
        "get": sorted(names(schema, "readOnlyProperties")),
        "required": sorted(schema.get("required", [])),
        "props": {key: value for key, value in props.items() if key not in hidden},
    }


def main(folder, prefixes):
    with open(os.path.join(folder, "providers", "us-east-1.json"), encoding="utf-8") as file:
        index = json.load(file)
    for name in sorted(index):
        if prefixes and not any(name == p or p.endswith("::") and name.startswith(p)
                                for p in prefixes):
            continue
        path = os.path.join(folder, "resources", index[name] + ".json")
        with open(path, encoding="utf-8") as file:
            print(json.dumps(entry(json.load(file)), separators=(",", ":")))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
