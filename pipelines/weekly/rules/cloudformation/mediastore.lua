-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::MediaStore::Container"] = { type = "aws_media_store_container", ref = "name", props = {
    Policy = { separate = "aws_media_store_container_policy", suffix = "policy",
      link = { container_name = "name" }, into = "policy", json = true } } },
}
