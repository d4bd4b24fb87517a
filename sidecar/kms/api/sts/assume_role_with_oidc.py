# SPDX-License-Identifier: Apache-2.0
"""AssumeRoleWithOIDC: a workload's token becomes credentials; no access key is needed.

The call is not signed: the token proves who calls. Its provider has to be configured, and the
role's trust policy has to name it, best with a condition on `oidc:sub` (`ram/open_roles`).
"""

from sidecar.kms.api.action import Action, Answer, Call, Target
from sidecar.kms.api.parameters import Parameter, text_up_to
from sidecar.kms.api.sts.sessions import (
    DURATION,
    POLICY,
    ROLE_ARN,
    ROLE_SESSION_NAME,
    begin,
    check_policy,
    find_role,
    insist_on_trust,
    no_permission,
    told,
)
from sidecar.kms.policy import OIDC_AUDIENCE, OIDC_ISSUER, OIDC_SUBJECT
from sidecar.kms.ram import refusals
from sidecar.kms.ram.names import RamArn, arn_of, read_arn
from sidecar.kms.ram.oidc import MAX_TOKEN, believe
from sidecar.kms.ram.sessions import MAX_SECONDS
from sidecar.kms.service.metadata import timestamp

PROVIDER_ARN = Parameter(
    "OIDCProviderArn", lambda text: read_arn(text, "oidc-provider"), audited=True
)
TOKEN = Parameter("OIDCToken", text_up_to(MAX_TOKEN))


def act(call: Call) -> Answer:
    arn = call[PROVIDER_ARN]
    provider = call.directory.find_provider(arn)
    if provider is None:
        raise refusals.not_there("OIDCProvider")
    claims = believe(call.directory.key_sets, arn.account, provider, call[TOKEN], call.now)
    facts = {
        OIDC_ISSUER: claims.issuer,
        OIDC_AUDIENCE: claims.audience,
        OIDC_SUBJECT: claims.subject,
    }
    role, principal = find_role(call), _principal(arn)
    if role is None:
        raise no_permission(principal)  # nobody may probe for roles
    named = arn_of(arn.account, "oidc-provider", arn.name)
    insist_on_trust(call, role, frozenset((named,)), facts, principal)
    answer = begin(call, role, MAX_SECONDS)
    answer["OIDCTokenInfo"] = {
        "Issuer": claims.issuer,
        "Subject": claims.subject,
        "ClientIds": claims.audience,
        "IssuanceTime": timestamp(claims.issued_at),
        "ExpirationTime": timestamp(claims.expires_at),
        "VerificationInfo": "Success",
    }
    return answer


def _principal(provider: RamArn) -> dict[str, str]:
    """Who is refused, in RAM's `AccessDeniedDetail`: one of these, as far as anybody knows."""
    return {
        "AuthPrincipalDisplayName": f"oidc-provider/{provider.name}",
        "AuthPrincipalOwnerId": provider.account,
        "AuthPrincipalType": "Federated",
    }


ACTION = Action(
    name="AssumeRoleWithOIDC",
    parameters=(PROVIDER_ARN, ROLE_ARN, TOKEN, ROLE_SESSION_NAME, DURATION, POLICY),
    target=lambda _: Target(()),
    check=check_policy,
    act=act,
    is_write=True,
    is_unsigned=True,
    told=told,
)
