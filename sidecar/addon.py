# SPDX-License-Identifier: Apache-2.0
"""The sidecar inside stock mitmproxy: `mitmdump -s` or `mitmweb -s` and the path of this file.

    script="$(python -c 'import sidecar.addon; print(sidecar.addon.__file__)')"
    mitmdump -s "$script" --set sidecar=sidecar.yaml --mode reverse:http://crm.internal:8080

Rules, keys, KMS and limits are those of `sidecar.yaml`; listening, modes, TLS and what is shown of
flows are mitmproxy's, so its own CA and its own logs, which may show an opened answer. It is for
HTTP/2, for modes that `sidecar run` lacks, and for looking on; `sidecar run` is many times faster.
A client that names a store by its bare address, where rules have its name, gets past them here.

mitmproxy drops a script that was edited and does not load any more, and lets everything pass then.
So what protects is no part of the script: it is added to mitmproxy itself and stays until the end.
"""

import asyncio
import logging
import sys
from pathlib import Path

from mitmproxy import ctx
from mitmproxy.addonmanager import Loader
from mitmproxy.exceptions import OptionsError

from sidecar import kms_access, serving
from sidecar.config import load_config
from sidecar.errors import Misconfigured
from sidecar.proxy.flows import FlowHooks, InForce, refuse_unsafe_options
from sidecar.proxy.guard import Guard, whereabouts
from sidecar.proxy.stats import HostStats

logger = logging.getLogger(__name__)

_OPTION = "sidecar"


class Protection(FlowHooks):
    """The hooks, and the keys and the KMS behind them, from the first flow to the last."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._in_force: asyncio.Future[InForce] = asyncio.get_running_loop().create_future()
        self._ends = asyncio.Event()
        super().__init__(self._in_force)

    def begin(self) -> None:
        self._life = asyncio.create_task(self._live())

    async def _live(self) -> None:
        try:
            refuse_unsafe_options()
            config = load_config(Path(self.path))
            offered = config.rules.read()
            async with (
                kms_access.reachable(config.kms) as kms,
                serving.assembled(config, offered.rule_set, kms) as parts,
            ):
                await serving.prove(parts.rule_set, parts.keyring)
                config.rules.accept(offered)
                guard = Guard(parts.transform, HostStats())
                self._in_force.set_result(InForce(guard, config.limits.key_seconds))
                logger.info("the rules of the sidecar are in force")
                await self._ends.wait()
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing may pass
            self._in_force.cancel()
            known = isinstance(error, Misconfigured | OptionsError)
            print(f"sidecar: {error if known else whereabouts(error)}", file=sys.stderr)  # noqa: T201 - mitmproxy's log ends with it
            asyncio.get_running_loop().call_soon(sys.exit, 2)

    async def done(self) -> None:
        """Mitmproxy ends: so do the KMS and the keys."""
        self._ends.set()
        await asyncio.wait((self._life,))


class Script:
    """What mitmproxy loads, and loads again: it only sees to it that the protection stands."""

    def load(self, loader: Loader) -> None:
        loader.add_option(_OPTION, str, "sidecar.yaml", "The configuration of the sidecar.")

    def configure(self, updated: set[str]) -> None:
        standing = ctx.master.addons.get(Protection.name)  # type: ignore[no-untyped-call]
        if standing is None:
            protection = Protection(ctx.options.sidecar)
            ctx.master.addons.add(protection)  # type: ignore[no-untyped-call]
            protection.begin()  # now that nothing passes any more, whatever comes of it
        elif _OPTION in updated and standing.path != ctx.options.sidecar:
            raise OptionsError("start mitmproxy again to use another configuration")  # type: ignore[no-untyped-call]


addons = [Script()]
