-- SPDX-License-Identifier: Apache-2.0
-- The trickiest types of several services: what their Terraform says.
local fs = require "std.fs"
local normalize = require "std.normalize"

local function run(text, files)
  local dir = fs.tempdir("normalize-services")
  fs.write(fs.join(dir.path, "t.yaml"), text)
  for name, content in pairs(files or {}) do fs.write(fs.join(dir.path, name), content) end
  local record = normalize.normalize { path = fs.join(dir.path, "t.yaml"), format = "cfn",
    out = fs.join(dir.path, "out") }
  local main = fs.read(fs.join(dir.path, "out", "main.tf")) or ""
  dir:close()
  return record, (main:gsub("[ \t]+", " "))
end

local function resources(text, files) return run("Resources:\n" .. text, files) end

local function reasons(record)
  local list = {}
  for i, entry in ipairs(record.unsupported or {}) do
    list[i] = ("%s %s: %s"):format(entry.id, entry.property or "", entry.reason)
  end
  return table.concat(list, "\n")
end

local function has(text, ...)
  for _, part in ipairs { ... } do assert.truthy(text:find(part, 1, true), part .. "\n" .. text) end
end

local function normalized(record) assert.equal("normalized", record.status, reasons(record)) end

describe("rules of the edge services", function()
  it("convert a distribution with access control and cache policy", function()
    local record, main = resources [[
  Oac:
    Type: AWS::CloudFront::OriginAccessControl
    Properties:
      OriginAccessControlConfig: { Name: o, OriginAccessControlOriginType: s3,
        SigningBehavior: always, SigningProtocol: sigv4 }
  Cache:
    Type: AWS::CloudFront::CachePolicy
    Properties:
      CachePolicyConfig:
        { Name: c, DefaultTTL: 1, MinTTL: 0, MaxTTL: 9,
          ParametersInCacheKeyAndForwardedToOrigin: { EnableAcceptEncodingGzip: true,
            CookiesConfig: { CookieBehavior: whitelist, Cookies: [sid] },
            HeadersConfig: { HeaderBehavior: none },
            QueryStringsConfig: { QueryStringBehavior: none } } }
  D:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        HttpVersion: HTTP2
        CNAMEs: [a.example.com]
        Origins:
          - { Id: s3, DomainName: b.s3.amazonaws.com, OriginAccessControlId: !Ref Oac,
              S3OriginConfig: {}, OriginCustomHeaders: [{ HeaderName: x, HeaderValue: y }] }
        OriginGroups:
          Quantity: 1
          Items:
            - { Id: g, FailoverCriteria: { StatusCodes: { Quantity: 1, Items: [500] } },
                Members: { Quantity: 2, Items: [{ OriginId: s3 }, { OriginId: s4 }] } }
        DefaultCacheBehavior: { TargetOriginId: s3, ViewerProtocolPolicy: https-only,
          CachePolicyId: !Ref Cache }
]]
    normalized(record)
    has(main, 'cookies {\n items = ["sid"]', 'http_version = "http2"',
      'aliases = ["a.example.com"]',
      "origin_access_control_id = aws_cloudfront_origin_access_control.oac.id",
      'custom_header {\n name = "x"', "status_codes = [500]", 'member {\n origin_id = "s3"',
      "cache_policy_id = aws_cloudfront_cache_policy.cache.id",
      'allowed_methods = ["GET", "HEAD"]', 'restriction_type = "none"',
      "cloudfront_default_certificate = true")
  end)

  it("convert records: aliases, texts, zones by name, groups", function()
    local record, main = resources [[
  A:
    Type: AWS::Route53::RecordSet
    Properties: { HostedZoneName: example.com., Name: a.example.com, Type: A,
      AliasTarget: { DNSName: d.example.net, HostedZoneId: Z2 } }
  G:
    Type: AWS::Route53::RecordSetGroup
    Properties:
      HostedZoneId: Z1
      RecordSets:
        - { Name: t, Type: TXT, TTL: "60", ResourceRecords: ['"v=spf1 -all"'] }
        - { Name: w, Type: CNAME, TTL: 60, ResourceRecords: [x], SetIdentifier: s, Weight: 5 }
]]
    normalized(record)
    has(main, 'data "aws_route53_zone" "a_zone" {\n name = "example.com."',
      "zone_id = data.aws_route53_zone.a_zone.zone_id",
      "alias {\n name = \"d.example.net\"\n zone_id = \"Z2\"\n evaluate_target_health = false",
      'records = ["v=spf1 -all"]', "weighted_routing_policy {\n weight = 5",
      'resource "aws_route53_record" "g_2"')
    assert.same(2, #record.resources.G)
  end)

  it("convert a certificate that its zone validates", function()
    local record, main = resources [[
  C:
    Type: AWS::CertificateManager::Certificate
    Properties: { DomainName: a.example.com, ValidationMethod: DNS,
      DomainValidationOptions: [{ DomainName: a.example.com, HostedZoneId: Z1 }] }
]]
    normalized(record)
    has(main, "name = [for option in aws_acm_certificate.c.domain_validation_options : "
      .. 'option.resource_record_name if option.domain_name == "a.example.com"][0]',
      'resource "aws_acm_certificate_validation" "c_validation"')
  end)

  it("convert statements within statements, and settings that are only there", function()
    local record, main = resources [[
  W:
    Type: AWS::WAFv2::WebACL
    Properties:
      Name: w
      Scope: REGIONAL
      DefaultAction: { Allow: {} }
      VisibilityConfig: &v { CloudWatchMetricsEnabled: true, MetricName: m,
        SampledRequestsEnabled: true }
      Rules:
        - Name: r
          Priority: 0
          Action: { Block: {} }
          VisibilityConfig: *v
          Statement:
            AndStatement:
              Statements:
                - NotStatement: { Statement: { GeoMatchStatement: { CountryCodes: [NZ] } } }
                - ByteMatchStatement: { SearchString: x, PositionalConstraint: EXACTLY,
                    FieldToMatch: { UriPath: {} }, TextTransformations: [{ Priority: 0,
                      Type: NONE }] }
        - Name: m
          Priority: 1
          OverrideAction: { None: {} }
          VisibilityConfig: *v
          Statement: { ManagedRuleGroupStatement: { VendorName: AWS, Name: n,
            ExcludedRules: [{ Name: e }] } }
  A:
    Type: AWS::WAFv2::WebACLAssociation
    Properties: { ResourceArn: "arn:aws:x", WebACLArn: !GetAtt W.Arn }
]]
    normalized(record)
    has(main, "allow {\n }", "block {\n }", "uri_path {\n }", "none {\n }",
      "and_statement {\n statement {\n not_statement {\n statement {\n geo_match_statement {",
      'rule_action_override {\n name = "e"\n action_to_use {\n count {',
      "web_acl_arn = aws_wafv2_web_acl.w.arn")
  end)
end)

describe("rules of the API services", function()
  it("give a schema to its API and read files beside the template", function()
    local record, main = resources([[
  Api: { Type: AWS::AppSync::GraphQLApi, Properties: { Name: a, AuthenticationType: API_KEY } }
  Key: { Type: AWS::AppSync::ApiKey, Properties: { ApiId: !GetAtt Api.ApiId, Expires: 1893456000 } }
  Schema:
    Type: AWS::AppSync::GraphQLSchema
    Properties: { ApiId: !GetAtt Api.ApiId, DefinitionS3Location: ./s.graphql }
  Source:
    Type: AWS::AppSync::DataSource
    Properties: { ApiId: !GetAtt Api.ApiId, Name: t, Type: AMAZON_DYNAMODB,
      DynamoDBConfig: { AwsRegion: !Ref AWS::Region, TableName: t } }
  Resolver:
    Type: AWS::AppSync::Resolver
    DependsOn: Schema
    Properties: { ApiId: !GetAtt Api.ApiId, TypeName: Query, FieldName: get,
      DataSourceName: !GetAtt Source.Name, RequestMappingTemplate: "{}" }
]], { ["s.graphql"] = "type Query { get: String }" })
    normalized(record)
    has(main, 'schema = "type Query { get: String }"', 'field = "get"',
      "data_source = aws_appsync_datasource.source.name",
      'expires = timeadd("1970-01-01T00:00:00Z", "${1893456000}s")',
      "dynamodb_config {\n region = data.aws_region.current.name",
      "depends_on = [\n aws_appsync_graphql_api.api,\n ]")
    assert.same({ "aws_appsync_graphql_api.api" }, { table.unpack(record.resources.Schema) })
  end)

  it("name a file that is not there", function()
    local record = resources [[
  Api: { Type: AWS::AppSync::GraphQLApi, Properties: { Name: a, AuthenticationType: API_KEY } }
  Schema:
    Type: AWS::AppSync::GraphQLSchema
    Properties: { ApiId: !GetAtt Api.ApiId, DefinitionS3Location: ../s.graphql }
]]
    has(reasons(record), "Schema DefinitionS3Location: missing file ../s.graphql")
  end)

  it("take an included document, and the stage that a deployment describes", function()
    local record, main = resources([[
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Body: { "Fn::Transform": { Name: AWS::Include, Parameters: { Location: api.yaml } } }
  Deployment:
    Type: AWS::ApiGateway::Deployment
    Properties: { RestApiId: !Ref Api, StageName: prod,
      StageDescription: { LoggingLevel: INFO, Variables: { a: b } } }
]], { ["api.yaml"] = "info: { title: from the file }\nx: !Sub '${AWS::Region}'\n" })
    normalized(record)
    has(main, 'name = "from the file"', 'x = "${data.aws_region.current.name}"',
      'resource "aws_api_gateway_stage" "deployment_stage"', 'method_path = "*/*"',
      'logging_level = "INFO"', 'variables = {\n a = "b"\n }')
  end)

  it("put the deployment of an HTTP API where the stage is", function()
    local record, main = resources [[
  Api: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: a, ProtocolType: HTTP } }
  D: { Type: AWS::ApiGatewayV2::Deployment, Properties: { ApiId: !Ref Api, StageName: !Ref S } }
  S: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Api, StageName: x } }
  Lost: { Type: AWS::ApiGatewayV2::Deployment, Properties: { ApiId: !Ref Api, StageName: y } }
]]
    assert.equal("Lost StageName: a stage outside of the template", reasons(record))
    assert.equal("", main)
    record, main = resources [[
  Api: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: a, ProtocolType: HTTP } }
  D: { Type: AWS::ApiGatewayV2::Deployment, Properties: { ApiId: !Ref Api, StageName: !Ref S } }
  S: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Api, StageName: x } }
]]
    normalized(record)
    has(main, "deployment_id = aws_apigatewayv2_deployment.d.id")
  end)

  it("join the statements of one bus", function()
    local record, main = resources [[
  A: { Type: AWS::Events::EventBusPolicy, Properties: { StatementId: a, Statement: {
    Effect: Allow } } }
  B: { Type: AWS::Events::EventBusPolicy, Properties: { StatementId: b, Statement: {
    Effect: Deny } } }
  Old: { Type: AWS::Events::EventBusPolicy, Properties: { StatementId: c,
    Action: "events:PutEvents", Principal: "123456789012", EventBusName: other } }
]]
    normalized(record)
    assert.same(record.resources.A, record.resources.B)
    has(main, 'Sid = "a"', 'Sid = "b"', 'resource "aws_cloudwatch_event_permission" "old"')
    local _, count = main:gsub('resource "aws_cloudwatch_event_bus_policy"', "")
    assert.equal(1, count)
  end)
end)

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
