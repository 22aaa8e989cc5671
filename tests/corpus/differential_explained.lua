-- SPDX-License-Identifier: Apache-2.0
-- Differences between the two sides that are no fault of the conversion, each looked at once.
-- kind and path are Lua patterns over a difference's kind and attribute path.
return {
}
