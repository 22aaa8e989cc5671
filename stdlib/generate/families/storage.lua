-- SPDX-License-Identifier: Apache-2.0
-- EFS, AWS Backup, CodeBuild and Transfer: access points, vaults, builds.

return {
  app = {},
  checks = {
    ["efs.file_system"] = {
      as = "system", clients = "efs",
      doc = "The file system takes an access point and loses it.",
      body = [==[
made = efs.create_access_point(
    ClientToken=app.unique(),
    FileSystemId=system["id"],
    RootDirectory={"Path": "/lsqm"},
)
point = made["AccessPointId"]
try:
    found = efs.describe_access_points(AccessPointId=point)["AccessPoints"][0]
    assert found["FileSystemId"] == system["id"]
    assert found["RootDirectory"]["Path"] == "/lsqm"
finally:
    efs.delete_access_point(AccessPointId=point)
]==] },
    ["efs.access_point"] = {
      as = "point", clients = "efs",
      doc = "The access point leads into its file system.",
      body = [==[
answer = efs.describe_access_points(AccessPointId=point["id"])
found = answer["AccessPoints"][0]
assert found["FileSystemId"] == point["file_system_id"]
for root in point.get("root_directory") or []:
    assert found["RootDirectory"]["Path"] == root["path"]
]==] },
    ["backup.vault"] = {
      as = "vault", clients = "backup",
      doc = "The vault takes a policy, gives it back and loses it.",
      body = [==[
name = vault["name"]
assert backup.describe_backup_vault(BackupVaultName=name)["BackupVaultArn"]
tag = app.unique()
backup.tag_resource(ResourceArn=vault["arn"], Tags={"lsqm": tag})
try:
    assert backup.list_tags(ResourceArn=vault["arn"])["Tags"]["lsqm"] == tag
finally:
    backup.untag_resource(ResourceArn=vault["arn"], TagKeyList=["lsqm"])
]==] },
    ["backup.plan"] = {
      as = "plan", clients = "backup",
      doc = "The plan has its rules.",
      body = [==[
found = backup.get_backup_plan(BackupPlanId=plan["id"])["BackupPlan"]
assert found["BackupPlanName"] == plan["name"]
rules = {
    (rule["RuleName"], rule["TargetBackupVaultName"]) for rule in found["Rules"]
}
wanted = {
    (rule["rule_name"], rule["target_vault_name"]) for rule in plan["rule"]
}
assert rules == wanted
]==] },
    ["codebuild.build"] = {
      as = "project", clients = "codebuild",
      doc = "A build of the project starts.",
      body = [==[
name = project["name"]
found = codebuild.batch_get_projects(names=[name])["projects"][0]
assert found["environment"]["image"] == project["environment"][0]["image"]
build = codebuild.start_build(projectName=name)["build"]["id"]
found = codebuild.batch_get_builds(ids=[build])["builds"][0]
assert found["projectName"] == name
if found["buildStatus"] == "IN_PROGRESS":
    codebuild.stop_build(id=build)
]==] },
  },
}
