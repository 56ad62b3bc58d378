// SPDX-License-Identifier: MIT
//
// precompress - writes x.br and x.gz beside each file of the build that they
// make smaller, for servers that send them as they are.  What is packed by its
// nature (pictures) is left alone, and so is config.json: whoever deploys the
// app writes that, and a packed one would go on saying what the build said.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin, ResolvedConfig } from 'vite';

const TEXT = /\.(css|html|js|json|svg|txt|webmanifest)$/;
const WRITTEN_LATER = /^config\.json$/;

const PACKERS: Record<string, (raw: Buffer) => Buffer> = {
  br: (raw) =>
    brotliCompressSync(raw, {
      params: {
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
      },
    }),
  gz: (raw) => gzipSync(raw, { level: constants.Z_BEST_COMPRESSION }),
};

function pack(file: string): void {
  const raw = readFileSync(file);
  for (const [extension, packer] of Object.entries(PACKERS)) {
    const packed = packer(raw);
    if (packed.length < raw.length)
      writeFileSync(`${file}.${extension}`, packed);
  }
}

export function packFolder(dir: string, below = ''): void {
  for (const entry of readdirSync(path.join(dir, below), {
    withFileTypes: true,
  })) {
    const name = path.posix.join(below, entry.name);
    if (entry.isDirectory()) packFolder(dir, name);
    else if (TEXT.test(name) && !WRITTEN_LATER.test(name))
      pack(path.join(dir, name));
  }
}

export function precompress(): Plugin {
  let config: ResolvedConfig;
  return {
    name: 'precompress',
    apply: 'build',
    configResolved(resolved) {
      config = resolved;
    },
    closeBundle: {
      // After the service worker, which is packed as well.
      order: 'post',
      sequential: true,
      handler() {
        packFolder(path.resolve(config.root, config.build.outDir));
      },
    },
  };
}
