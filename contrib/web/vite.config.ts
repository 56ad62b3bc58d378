// SPDX-License-Identifier: MIT
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { precompress } from './tools/precompress';
import { reportSize } from './tools/report-size';
import { serviceWorker } from './tools/service-worker';

// Where `vite` and `vite preview` find a server.
const server = process.env.OW_URL ?? 'http://127.0.0.1:8080';
const proxy = {
  '/api': server,
  '/sse': server,
  '/ws': { target: server, ws: true },
};

export default defineConfig({
  plugins: [react(), reportSize(), serviceWorker(), precompress()],
  server: { proxy },
  preview: { proxy },
  build: {
    target: 'es2021',
    // All that a page needs is named in it; nothing inline, for the CSP.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    sourcemap: false,
  },
  test: {
    environment: 'jsdom',
    setupFiles: ['src/test/setup.ts'],
    restoreMocks: true,
  },
});
