// SPDX-License-Identifier: MIT
//
// session - who is asking, and with which token.
//
// Three kinds: "me" (a customer's JWT), "kitchen" (staff), and one order by its
// tracking link.  A link's token lives in this tab alone.  Nothing is ever put
// into a URL.
import { config } from '../config/config';
import { serverNow } from '../time/clock';
import { claimsOf } from './jwt';
import { inTab, onDevice } from './store';

export type Person = 'me' | 'kitchen';
export type Scope = Person | { order: string };

const NAMES: Record<Person, string> = {
  me: 'ow.token.me',
  kitchen: 'ow.token.kitchen',
};

type Listener = () => void;

class Session {
  private readonly links = new Map<string, string>();
  private readonly people = new Map<Person, string>();
  private readonly listeners = new Set<Listener>();
  private asking: Promise<string | null> | null = null;
  private version = 0;

  // ---- Listening ------------------------------------------------------------

  readonly subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): number => this.version;

  private changed(): void {
    this.version++;
    for (const listener of this.listeners) listener();
  }

  // ---- Links ----------------------------------------------------------------

  setLink(order: string, token: string | null): void {
    if (token === null) this.links.delete(order);
    else this.links.set(order, token);
    inTab.set(`ow.link.${order}`, token);
    this.changed();
  }

  link(order: string): string | null {
    return this.links.get(order) ?? inTab.get(`ow.link.${order}`);
  }

  // The best that there is for looking at this order.
  scopeFor(order: string): Scope {
    if (this.link(order) !== null) return { order };
    if (this.peek('me') === null && this.peek('kitchen') !== null)
      return 'kitchen';
    return 'me';
  }

  // ---- People ---------------------------------------------------------------

  // keep: on this device, beyond this tab.
  signIn(who: Person, token: string, keep = true): void {
    this.people.set(who, token);
    (keep ? onDevice : inTab).set(NAMES[who], token);
    (keep ? inTab : onDevice).set(NAMES[who], null);
    this.changed();
  }

  signOut(who: Person): void {
    this.people.delete(who);
    onDevice.set(NAMES[who], null);
    inTab.set(NAMES[who], null);
    this.changed();
  }

  peek(who: Person): string | null {
    return (
      this.people.get(who) ?? inTab.get(NAMES[who]) ?? onDevice.get(NAMES[who])
    );
  }

  isSignedIn(who: Person): boolean {
    return this.peek(who) !== null || (who === 'me' && !!config().tokenUrl);
  }

  subject(who: Person): string | null {
    const token = this.peek(who);
    return (token && claimsOf(token)?.sub) || null;
  }

  tenant(scope: Scope = 'me'): string {
    const who = typeof scope === 'string' ? scope : 'me';
    const token = typeof scope === 'string' ? this.peek(who) : null;
    const named = token ? claimsOf(token)?.tenant : undefined;
    return named && named !== '*' ? named : config().tenant;
  }

  // ---- Tokens ---------------------------------------------------------------

  // Rejects when the platform could not be asked; null: there is none.
  async token(scope: Scope, fresh: boolean): Promise<string | null> {
    if (typeof scope !== 'string') return this.link(scope.order);
    const present = this.peek(scope);
    if (scope === 'kitchen' || !config().tokenUrl) return present;
    if (present !== null && !fresh && !isOver(present)) return present;
    this.asking ??= this.ask().finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  private async ask(): Promise<string | null> {
    const url = config().tokenUrl;
    if (!url) return null;
    const response = await fetch(url, {
      credentials: 'include',
      cache: 'no-store',
      headers: { accept: 'application/json' },
    });
    if (response.status === 401 || response.status === 403) return null;
    if (!response.ok) throw new Error(`token_url: HTTP ${response.status}`);
    const { token } = (await response.json()) as { token?: unknown };
    if (typeof token !== 'string') return null;
    this.signIn('me', token);
    return token;
  }

  // The server does not take it: a page must say so, not pretend.
  refused(scope: Scope): void {
    if (typeof scope !== 'string') return;
    const token = this.peek(scope);
    if (token !== null && isOver(token)) this.signOut(scope);
  }
}

// slackMs: how wrong this device's clock may be.
export function isOver(token: string, slackMs = 5000): boolean {
  const exp = claimsOf(token)?.exp;
  return exp !== undefined && exp * 1000 < serverNow() - slackMs;
}

export const session = new Session();
