-- SPDX-License-Identifier: Apache-2.0
-- Kinesis streams and CloudWatch Logs: records in, records out.

return {
  app = {
    { name = "put_record", code = [==[
def put_record(kinesis, stream, data):
    """Put a record and return the shard and the place that took it."""
    answer = kinesis.put_record(StreamName=stream, Data=data, PartitionKey="lsqm")
    return answer["ShardId"], answer["SequenceNumber"]
]==] },
    { name = "read_records", code = [==[
def read_records(kinesis, stream, shard, sequence):
    """Return the data of the records of a shard from a place on."""
    iterator = kinesis.get_shard_iterator(
        StreamName=stream,
        ShardId=shard,
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        StartingSequenceNumber=sequence,
    )["ShardIterator"]
    records = kinesis.get_records(ShardIterator=iterator)["Records"]
    return [record["Data"] for record in records]
]==] },
    { name = "write_log", code = [==[
def write_log(logs, group, stream, text):
    """Write one line to a new log stream."""
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    entry = {"timestamp": int(time.time() * 1000), "message": text}
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[entry])
]==] },
    { name = "read_log", code = [==[
def read_log(logs, group, stream):
    """Return the lines of a log stream."""
    answer = logs.get_log_events(logGroupName=group, logStreamName=stream)
    return [event["message"] for event in answer["events"]]
]==] },
  },
  checks = {
    ["kinesis.records"] = {
      as = "stream", clients = "kinesis",
      doc = "A record that is put can be read from its shard.",
      body = [==[
data = app.unique("record").encode()
shard, sequence = app.put_record(kinesis, stream["name"], data)
found = app.wait_for(
    lambda: app.read_records(kinesis, stream["name"], shard, sequence),
    seconds=10,
)
assert data in found
]==] },
    ["logs.lines"] = {
      as = "group", clients = "logs",
      doc = "A line that is written to the group can be read.",
      body = [==[
stream = app.unique("stream")
text = app.unique("line")
app.write_log(logs, group["name"], stream, text)
try:
    found = app.wait_for(lambda: app.read_log(logs, group["name"], stream))
    assert found == [text]
finally:
    logs.delete_log_stream(logGroupName=group["name"], logStreamName=stream)
]==] },
  },
}
