-- SPDX-License-Identifier: Apache-2.0
-- What a schema may look like, in draft 7 and in the vocabularies of draft 2020-12: for schemas
-- that refer to their own meta-schema. Source: JSON Schema Core and Validation, appendices.

local json = require "std.json"
local tables = require "std.table"

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

-- --- draft 2020-12 ------------------------------------------------------------------------------

local BASE <const> = "https://json-schema.org/draft/2020-12/"

local any = { ["$dynamicRef"] = "#meta" }
local list_of_any = { type = "array", minItems = 1, items = any }
local map_of_any = { type = "object", additionalProperties = any }
local uri = { type = "string", format = "uri-reference" }
local anchor = { type = "string", pattern = "^[A-Za-z_][-A-Za-z0-9._]*$" }

local function all(names, schema)
  local map = {}
  for _, name in ipairs(names) do map[name] = schema end
  return map
end

local VOCABULARIES <const> = {
  core = tables.merge(all({ "$schema", "$ref", "$dynamicRef" }, uri),
    all({ "$anchor", "$dynamicAnchor" }, anchor), {
      ["$id"] = { type = "string", format = "uri-reference", pattern = "^[^#]*#?$" },
      ["$vocabulary"] = { type = "object", propertyNames = uri, additionalProperties = flag },
      ["$comment"] = text, ["$defs"] = map_of_any,
    }),
  applicator = tables.merge(
    all({ "items", "contains", "additionalProperties", "propertyNames", "if", "then", "else",
      "not" }, any),
    all({ "prefixItems", "allOf", "anyOf", "oneOf" }, list_of_any),
    all({ "properties", "dependentSchemas" }, map_of_any), {
      patternProperties = { type = "object", additionalProperties = any,
        propertyNames = { format = "regex" } },
    }),
  unevaluated = all({ "unevaluatedItems", "unevaluatedProperties" }, any),
  validation = tables.merge(
    all({ "maxLength", "minLength", "maxItems", "minItems", "maxContains", "minContains",
      "maxProperties", "minProperties" }, count),
    all({ "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum" }, number), {
      type = properties.type, const = true, enum = { type = "array", items = true },
      multipleOf = properties.multipleOf, pattern = pattern, uniqueItems = flag,
      required = texts, dependentRequired = { type = "object", additionalProperties = texts },
    }),
  ["meta-data"] = tables.merge(all({ "title", "description" }, text),
    all({ "deprecated", "readOnly", "writeOnly" }, flag),
    { default = true, examples = { type = "array", items = true } }),
  ["format-annotation"] = { format = text },
  content = tables.merge(all({ "contentEncoding", "contentMediaType" }, text),
    { contentSchema = any }),
}

local function meta(uri_of, rest)
  return tables.merge({ ["$schema"] = BASE .. "schema", ["$id"] = uri_of,
    ["$dynamicAnchor"] = "meta", type = json.array { "object", "boolean" } }, rest)
end

local documents, parts, used = {}, json.array {}, {}
for name, words in pairs(VOCABULARIES) do
  documents[BASE .. "meta/" .. name] = meta(BASE .. "meta/" .. name, { properties = words })
  used[BASE .. "vocab/" .. name] = true
  parts[#parts + 1] = { ["$ref"] = "meta/" .. name }
end
documents[BASE .. "schema"] = meta(BASE .. "schema", { ["$vocabulary"] = used, allOf = parts })

documents["http://json-schema.org/draft-07/schema"] = {
  ["$schema"] = "http://json-schema.org/draft-07/schema#",
  ["$id"] = "http://json-schema.org/draft-07/schema#",
  type = { "object", "boolean" },
  definitions = { nonNegativeInteger = count, stringArray = texts, schemaArray = schemas },
  properties = properties,
}

return documents
