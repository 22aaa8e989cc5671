-- SPDX-License-Identifier: Apache-2.0
-- DynamoDB: items that honour the table's key schema and attribute types.

return {
  app = {
    { name = "sample_item", code = [==[
def sample_item(table):
    """Return an item with a value for each attribute that the table declares."""
    samples = {
        "S": {"S": unique()},
        "N": {"N": str(uuid.uuid4().int % 10**9)},
        "B": {"B": uuid.uuid4().bytes},
    }
    item = {field["name"]: samples[field["type"]] for field in table["attribute"]}
    item["lsqm_note"] = {"S": "written by a test"}
    return item
]==] },
    { name = "key_of", code = [==[
def key_of(table, item):
    """Return the primary key of an item."""
    names = [table["hash_key"], table.get("range_key")]
    return {name: item[name] for name in names if name}
]==] },
    { name = "query_index", code = [==[
def query_index(dynamodb, table, index, item):
    """Return the items of an index that share the item's partition value."""
    return dynamodb.query(
        TableName=table["name"],
        IndexName=index["name"],
        KeyConditionExpression="#key = :value",
        ExpressionAttributeNames={"#key": index["hash_key"]},
        ExpressionAttributeValues={":value": item[index["hash_key"]]},
    )["Items"]
]==] },
  },
  checks = {
    ["dynamodb.item_round_trip"] = {
      as = "table", clients = "dynamodb",
      doc = "An item is written, read, updated, and found through every index.",
      body = [==[
name = table["name"]
item = app.sample_item(table)
key = app.key_of(table, item)
dynamodb.put_item(TableName=name, Item=item)
try:
    found = dynamodb.get_item(TableName=name, Key=key, ConsistentRead=True)
    assert found["Item"] == item
    dynamodb.update_item(
        TableName=name,
        Key=key,
        UpdateExpression="SET lsqm_note = :note",
        ExpressionAttributeValues={":note": {"S": "changed"}},
    )
    found = dynamodb.get_item(TableName=name, Key=key, ConsistentRead=True)
    assert found["Item"]["lsqm_note"] == {"S": "changed"}
    for index in table.get("global_secondary_index") or []:
        matches = app.wait_for(
            lambda: app.query_index(dynamodb, table, index, item), seconds=5
        )
        assert len(matches) == 1, f"index {index['name']}"
finally:
    dynamodb.delete_item(TableName=name, Key=key)
gone = dynamodb.get_item(TableName=name, Key=key, ConsistentRead=True)
assert "Item" not in gone
]==] },
    ["dynamodb.key_schema"] = {
      as = "table", clients = "dynamodb",
      doc = "The table has the key schema, indexes and stream of its configuration.",
      body = [==[
found = dynamodb.describe_table(TableName=table["name"])["Table"]
keys = {key["KeyType"]: key["AttributeName"] for key in found["KeySchema"]}
assert keys["HASH"] == table["hash_key"]
assert keys.get("RANGE") == (table.get("range_key") or None)
indexes = found.get("GlobalSecondaryIndexes", [])
indexes = {index["IndexName"] for index in indexes}
wanted = {index["name"] for index in table.get("global_secondary_index") or []}
assert indexes == wanted
stream = found.get("StreamSpecification", {})
assert stream.get("StreamEnabled", False) == bool(table.get("stream_enabled"))
]==] },
    ["dynamodb.stored_item"] = {
      as = "row", clients = "dynamodb",
      doc = "The item that the template writes is in its table.",
      body = [==[
item = json.loads(row["item"])
names = [row["hash_key"], row.get("range_key")]
key = {name: item[name] for name in names if name}
found = dynamodb.get_item(TableName=row["table_name"], Key=key)
assert found["Item"] == item
]==] },
  },
}
