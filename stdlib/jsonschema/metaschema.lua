-- SPDX-License-Identifier: Apache-2.0
-- What a draft 7 schema may look like, for schemas that refer to their own meta-schema.

local json = require "std.json"

local self = { ["$ref"] = "#" }
local count = { type = "integer", minimum = 0 }
local texts = { type = "array", items = { type = "string" }, uniqueItems = true }
local schemas = { type = "array", minItems = 1, items = self }
local named = { type = "object", additionalProperties = self }
local text, flag, number = { type = "string" }, { type = "boolean" }, { type = "number" }
local pattern = { type = "string", format = "regex" }
local kinds = json.array {
  "array", "boolean", "integer", "null", "number", "object", "string",
}

local properties = {
  ["$id"] = text, ["$schema"] = text, ["$ref"] = text, ["$comment"] = text,
  title = text, description = text, format = text, contentMediaType = text,
  contentEncoding = text, readOnly = flag, uniqueItems = flag, default = true, const = true,
  examples = { type = "array" }, enum = { type = "array" },
  multipleOf = { type = "number", exclusiveMinimum = 0 },
  maximum = number, exclusiveMaximum = number, minimum = number, exclusiveMinimum = number,
  maxLength = count, minLength = count, maxItems = count, minItems = count,
  maxProperties = count, minProperties = count, pattern = pattern, required = texts,
  items = { anyOf = { self, schemas } },
  dependencies = { type = "object", additionalProperties = { anyOf = { self, texts } } },
  type = {
    anyOf = { { enum = kinds }, { type = "array", minItems = 1, uniqueItems = true,
      items = { enum = kinds } } },
  },
}
for _, name in ipairs { "additionalItems", "contains", "additionalProperties", "propertyNames",
  "if", "then", "else", "not" } do
  properties[name] = self
end
for _, name in ipairs { "definitions", "properties", "patternProperties" } do
  properties[name] = named
end
for _, name in ipairs { "allOf", "anyOf", "oneOf" } do properties[name] = schemas end

return {
  ["http://json-schema.org/draft-07/schema"] = {
    ["$schema"] = "http://json-schema.org/draft-07/schema#",
    ["$id"] = "http://json-schema.org/draft-07/schema#",
    type = { "object", "boolean" },
    definitions = { nonNegativeInteger = count, stringArray = texts, schemaArray = schemas },
    properties = properties,
  },
}
