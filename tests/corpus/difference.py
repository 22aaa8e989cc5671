# SPDX-License-Identifier: Apache-2.0
"""Compares two inventories (inventory.py): names that were generated are replaced by the logical id
of what they name, lists that are sets are sorted, and what is left has to be equal."""

import json
import re

ORDERED = {"Choices", "Branches", "Catch", "Retry", "Command", "EntryPoint", "command"}
POLICY_LISTS = {"Action", "Resource", "AWS", "Service", "NotAction", "NotResource", "Federated"}


KEYS = ("ClientId", "Name", "name", "IndexName", "AttributeName", "PolicyName", "path", "RouteKey", "ClientName",
        "Sid", "Id", "ParameterKey", "GatewayId")


def keyed(items):
    """A list of things that name themselves, by name; a list where they do not."""
    for key in KEYS:
        names = [i.get(key) if isinstance(i, dict) else None for i in items]
        if items and all(isinstance(n, str) for n in names) and len(set(names)) == len(names):
            return dict(zip(names, items))
    return items


def canonical(value, field=""):
    """The same value for lists that are sets, and for policies that say the same."""
    if isinstance(value, dict):
        return {k: canonical(v, k) for k, v in value.items()}
    if isinstance(value, list):
        items = [canonical(v, field) for v in value]
        if field in POLICY_LISTS and len(items) == 1:
            return items[0]
        if field in ORDERED:
            return items
        return keyed(sorted(items, key=lambda v: json.dumps(v, sort_keys=True)))
    return value


def substitute(value, pairs):
    if isinstance(value, dict):
        return {substitute(k, pairs): substitute(v, pairs) for k, v in value.items()}
    if isinstance(value, list):
        return [substitute(v, pairs) for v in value]
    if isinstance(value, str):
        for pattern, stand_in in pairs + GENERATED:
            value = pattern.sub(stand_in, value)
    return value


GENERATED = [(re.compile(r"terraform-\d{14,}[0-9a-f]{4,}"), "<generated>"),
             (re.compile(r"(https?://)?(localhost|127\.0\.0\.1):\d+"), "<endpoint>"),
             (re.compile(r"\b[a-z0-9]{13,14}\.cloudfront\.net"), "<domain>.cloudfront.net"),
             (re.compile(r"\b[a-z0-9]{32}\.lambda-url"), "<domain>.lambda-url"),
             (re.compile(r"/stream/\d{4}-[0-9T:.-]+Z?"), "/stream/<time>")]


# What an ARN says besides names.
WORDS = {"function", "table", "parameter", "policy", "stream", "stateMachine", "event-bus",
         "secret", "repository", "cluster", "service", "task-definition", "log-group",
         "loadbalancer", "listener", "listener-rule", "targetgroup", "userpool", "restapis",
         "deliverystream", "instance-profile", "group", "topic", "alias", "certificate",
         "distribution", "hostedzone", "layer", "workgroup", "project", "event-source-mapping",
         "default", "subnet", "instance", "schedule"}


def names_in(ident):
    """The names that an id is made of: of an ARN or URL, what follows the account."""
    if ident.startswith("arn:") or "://" in ident:
        parts = re.split(r"[:/]", ident)[5:]
    elif ident.startswith("/"):
        parts = [ident]
    else:
        parts = re.split(r"[|/]", ident)
    return {part for part in parts
            if len(part) > 4 and part not in WORDS and not re.fullmatch(r"\d{12}", part)}


def belongs(entry, owned):
    """Is one of the names that make up an entry's key among the names `owned`?"""
    for name in entry["names"]:
        spelled = names_in(name) if "://" in name or name.startswith("arn:") else set()
        if name and (name.rstrip(".") in owned or spelled & owned):
            return True
    return False


def pairs_of(ids, other):
    """Texts to replace: a name that the other side has too was said by the template and stays."""
    there, pairs = json.dumps(other["inventory"], default=str), {}
    for logical in sorted(ids):
        for ident in ids[logical]:
            for form in names_in(ident):
                whole = re.compile(r"(?<![\w-])%s(?![\w-])" % re.escape(form))
                if form not in pairs and not whole.search(there):
                    pairs[form] = whole, "<%s>" % logical
    return [pairs[form] for form in sorted(pairs, key=len, reverse=True)]


def rows_of(inventory, pairs):
    rows = {}
    for entry in inventory:
        rows.setdefault((entry["kind"], substitute(entry["key"], pairs)), []).append(canonical(substitute(entry["attributes"], pairs)))
    return rows


def text_of(value):
    """A number or truth value is the same as its text: CloudFormation passes both."""
    if isinstance(value, (bool, int, float)):
        return str(value).lower()
    return value


def differ(left, right, path, found):
    """Counts leaves; appends (path, left, right) of those that differ."""
    if isinstance(left, dict) and isinstance(right, dict):
        return sum(differ(left.get(k), right.get(k), path + [k], found)
                   for k in sorted(set(left) | set(right)))
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        return sum(differ(a, b, path + [str(i)], found)
                   for i, (a, b) in enumerate(zip(left, right)))
    if text_of(left) != text_of(right):
        found.append((".".join(path), left, right))
    return 1


def compare(left, right):
    """left, right: {"ids": {logical: [id]}, "inventory": []} -> counts and differences."""
    ours = rows_of(left["inventory"], pairs_of(left["ids"], right))
    theirs = rows_of(right["inventory"], pairs_of(right["ids"], left))
    differences, things, leaves = [], 0, 0
    for key in sorted(set(ours) | set(theirs)):
        a, b = ours.get(key, []), theirs.get(key, [])
        things += max(len(a), len(b))
        for i in range(max(len(a), len(b))):
            if i >= len(a) or i >= len(b):
                differences.append({"kind": key[0], "key": key[1], "path": "",
                                    "template": i < len(a), "terraform": i < len(b)})
                continue
            found = []
            leaves += differ(a[i], b[i], [], found)
            differences += [{"kind": key[0], "key": key[1], "path": path, "template": x,
                             "terraform": y} for path, x, y in found]
    return {"resources": things, "attributes": leaves, "differences": differences}
