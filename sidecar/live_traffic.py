# SPDX-License-Identifier: Apache-2.0
"""What `learn` serves: the listeners of a configuration with an observer in the transform's place.

No rule holds and no KMS is asked. Only listeners with a store behind them are served: calls to a
KMS hold no documents, and a forward proxy would have to sign for hosts that nobody has named.
"""

import asyncio
import contextlib
import signal
from collections.abc import Callable

from sidecar import logs
from sidecar.config import Config
from sidecar.errors import Misconfigured
from sidecar.learning import Observer, Traffic
from sidecar.proxy.host import Host
from sidecar.proxy.settings import ProxySettings
from sidecar.rules import Phase, RuleSet, spell_authority

_STORES = frozenset({"http", "https"})
_PROGRESS_SECONDS = 5.0
_GLANCE_SECONDS = 0.1


def watched_rules(config: Config) -> RuleSet | None:
    """The rules beside which to learn; Misconfigured where one of them does more than watch."""
    if not config.rules.path.exists():
        return None
    rule_set = config.rules.read().rule_set
    acting = [rule.name for rule in rule_set.rules if rule.phase is not Phase.MONITOR]
    if acting:
        raise Misconfigured(
            f"the rules {', '.join(acting)} seal and refuse, which `learn` does not: learn with a "
            "configuration of its own for a test or staging system, or set `phase: monitor`"
        )
    return rule_set


async def watch(
    config: Config,
    traffic: Traffic,
    seconds: float | None,
    requests: int | None,
    announce: Callable[[str], None],
) -> None:
    """Serve and look on for so long, for so many requests, or until a signal ends it."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.log_loop_trouble)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    stores = [each for each in config.listeners if each.upstream.scheme in _STORES]
    if not stores:
        raise Misconfigured("no listener has a store behind it, so there is nothing to learn from")
    if len(stores) < len(config.listeners):
        announce("only listeners with a store behind them are served")
    settings = ProxySettings(tuple(stores), limits=config.limits)
    async with Host(settings, Observer(traffic)) as host:
        addresses = [spell_authority(*address) for address in host.addresses]
        announce(f"learning at {', '.join(addresses)}; nothing is sealed")
        await _until(stop, traffic, seconds, requests, announce)


async def _until(
    stop: asyncio.Event,
    traffic: Traffic,
    seconds: float | None,
    requests: int | None,
    announce: Callable[[str], None],
) -> None:
    """Wait for the end, and tell now and then how far it is."""
    loop = asyncio.get_running_loop()
    ends = None if seconds is None else loop.time() + seconds
    told = loop.time()
    while not stop.is_set() and (ends is None or loop.time() < ends):
        if requests is not None and traffic.requests >= requests:
            return
        if loop.time() - told >= _PROGRESS_SECONDS:
            told = loop.time()
            announce(f"{traffic.summary} so far")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _GLANCE_SECONDS)
