// SPDX-License-Identifier: MIT
// @vitest-environment node
import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packFolder } from '../../tools/precompress';

let dir = '';
const put = (name: string, what: string | Buffer) =>
  writeFileSync(path.join(dir, name), what);
const names = (below = '') => readdirSync(path.join(dir, below)).sort();

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ow-pack-'));
  mkdirSync(path.join(dir, 'assets'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('a packed build', () => {
  const script = 'let cup = "flat white";\n'.repeat(100);

  it('has both packings beside each text, in every folder', () => {
    put('index.html', script);
    put('assets/index-12345678.js', script);
    packFolder(dir);
    expect(names()).toContain('index.html.br');
    expect(names('assets')).toEqual([
      'index-12345678.js',
      'index-12345678.js.br',
      'index-12345678.js.gz',
    ]);
    const at = path.join(dir, 'assets/index-12345678.js');
    expect(brotliDecompressSync(readFileSync(`${at}.br`)).toString()).toBe(
      script,
    );
    expect(gunzipSync(readFileSync(`${at}.gz`)).toString()).toBe(script);
  });

  it('leaves alone what is written later, or packed by its nature', () => {
    put('config.json', script);
    put('icon.png', script);
    put('x.js.br', script);
    packFolder(dir);
    expect(names()).toEqual(['assets', 'config.json', 'icon.png', 'x.js.br']);
  });

  it('has no packing that is larger than the file', () => {
    put('theme.js', 'x');
    put('noise.js', randomBytes(4096));
    packFolder(dir);
    expect(names()).toEqual(['assets', 'noise.js', 'theme.js']);
  });

  it('has the same bytes each time', () => {
    put('index.html', script);
    packFolder(dir);
    const first = readFileSync(path.join(dir, 'index.html.gz'));
    packFolder(dir);
    expect(readFileSync(path.join(dir, 'index.html.gz'))).toEqual(first);
  });
});
