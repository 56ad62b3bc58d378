// SPDX-License-Identifier: MIT
//
// config - what whoever deploys the app decides, read from /config.json at
// start, so that one build serves everybody.  A missing file means defaults.

export interface MapConfig {
  // Leaflet's URL template; empty: a plain map without tiles.
  tiles: string;
  attribution: string;
  maxZoom: number;
}

export interface Config {
  // The server's origin; empty: where the page came from.
  apiUrl: string;
  tenant: string;
  name: string;
  locale: string | null;
  // The platform's own: gives {"token": "..."} for its signed-in user.
  tokenUrl: string | null;
  // The platform's own sign-in page.
  signInUrl: string | null;
  supportPhone: string | null;
  // False where the server sends no web push: then nobody is asked.
  push: boolean;
  map: MapConfig;
}

const DEFAULTS: Config = {
  apiUrl: '',
  tenant: 'demo',
  name: 'Orderwire',
  locale: null,
  tokenUrl: null,
  signInUrl: null,
  supportPhone: null,
  push: true,
  map: { tiles: '', attribution: '', maxZoom: 19 },
};

let current = DEFAULTS;

function text(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function optional(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function readConfig(raw: unknown): Config {
  const c = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<
    string,
    unknown
  >;
  const map = (
    typeof c.map === 'object' && c.map !== null ? c.map : {}
  ) as Record<string, unknown>;
  return {
    apiUrl: text(c.api_url, '').replace(/\/+$/, ''),
    tenant: text(c.tenant, DEFAULTS.tenant),
    name: text(c.name, DEFAULTS.name),
    locale: optional(c.locale),
    tokenUrl: optional(c.token_url),
    signInUrl: optional(c.sign_in_url),
    supportPhone: optional(c.support_phone),
    push: c.push !== false,
    map: {
      tiles: text(map.tiles, ''),
      attribution: text(map.attribution, ''),
      maxZoom: typeof map.max_zoom === 'number' ? map.max_zoom : 19,
    },
  };
}

export async function loadConfig(): Promise<Config> {
  try {
    const response = await fetch('/config.json', { cache: 'no-cache' });
    if (response.ok) current = readConfig(await response.json());
  } catch {
    // Offline on a first visit, or no such file.
  }
  return current;
}

export function config(): Config {
  return current;
}

export function setConfig(next: Partial<Config>): void {
  current = { ...current, ...next };
}

export function serverOrigin(): string {
  return current.apiUrl || location.origin;
}
