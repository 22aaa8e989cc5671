-- SPDX-License-Identifier: Apache-2.0
-- What an architecture may become. A template that changed, or one that is to be tried again, is
-- discovered anew: it begins as pending.
return {
  pending = { normalized = true, conversion_failed = true },
  normalized = { ready = true, generation_failed = true },
  ready = {},
  conversion_failed = {},
  generation_failed = {},
}
