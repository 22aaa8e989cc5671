-- SPDX-License-Identifier: Apache-2.0
local PLAN = { drop = "the service knows one plan only" }
local PLANS = { PricingPlan = PLAN, PricingPlanDataSource = PLAN }

return {
  ["AWS::Location::GeofenceCollection"] = { type = "aws_location_geofence_collection",
    ref = "collection_name", attributes = { Arn = "collection_arn" }, props = PLANS },
  ["AWS::Location::Map"] = { type = "aws_location_map", ref = "map_name",
    attributes = { Arn = "map_arn" }, props = { PricingPlan = PLAN } },
  ["AWS::Location::PlaceIndex"] = { type = "aws_location_place_index", ref = "index_name",
    attributes = { Arn = "index_arn" }, props = { PricingPlan = PLAN } },
  ["AWS::Location::RouteCalculator"] = { type = "aws_location_route_calculator",
    ref = "calculator_name", attributes = { Arn = "calculator_arn" },
    props = { PricingPlan = PLAN } },
  ["AWS::Location::Tracker"] = { type = "aws_location_tracker", ref = "tracker_name",
    attributes = { Arn = "tracker_arn" }, props = PLANS },
  ["AWS::Location::TrackerConsumer"] = { type = "aws_location_tracker_association", props = {} },
}
