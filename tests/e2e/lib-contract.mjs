// SPDX-License-Identifier: MIT
//
// lib-contract - contrib/openapi.yaml and contrib/asyncapi.yaml, and whether
// what a server said is as they say.
//
// Schemas are read as closed, so a member that the documents don't know fails,
// too.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import YAML from 'yaml';
import { source } from './lib.mjs';

const contrib = path.join(source, 'contrib');
export const file = (name) => path.join(contrib, `${name}.yaml`);
export const read = (name) => fs.readFileSync(file(name), 'utf8');
export const openapi = YAML.parse(read('openapi'));
export const asyncapi = YAML.parse(read('asyncapi'));

// ---- Schemas ---------------------------------------------------------------

// Objects with properties know no others; references of asyncapi.yaml to
// openapi.yaml become references between two schemas known to ajv.
function close(node, here) {
	if (Array.isArray(node))
		return node.map((x) => close(x, here));
	if (!node || typeof node !== 'object')
		return node;
	const out = {};
	for (const [k, v] of Object.entries(node))
		out[k] = k === '$ref' ? v.replace(/^\.\/openapi\.yaml#/,
		    'openapi#').replace(/^#/, `${here}#`) : close(v, here);
	if (out.type === 'object' && out.properties &&
	    out.additionalProperties === undefined)
		out.additionalProperties = false;
	return out;
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default ? addFormats.default(ajv) : addFormats(ajv);
for (const [name, doc] of [['openapi', openapi], ['asyncapi', asyncapi]])
	ajv.addSchema({ $id: name,
		components: { schemas: close(doc.components.schemas, name) } });

const compiled = new Map();

export function check(schema, value, what, here = 'openapi') {
	const key = here + JSON.stringify(schema);
	if (!compiled.has(key))
		compiled.set(key, ajv.compile(close(schema, here)));
	const is = compiled.get(key);
	assert.ok(is(value), `${what}: ${ajv.errorsText(is.errors)}\n${
	    JSON.stringify(value)?.slice(0, 600)}`);
}

// The message of this channel that the text is; fails if it is none of them.
export function messageOf(channel, text) {
	const value = JSON.parse(text);
	const names = Object.keys(asyncapi.channels[channel].messages);
	const type = value.type?.startsWith('x.') ? 'x.NAME' : value.type;
	const name = names.find((n) =>
	    asyncapi.components.messages[n].name === type);
	assert.ok(name, `${channel} carries ${text.slice(0, 200)}`);
	check(asyncapi.components.messages[name].payload, value,
	    `${channel} ${name}`, 'asyncapi');
	return name;
}
