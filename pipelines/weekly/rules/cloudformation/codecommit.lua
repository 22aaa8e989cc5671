-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::CodeCommit::Repository"] = {
    type = "aws_codecommit_repository", ref = "repository_id",
    attributes = { Name = "repository_name" },
    props = { Triggers = { separate = "aws_codecommit_trigger", into = "trigger",
      link = { repository_name = "repository_name" } } },
  },
}
