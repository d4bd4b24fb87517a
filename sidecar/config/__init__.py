# SPDX-License-Identifier: Apache-2.0
"""`sidecar.yaml`: what the proxy listens on, which rules hold, and where its keys come from.

    listeners:
      - listen: 127.0.0.1:8080
        upstream: http://crm.internal:8080      # https://…, or kms: calls to the KMS API
    rules: rules/                               # a file or a folder, relative to this file

Everything else has a default:

    listeners:
      - listen: 0.0.0.0:8443
        tls: {cert: server.pem, key: server.key, client_ca: clients.pem}
          # client_ca: verify the certificates of clients that show one; rules say whom they clear
        upstream: https://crm.internal
        upstream_tls: {ca: ca.pem, cert: client.pem, key: client.key}
        host_header: keep                       # or upstream: the upstream sees its own name
      - listen: 127.0.0.1:3128                  # for HTTP_PROXY and HTTPS_PROXY
        mode: forward                           # hosts that rules name are intercepted
        upstream_tls: {ca: ca.pem}              # how those are verified
        allow: ["*.internal:443"]               # destinations, where not all are reached
          # an address on a port that rules name has to stand here itself, for it may be theirs
        via: http://proxy:3128                  # another proxy on the way
        via_credentials: proxy.txt              # user:password for it
    ca: {dir: ca}                               # what forward listeners sign with, made there
    ca: {cert: tls.crt, key: tls.key}           # or a CA from elsewhere, as it is renewed
    rules: {path: rules/, trust: rules.pub}     # only what these keys signed: `sidecar rules sign`
      # state: rules.state                      # keeps which version held last; older ones do not
    kms: {dir: kms}                             # a KMS of the proxy's own, started with it
    kms:                                        # or one that runs elsewhere
      credentials_file: credentials.json        # as `sidecar kms init` writes it
      endpoint: https://kms.cn-hangzhou.aliyuncs.com    # default: as in credentials_file
      region: cn-hangzhou                       # default: as in credentials_file
      ca: kms-ca.pem                            # what it is verified under
      cert: client.pem                          # shown to a KMS that asks, as it is renewed
      key: client.key
      hosts: [kms.internal]                     # calls to these hosts are forwarded to the KMS
      # instead of credentials_file, the token of the pod becomes credentials that end:
      # role_arn: acs:ram::1000000000000001:role/crm
      # oidc_provider_arn: acs:ram::1000000000000001:oidc-provider/cluster
      # oidc_token_file: /var/run/secrets/kms/token
      # sts_endpoint: https://sts.cn-hangzhou.aliyuncs.com   # default: the endpoint of the KMS
    workers: auto                               # processes; auto: one a core that may be used
    admin: {listen: 127.0.0.1:9901}             # /healthz, /readyz, /metrics
    limits:
      {held_body: 8MiB, held_total: 64MiB, room: 10s, head: 64KiB, connections: 4096, keys: 10s,
       connect: 10s, response: 5m, header: 15s, body: 1m, idle: 75s, drain: 20s}
    keys:
      {max_age: 1h, max_messages: 1048576, max_bytes: 1GiB, grace: 1h, open_age: 6h,
       open_grace: 18h}

Read strictly: what is wrong, of every section at once, is told with file, line and column.
"""

from sidecar.config.kms import EmbeddedKms, RemoteKms, read_credentials
from sidecar.config.reader import Config, load_config, read_config

__all__ = ["Config", "EmbeddedKms", "RemoteKms", "load_config", "read_config", "read_credentials"]
