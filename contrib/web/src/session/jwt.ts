// SPDX-License-Identifier: MIT
//
// jwt - what a token says about itself.  Nothing is verified here: that is the
// server's business, a screen only wants to know what to show.

export interface Claims {
  sub?: string;
  tenant?: string;
  role?: string;
  exp?: number;
}

export function claimsOf(token: string): Claims | null {
  const [, payload] = token.split('.');
  if (!payload) return null;
  try {
    const bytes = atob(payload.replace(/-/g, '+').replace(/_/g, '/'));
    const text = decodeURIComponent(
      [...bytes]
        .map((c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
        .join(''),
    );
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null;
  }
}
