# SPDX-License-Identifier: Apache-2.0
"""The proxy of one process: assembled from its configuration, and proved.

sidecar.yaml, rules, KMS → keyring → transform → host
"""

import logging
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from sidecar import proof
from sidecar.config import Config, RemoteKms
from sidecar.errors import KeyUnavailable, Misconfigured
from sidecar.keys import Keyring
from sidecar.keys.providers.kms import KmsProvider
from sidecar.proxy.host import Host
from sidecar.proxy.settings import ProxySettings, Upstream
from sidecar.proxy.tally import Tally
from sidecar.rules import RuleSet, compile_rules, lint
from sidecar.transform import Transform, TransformStats

logger = logging.getLogger(__name__)


class Parts(NamedTuple):
    """What is the same for every listener, ready but not yet proved."""

    rule_set: RuleSet
    keyring: Keyring
    transform: Transform
    host: Host


class Doors(NamedTuple):
    """What another process has bound, listens at itself, and shares with its others."""

    sockets: Sequence[Sequence[socket.socket]]
    tally: Tally
    admin: tuple[str, int]


@asynccontextmanager
async def assembled(
    config: Config, rule_set: RuleSet, kms: RemoteKms, doors: Doors | None = None
) -> AsyncIterator[Parts]:
    """The parts; nothing listens. Misconfigured where they do not fit together."""
    keyring = Keyring(KmsProvider(kms.endpoint, kms.region, kms.key, tls=kms.tls), config.keys)
    try:
        transform = fit(config, rule_set, keyring)
        settings = ProxySettings(
            config.listeners, kms.upstream, config.kms_hosts, config.limits, config.ca
        )
        yield Parts(rule_set, keyring, transform, Host(settings, transform, *(doors or ())))
    finally:
        await keyring.aclose()


def fit(
    config: Config, rule_set: RuleSet, keyring: Keyring, stats: TransformStats | None = None
) -> Transform:
    """The transform of `rule_set`, counting on in `stats`.

    Raises:
        Misconfigured: No rule names any of the upstreams, so every request would pass unsealed.
    """
    transform = Transform(compile_rules(rule_set), keyring, config.held_body, stats)
    for advice in lint(rule_set):
        logger.warning("%s: %s [%s]", advice.where, advice.why, advice.word)
    upstreams = [each.upstream for each in config.listeners]
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
    return transform


async def prove(rule_set: RuleSet, keyring: Keyring) -> None:
    """Take every step of the proof; Misconfigured with the first that fails."""
    for step in proof.steps(rule_set, keyring):
        try:
            logger.info("proved %s: %s", step.name, await step.prove())
        except KeyUnavailable as error:
            raise Misconfigured(f"{step.name} cannot be proved: {error.why}") from None
