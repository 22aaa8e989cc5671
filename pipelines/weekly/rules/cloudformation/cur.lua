-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::CUR::ReportDefinition"] = { type = "aws_cur_report_definition", ref = "report_name" },
}
