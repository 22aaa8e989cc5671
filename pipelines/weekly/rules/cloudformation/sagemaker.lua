-- SPDX-License-Identifier: Apache-2.0
local UPDATE = { drop = "how an update is done" }
local STATE = { drop = "the service sets it" }

-- Terraform asks for a name to show; the service takes the pipeline's own.
local function display_name(self, props, body)
  if body:has "pipeline_display_name" then return end
  self.scope:assume(self.id .. " has no pipeline_display_name: its name")
  body:set("pipeline_display_name", self:value(props.PipelineName))
end

local PIPELINE = { inline = true, props = {
  PipelineDefinitionBody = "pipeline_definition",
  PipelineDefinitionS3Location = { to = "pipeline_definition_s3_location", props = {
    Key = "object_key", Version = "version_id" } } } }

local MEMBER = { to = "member_definition", props = {
  CognitoMemberDefinition = { to = "cognito_member_definition", props = {
    CognitoClientId = "client_id", CognitoUserGroup = "user_group",
    CognitoUserPool = "user_pool" } },
  OidcMemberDefinition = { to = "oidc_member_definition", props = { OidcGroups = "groups" } } } }

return {
  ["AWS::SageMaker::App"] = { type = "aws_sagemaker_app", attributes = { AppArn = "arn" },
    ref = { "app_name", "app_type", "domain_id", "user_profile_name" } },
  ["AWS::SageMaker::AppImageConfig"] = { type = "aws_sagemaker_app_image_config",
    ref = "app_image_config_name", attributes = { AppImageConfigArn = "arn" },
    props = { JupyterLabAppImageConfig = "jupyter_lab_image_config" } },
  ["AWS::SageMaker::CodeRepository"] = { type = "aws_sagemaker_code_repository", ref = "arn",
    name = "code_repository_name", attributes = { CodeRepositoryArn = "arn" } },
  ["AWS::SageMaker::DataQualityJobDefinition"] = {
    type = "aws_sagemaker_data_quality_job_definition", ref = "arn",
    attributes = { JobDefinitionArn = "arn" }, props = { JobDefinitionName = "name" } },
  ["AWS::SageMaker::Device"] = { type = "aws_sagemaker_device", ref = "device[0].device_name" },
  ["AWS::SageMaker::DeviceFleet"] = { type = "aws_sagemaker_device_fleet",
    ref = "device_fleet_name" },
  ["AWS::SageMaker::Domain"] = { type = "aws_sagemaker_domain",
    attributes = { DomainArn = "arn", DomainId = "id" } },
  ["AWS::SageMaker::Endpoint"] = { type = "aws_sagemaker_endpoint", ref = "arn",
    attributes = { EndpointArn = "arn" },
    props = { ExcludeRetainedVariantProperties = UPDATE, RetainAllVariantProperties = UPDATE,
      RetainDeploymentConfig = UPDATE } },
  ["AWS::SageMaker::EndpointConfig"] = { type = "aws_sagemaker_endpoint_configuration",
    ref = "arn", attributes = { EndpointConfigArn = "arn" },
    props = { KmsKeyId = "kms_key_arn" } },
  ["AWS::SageMaker::FeatureGroup"] = { type = "aws_sagemaker_feature_group",
    ref = "feature_group_name" },
  ["AWS::SageMaker::Hub"] = { type = "aws_sagemaker_hub", ref = "arn",
    attributes = { HubArn = "arn" } },
  ["AWS::SageMaker::HumanTaskUi"] = { type = "aws_sagemaker_human_task_ui", ref = "arn",
    attributes = { HumanTaskUiArn = "arn" } },
  ["AWS::SageMaker::Image"] = { type = "aws_sagemaker_image", ref = "arn",
    attributes = { ImageArn = "arn" } },
  ["AWS::SageMaker::ImageVersion"] = { type = "aws_sagemaker_image_version", ref = "arn",
    attributes = { ImageVersionArn = "arn" } },
  ["AWS::SageMaker::MlflowTrackingServer"] = { type = "aws_sagemaker_mlflow_tracking_server",
    ref = "tracking_server_name", attributes = { TrackingServerArn = "arn" } },
  ["AWS::SageMaker::Model"] = { type = "aws_sagemaker_model", ref = "arn",
    attributes = { ModelArn = "arn" } },
  ["AWS::SageMaker::ModelPackageGroup"] = { type = "aws_sagemaker_model_package_group",
    ref = "arn", attributes = { ModelPackageGroupArn = "arn" },
    props = { ModelPackageGroupPolicy = { suffix = "policy", into = "resource_policy",
      separate = "aws_sagemaker_model_package_group_policy", json = true,
      link = { model_package_group_name = "model_package_group_name" } } } },
  ["AWS::SageMaker::MonitoringSchedule"] = { type = "aws_sagemaker_monitoring_schedule",
    ref = "arn", attributes = { MonitoringScheduleArn = "arn" },
    props = { FailureReason = STATE, LastMonitoringExecutionSummary = STATE,
      MonitoringScheduleStatus = STATE } },
  ["AWS::SageMaker::NotebookInstance"] = { type = "aws_sagemaker_notebook_instance", ref = "arn",
    name = "name", attributes = { NotebookInstanceArn = "arn" },
    props = { SecurityGroupIds = "security_groups", VolumeSizeInGB = "volume_size" } },
  ["AWS::SageMaker::NotebookInstanceLifecycleConfig"] = {
    type = "aws_sagemaker_notebook_instance_lifecycle_configuration", ref = "arn",
    attributes = { NotebookInstanceLifecycleConfigArn = "arn" },
    props = { OnCreate = { to = "on_create", pluck = "Content" },
      OnStart = { to = "on_start", pluck = "Content" } } },
  ["AWS::SageMaker::Pipeline"] = { type = "aws_sagemaker_pipeline", ref = "pipeline_name",
    props = { PipelineDefinition = PIPELINE }, finish = display_name },
  ["AWS::SageMaker::Project"] = { type = "aws_sagemaker_project", ref = "arn",
    attributes = { ProjectArn = "arn" },
    props = { ServiceCatalogProvisionedProductDetails = STATE } },
  ["AWS::SageMaker::Space"] = { type = "aws_sagemaker_space", ref = { "domain_id", "space_name" },
    attributes = { SpaceArn = "arn" } },
  ["AWS::SageMaker::StudioLifecycleConfig"] = { type = "aws_sagemaker_studio_lifecycle_config",
    ref = "studio_lifecycle_config_name", attributes = { StudioLifecycleConfigArn = "arn" } },
  ["AWS::SageMaker::UserProfile"] = { type = "aws_sagemaker_user_profile",
    ref = { "user_profile_name", "domain_id" }, attributes = { UserProfileArn = "arn" } },
  ["AWS::SageMaker::Workforce"] = { type = "aws_sagemaker_workforce", ref = "arn",
    attributes = { WorkforceArn = "arn", SubDomain = "subdomain" } },
  ["AWS::SageMaker::Workteam"] = { type = "aws_sagemaker_workteam", ref = "arn",
    attributes = { WorkteamArn = "arn" }, props = { MemberDefinitions = MEMBER } },
}
