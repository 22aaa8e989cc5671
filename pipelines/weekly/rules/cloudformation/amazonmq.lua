-- SPDX-License-Identifier: Apache-2.0
local OF_SCHEME = '[for url in instance.endpoints : url if startswith(url, "%s")][0]'

-- The endpoint of each instance that speaks a protocol.
local function endpoints(scheme)
  return function(target, address)
    return ("[for instance in %s : %s]"):format(address(target, "instances"),
      OF_SCHEME:format(scheme))
  end
end

local function of_instances(attribute)
  return function(target, address)
    return ("[for instance in %s : instance.%s]"):format(address(target, "instances"), attribute)
  end
end

return {
  ["AWS::AmazonMQ::Broker"] = {
    type = "aws_mq_broker",
    attributes = { AmqpEndpoints = endpoints "amqp", MqttEndpoints = endpoints "mqtt",
      OpenWireEndpoints = endpoints "ssl", StompEndpoints = endpoints "stomp",
      WssEndpoints = endpoints "wss", ConsoleURLs = of_instances "console_url",
      IpAddresses = of_instances "ip_address", ConfigurationId = "configuration[0].id",
      ConfigurationRevision = "configuration[0].revision",
      EngineVersionCurrent = "engine_version" },
    props = {},
  },
  ["AWS::AmazonMQ::Configuration"] = { type = "aws_mq_configuration",
    attributes = { Revision = "latest_revision" },
    props = { Data = { to = "data", wrap = "base64decode(%s)" } } },
  ["AWS::AmazonMQ::ConfigurationAssociation"] = { type = "aws_mq_broker", part_of = "Broker",
    into = "configuration", props = { Configuration = { inline = true } } },
}
