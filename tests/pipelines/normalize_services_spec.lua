-- SPDX-License-Identifier: Apache-2.0
-- The trickiest types of the data services, and what a rule can say.
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$")
local kit = dofile(HERE .. "/normalize_kit.lua")

local has, normalized, reasons = kit.has, kit.normalized, kit.reasons
local resources, run = kit.resources, kit.run

describe("rules of the data services", function()
  it("convert a pipe with a filter", function()
    local record, main = resources [[
  P:
    Type: AWS::Pipes::Pipe
    Properties: { RoleArn: "arn:aws:iam::123456789012:role/r", Source: "arn:aws:sqs:a", Target: "b",
      SourceParameters: { SqsQueueParameters: { BatchSize: 1 },
        FilterCriteria: { Filters: [{ Pattern: '{"a": [1]}' }] } },
      TargetParameters: { EcsTaskParameters: { TaskDefinitionArn: t, NetworkConfiguration: {
        AwsvpcConfiguration: { Subnets: [s] } } } } }
]]
    normalized(record)
    has(main, 'filter {\n pattern = "{\\"a\\": [1]}"', "aws_vpc_configuration {\n subnets")
  end)

  it("convert the settings of a bucket that have resources of their own", function()
    local record, main = resources [[
  B:
    Type: AWS::S3::Bucket
    Properties:
      AccessControl: LogDeliveryWrite
      OwnershipControls: { Rules: [{ ObjectOwnership: ObjectWriter }] }
      VersioningConfiguration: { Status: Enabled }
      LoggingConfiguration: {}
      ReplicationConfiguration:
        Role: r
        Rules:
          - { Status: Enabled, Priority: 1, DeleteMarkerReplication: { Status: Disabled },
              Filter: { And: { Prefix: p, TagFilters: [{ Key: k, Value: v }] } },
              Destination: { Bucket: "arn:aws:s3:::c" } }
      LifecycleConfiguration:
        Rules:
          - { Status: Enabled, Prefix: p, ExpirationDate: "2030-01-01",
              TagFilters: [{ Key: k, Value: v }] }
          - { Id: all, Status: Enabled, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }
      InventoryConfigurations:
        - &i { Id: i, Enabled: true, IncludedObjectVersions: All, ScheduleFrequency: Daily,
            Prefix: p, Destination: { BucketArn: "arn:aws:s3:::c", Format: CSV } }
        - { <<: *i, Id: j }
      NotificationConfiguration: { EventBridgeConfiguration: {}, QueueConfigurations: [{
        Event: "s3:ObjectCreated:*", Queue: q, Filter: { S3Key: { Rules: [{ Name: suffix,
          Value: .x }] } } }] }
]]
    normalized(record)
    has(main, 'and {\n prefix = "p"\n tags = {\n k = "v"\n }', 'id = "rule-1"',
      'expiration {\n date = "2030-01-01T00:00:00Z"',
      "days_after_initiation = 1\n }\n filter {\n }",
      "depends_on = [\n aws_s3_bucket_versioning.b_versioning,\n ]",
      "depends_on = [\n aws_s3_bucket_ownership_controls.b_ownership,\n ]",
      'target_bucket = aws_s3_bucket.b.id\n target_prefix = ""',
      'destination {\n bucket {\n bucket_arn = "arn:aws:s3:::c"',
      'resource "aws_s3_bucket_inventory" "b_inventory_2"', "eventbridge = true",
      'filter_suffix = ".x"')
  end)

  it("take the address of a website from its setting, which knows it at once", function()
    local record, main, outputs = run [==[
Parameters: { E: { Type: String, Default: prod } }
Conditions: { Prod: !Equals [!Ref E, prod] }
Resources:
  A: { Type: AWS::S3::Bucket, Properties: { WebsiteConfiguration: { IndexDocument: i } } }
  AWebsite: { Type: AWS::S3::Bucket, Condition: Prod, Properties: { WebsiteConfiguration: {
    RedirectAllRequestsTo: { HostName: !Select [2, !Split ["/", !GetAtt A.WebsiteURL]] } } } }
  B: { Type: AWS::S3::Bucket, Properties: { WebsiteConfiguration: !If [Prod, {
    IndexDocument: i }, !Ref AWS::NoValue] } }
Outputs:
  A: { Value: !GetAtt A.WebsiteURL }
  AWebsite: { Value: !GetAtt AWebsite.WebsiteURL }
  B: { Value: !GetAtt B.WebsiteURL }
]==]
    normalized(record)
    has(main, 'resource "aws_s3_bucket_website_configuration" "a_website_2" {',
      '"http://${aws_s3_bucket_website_configuration.a_website_2.website_endpoint}"')
    has(outputs, '"http://${aws_s3_bucket_website_configuration.a_website_2.website_endpoint}"',
      "${one(aws_s3_bucket_website_configuration.a_website_website[*].website_endpoint)}",
      '"http://${aws_s3_bucket.b.id}.s3-website-${data.aws_region.current.name}.amazonaws.com"')
  end)

  it("convert a delivery stream that a function processes", function()
    local record, main = resources [[
  F:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      DeliveryStreamType: DirectPut
      ExtendedS3DestinationConfiguration:
        BucketARN: "arn:aws:s3:::b"
        RoleARN: "arn:aws:iam::123456789012:role/r"
        BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 1 }
        EncryptionConfiguration: { NoEncryptionConfig: NoEncryption }
        ProcessingConfiguration: { Enabled: true, Processors: [{ Type: Lambda, Parameters: [{
          ParameterName: LambdaArn, ParameterValue: f }] }] }
]]
    normalized(record)
    has(main, 'destination = "extended_s3"', "buffering_interval = 60",
      'parameters {\n parameter_name = "LambdaArn"\n parameter_value = "f"')
  end)

  it("convert a global table: its own region is the table, others are replicas", function()
    local record, main = resources [[
  T:
    Type: AWS::DynamoDB::GlobalTable
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_AND_OLD_IMAGES }
      Replicas:
        - { Region: !Ref AWS::Region, TableClass: STANDARD, Tags: [{ Key: a, Value: b }],
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } }
        - { Region: eu-west-1, TableClass: STANDARD, Tags: [{ Key: a, Value: b }] }
]]
    normalized(record)
    has(main, "stream_enabled = true", "point_in_time_recovery {\n enabled = true",
      'for_each = data.aws_region.current.name != "eu-west-1" ? [1] : []',
      'region_name = "eu-west-1"\n propagate_tags = true', 'tags = {\n a = "b"\n }')
  end)

  it("keep what versions of a function say", function()
    local record, main = resources [[
  F: { Type: AWS::Lambda::Function, Properties: { Role: "arn:aws:iam::123456789012:role/r",
    Runtime: python3.12, Handler: index.h, Code: { ZipFile: "x" }, RecursiveLoop: Allow,
    LoggingConfig: { LogGroup: g } } }
  V: { Type: AWS::Lambda::Version, Properties: { FunctionName: !Ref F, Description: d,
    ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 2 } } }
  A: { Type: AWS::Lambda::Alias, Properties: { Name: live, FunctionName: !Ref F,
    FunctionVersion: !GetAtt V.Version } }
]]
    normalized(record)
    has(main, "publish = true", 'log_format = "Text"', 'recursive_loop = "Allow"',
      "qualifier = aws_lambda_function.f.version\n provisioned_concurrent_executions = 2",
      "function_version = aws_lambda_function.f.version")
    has(table.concat(record.assumptions, "\n"),
      "V.Description is left out: a version has the description of its function")
  end)

  it("convert an ingestion pipeline with its log", function()
    local record, main = resources [[
  P:
    Type: AWS::OSIS::Pipeline
    Properties: { PipelineName: p, MinUnits: 1, MaxUnits: 4, PipelineConfigurationBody: "v: 2",
      BufferOptions: { PersistentBufferEnabled: true }, VpcOptions: { SubnetIds: [subnet-1] },
      LogPublishingOptions: { IsLoggingEnabled: true, CloudWatchLogDestination: { LogGroup: /l } } }
  U: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: !Select [0,
    !GetAtt P.IngestEndpointUrls] } }
]]
    normalized(record)
    has(main, "persistent_buffer_enabled = true", 'subnet_ids = ["subnet-1"]',
      "cloudwatch_log_destination {\n log_group = \"/l\"",
      "aws_osis_pipeline.p.ingest_endpoint_urls")
  end)

  it("convert a rule of IoT with its actions", function()
    local record, main = resources [[
  R:
    Type: AWS::IoT::TopicRule
    Properties:
      TopicRulePayload:
        Sql: SELECT 1
        RuleDisabled: true
        Actions: [{ DynamoDBv2: { PutItem: { TableName: t }, RoleArn: r } },
          { Sqs: { QueueUrl: u, RoleArn: r } }]
]]
    normalized(record)
    has(main, "enabled = false", 'sql_version = "2015-10-08"', "_t_R\"\n sql_version",
      "dynamodbv2 {\n role_arn", "use_base64 = false")
  end)
end)

describe("a rule says", function()
  it("which values of a property lose nothing", function()
    local record = resources [[
  Q: { Type: AWS::Logs::QueryDefinition, Properties: { Name: n, QueryString: q,
    QueryLanguage: SQL } }
]]
    assert.equal("Q QueryLanguage: value SQL", reasons(record))
    record = resources [[
  Q: { Type: AWS::Logs::QueryDefinition, Properties: { Name: n, QueryString: q,
    QueryLanguage: CWLI } }
]]
    normalized(record)
  end)

  it("what a value known only at deploy time becomes", function()
    local record, main = run [[
Parameters: { Status: { Type: String, Default: ACTIVE } }
Resources:
  C: { Type: AWS::IoT::Certificate, Properties: { Status: !Ref Status } }
]]
    normalized(record)
    has(main, "active = {\n ACTIVE = true\n INACTIVE = false\n }[var.status]")
  end)

  it("which property of structures in a list counts, and names the others", function()
    local record, main = resources [[
  F: { Type: AWS::CloudFront::Function, Properties: { Name: f, FunctionCode: c, FunctionConfig: {
    Comment: x, Runtime: cloudfront-js-2.0, KeyValueStoreAssociations: [{
      KeyValueStoreARN: "arn:aws:a" }] } } }
]]
    normalized(record)
    has(main, 'key_value_store_associations = ["arn:aws:a"]', "publish = false")
    record = resources [[
  F: { Type: AWS::CloudFront::Function, Properties: { Name: f, FunctionCode: c, FunctionConfig: {
    Comment: x, Runtime: cloudfront-js-2.0, KeyValueStoreAssociations: [{
      KeyValueStoreARN: "arn:aws:a", Colour: red }] } } }
]]
    has(reasons(record), "Colour has no counterpart")
  end)

  it("what an If around a structure of no block of its own becomes", function()
    local record, main = run [[
Conditions: { Big: !Equals [!Ref AWS::Region, us-east-1] }
Resources:
  T:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      ProvisionedThroughput: !If [Big, { ReadCapacityUnits: 9, WriteCapacityUnits: 8 },
        { ReadCapacityUnits: 1, WriteCapacityUnits: 1 }]
]]
    normalized(record)
    has(main, "read_capacity = (local.if_big ? 9 : 1)", "write_capacity = (local.if_big ? 8 : 1)")
  end)
end)
