# SPDX-License-Identifier: Apache-2.0
"""What an application has to be told to use a forward listener and to trust its CA, by language.

Each is lines for a POSIX shell: they make the files that they name, and set the environment. Some
runtimes add a file to what they trust (Node), some take one in the place of it: those get a bundle.
"""

import shlex
from pathlib import Path

_BUNDLE = """\
sidecar ca export -c {config} --bundle --out sidecar-bundle.pem
"""
_LINES = {
    "python": _BUNDLE
    + """\
export SSL_CERT_FILE="$PWD/sidecar-bundle.pem"       # ssl, httpx, urllib, aiohttp (trust_env=True)
export REQUESTS_CA_BUNDLE="$PWD/sidecar-bundle.pem"  # requests
export AWS_CA_BUNDLE="$PWD/sidecar-bundle.pem"       # boto3
""",
    "curl": _BUNDLE
    + """\
export CURL_CA_BUNDLE="$PWD/sidecar-bundle.pem"
""",
    "go": _BUNDLE
    + """\
export SSL_CERT_FILE="$PWD/sidecar-bundle.pem"  # crypto/x509, on Linux
""",
    "dotnet": _BUNDLE
    + """\
export SSL_CERT_FILE="$PWD/sidecar-bundle.pem"  # .NET on Linux, by OpenSSL
""",
    "node": """\
sidecar ca export -c {config} --out sidecar-ca.pem
export NODE_EXTRA_CA_CERTS="$PWD/sidecar-ca.pem"
export NODE_USE_ENV_PROXY=1  # Node 24 and later; before, an agent of the application's
""",
    "java": """\
sidecar ca export -c {config} --out sidecar-ca.pem
rm -f sidecar-trust.p12
java_home="$(dirname "$(dirname "$(readlink -f "$(command -v keytool)")")")"
said="$(keytool -importkeystore -noprompt -srcstorepass changeit -deststorepass changeit \\
  -srckeystore "$java_home/lib/security/cacerts" \\
  -destkeystore sidecar-trust.p12 -deststoretype PKCS12 2>&1)" || echo "$said" >&2
keytool -importcert -noprompt -alias envelope-sidecar -file sidecar-ca.pem \\
  -keystore sidecar-trust.p12 -storepass changeit
export JAVA_TOOL_OPTIONS="-Djavax.net.ssl.trustStore=$PWD/sidecar-trust.p12 \\
  -Djavax.net.ssl.trustStorePassword=changeit -Dhttp.nonProxyHosts=localhost|127.* \\
  -Dhttp.proxyHost={host} -Dhttp.proxyPort={port} -Dhttps.proxyHost={host} -Dhttps.proxyPort={port}"
""",
}
_PROXY = """\
export HTTP_PROXY={url} HTTPS_PROXY={url} http_proxy={url} https_proxy={url}
export NO_PROXY=localhost,127.0.0.1,::1 no_proxy=localhost,127.0.0.1,::1
"""
LANGUAGES = frozenset(_LINES)


def instructions(language: str, config: Path, url: str) -> str:
    """The lines for `language`, to reach the forward listener at `url`."""
    host, _, port = url.partition("://")[2].rpartition(":")
    lines = _LINES[language] if language == "java" else _LINES[language] + _PROXY
    return lines.format(
        config=shlex.quote(str(config.resolve())), url=url, host=host.strip("[]"), port=port
    )
