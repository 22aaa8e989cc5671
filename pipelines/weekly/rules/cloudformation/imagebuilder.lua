-- SPDX-License-Identifier: Apache-2.0
local function by_arn(type_name, props, attributes)
  return { type = type_name, ref = "arn", attributes = attributes, props = props or {} }
end

local EXTRAS = { inline = true, props = { UserDataOverride = "user_data_base64" } }

local DISTRIBUTION = { to = "distribution", props = {
  AmiDistributionConfiguration = { to = "ami_distribution_configuration", props = {
    LaunchPermissionConfiguration = { to = "launch_permission" } } },
  LaunchTemplateConfigurations = { to = "launch_template_configuration", props = {
    SetDefaultVersion = "default" } } } }

-- The image of this region.
local function image_id(target, address, scope)
  scope.data.aws_region = true
  return ("[for ami in %s : ami.image if ami.region == data.aws_region.current.name][0]"):format(
    address(target, "output_resources[0].amis"))
end

return {
  ["AWS::ImageBuilder::Component"] = by_arn("aws_imagebuilder_component"),
  ["AWS::ImageBuilder::ContainerRecipe"] = by_arn("aws_imagebuilder_container_recipe"),
  ["AWS::ImageBuilder::DistributionConfiguration"] =
    by_arn("aws_imagebuilder_distribution_configuration", { Distributions = DISTRIBUTION }),
  ["AWS::ImageBuilder::Image"] = by_arn("aws_imagebuilder_image", {}, { ImageId = image_id }),
  ["AWS::ImageBuilder::ImagePipeline"] = by_arn("aws_imagebuilder_image_pipeline"),
  ["AWS::ImageBuilder::ImageRecipe"] = by_arn("aws_imagebuilder_image_recipe", {
    AdditionalInstanceConfiguration = EXTRAS }),
  ["AWS::ImageBuilder::InfrastructureConfiguration"] =
    by_arn("aws_imagebuilder_infrastructure_configuration"),
  ["AWS::ImageBuilder::LifecyclePolicy"] = by_arn("aws_imagebuilder_lifecycle_policy"),
  ["AWS::ImageBuilder::Workflow"] = by_arn("aws_imagebuilder_workflow"),
}
