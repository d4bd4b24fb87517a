# SPDX-License-Identifier: Apache-2.0
"""The same guard behind mitmproxy's ordinary hooks, for stock `mitmdump` and `mitmweb`.

hooks      the hooks of an HTTP flow               names   which destination a flow is for
messages   mitmproxy's messages and our heads      raw     what must not become a raw tunnel
"""

from sidecar.proxy.flows.hooks import FlowHooks, InForce, refuse_unsafe_options

__all__ = ["FlowHooks", "InForce", "refuse_unsafe_options"]
