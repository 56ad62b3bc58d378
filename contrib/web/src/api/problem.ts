// SPDX-License-Identifier: MIT
//
// problem - why a call failed, in a form that code can ask.

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly retryAfterS?: number,
    readonly errors?: { field: string; detail: string }[],
  ) {
    super(detail);
    this.name = 'Problem';
  }
}

// The server was not reached at all: offline, away, or cut.
export class Unreachable extends Error {
  constructor() {
    super('the server was not reached');
    this.name = 'Unreachable';
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  const after = Number(response.headers.get('retry-after') ?? Number.NaN);
  let body: Partial<{
    code: string;
    detail: string;
    errors: { field: string; detail: string }[];
  }> = {};
  try {
    body = await response.json();
  } catch {
    // A proxy's page: the status says enough.
  }
  return new Problem(
    response.status,
    body.code ?? `http_${response.status}`,
    body.detail ?? response.statusText,
    Number.isFinite(after) ? after : undefined,
    body.errors,
  );
}

export function isProblem(error: unknown, ...codes: string[]): boolean {
  return error instanceof Problem && codes.includes(error.code);
}

// May it be different next time?
export function isPassing(error: unknown): boolean {
  if (error instanceof Unreachable) return true;
  return (
    error instanceof Problem && (error.status === 429 || error.status >= 500)
  );
}
