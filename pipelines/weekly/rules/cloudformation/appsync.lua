-- SPDX-License-Identifier: Apache-2.0
local arn = require "std.normalize.cfn.arn"

local OPENID = { to = "openid_connect_config" }
local PROVIDER = { OpenIDConnectConfig = OPENID }
local RUNTIME = { to = "runtime" }

-- A file beside the template, which the packaging command would upload.
local function text_file(attribute)
  return function(self, value, body)
    local path = self.scope:constant(self:value(value))
    local text = path and not path:find("^s3:") and self.scope.read_file
      and self.scope.read_file(path)
    if not text then return self:unsupported(nil, "missing file " .. tostring(path)) end
    body:set(attribute, text)
  end
end

-- The id is the last part of an ARN; either is taken by CloudFormation.
local function api_identifier(prefix)
  return function(self, value, body)
    local node = self:value(value)
    local text = type(node) == "table" and node.text or self.scope:constant(node) or ""
    local by_arn = text:find("%.arn$") or text:find("^arn:")
    body:set(prefix .. (by_arn and "_arn" or "_id"), node)
  end
end

local RESOLVER = { FieldName = "field", TypeName = "type", DataSourceName = "data_source",
  RequestMappingTemplate = "request_template", ResponseMappingTemplate = "response_template",
  RequestMappingTemplateS3Location = text_file "request_template",
  ResponseMappingTemplateS3Location = text_file "response_template",
  CodeS3Location = text_file "code", Runtime = RUNTIME }

local FUNCTION = { DataSourceName = "data_source", Runtime = RUNTIME,
  RequestMappingTemplateS3Location = text_file "request_mapping_template",
  ResponseMappingTemplateS3Location = text_file "response_mapping_template",
  CodeS3Location = text_file "code" }

local REGION = { AwsRegion = "region" }
local SOURCE = {
  DynamoDBConfig = { to = "dynamodb_config", props = REGION },
  ElasticsearchConfig = { to = "elasticsearch_config", props = REGION },
  OpenSearchServiceConfig = { to = "opensearchservice_config", props = REGION },
  LambdaConfig = { to = "lambda_config", props = { LambdaFunctionArn = "function_arn" } },
  RelationalDatabaseConfig = { to = "relational_database_config", props = {
    RelationalDatabaseSourceType = "source_type",
    RdsHttpEndpointConfig = { to = "http_endpoint_config", props = REGION } } },
}

-- The host of one of the API's addresses.
local function host(kind)
  return function(target, address)
    return ('split("/", %s)[2]'):format(address(target, ('uris["%s"]'):format(kind)))
  end
end

local function endpoint_arn(target, address)
  return ('"${split(":apis/", %s)[0]}:endpoints/graphql-api/${split(".", %s)[0]}"'):format(
    address(target, "arn"), host "GRAPHQL"(target, address))
end

return {
  ["AWS::AppSync::GraphQLApi"] = {
    type = "aws_appsync_graphql_api", ref = "arn",
    attributes = { ApiId = "id", GraphQLUrl = 'uris["GRAPHQL"]', RealtimeUrl = 'uris["REALTIME"]',
      GraphQLDns = host "GRAPHQL", RealtimeDns = host "REALTIME",
      GraphQLEndpointArn = endpoint_arn },
    props = { OpenIDConnectConfig = OPENID,
      UserPoolConfig = { to = "user_pool_config", defaults = { default_action = '"ALLOW"' } },
      AdditionalAuthenticationProviders = { to = "additional_authentication_provider",
        props = PROVIDER } },
  },
  ["AWS::AppSync::GraphQLSchema"] = { type = "aws_appsync_graphql_api", part_of = "ApiId",
    into = ".", attributes = { Id = "id" },
    props = { Definition = "schema", DefinitionS3Location = text_file "schema" } },
  ["AWS::AppSync::ApiCache"] = { type = "aws_appsync_api_cache", props = {} },
  ["AWS::AppSync::ApiKey"] = { type = "aws_appsync_api_key",
    ref = arn.of("appsync", "apis/%s/apikeys/%s", "api_id", "api_key_id"),
    attributes = { ApiKey = "key",
      Arn = arn.of("appsync", "apis/%s/apikeys/%s", "api_id", "api_key_id") },
    props = { Expires = { to = "expires",
      wrap = 'timeadd("1970-01-01T00:00:00Z", "${%s}s")' } } },
  ["AWS::AppSync::DataSource"] = { type = "aws_appsync_datasource", ref = "arn",
    attributes = { DataSourceArn = "arn" }, props = SOURCE },
  ["AWS::AppSync::DomainName"] = { type = "aws_appsync_domain_name", ref = "domain_name",
    attributes = { AppSyncDomainName = "appsync_domain_name",
      DomainNameArn = arn.of("appsync", "domainnames/%s", "domain_name") },
    props = {} },
  ["AWS::AppSync::DomainNameApiAssociation"] = { type = "aws_appsync_domain_name_api_association",
    attributes = { ApiAssociationIdentifier = "id" }, props = {} },
  ["AWS::AppSync::FunctionConfiguration"] = { type = "aws_appsync_function", ref = "arn",
    attributes = { FunctionArn = "arn", DataSourceName = "data_source" }, props = FUNCTION },
  ["AWS::AppSync::Resolver"] = { type = "aws_appsync_resolver", ref = "arn",
    attributes = { ResolverArn = "arn", FieldName = "field", TypeName = "type" },
    props = RESOLVER },
  ["AWS::AppSync::SourceApiAssociation"] = { type = "aws_appsync_source_api_association",
    ref = "arn", attributes = { AssociationArn = "arn" },
    props = { MergedApiIdentifier = api_identifier "merged_api",
      SourceApiIdentifier = api_identifier "source_api" } },
  ["AWS::AppSync::Type"] = { type = "aws_appsync_type", ref = "arn", props = {} },
}
