-- SPDX-License-Identifier: Apache-2.0
-- RDS, ElastiCache and OpenSearch: settings that can be written and read. Their engines are
-- spoken to in protocols of their own, for which apps have no packages.

local TAGS <const> = [==[
arn = NAME["arn"]
tag = {"Key": "lsqm", "Value": app.unique()}
SERVICE.add_tags_to_resource(ResourceName=arn, Tags=[tag])
try:
    answer = SERVICE.list_tags_for_resource(ResourceName=arn)
    assert tag in answer["TagList"]
finally:
    SERVICE.remove_tags_from_resource(ResourceName=arn, TagKeys=["lsqm"])
]==]

-- Tags alone prove nothing: some emulators keep them for what does not exist.
local function tagged(service, name, doc, described)
  return { as = name, clients = service, doc = doc,
    body = described .. (TAGS:gsub("%u%u%u+", { NAME = name, SERVICE = service })) }
end

return {
  app = {
    { name = "parameter_of", code = [==[
def parameter_of(pages, name):
    """Return the value of a parameter in the pages of a parameter group."""
    for page in pages:
        for item in page["Parameters"]:
            if item["ParameterName"] == name:
                return item.get("ParameterValue")
    return None
]==] },
  },
  checks = {
    ["rds.instance"] = tagged("rds", "database",
      "The database is as configured, and takes and loses a tag.", [==[
answer = rds.describe_db_instances(DBInstanceIdentifier=database["identifier"])
found = answer["DBInstances"][0]
assert found["Engine"] == database["engine"]
assert found["DBInstanceClass"] == database["instance_class"]
]==]),
    ["rds.cluster"] = tagged("rds", "cluster",
      "The cluster is as configured, and takes and loses a tag.", [==[
name = cluster["cluster_identifier"]
answer = rds.describe_db_clusters(DBClusterIdentifier=name)
assert answer["DBClusters"][0]["Engine"] == cluster["engine"]
]==]),
    ["elasticache.cluster"] = tagged("elasticache", "cache",
      "The cache is as configured, and takes and loses a tag.", [==[
answer = elasticache.describe_cache_clusters(CacheClusterId=cache["cluster_id"])
assert answer["CacheClusters"][0]["Engine"] == cache["engine"]
]==]),
    ["rds.parameters"] = {
      as = "group", clients = "rds",
      doc = "The group holds the configured parameters.",
      body = [==[
name = group["name"]
answer = rds.describe_db_parameter_groups(DBParameterGroupName=name)
found = answer["DBParameterGroups"][0]
assert found["DBParameterGroupFamily"] == group["family"]
pages = rds.get_paginator("describe_db_parameters")
for item in group.get("parameter") or []:
    pages_of = pages.paginate(DBParameterGroupName=name)
    assert app.parameter_of(pages_of, item["name"]) == item["value"]
]==] },
    ["opensearch.domain"] = {
      as = "domain", clients = "opensearch",
      doc = "The domain is as configured, and takes and loses a tag.",
      body = [==[
found = opensearch.describe_domain(DomainName=domain["domain_name"])
assert found["DomainStatus"]["ARN"] == domain["arn"]
tag = {"Key": "lsqm", "Value": app.unique()}
opensearch.add_tags(ARN=domain["arn"], TagList=[tag])
try:
    assert tag in opensearch.list_tags(ARN=domain["arn"])["TagList"]
finally:
    opensearch.remove_tags(ARN=domain["arn"], TagKeys=["lsqm"])
]==] },
  },
}
