-- SPDX-License-Identifier: Apache-2.0
-- Parts that every application has: reading the deployed state, waiting, comparing documents.

return {
  app = {
    { name = "Deployment", always = true, code = [==[
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
]==] },
    { name = "plain_address", always = true, code = [==[
def plain_address(address):
    """Return a state address without its count and for_each keys."""
    return re.sub(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]', "", address)
]==] },
    { name = "wait_for", code = [==[
def wait_for(probe, seconds=20, pause=0.25):
    """Return the first true answer of probe, or its last one when time is up."""
    deadline = time.monotonic() + seconds
    answer = probe()
    while not answer and time.monotonic() < deadline:
        time.sleep(pause)
        answer = probe()
    return answer
]==] },
    { name = "pick", code = [==[
def pick(items, **wanted):
    """Return the one item with the wanted fields; a missing one fails."""
    for item in items:
        if all(item.get(key) == wanted[key] for key in wanted):
            return item
    raise AssertionError(f"no item with {wanted} among {len(items)}")
]==] },
    { name = "one_of", code = [==[
def one_of(value):
    """Return the document with one-element lists written as the element."""
    if isinstance(value, dict):
        return {key: one_of(value[key]) for key in value}
    if isinstance(value, list):
        items = [one_of(item) for item in value]
        return items[0] if len(items) == 1 else sorted(items, key=str)
    return value
]==] },
    { name = "document", code = [==[
def document(policy):
    """Return a policy given as text or as a value in one comparable form."""
    return one_of(json.loads(policy) if isinstance(policy, str) else policy)
]==] },
    { name = "unique", code = [==[
def unique(prefix="lsqm"):
    """Return a name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"
]==] },
  },
  checks = {},
}
