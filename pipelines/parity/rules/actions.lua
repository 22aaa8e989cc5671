-- SPDX-License-Identifier: Apache-2.0
-- What the built-in runner does for `uses:`. Other actions are programs of their own: a job that
-- has one fails by name unless `act` runs it.
--   nothing   what it would do is so already
--   upload    its `path` is kept as an artifact
return {
  ["actions/checkout"] = { does = "nothing", says = "the job has a copy of the project" },
  ["actions/cache"] = { does = "nothing", says = "this machine keeps its caches" },
  ["actions/setup-node"] = { does = "nothing", says = "this machine's node is used" },
  ["actions/setup-python"] = { does = "nothing", says = "this machine's python is used" },
  ["actions/setup-go"] = { does = "nothing", says = "this machine's go is used" },
  ["actions/setup-java"] = { does = "nothing", says = "this machine's java is used" },
  ["actions/upload-artifact"] = { does = "upload" },
}
