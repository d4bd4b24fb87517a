# SPDX-License-Identifier: Apache-2.0
"""The proxy as one: assembled from its configuration, proved, serving, drained.

sidecar.yaml, rules, KMS → keyring → transform → host
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from sidecar import proof
from sidecar.config import Config, RemoteKms
from sidecar.errors import KeyUnavailable, Misconfigured
from sidecar.keys import Keyring
from sidecar.keys.providers.kms import KmsProvider
from sidecar.proxy.admin import Readiness, admin_server
from sidecar.proxy.host import Host
from sidecar.proxy.settings import ProxySettings, Upstream
from sidecar.rules import Offered, RuleSet, compile_rules, lint
from sidecar.telemetry import CONTENT_TYPE, Sources, Telemetry
from sidecar.transform import Transform

logger = logging.getLogger(__name__)


class Parts(NamedTuple):
    """What is the same for every listener, ready but not yet proved."""

    rule_set: RuleSet
    keyring: Keyring
    transform: Transform
    host: Host


class Addresses(NamedTuple):
    """Where everything is, with the ports that it really has."""

    listeners: tuple[tuple[str, int], ...]
    admin: tuple[str, int]
    kms: str


@asynccontextmanager
async def assembled(config: Config, rule_set: RuleSet, kms: RemoteKms) -> AsyncIterator[Parts]:
    """The parts; nothing listens. Misconfigured where they do not fit together."""
    keyring = Keyring(KmsProvider(kms.endpoint, kms.region, kms.key, ca=kms.ca), config.keys)
    try:
        plan = compile_rules(rule_set)
        transform = Transform(plan, keyring, config.held_body)
        settings = ProxySettings(
            config.listeners, kms.upstream, config.kms_hosts, config.limits, config.ca
        )
        _warn(settings, rule_set, transform)
        yield Parts(rule_set, keyring, transform, Host(settings, transform))
    finally:
        await keyring.aclose()


def _warn(settings: ProxySettings, rule_set: RuleSet, transform: Transform) -> None:
    """Tell what is unwise; Misconfigured where every request would pass unsealed."""
    for advice in lint(rule_set):
        logger.warning("%s: %s [%s]", advice.where, advice.why, advice.word)
    upstreams = [each.upstream for each in settings.listeners]
    stores = [each.authority for each in upstreams if isinstance(each, Upstream) and each.host]
    unnamed = [authority for authority in stores if not transform.protects(authority)]
    if stores and unnamed == stores:
        hosts = sorted({host for rule in rule_set.rules for host in rule.store.hosts})
        raise Misconfigured(
            f"no rule names {', '.join(unnamed)}, so nothing would be sealed; rules name "
            f"{', '.join(hosts)}"
        )
    for authority in unnamed:
        logger.warning("no rule names %s: everything to it passes unsealed", authority)


async def prove(parts: Parts) -> None:
    """Take every step of the proof; Misconfigured with the first that fails."""
    for step in proof.steps(parts.rule_set, parts.keyring):
        try:
            logger.info("proved %s: %s", step.name, await step.prove())
        except KeyUnavailable as error:
            raise Misconfigured(f"{step.name} cannot be proved: {error.why}") from None


async def serve(
    config: Config,
    offered: Offered,
    kms: RemoteKms,
    stop: asyncio.Event,
    announce: Callable[[Addresses], None],
) -> None:
    """Prove everything, then serve until `stop`; `announce` is told once clients may come."""
    readiness = Readiness()
    async with assembled(config, offered.rule_set, kms) as parts:
        stats = (parts.keyring.stats, parts.transform.stats, parts.host.stats)
        telemetry = Telemetry(Sources(parts.rule_set.digest, *stats))
        async with admin_server(
            config.admin, readiness, telemetry.exposition, CONTENT_TYPE
        ) as admin:
            await prove(parts)
            config.rules.accept(offered)
            async with parts.host as host:
                readiness.state = "ready"
                announce(Addresses(host.addresses, admin, kms.endpoint))
                await stop.wait()
                readiness.state = "draining"
