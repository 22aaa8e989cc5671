-- SPDX-License-Identifier: Apache-2.0
local KIND = { drop = "the Terraform type says it" }

local function file_system(type_name, configuration, inner, attributes)
  attributes.DNSName, attributes.Id, attributes.ResourceARN = "dns_name", "id", "arn"
  return { type = type_name, attributes = attributes, props = { FileSystemType = KIND,
    [configuration] = { inline = true, props = inner } } }
end

local SYSTEMS = {
  LUSTRE = file_system("aws_fsx_lustre_file_system", "LustreConfiguration", {
    DataReadCacheConfiguration = { to = "data_read_cache_configuration", props = {
      SizeGiB = "size" } } }, { LustreMountName = "mount_name" }),
  WINDOWS = file_system("aws_fsx_windows_file_system", "WindowsConfiguration", {
    SelfManagedActiveDirectoryConfiguration = { to = "self_managed_active_directory" } }, {}),
  ONTAP = file_system("aws_fsx_ontap_file_system", "OntapConfiguration", {}, {}),
  OPENZFS = file_system("aws_fsx_openzfs_file_system", "OpenZFSConfiguration", {
    Options = "delete_options" }, { RootVolumeId = "root_volume_id" }),
}

local VOLUME = { ResourceARN = "arn", VolumeId = "id", UUID = "uuid" }

local VOLUMES = {
  ONTAP = { type = "aws_fsx_ontap_volume", attributes = VOLUME,
    props = { OntapConfiguration = { inline = true }, VolumeType = KIND } },
  OPENZFS = { type = "aws_fsx_openzfs_volume",
    attributes = { ResourceARN = "arn", VolumeId = "id" },
    props = { VolumeType = KIND, OpenZFSConfiguration = { inline = true, props = {
      Options = "delete_volume_options" } } } },
}

return {
  ["AWS::FSx::FileSystem"] = { variants = SYSTEMS,
    choose = function(props) return props.FileSystemType end },
  ["AWS::FSx::Volume"] = { variants = VOLUMES,
    choose = function(props)
      return props.VolumeType or props.OpenZFSConfiguration and "OPENZFS" or "ONTAP"
    end },
  ["AWS::FSx::DataRepositoryAssociation"] = { type = "aws_fsx_data_repository_association",
    ref = "association_id", attributes = { ResourceARN = "arn" }, props = {} },
  ["AWS::FSx::StorageVirtualMachine"] = { type = "aws_fsx_ontap_storage_virtual_machine",
    attributes = { ResourceARN = "arn", StorageVirtualMachineId = "id", UUID = "uuid" },
    props = {} },
  ["AWS::FSx::Snapshot"] = { type = "aws_fsx_openzfs_snapshot",
    attributes = { ResourceARN = "arn" }, props = {} },
  ["AWS::FSx::Backup"] = { type = "aws_fsx_backup", ref = "arn",
    attributes = { ResourceARN = "arn", BackupId = "id" }, props = {} },
}
