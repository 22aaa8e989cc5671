-- SPDX-License-Identifier: Apache-2.0
-- Arguments that validate takes by itself and as a step of run.

return {
  emulator = { name = "--emulator", kind = "option", metavar = "NAME[:VERSION],…",
    help = "Emulators of rules/emulators.lua; several: one run for each" },
  resume = { name = "--resume", kind = "flag", help = "Go on with the run that did not finish" },
  cached = { name = "--cached", kind = "flag",
    help = "Take over earlier verdicts where nothing that they depend on changed" },
  json = { name = "--json", kind = "flag", help = "Print the run's summary as JSON" },
  into = { name = "--into", kind = "option", metavar = "DIR",
    help = "Where shards are kept (default: WORKSPACE/shards)" },
  shard_set = { name = "--shard-set", kind = "option", metavar = "NAME",
    help = "Keeps shards of different jobs apart: a name that all of one job are given" },
}
