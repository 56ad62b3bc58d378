// SPDX-License-Identifier: MIT
//
// service-worker - bundles src/sw/sw.ts into one classic script, dist/sw.js,
// with the list of what the build has made, so that all of it works offline.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { build, type Plugin, type ResolvedConfig } from 'vite';

// Leaflet's own markers and the configuration have no place in the shell, and
// a packed file is no file of its own.
const LEFT_OUT =
  /(^|\/)(config\.json|sw\.js)$|\/(marker-icon|layers)[^/]*$|\.(br|gz)$/;
const HASHED = /^assets\/.+-[\w-]{8}\.\w+$/;

interface Entry {
  url: string;
  revision: string | null;
}

function files(dir: string, below = ''): string[] {
  return readdirSync(path.join(dir, below), { withFileTypes: true }).flatMap(
    (e) => {
      const name = path.posix.join(below, e.name);
      return e.isDirectory() ? files(dir, name) : [name];
    },
  );
}

function precache(dir: string): Entry[] {
  return files(dir)
    .filter((name) => !LEFT_OUT.test(name))
    .sort()
    .map((name) => ({
      url: `/${name}`,
      revision: HASHED.test(name)
        ? null
        : createHash('sha256')
            .update(readFileSync(path.join(dir, name)))
            .digest('hex')
            .slice(0, 16),
    }));
}

export function serviceWorker(): Plugin {
  let config: ResolvedConfig;
  return {
    name: 'service-worker',
    apply: 'build',
    configResolved(resolved) {
      config = resolved;
    },
    async closeBundle() {
      const dir = path.resolve(config.root, config.build.outDir);
      await build({
        configFile: false,
        root: config.root,
        publicDir: false,
        logLevel: 'warn',
        define: {
          __PRECACHE__: JSON.stringify(precache(dir)),
          'process.env.NODE_ENV': '"production"',
        },
        build: {
          outDir: dir,
          emptyOutDir: false,
          target: 'es2021',
          lib: {
            entry: 'src/sw/sw.ts',
            formats: ['iife'],
            name: 'sw',
            fileName: () => 'sw.js',
          },
        },
      });
    },
  };
}
