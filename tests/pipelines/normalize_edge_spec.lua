-- SPDX-License-Identifier: Apache-2.0
-- The trickiest types of the edge and API services: what their Terraform says.
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$")
local kit = dofile(HERE .. "/normalize_kit.lua")

local has, normalized, reasons, resources = kit.has, kit.normalized, kit.reasons, kit.resources

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
    has(main, 'resource "aws_route53_zone" "a_zone" {\n name = "example.com."',
      "zone_id = aws_route53_zone.a_zone.zone_id",
      "alias {\n name = \"d.example.net\"\n zone_id = \"Z2\"\n evaluate_target_health = false",
      'records = ["v=spf1 -all"]', "weighted_routing_policy {\n weight = 5",
      'resource "aws_route53_record" "g_2"')
    assert.same(2, #record.resources.G)
  end)

  it("put a record into the template's own zone of that name", function()
    local record, main = resources [[
  Z:
    Type: AWS::Route53::HostedZone
    Properties: { Name: !Sub "${AWS::StackName}.example.com." }
  R:
    Type: AWS::Route53::RecordSet
    Properties: { HostedZoneName: !Sub "${AWS::StackName}.example.com.", Name: r.example.com,
      Type: A, TTL: 60, ResourceRecords: [192.0.2.1] }
]]
    normalized(record)
    has(main, "zone_id = aws_route53_zone.z.zone_id")
    assert.not_contains(main, "r_zone")
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
