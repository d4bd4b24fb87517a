# SPDX-License-Identifier: Apache-2.0
"""One proxy, several processes: who starts, watches, reloads and drains whom.

    supervisor        binds the doors; no key, no client       admin pages, signals
     ├── fleet        as many workers as are wanted, one set of rules in all of them
     │    └── worker_process ═══ channel ═══ worker            the process with keys and clients
     ├── reloading    another set of rules: prepared by all, then committed by all
     └── watching     files that change

Workers are started, not forked: each reads its credentials and certificates itself, and nothing
secret is handed from process to process. Only `worker` imports the proxy's larger half.
"""
