-- SPDX-License-Identifier: Apache-2.0
local function location(type_name, props, defaults)
  return { type = "aws_datasync_location_" .. type_name, ref = "arn", defaults = defaults,
    attributes = { LocationArn = "arn", LocationUri = "uri" }, props = props or {} }
end

local ROOT = { subdirectory = '"/"' }
local MOUNT = { to = "mount_options", keep_empty = true }

local AZURE = {
  AzureAccessTier = "access_tier", AzureBlobAuthenticationType = "authentication_type",
  AzureBlobContainerUrl = "container_url", AzureBlobType = "blob_type",
  AzureBlobSasConfiguration = { to = "sas_configuration", props = {
    AzureBlobSasToken = "token" } },
}

local NFS = { to = "nfs", props = { MountOptions = MOUNT } }
local SMB = { to = "smb", props = { MountOptions = MOUNT } }

local function protocol(specs) return { Protocol = { to = "protocol", props = specs } } end

local function override(name)
  return { inline = true, props = { ReportLevel = name } }
end

local REPORT = { to = "task_report_config", props = {
  Destination = { inline = true, props = { S3 = { to = "s3_destination" } } },
  ObjectVersionIds = "s3_object_versioning",
  Overrides = { to = "report_overrides", props = {
    Deleted = override "deleted_override", Skipped = override "skipped_override",
    Transferred = override "transferred_override", Verified = override "verified_override" } },
} }

return {
  ["AWS::DataSync::Agent"] = { type = "aws_datasync_agent", ref = "arn",
    attributes = { AgentArn = "arn" }, props = {} },
  ["AWS::DataSync::Task"] = { type = "aws_datasync_task", ref = "arn",
    attributes = { TaskArn = "arn" }, props = { TaskReportConfig = REPORT } },
  ["AWS::DataSync::LocationAzureBlob"] = location("azure_blob", AZURE),
  ["AWS::DataSync::LocationEFS"] = location "efs",
  ["AWS::DataSync::LocationFSxLustre"] = location "fsx_lustre_file_system",
  ["AWS::DataSync::LocationFSxONTAP"] = location("fsx_ontap_file_system", protocol { NFS = NFS,
    SMB = SMB }),
  ["AWS::DataSync::LocationFSxOpenZFS"] = location("fsx_openzfs_file_system", protocol {
    NFS = NFS }),
  ["AWS::DataSync::LocationFSxWindows"] = location "fsx_windows_file_system",
  ["AWS::DataSync::LocationHDFS"] = location "hdfs",
  ["AWS::DataSync::LocationNFS"] = location("nfs", {}, ROOT),
  ["AWS::DataSync::LocationObjectStorage"] = location "object_storage",
  ["AWS::DataSync::LocationS3"] = location("s3", {}, ROOT),
  ["AWS::DataSync::LocationSMB"] = location("smb", {}, ROOT),
}
