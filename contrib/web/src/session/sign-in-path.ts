// SPDX-License-Identifier: MIT

// The sign-in page, and where to go on afterwards.
export function signInPath(): string {
  return `/sign-in?to=${encodeURIComponent(location.pathname)}`;
}

// Only within this app: never to another site.
export function afterSignIn(search: string, otherwise: string): string {
  const to = new URLSearchParams(search).get('to');
  return to && /^\/(?![/\\])/.test(to) ? to : otherwise;
}
