// SPDX-License-Identifier: MIT

// base64url, as the server has it, to what subscribe() wants.
export function keyBytes(key: string): Uint8Array {
  const text = atob(key.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}
