# SPDX-License-Identifier: Apache-2.0
"""ActionTrail's API (2020-07-06): what was done, asked by whom it concerns.

Offered is the question. Trails that deliver elsewhere are `exports` of a `kms.yaml` here.
"""

from sidecar.kms.api.action import Action
from sidecar.kms.api.actiontrail import lookup_events

ACTIONS: dict[str, Action] = {lookup_events.ACTION.name: lookup_events.ACTION}
DEFERRED = frozenset(
    {
        *("CreateAdvancedQueryHistory", "CreateAdvancedQueryTemplate", "CreateDeliveryHistoryJob"),
        *("CreateTrail", "DeleteAdvancedQueryHistory", "DeleteAdvancedQueryTemplate"),
        *("DeleteDataEventSelector", "DeleteDeliveryHistoryJob", "DeleteTrail"),
        *("DescribeAdvancedQueryHistory", "DescribeAdvancedQueryTemplate", "DescribeRegions"),
        *("DescribeResourceLifeCycleEvents", "DescribeScenes", "DescribeSearchTemplates"),
        *("DescribeTrails", "DescribeUserAlertCount", "DescribeUserLogCount", "DisableInsight"),
        *("EnableInsight", "GetAccessKeyLastUsedEvents", "GetAccessKeyLastUsedInfo"),
        *("GetAccessKeyLastUsedIps", "GetAccessKeyLastUsedProducts"),
        *("GetAccessKeyLastUsedResources", "GetAdvancedQueryTemplate", "GetDataEventSelector"),
        *("GetDeliveryHistoryJob", "GetGlobalEventsStorageRegion", "GetGovernanceMetrics"),
        *("GetInsightSelectors", "GetInsightTypes", "GetInsightsEventsCount", "GetTrailStatus"),
        *("ListDataEventSelectors", "ListDataEventServices", "ListDeliveryHistoryJobs"),
        *("LookupInsightEvents", "PutDataEventSelector", "PutInsightSelectors", "StartLogging"),
        *("StopLogging", "UpdateAdvancedQueryTemplate", "UpdateGlobalEventsStorageRegion"),
        "UpdateTrail",
    }
)
