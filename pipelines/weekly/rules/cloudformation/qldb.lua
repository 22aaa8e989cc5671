-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::QLDB::Ledger"] = { type = "aws_qldb_ledger", ref = "name" },
  ["AWS::QLDB::Stream"] = { type = "aws_qldb_stream" },
}
