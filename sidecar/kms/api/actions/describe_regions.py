# SPDX-License-Identifier: Apache-2.0
"""DescribeRegions: the regions that are served here; RAM is not asked."""

from sidecar.kms.api.action import Action, Answer, Call, Target


def target(_: Call) -> Target:
    return Target(())


def act(call: Call) -> Answer:
    return {"Regions": {"Region": [{"RegionId": region} for region in call.regions]}}


ACTION = Action(name="DescribeRegions", target=target, act=act, is_write=False, asks_ram=False)
