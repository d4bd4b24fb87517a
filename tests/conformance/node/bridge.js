// SPDX-License-Identifier: Apache-2.0
// The vendor's SDKs for Node, unmodified, for a caller that speaks lines of JSON.
//
// The first line of standard input says which SDK and with what:
//     {"sdk", "version", "endpoint": "host:port", "protocol", "region", "id", "secret",
//      "token"}
// Each further line is a call, and is answered by one line:
//     {"action", "parameters"}  ->  {"answer"}, {"refused": {"status", "code", "message"}},
//                                   {"absent": true} where the SDK has no such action, or {"failed"}
'use strict';

const readline = require('readline');

// Milliseconds: an RSA key of 4096 bits takes its time, and so does a machine that is busy.
const PATIENCE = 60000;
const PATIENTLY = { connectTimeout: PATIENCE, readTimeout: PATIENCE };

function kms20160120(start) {
  const kms = require('@alicloud/kms20160120');
  const { Config } = require('@alicloud/rpc-client');
  const client = new kms.default(new Config({
    accessKeyId: start.id,
    accessKeySecret: start.secret,
    securityToken: start.token,
    endpoint: start.endpoint,
    protocol: start.protocol,
    regionId: start.region,
  }));
  return async (action, parameters) => {
    const name = action[0].toLowerCase() + action.slice(1);
    const Request = kms[`${action}Request`];
    if (Request === undefined && client[name] === undefined) {
      return { absent: true };
    }
    const options = new (require('@alicloud/tea-util').RuntimeOptions)(PATIENTLY);
    if (Request === undefined) {
      return { answer: (await client[`${name}Ex`](options)).toMap() };
    }
    const request = requested(Request, parameters);
    if (request === undefined) {
      return { absent: true };
    }
    return { answer: (await client[`${name}Ex`](request, options)).toMap() };
  };
}

// The request of a class that names its parameters; undefined where it lacks one.
function requested(Request, parameters) {
  const members = {};
  const left = { ...parameters };
  for (const [member, parameter] of Object.entries(Request.names())) {
    if (parameter in left) {
      members[member] = left[parameter];
      delete left[parameter];
    }
  }
  return Object.keys(left).length === 0 ? new Request(members) : undefined;
}

// The newer clients with a method an action: RAM and STS have one for Node, ActionTrail has none.
function typed(start) {
  const name = { '2015-05-01': 'ram20150501', '2015-04-01': 'sts20150401' }[start.version];
  if (name === undefined) {
    return async () => ({ absent: true });
  }
  const sdk = require(`@alicloud/${name}`);
  const { $OpenApiUtil } = require('@alicloud/openapi-core');
  const { RuntimeOptions } = require('@darabonba/typescript');
  const client = new sdk.default(new $OpenApiUtil.Config({
    accessKeyId: start.id,
    accessKeySecret: start.secret,
    securityToken: start.token,
    endpoint: start.endpoint,
    protocol: start.protocol,
    regionId: start.region,
  }));
  return async (action, parameters) => {
    const ask = client[`${action[0].toLowerCase()}${action.slice(1)}WithOptions`];
    const Request = sdk[`${action}Request`];
    const request = Request && requested(Request, parameters);
    if (ask === undefined || (Request !== undefined && request === undefined)) {
      return { absent: true };
    }
    const given = Request === undefined ? [] : [request];
    const answer = await ask.call(client, ...given, new RuntimeOptions(PATIENTLY));
    return { answer: answer.body.toMap() };
  };
}

// Clients without types take a map as its text, and a list as it is.
function untyped(parameters) {
  const entries = Object.entries(parameters).map(([name, value]) => (
    [name, typeof value === 'object' && !Array.isArray(value) ? JSON.stringify(value) : value]
  ));
  return Object.fromEntries(entries);
}

function openapi(start) {
  const { default: Client, Config, OpenApiRequest, Params } = require('@alicloud/openapi-client');
  const { default: OpenApiUtil } = require('@alicloud/openapi-util');
  const { RuntimeOptions } = require('@alicloud/tea-util');
  const client = new Client(new Config({
    accessKeyId: start.id,
    accessKeySecret: start.secret,
    securityToken: start.token,
    endpoint: start.endpoint,
    protocol: start.protocol,
    regionId: start.region,
  }));
  return async (action, parameters) => {
    const params = new Params({
      action,
      version: start.version,
      protocol: start.protocol,
      method: 'POST',
      authType: start.id ? 'AK' : 'Anonymous',
      style: 'RPC',
      pathname: '/',
      reqBodyType: 'formData',
      bodyType: 'json',
    });
    const request = new OpenApiRequest({ query: OpenApiUtil.query(untyped(parameters)) });
    return { answer: (await client.callApi(params, request, new RuntimeOptions(PATIENTLY))).body };
  };
}

function popCore(method) {
  return (start) => {
    if (!start.id) {
      return async () => ({ absent: true }); // it signs whatever it sends
    }
    const { RPCClient } = require('@alicloud/pop-core');
    const client = new RPCClient({
      accessKeyId: start.id,
      accessKeySecret: start.secret,
      securityToken: start.token,
      endpoint: `${start.protocol}://${start.endpoint}`,
      apiVersion: start.version,
    });
    return async (action, parameters) => (
      { answer: await client.request(action, untyped(parameters), { method, timeout: PATIENCE }) }
    );
  };
}

const SDKS = {
  kms20160120,
  typed,
  'openapi-client': openapi,
  'pop-core, POST': popCore('POST'),
  'pop-core, GET': popCore('GET'),
};

// Each SDK tells a refusal in another way; tea adds "Error" to the code.
function told(error) {
  const data = error.data || {};
  const code = data.Code || error.code;
  if (code === undefined) {
    return { failed: String(error.stack) };
  }
  const status = data.HttpStatus || data.statusCode || 0;
  return { refused: { status, code: String(code).replace(/Error$/, ''), message: error.message } };
}

async function main() {
  let call;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line);
    if (call === undefined) {
      call = SDKS[asked.sdk](asked);
      continue;
    }
    let said;
    try {
      said = await call(asked.action, asked.parameters);
    } catch (error) {
      said = told(error);
    }
    process.stdout.write(`${JSON.stringify(said)}\n`);
  }
  process.exit(0); // connections that are kept would keep the process
}

main();
