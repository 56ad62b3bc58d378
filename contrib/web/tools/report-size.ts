// SPDX-License-Identifier: MIT
//
// report-size - says after a build how much JavaScript the tracking page loads
// before its map, and fails the build when it is too much.
import { gzipSync } from 'node:zlib';
import type { OutputChunk } from 'rollup';
import type { Plugin } from 'vite';

const LIMIT_KB = 250;

export function reportSize(): Plugin {
  return {
    name: 'report-size',
    apply: 'build',
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter(
        (c): c is OutputChunk => c.type === 'chunk',
      );
      const size = (c: OutputChunk) => gzipSync(c.code).length / 1024;
      const first = new Set<OutputChunk>();
      const add = (c: OutputChunk | undefined) => {
        if (!c || first.has(c)) return;
        first.add(c);
        for (const name of c.imports)
          add(chunks.find((d) => d.fileName === name));
      };
      for (const c of chunks)
        if (c.isEntry || c.facadeModuleId?.endsWith('/push-offer.tsx')) add(c);
      const kb = [...first].reduce((sum, c) => sum + size(c), 0);
      const map = chunks.find((c) =>
        c.facadeModuleId?.endsWith('/leaflet-map.tsx'),
      );
      this.info(
        `JavaScript of the tracking page: ${kb.toFixed(1)} kB gzip` +
          (map ? `, its map ${size(map).toFixed(1)} kB more` : ''),
      );
      if (kb > LIMIT_KB) this.error(`more than ${LIMIT_KB} kB`);
    },
  };
}
