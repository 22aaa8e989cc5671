-- SPDX-License-Identifier: Apache-2.0
-- Glue and Athena: tables and queries that are written and read.

return {
  app = {
    { name = "glue_table", code = [==[
def glue_table(name):
    """Return the description of a table with one column."""
    columns = [{"Name": "id", "Type": "string"}]
    place = {"Columns": columns, "Location": "s3://lsqm/nothing/"}
    return {"Name": name, "StorageDescriptor": place, "TableType": "EXTERNAL_TABLE"}
]==] },
  },
  checks = {
    ["glue.database"] = {
      as = "database", clients = "glue",
      doc = "The database takes a table, gives it back and loses it.",
      body = [==[
name = app.unique("t").replace("-", "_")
place = {"DatabaseName": database["name"], "CatalogId": database["catalog_id"]}
glue.create_table(**place, TableInput=app.glue_table(name))
try:
    found = glue.get_table(**place, Name=name)["Table"]
    columns = found["StorageDescriptor"]["Columns"]
    assert columns == [{"Name": "id", "Type": "string"}]
finally:
    glue.delete_table(**place, Name=name)
]==] },
    ["glue.table"] = {
      as = "table", clients = "glue",
      doc = "The table has its columns and takes a partition.",
      body = [==[
found = glue.get_table(
    CatalogId=table["catalog_id"],
    DatabaseName=table["database_name"],
    Name=table["name"],
)["Table"]
for block in table.get("storage_descriptor") or []:
    wanted = [column["name"] for column in block.get("columns") or []]
    columns = found["StorageDescriptor"].get("Columns", [])
    assert [column["Name"] for column in columns] == wanted
]==] },
    ["glue.job"] = {
      as = "job", clients = "glue",
      doc = "The job has its role and script, and starts.",
      body = [==[
found = glue.get_job(JobName=job["name"])["Job"]
assert found["Role"] == job["role_arn"]
script = job["command"][0]["script_location"]
assert found["Command"]["ScriptLocation"] == script
run = glue.start_job_run(JobName=job["name"])["JobRunId"]
assert glue.get_job_run(JobName=job["name"], RunId=run)["JobRun"]["Id"] == run
]==] },
    ["athena.workgroup"] = {
      as = "group", clients = "athena",
      doc = "The work group keeps a query, gives it back and loses it.",
      body = [==[
found = athena.get_work_group(WorkGroup=group["name"])["WorkGroup"]
assert (found["Name"], found["State"]) == (group["name"], group["state"])
place = {"Name": app.unique(), "WorkGroup": group["name"]}
made = athena.create_named_query(
    **place, Database="default", QueryString="SELECT 1"
)
query = made["NamedQueryId"]
try:
    found = athena.get_named_query(NamedQueryId=query)["NamedQuery"]
    assert (found["QueryString"], found["Name"]) == ("SELECT 1", place["Name"])
finally:
    athena.delete_named_query(NamedQueryId=query)
]==] },
    ["athena.query"] = {
      as = "query", clients = "athena",
      doc = "The named query reads back.",
      body = [==[
found = athena.get_named_query(NamedQueryId=query["id"])["NamedQuery"]
assert found["QueryString"] == query["query"]
assert found["Database"] == query["database"]
]==] },
  },
}
